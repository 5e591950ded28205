"""Events that are lost, doubled, late and swapped: what happened, and what arrived."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

import pytest

from ivsim import Emulator, mock_ivs

from ..calling import call

ALL = ["Session Created", "Stream Start", "Session Ended", "Stream End"]


def channel(sim: Emulator) -> str:
    return str(call(sim, "CreateChannel").body["channel"]["arn"])


def names(events: Any) -> list[str]:
    return [event["detail"]["event_name"] for event in events]


def named(name: str) -> dict[str, Any]:
    return {"detail": {"event_name": [name]}}


@pytest.fixture
def sim() -> Emulator:
    sim = Emulator(seed=1)
    sim.clock.freeze(datetime(2026, 11, 21, 12, tzinfo=timezone.utc))
    return sim


@pytest.fixture
def heard(sim: Emulator) -> list[dict[str, Any]]:
    """What a subscriber hears."""
    heard: list[dict[str, Any]] = []
    sim.events.subscribe(heard.append)
    return heard


def test_fair_weather(sim: Emulator, heard: list[dict[str, Any]]) -> None:
    """Unless somebody wants something else, what happens arrives, once and in order."""
    sim.streams.start(channel(sim)).end()
    assert names(sim.events) == ALL
    assert list(sim.events.arrived) == list(sim.events) == heard


@pytest.mark.parametrize(
    ("way", "arrived"),
    [
        ("lost", ["Session Created", "Session Ended", "Stream End"]),
        ("doubled", ["Session Created", "Stream Start", "Stream Start", "Session Ended", "Stream End"]),
        ("delayed", ["Session Created", "Session Ended", "Stream End", "Stream Start"]),
        ("swapped", ["Session Created", "Session Ended", "Stream Start", "Stream End"]),
    ],
)
def test_ways(sim: Emulator, heard: list[dict[str, Any]], way: Any, arrived: list[str]) -> None:
    """An event is lost, comes twice, late or after the next; it happened all the same, and keeps its time."""
    sim.events.disturb(way, pattern=named("Stream Start"), seconds=100)
    sim.streams.start(channel(sim)).end()
    sim.clock.advance(99)
    assert names(heard) == (arrived[:-1] if way == "delayed" else arrived)
    sim.clock.advance(1)
    assert names(sim.events) == ALL
    assert names(sim.events.arrived) == names(heard) == arrived
    assert {event["time"] for event in heard} == {"2026-11-21T12:00:00Z"}
    sim.streams.start(channel(sim)).end()
    assert names(heard)[len(arrived) :] == ALL


def test_which_events(sim: Emulator, heard: list[dict[str, Any]]) -> None:
    """A wish may be for some events only, for so many, or for all; of several that fit, the oldest counts."""
    arn, other = channel(sim), channel(sim)
    sim.events.disturb("lost", pattern={"resources": [arn]}, times=2)
    sim.events.disturb("doubled", pattern=named("Stream End"), times=None)
    for each in (arn, other, arn):
        sim.streams.start(each).end()
    assert names(heard) == [*ALL[2:], ALL[3], *ALL, ALL[3], *ALL, ALL[3]]


def test_any_event(sim: Emulator, heard: list[dict[str, Any]]) -> None:
    """Without a pattern any event will do; those that are swapped with none yet wait for one."""
    sim.events.disturb("swapped", times=3)
    sim.streams.start(channel(sim)).end()
    assert names(heard) == [ALL[3], *ALL[:3]]
    sim.events.disturb("swapped")
    sim.events.disturb("doubled")
    sim.streams.start(channel(sim))
    assert names(heard)[4:] == ["Stream Start", "Stream Start", "Session Created"]


def test_what_is_taken_back(sim: Emulator, heard: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a call that fails would have told did not happen, and used up no wish."""
    arn = channel(sim)
    sim.events.disturb("swapped")
    with monkeypatch.context() as patched:
        patched.setattr("ivsim.ivs.broadcast._start", lambda *_: 1 / 0)
        with suppress(ZeroDivisionError):
            sim.streams.start(arn)
    assert names(sim.events) == names(heard) == []
    sim.streams.start(arn).end()
    assert names(heard) == ["Stream Start", "Session Created", *ALL[2:]]


