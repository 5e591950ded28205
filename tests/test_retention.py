"""What an emulator keeps that was told to keep only so much."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

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


def sizes(sim: Emulator, folder: Path) -> dict[str, int]:
    """Return how many there are of everything that a state consists of."""
    sim.save(folder / "state.json")
    saved = json.loads((folder / "state.json").read_bytes())
    found = {"calls": len(saved["calls"]), "events": len(saved["events"]), "timers": len(saved["clock"]["timers"])}
    found["places"] = len(sim._state.stores.snapshot())
    for store in saved["stores"]:
        for name, table in store["tables"].items():
            found[name] = len(table["rows"])
        for name, series in store["series"].items():
            found[name] = sum(map(len, series["by_key"].values()))
            found[f"{name}: keys"] = len(series["by_key"]) + len(series["first"])
    return found


@pytest.mark.parametrize("transitions", ["immediate", "realistic"])
def test_bounded(transitions: Literal["immediate", "realistic"], tmp_path: Path) -> None:
    """Whatever goes on, and however long, an emulator becomes only so big."""
    life = Life(20, transitions)
    for _ in range(60):
        for what in life.happenings:
            life.happen(what)
    found = sizes(life.sim, tmp_path)
    assert max(found.values()) <= 100, found
    for _ in range(60):
        for what in life.happenings:
            life.happen(what)
    later = sizes(life.sim, tmp_path)
    assert all(number <= found.get(name, 0) + 40 for name, number in later.items()), (found, later)
    assert life.sim.calls.first + len(life.sim.calls) > 1_000
    assert life.sim.calls.first > 0 < life.sim.events.first


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(Life(None).happenings)), st.integers(1, 25)), max_size=4),
    st.sampled_from(["immediate", "realistic"]),
)
def test_the_newest_are_the_same(story: list[tuple[str, int]], transitions: Literal["immediate", "realistic"]) -> None:
    """What is kept is what an emulator that keeps everything has as its newest, at least as many as were asked for."""
    lives = Life(None, transitions), Life(15, transitions)
    for life in lives:
        life.happen("chat")
        life.first = life.connect()  # type: ignore[attr-defined]
        for what, times in story:
            for _ in range(times):
                life.happen(what)
        life.happen("recorded broadcast")
    unbounded, bounded = lives

    def newest(life: Life) -> list[list[Any]]:
        sim = life.sim
        ada = life.connect()
        ada.send_message("the last")
        sim.clock.advance(20)
        sessions = call(sim, "ListStreamSessions", channelArn=life.recorded).body["streamSessions"]
        first: Any = life.first  # type: ignore[attr-defined]
        return [
            [each._replace(params={}) for each in sim.calls],
            [{**each, "id": ""} for each in sim.events],
            [json.loads(frame)["Content"] for frame in first.frames],
            [json.loads(frame)["Content"] for frame in ada.frames],
            sim.chat.logs(life.room)[life.logging],
            [session["startTime"] for session in reversed(sessions)][-min(15, len(sim.recordings)) :],
            [(each.status, each.started_at, each.duration) for each in sim.recordings],
            [each.text for each in sim.streams.live[0].metadata],
        ]

    for everything, kept in zip(newest(unbounded), newest(bounded), strict=True):
        assert len(kept) >= min(15, len(everything))
        assert kept == everything[len(everything) - len(kept) :]
    assert bounded.sim.calls.first == len(unbounded.sim.calls) - len(bounded.sim.calls)
    assert bounded.sim.events.first == len(unbounded.sim.events) - len(bounded.sim.events)


def test_calls_that_change_nothing() -> None:
    """Calls that only read, and calls that are refused, are forgotten as well."""
    sim = Emulator(history=10)
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    for _ in range(50):
        call(sim, "GetChannel", arn=arn)
        call(sim, "CreateChannel", name=3)
        assert len(sim.calls) < 20
    assert sim.calls.end == 101


def test_who_is_slow_gets_what_is_left(tmp_path: Path) -> None:
    """A connection receives, also after a load, from the oldest frame that is still there, and then each once."""
    life = Life(10)
    ada = life.connect()
    ada.send_message("0")
    assert ada.receive()["Content"] == "0"
    for number in range(1, 40):
        life.sim.clock.advance(1)
        ada.send_message(str(number))
    frames = [json.loads(frame)["Content"] for frame in ada.frames]
    assert frames == [str(number) for number in range(40 - len(frames), 40)]
    assert 10 <= len(frames) <= 20
    assert ada.receive()["Content"] == frames[0]
    life.sim.save(tmp_path / "state.json")
    sim = Emulator()
    sim.load(tmp_path / "state.json")
    (ada,) = sim.chat.connections
    assert [json.loads(frame)["Content"] for frame in ada.frames] == frames
    assert [ada.receive()["Content"] for _ in frames[1:]] == frames[1:]
    with pytest.raises(LookupError):
        ada.receive()
    assert (sim.calls.first, sim.events.first) == (life.sim.calls.first, life.sim.events.first)


def test_what_is_wanted_stays() -> None:
    """What is live, valid or still to be delivered is not history, however old it is."""
    life = Life(3, "realistic")
    sim = life.sim
    members = {"roomIdentifier": life.room, "userId": "bob", "capabilities": ["SEND_MESSAGE"]}
    tokens = [call(sim, "CreateChatToken", **members).body["token"] for _ in range(8)]
    ada = life.connect()
    for _ in range(8):
        ada.send_message("to be delivered")
    stream = sim.streams.live[0].stream_id
    for _ in range(21):  # and so many that nothing is dropped right after the delivery
        call(sim, "ListRooms")
    assert not ada.closed
    assert all(not sim.chat.connect(token).closed for token in tokens)
    assert [each.stream_id for each in sim.streams.live] == [stream]
    sim.clock.advance(11)
    assert len(sim.chat.logs(life.room)[life.logging]) == 8
    call(sim, "DeleteRoom", identifier=life.room)
    sim.clock.advance(timedelta(minutes=61))
    assert ada.closed


def test_taken_back(tmp_path: Path) -> None:
    """What is dropped while something is tried out comes back with the rest."""
    life = Life(5)
    life.chat()
    life.sim.save(tmp_path / "before.json")
    with life.sim.isolated():
        for what in life.happenings:
            for _ in range(10):
                life.happen(what)
    life.sim.save(tmp_path / "after.json")
    before, after = (json.loads((tmp_path / f"{name}.json").read_bytes()) for name in ("before", "after"))
    assert {**after, "ids": None} == {**before, "ids": None}
    with life.sim.isolated():
        life.sim.reset()
        for _ in range(10):
            life.refusal()
    life.sim.save(tmp_path / "after.json")
    assert json.loads((tmp_path / "after.json").read_bytes())["stores"] == before["stores"]


def test_failures() -> None:
    """Of what subscribers failed on the newest are kept as well."""
    life = Life(5)

    def fail(event: object) -> None:
        raise RuntimeError

    life.sim.events.subscribe(fail)
    for _ in range(10):
        life.broadcast()
    assert 5 <= len(life.sim.events.failures) <= 25


@pytest.mark.parametrize("history", [0, -1, True, 2.5, "9"])
def test_no_number(history: Any) -> None:
    """A history that is no number of things is refused."""
    with pytest.raises(ValueError, match=rf"history: {history!r} is neither a whole number from 1 on nor None"):
        Emulator(history=history)
