"""What an emulator keeps that was told to keep only so much."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator

from .calling import call
from .lives import Life


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


@pytest.mark.needs("StartComposition", "ListParticipants.filterByRecordingState")
def test_what_is_still_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a slow bucket has not got yet is not forgotten: recordings and compositions end when it has, and go then."""
    monkeypatch.setattr("ivsim.emulator.courier", lambda: lambda _region, parcels: list(parcels).clear())
    sim = Emulator(history=1, deliver=True)
    storage = call(sim, "CreateStorageConfiguration", s3={"bucketName": "tapes"}).body["storageConfiguration"]["arn"]
    encoder = call(sim, "CreateEncoderConfiguration").body["encoderConfiguration"]["arn"]
    settings = {"storageConfigurationArn": storage}
    stage = call(sim, "CreateStage", autoParticipantRecordingConfiguration=settings).body["stage"]["arn"]
    tape = {"s3": {**settings, "encoderConfigurationArns": [encoder]}}
    people = [sim.stages.join(stage) for _ in range(3)]
    for each in people:
        each.publish()
    started = [call(sim, "StartComposition", stageArn=stage, destinations=[tape]).body for _ in range(3)]
    compositions = [each["composition"]["arn"] for each in started]

    def states() -> list[str]:
        return [call(sim, "GetComposition", arn=arn).body["composition"]["state"] for arn in compositions]

    late: list[Any] = []
    end = sim.deliver_aside(late.append)
    for arn in compositions:
        call(sim, "StopComposition", arn=arn)
    for each in people:
        each.unpublish()
    assert states() == ["STOPPING"] * 3
    end()
    for make in late:
        make()
    assert states() == ["STOPPED"] * 3
    shown = call(sim, "ListParticipants", stageArn=stage, sessionId=people[0].session_id).body["participants"]
    assert {each["recordingState"] for each in shown} == {"STOPPED"}
    assert len(sim.recordings) < 6