def test_late_and_swapped(sim: Emulator, heard: list[dict[str, Any]]) -> None:
    """What waits for the next event that arrives also has a late one for that."""
    sim.events.disturb("delayed", pattern=named("Session Created"))
    sim.events.disturb("swapped", pattern=named("Stream Start"))
    sim.streams.start(channel(sim))
    assert heard == []
    sim.clock.advance(30)
    assert names(heard) == ["Session Created", "Stream Start"]


def test_what_is_wanted(sim: Emulator, heard: list[dict[str, Any]]) -> None:
    """It can be seen what is still wanted, and be forgotten; what waits arrives all the same."""
    sim.events.disturb("lost", pattern=named("Stream Start"), times=2)
    sim.events.disturb("swapped", times=None, seconds=5)
    sim.streams.start(channel(sim))
    assert sim.events.disturbances == [("lost", named("Stream Start"), 1, 30), ("swapped", {}, None, 5)]
    sim.events.disturbances.clear()
    assert len(sim.events.disturbances) == 2
    sim.events.clear_disturbances()
    assert sim.events.disturbances == []
    sim.streams.start(channel(sim))
    assert names(heard) == ["Session Created", "Session Created", "Stream Start"]


def test_what_became_of_them(sim: Emulator) -> None:
    """It can be seen which events were disturbed, and how; the seconds are those of a delay."""
    for way in ("lost", "delayed", "swapped", "doubled"):
        sim.events.disturb(way, seconds=7)
    sim.streams.start(channel(sim)).end()
    sim.streams.start(channel(sim)).end()
    assert [each[:2] for each in sim.events.disturbed] == [("lost", 0), ("delayed", 7), ("swapped", 0), ("doubled", 0)]
    assert [each.event for each in sim.events.disturbed] == sim.events[:4]
    sim.reset()
    assert list(sim.events.disturbed) == []


@pytest.mark.parametrize(
    ("wish", "rule"),
    [
        ({"way": "losst"}, "way: there is no way 'losst'; did you mean 'lost'?"),
        ({"way": "lost", "times": 0}, "times: 0 is neither a whole number from 1 on nor None"),
        ({"way": "delayed", "seconds": 0}, "seconds: 0 is not a number above 0, of at most a day"),
        ({"way": "delayed", "seconds": True}, "seconds: True is not a number above 0"),
        ({"way": "lost", "pattern": {"source": "aws.ivs"}}, "pattern: source: 'aws.ivs' is neither a list"),
    ],
)
def test_wrong_wishes(sim: Emulator, heard: list[dict[str, Any]], wish: dict[str, Any], rule: str) -> None:
    """What cannot be wanted is refused, and changes nothing."""
    with pytest.raises(ValueError, match=re.escape(rule)):
        sim.events.disturb(**wish)
    sim.streams.start(channel(sim)).end()
    assert names(heard) == ALL


def season(seed: int | str | None) -> tuple[list[str], list[str]]:
    """Return what happened and what arrived in fifty broadcasts."""
    sim = Emulator(event_weather=seed)
    sim.clock.freeze(datetime(2026, 11, 21, 12, tzinfo=timezone.utc))
    for number in range(50):
        sim.streams.start(str(call(sim, "CreateChannel", name=f"{number:02}").body["channel"]["arn"])).end()
    sim.clock.advance(60)
    told = [f"{event['detail']['channel_name']} {event['detail']['event_name']}" for event in sim.events]
    return told, [f"{event['detail']['channel_name']} {event['detail']['event_name']}" for event in sim.events.arrived]


