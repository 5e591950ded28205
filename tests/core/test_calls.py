from __future__ import annotations

from datetime import timedelta

import pytest

from ivsim import Emulator
from ivsim.core.calls import Call

from ..calling import call


def test_every_call_is_on_record(sim: Emulator) -> None:
    """A call shows who called what, with what, and how it ended."""
    now = sim.clock.now()
    sim.clock.freeze(now)
    sim.faults.latency("GetRoom", 5)
    call(sim, "CreateChannel", name="x")
    call(sim, "GetRoom", identifier="x")
    first, second = sim.calls
    assert (first.at, second.at) == (now, now + timedelta(seconds=5))
    assert (first.service, first.operation, first.params) == ("ivs", "CreateChannel", {"name": "x"})
    assert (first.account, first.region, first.status, first.error) == ("123456789012", "us-east-1", 200, None)
    assert (second.service, second.status, second.error) == ("ivschat", 400, "ValidationException")


def test_is_a_list(sim: Emulator) -> None:
    """Calls can be counted, indexed, sliced, walked through, and picked by operation."""
    for name in ("CreateChannel", "CreateRoom", "CreateChannel"):
        call(sim, name)
    assert len(sim.calls) == 3
    assert sim.calls[-1] == sim.calls[2] == sim.calls[0:3][2]
    assert [each.operation for each in sim.calls] == ["CreateChannel", "CreateRoom", "CreateChannel"]
    assert sim.calls.of("CreateRoom") == sim.calls.of("create_room") == [sim.calls[1]]
    with pytest.raises(
        ValueError, match="operation: there is no operation 'DeleteChanel'; did you mean 'DeleteChannel'"
    ):
        sim.calls.of("DeleteChanel")
    assert "CreateRoom" in repr(sim.calls)
    sim.calls.clear()
    assert list(sim.calls) == []


def test_subscribe(sim: Emulator) -> None:
    """A subscriber gets each later call, refused ones too, when its effects are there, and may call the API itself."""
    seen: list[tuple[str, int]] = []

    def tell(one: Call) -> None:
        seen.append((one.operation, one.status))
        if one.operation == "CreateChannel":
            call(sim, "ListChannels")
        one.params.clear()  # type: ignore[attr-defined]

    call(sim, "CreateRoom")
    unsubscribe = sim.calls.subscribe(tell)
    call(sim, "CreateChannel", name="x")
    call(sim, "GetRoom", identifier="x")
    unsubscribe()
    unsubscribe()
    call(sim, "CreateRoom")
    assert seen == [("CreateChannel", 200), ("ListChannels", 200), ("GetRoom", 400)]
    assert sim.calls[1].params == {"name": "x"}


def test_subscriber_that_fails(sim: Emulator) -> None:
    """A subscriber that raises breaks nothing and is in `failures`, until everything is forgotten."""
    sim.calls.subscribe(lambda _: 1 / 0)
    assert call(sim, "CreateRoom").status == 200
    ((failed, error),) = sim.calls.failures
    assert (failed, type(error)) == (sim.calls[0], ZeroDivisionError)
    sim.reset()
    assert not sim.calls.failures


def test_subscriber_that_cannot_be(sim: Emulator) -> None:
    """What cannot be called with a call is refused."""
    with pytest.raises(TypeError, match="cannot be called with the call alone"):
        sim.calls.subscribe(lambda: None)  # type: ignore[arg-type, misc]


def test_subscriptions_and_what_is_taken_back(sim: Emulator) -> None:
    """A subscription from inside an isolated block ends with it; one from before outlives it, and a load."""
    seen: list[str] = []
    sim.calls.subscribe(lambda one: seen.append(one.operation))
    with sim.isolated():
        sim.calls.subscribe(lambda _: seen.append("inside"))
    sim.loads(sim.dumps())
    call(sim, "ListRooms")
    assert seen == ["ListRooms"]


def test_positions(sim: Emulator) -> None:
    """Positions count all that there ever was: `since()` goes on where somebody stopped, whatever was forgotten."""
    for _ in range(3):
        call(sim, "ListRooms")
    assert (sim.calls.first, sim.calls.end) == (0, 3)
    assert sim.calls.since(1, 1) == [sim.calls[1]]
    sim.reset()
    call(sim, "ListChannels")
    assert (sim.calls.first, sim.calls.end) == (3, 4)
    assert [each.operation for each in sim.calls.since(1, 10)] == ["ListChannels"]
    assert sim.calls.since(4, 10) == []
