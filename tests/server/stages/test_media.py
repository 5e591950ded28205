"""What the stage learns of a client's media: when they come, what they are, and what of them is not taken."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from ivsim import Emulator, LiveParticipant
from ivsim.ivsrealtime.participants import Client
from ivsim.media import h264
from ivsim.media.h264 import Format
from ivsim.server.stages import rtp
from ivsim.server.stages.media import Published, Subscribed
from ivsim.server.stages.rtp import Packet
from ivsim.server.stages.sdp import Codec

from ...calling import call
from .conftest import Stage

CODECS = {"video": Codec(102, "h264", "H264/90000"), "audio": Codec(111, "opus", "opus/48000/2")}


class Sending:
    """One who publishes, without a network, and with a clock that is set by hand."""

    def __init__(self, stage: Stage, *kinds: str) -> None:
        self.now = 100.0
        self.ended = 0
        self.sent: list[bytes] = []
        self.sim = stage.sim
        self.participant = stage.sim.stages.join(stage.token("ada"))
        chosen = {str(number): (kind, CODECS[kind]) for number, kind in enumerate(kinds)}
        self.handle = Published(self.participant, "token", chosen, lambda *_: self, lambda: self.now)
        self.handle.when_over(self._note)
        self._number = 0

    is_open = True

    async def send(self, data: bytes) -> None:
        """Be the connection: send a packet."""
        self.sent.append(data)

    async def close(self) -> None:
        """Be closed as the connection is."""
        self.sent.append(b"closed")

    def lose(self, share: float) -> None:
        """Lose so many packets from now on."""
        self.lost = share

    def comes(self, kind: str, payload: bytes = b"\x41\x9a\0", *, source: int = 1) -> None:
        """Let a packet come."""
        self._number += 1
        sources = {"video": source, "audio": 99}
        packet = Packet(CODECS[kind].payload_type, True, self._number, self._number, sources[kind], {}, payload)
        asyncio.run(self.handle.media.take_rtp(rtp.written(packet)))

    @property
    def errors(self) -> list[str]:
        """The codes of what has gone wrong with publishing."""
        at = {"stageArn": self.participant.stage_arn, "sessionId": self.participant.session_id}
        events = call(self.sim, "ListParticipantEvents", participantId=self.participant.participant_id, **at)
        return [each["errorCode"] for each in events.body["events"] if each["name"] == "PUBLISH_ERROR"]

    def _note(self) -> None:
        self.ended += 1


def sequence(width: int = 640, height: int = 360, codec: str = "avc1.42E01F") -> bytes:
    """Return the parameter set before a key frame."""
    return h264.parameter_sets(Format(width, height, 30, codec))[0]


def shown(participant: LiveParticipant) -> Any:
    """Return the picture that a participant sends, as the service knows it."""
    record = participant.participant
    assert record is not None
    [video] = record.video
    return video.width, video.height, video.profile


def test_published_with_the_picture(stage: Stage) -> None:
    """Somebody publishes as soon as it is known what the picture is, and not by the sound before."""
    sending = Sending(stage, "audio", "video")
    sending.handle.look()
    sending.comes("audio", b"sound")
    sending.comes("video")
    assert [each.is_publishing for each in stage.sim.stages.participants] == [False]
    sending.comes("video", sequence())
    assert [each.is_publishing for each in stage.sim.stages.participants] == [True]
    assert shown(sending.participant) == (640, 360, "Constrained Baseline")
    assert sending.ended == 0


def test_published_with_the_sound(stage: Stage) -> None:
    """Who offers sound alone publishes with the first of it; who offered a picture too, when none has come in time."""
    sending = Sending(stage, "audio")
    sending.comes("audio", b"sound")
    record = sending.participant.participant
    assert record is not None
    assert (record.is_publishing, record.video_stopped, record.audio_muted) == (True, True, False)
    sending = Sending(stage, "video", "audio")
    sending.comes("audio", b"sound")
    sending.now += 2
    sending.handle.look()
    record = sending.participant.participant
    assert record is not None
    assert (record.is_publishing, record.video_stopped) == (True, True)
    sending = Sending(stage, "video")
    sending.comes("video")
    sending.now += 2
    sending.handle.look()
    assert not sending.participant.is_publishing


def test_layers(stage: Stage) -> None:
    """Layers that come later are known too, largest first, until they come no more; they share the usual bitrate."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence(320, 180), source=1)
    assert shown(sending.participant) == (320, 180, "Constrained Baseline")
    sending.comes("video", sequence(1280, 720), source=2)
    sending.comes("video", sequence(640, 360), source=3)
    record = sending.participant.participant
    assert record is not None
    assert [(each.width, each.bitrate) for each in record.video] == [(1280, 833_333), (640, 833_333), (320, 833_333)]
    sending.now += 1.5
    sending.comes("video", source=3)
    sending.handle.look()
    assert shown(sending.participant) == (640, 360, "Constrained Baseline")
    sending.now += 1.5
    sending.handle.look()
    assert shown(sending.participant) == (640, 360, "Constrained Baseline")
    assert sending.ended == 0