def test_weather_by_seed() -> None:
    """With a seed some events are lost, doubled, late or swapped, the same ones each time, and most are not."""
    happened, arrived = season(7)
    assert season(7) == season("7") == (happened, arrived)
    assert season("other")[1] != arrived
    assert season(None) == (happened, happened)
    assert len(set(happened) - set(arrived)) > 5
    assert len(arrived) - len(set(arrived)) > 5
    assert arrived != sorted(arrived, key=happened.index)
    assert len(set(arrived)) > 180


def test_the_weather_changes(sim: Emulator) -> None:
    """The weather can be set, as often as one likes, and begins anew each time; nothing else is a seed."""
    assert sim.events.weather is None
    heard: list[list[dict[str, Any]]] = []
    for seed in (7, 7, None):
        sim.events.weather = seed
        assert sim.events.weather == seed
        before = len(sim.events.arrived)
        for _ in range(20):
            sim.streams.start(channel(sim)).end()
        sim.clock.advance(60)
        heard.append(sim.events.arrived[before:])
    assert names(heard[0]) == names(heard[1]) != names(heard[2]) == ALL * 20
    for wrong in (1.5, True, b"7"):
        with pytest.raises(TypeError, match=r"^weather: .* is neither a whole number, text nor None"):
            sim.events.weather = wrong  # type: ignore[assignment]
    assert sim.events.weather is None


def test_reset(sim: Emulator, heard: list[dict[str, Any]]) -> None:
    """A reset forgets what arrived, what is wanted and what waits, and keeps subscriptions; the seed begins anew."""
    sim.events.disturb("swapped", times=None)
    sim.streams.start(channel(sim)).end()
    sim.reset()
    sim.streams.start(channel(sim)).end()
    assert names(sim.events.arrived) == names(heard) == ALL


def test_nested_mocks() -> None:
    """A test's wishes and its weather end with it, where the emulator goes on."""
    with mock_ivs() as sim:
        state = sim._state.snapshot()
        sim.events.weather = 7
        sim.events.disturb("swapped")
        sim.streams.start(channel(sim))
        sim._state.restore(state)
        assert [*sim.events.arrived, *sim.events.disturbed] == []
        assert sim.events.weather != 7
        sim.streams.start(channel(sim)).end()
        assert names(sim.events.arrived) == ALL


@pytest.mark.parametrize("seed", [None, 7])
def test_isolated(seed: int | None) -> None:
    """What became of events in an isolated block is taken back, and so is what the weather did: it comes again."""
    sim = Emulator(event_weather=seed)
    arrived = []
    for _ in range(2):
        with sim.isolated():
            for _ in range(20):
                sim.streams.start(channel(sim)).end()
            arrived.append(names(sim.events.arrived))
        assert [*sim.events.arrived, *sim.events.disturbed] == []
    assert arrived[0] == arrived[1]
    assert (arrived[0] == ALL * 20) is (seed is None)


def test_save_and_load(sim: Emulator, heard: list[dict[str, Any]], tmp_path: Any) -> None:
    """A file keeps late events, and neither what is wanted nor what arrived."""
    sim.events.disturb("delayed", pattern=named("Stream End"), seconds=50)
    sim.events.disturb("lost", times=None)
    sim.streams.start(channel(sim)).end()
    sim.save(tmp_path / "state.json")
    sim.load(tmp_path / "state.json")
    assert names(sim.events) == ALL
    assert list(sim.events.arrived) == []
    sim.clock.advance(50)
    assert names(sim.events.arrived) == names(heard) == ["Stream End"]
    sim.streams.start(channel(sim)).end()
    assert names(heard)[1:] == ALL


def test_the_server_tells_what_happened(sim: Emulator) -> None:
    """Whoever follows what happens is woken by an event that does not arrive."""
    from ivsim.server.control.sources import Entries

    woken: list[bool] = []
    Entries("event", sim.events).follow(lambda: woken.append(True))
    sim.events.disturb("lost", times=None)
    sim.streams.start(channel(sim))
    assert len(woken) == 2
