"""A life for an emulator to look back on: chat, broadcasts, views and refusals, any number of times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator, playback_token

from .calling import call, send, signed

NOON = datetime(2027, 1, 1, 12, 0, 0, tzinfo=timezone.utc)


class Life:
    """An emulator in which things happen, each of them any number of times."""

    def __init__(self, history: int | None, transitions: Literal["immediate", "realistic"] = "immediate") -> None:
        self.sim = sim = Emulator(seed=1, history=history, transitions=transitions)
        sim.clock.freeze(NOON)
        group = {"cloudWatchLogs": {"logGroupName": "g"}}
        self.logging = call(sim, "CreateLoggingConfiguration", destinationConfiguration=group).body["arn"]
        bucket = {"s3": {"bucketName": "abc"}}
        created = call(sim, "CreateRecordingConfiguration", destinationConfiguration=bucket).body
        sim.clock.advance(10)
        recording = created["recordingConfiguration"]["arn"]
        self.room = self._room()
        self.recorded = call(sim, "CreateChannel", recordingConfigurationArn=recording).body["channel"]["arn"]
        self.channel = call(sim, "CreateChannel").body["channel"]["arn"]
        self.key = ec.generate_private_key(ec.SECP384R1())
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        call(sim, "ImportPlaybackKeyPair", publicKeyMaterial=pem)
        self.private = call(sim, "CreateChannel", authorized=True).body["channel"]["arn"]
        sim.streams.start(self.private)
        sim.clock.advance(10)
        self.happenings: dict[str, Callable[[], object]] = {
            "chat": self.chat,
            "broadcast": self.broadcast,
            "recorded broadcast": lambda: self.broadcast(self.recorded),
            "view": self.view,
            "short-lived room": self.short_lived_room,
            "call": lambda: call(sim, "GetChannel", arn=self.channel),
            "refusal from anywhere": self.refusal,
        }
        self.number = 0

    def happen(self, what: str) -> None:
        self.number += 1
        self.sim.clock.advance(2)
        self.happenings[what]()

    def connect(self) -> Any:
        members = {"roomIdentifier": self.room, "userId": "ada", "capabilities": ["SEND_MESSAGE"]}
        return self.sim.chat.connect(call(self.sim, "CreateChatToken", **members).body["token"])

    def chat(self) -> None:
        with self.connect() as ada:
            ada.send_message(f"message {self.number}")
            ada.receive()

    def broadcast(self, channel: str = "") -> None:
        channel = channel or self.channel
        with self.sim.streams.start(channel):
            self.sim.clock.advance(5)
            call(self.sim, "PutMetadata", channelArn=channel, metadata=str(self.number))
            self.sim.playback.request(channel)

    def view(self) -> None:
        viewer = f"viewer-{self.number}"
        once = f"8a1f3a06-2a4c-4a7c-9d43-{self.number:012x}"
        token = playback_token(self.key, self.private, single_use=once, viewer_id=viewer, now=self.sim.clock.now())
        assert self.sim.playback.request(self.private, token=token).status == 200
        call(self.sim, "PutMetadata", channelArn=self.private, metadata=str(self.number))
        call(self.sim, "StartViewerSessionRevocation", channelArn=self.private, viewerId=viewer)

    def short_lived_room(self) -> None:
        room = self._room()
        call(self.sim, "SendEvent", roomIdentifier=room, eventName="hello")
        call(self.sim, "DeleteRoom", identifier=room)
        channel = call(self.sim, "CreateChannel").body["channel"]["arn"]
        call(self.sim, "StartViewerSessionRevocation", channelArn=channel, viewerId="ada")
        self.sim.clock.advance(10)
        call(self.sim, "DeleteChannel", arn=channel)

    def refusal(self) -> None:
        send(self.sim, "POST", "/GetChannel", b"{}", signed(f"region-{self.number}"))

    def _room(self) -> str:
        return str(call(self.sim, "CreateRoom", loggingConfigurationIdentifiers=[self.logging]).body["arn"])