def test_small_layers(stage: Stage) -> None:
    """A layer smaller than a stage takes is left out beside others; alone it is refused when no other has come."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence(160, 90), source=1)
    assert not sending.participant.is_publishing
    sending.comes("video", sequence(640, 360), source=2)
    assert shown(sending.participant) == (640, 360, "Constrained Baseline")
    sending.comes("video", sequence(240, 136), source=2)
    assert (shown(sending.participant)[0], sending.ended) == (640, 0)
    sending = Sending(stage, "video")
    sending.comes("video", sequence(160, 90))
    sending.now += 2
    sending.comes("video")
    sending.handle.look()
    assert (sending.errors, sending.ended) == (["INVALID_INPUT"], 1)


def test_late_picture(stage: Stage) -> None:
    """A picture that comes after somebody began to publish by the sound is seen."""
    sending = Sending(stage, "video", "audio")
    sending.comes("audio", b"sound")
    sending.now += 2
    sending.handle.look()
    sending.comes("video", sequence())
    record = sending.participant.participant
    assert record is not None
    assert (record.video_stopped, shown(sending.participant)[0]) == (False, 640)


def test_baseline(stage: Stage) -> None:
    """The profile of the picture is known by its parameter set, and one that a stage does not take is refused."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence(codec="avc1.42001F"))
    assert shown(sending.participant) == (640, 360, "Baseline")
    sending = Sending(stage, "video")
    sending.comes("video", sequence(codec="avc1.64001F"))
    assert (sending.errors, sending.ended, sending.participant.is_publishing) == (["INVALID_VIDEO_CODEC"], 1, False)


def test_b_frames(stage: Stage) -> None:
    """Who begins to send B-frames publishes no more."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence())
    sending.comes("video", b"\x01\x9e\0")
    assert (sending.errors, sending.participant.is_publishing) == (["B_FRAME_PRESENT"], False)
    assert sending.ended == 1


def test_resolution(stage: Stage) -> None:
    """A picture that is too large is refused, at once or when it becomes so."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence(1920, 1080))
    assert (sending.errors, sending.ended) == (["RESOLUTION_EXCEEDED"], 1)
    sending = Sending(stage, "video")
    sending.comes("video", sequence(1280, 720))
    assert sending.participant.is_publishing
    sending.comes("video", sequence(1920, 1080))
    assert (sending.errors, sending.ended) == (["RESOLUTION_EXCEEDED"], 1)


@pytest.mark.needs("CreateIngestConfiguration")
def test_bitrate(stage: Stage) -> None:
    """More than 8.5 Mbit/s of a picture, in all layers together, end it; a little more may be measured."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence())
    for count in (37, 42):
        for number in range(count):
            sending.comes("video", b"\x41\x9a".ljust(60_000, b"\1"), source=1 + number % 2)
        sending.now += 2
        assert sending.participant.is_publishing
        asyncio.run(sending.handle.go_on(reports=True))
        sending.handle.look()
    assert (sending.errors, sending.ended) == (["BITRATE_EXCEEDED"], 1)


def test_reports(stage: Stage) -> None:
    """The publisher is told what came once a second, and else what is wanted of it."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence())
    asyncio.run(sending.handle.go_on(reports=False))
    assert sending.sent == []
    asyncio.run(sending.handle.go_on(reports=True))
    assert [each[1] for each in sending.sent] == [rtp.RECEIVER_REPORT, rtp.PAYLOAD_FEEDBACK]


def test_lost(stage: Stage) -> None:
    """A connection loses what a test wants of what its participant sends, or receives."""
    sending = Sending(stage, "video")
    sending.participant = stage.sim.stages.let_in(stage.token("bob"), Client())
    sending.handle.participant = sending.participant
    sending.participant.impair(sent_loss=0.25, received_loss=0.5)
    sending.handle.look()
    assert sending.lost == 0.25
    host = stage.sim.stages.join(stage.arn)
    host.publish()
    sending.participant.subscribe(host)
    chosen = {"0": ("video", CODECS["video"])}
    Subscribed(sending.participant, "token", host.participant_id, chosen, lambda: None, lambda *_: sending).look()
    assert sending.lost == 0.5


def test_too_late_to_fail(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks a rule in the moment in which its publisher leaves ends with that."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence())
    sending.participant.leave()
    monkeypatch.setattr(LiveParticipant, "is_connected", True)
    monkeypatch.setattr(LiveParticipant, "is_publishing", True)
    sending.comes("video", b"\x01\x9e\0")
    assert (sending.errors, sending.ended) == ([], 1)


def test_nobody_any_more(stage: Stage) -> None:
    """Who subscribes in the moment in which the other goes is connected, and gets nothing."""
    hooks: list[Any] = []
    sending = Sending(stage, "video")
    chosen = {"0": ("video", CODECS["video"])}

    def connect(*given: Any) -> Sending:
        hooks.extend(given)
        return sending

    subscribed = Subscribed(sending.participant, "token", "bob", chosen, lambda: None, connect)
    hooks[2]()
    asyncio.run(subscribed.go_on(reports=True))
    assert sending.sent == []


def test_end(sim: Emulator, stage: Stage) -> None:
    """When the client goes, its participant publishes no more, and the connection is closed; also one who has left."""
    sending = Sending(stage, "video")
    sending.comes("video", sequence())
    asyncio.run(sending.handle.end())
    assert (sending.participant.is_publishing, sending.participant.is_connected) == (False, True)
    sending.participant.leave()
    sending.handle.look()
    assert sending.ended == 1
    asyncio.run(sending.handle.end())
    assert sending.sent == [b"closed", b"closed"]
