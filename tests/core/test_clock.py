from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import time_machine
from freezegun import freeze_time

from ivsim import Emulator

from ..calling import call
from .transitions import create_recording, state

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def test_real_time_by_default(sim: Emulator) -> None:
    """Left alone, the clock shows the time."""
    before = datetime.now(timezone.utc)
    assert before <= sim.clock.now() <= datetime.now(timezone.utc)


def test_freeze_and_advance(sim: Emulator) -> None:
    """A frozen clock moves when it is told to, by seconds or a timedelta, and shows in answers."""
    sim.clock.freeze(NOON)
    assert call(sim, "CreateRoom").body["createTime"] == "2026-11-21T12:00:00.000Z"
    sim.clock.advance(1.5)
    assert call(sim, "CreateRoom").body["createTime"] == "2026-11-21T12:00:01.500Z"
    sim.clock.advance(timedelta(days=1))
    assert sim.clock.now() == NOON + timedelta(days=1, seconds=1.5)
    sim.clock.freeze()
    assert sim.clock.now() == NOON + timedelta(days=1, seconds=1.5)


def test_any_time_zone(sim: Emulator) -> None:
    """A moment may be given in any time zone, but in one."""
    sim.clock.freeze(NOON.astimezone(timezone(timedelta(hours=5))))
    assert sim.clock.now() == NOON
    with pytest.raises(ValueError, match=r"at: .* has no time zone"):
        sim.clock.freeze(datetime(2026, 11, 21))
    assert sim.clock.now() == NOON


def test_unfreeze(sim: Emulator) -> None:
    """A clock that runs again runs on from what it showed."""
    sim.clock.freeze(NOON)
    sim.clock.unfreeze()
    assert NOON <= sim.clock.now() < NOON + timedelta(minutes=1)


def test_running_clock_can_be_advanced(sim: Emulator) -> None:
    """A running clock jumps, and runs on."""
    sim.clock.advance(3600)
    assert timedelta(minutes=59) < sim.clock.now() - datetime.now(timezone.utc) < timedelta(minutes=61)


@pytest.mark.parametrize("duration", [-1, timedelta(seconds=-1), float("nan"), float("inf"), 1e12, 1e300])
def test_time_does_not_go_back(sim: Emulator, duration: float | timedelta) -> None:
    """Nothing but 0 or more seconds is a duration."""
    sim.clock.freeze(NOON)
    with pytest.raises(ValueError, match="duration"):
        sim.clock.advance(duration)
    assert sim.clock.now() == NOON


def test_what_is_no_time(sim: Emulator) -> None:
    """What is no duration and no moment is refused, and so is a moment before the epoch or at the end of time."""
    for duration in ("5", True, None):
        with pytest.raises(TypeError, match=r"duration: .* is neither a number of seconds nor a timedelta"):
            sim.clock.advance(duration)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="duration"):
        sim.clock.advance(10**400)
    with pytest.raises(TypeError, match="at: '2026' is not a datetime"):
        sim.clock.freeze("2026")  # type: ignore[arg-type]
    for at in (datetime(9999, 12, 31, tzinfo=timezone.utc), datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))):
        with pytest.raises(ValueError, match=r"at: .* is not from the year 1970 to 9998"):
            sim.clock.freeze(at)
    assert not sim.clock.is_frozen


def test_advance_inside_of_an_advance(sim: Emulator) -> None:
    """Whoever is told of something while the clock moves may move it further."""
    sim.clock.freeze(NOON)
    live = sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"])
    live.starve()

    def go_on(event: dict[str, Any]) -> None:
        if event["detail"]["event_name"] == "Stream End":
            sim.clock.advance(3600)

    sim.events.subscribe(go_on)
    sim.clock.advance(60)
    assert sim.clock.now() == NOON + timedelta(seconds=3630)


def test_no_other_thread_sees_the_past(sim: Emulator) -> None:
    """While one thread catches up with what fell due, the time is the same for all others."""
    sim.clock.freeze(NOON)
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    sim.streams.start(arn).starve()
    with ThreadPoolExecutor(1) as pool:
        seen = []
        sim._state.clock.perform = lambda _: seen.append(pool.submit(sim.clock.now).result())
        sim.clock.freeze(NOON + timedelta(seconds=100))
    assert seen == [NOON + timedelta(seconds=100)]


def test_freezegun(sim: Emulator) -> None:
    """Freezegun moves the clock too."""
    with freeze_time("2030-01-02T03:04:05Z") as frozen:
        assert call(sim, "CreateRoom").body["createTime"] == "2030-01-02T03:04:05.000Z"
        frozen.tick(60)
        assert sim.clock.now() == datetime(2030, 1, 2, 3, 5, 5, tzinfo=timezone.utc)


def test_time_machine(sim: Emulator) -> None:
    """And so does time-machine."""
    with time_machine.travel(NOON, tick=False):
        assert sim.clock.now() == NOON


def test_timers_under_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many threads find something due, it happens once."""
    monkeypatch.setattr("ivsim.ivs.recording_configurations.SECONDS_TO_ACTIVE", 0.0001)
    sim = Emulator(transitions="realistic", quotas={"Recording configurations": 10_000})
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            arns = list(pool.map(lambda _: create_recording(sim), range(800)))
    finally:
        sys.setswitchinterval(interval)
    sim.clock.advance(1)
    assert {state(sim, arn) for arn in arns} == {"ACTIVE"}


def test_events_of_transitions() -> None:
    """What happens while the clock is advanced is told at once, in order, with its own time."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze(NOON)
    seen: list[str] = []
    sim.events.subscribe(lambda event: seen.append(f"{event['detail']['event_name']} {event['time'][-3:]}"))
    sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"])
    sim.clock.advance(10)
    assert seen == ["Session Created 00Z", "Stream Start 04Z"]
