"""The log that calls and events are in: who subscribes to it, and where one was in it."""

from __future__ import annotations

from ivsim import Emulator
from ivsim.core.calls import Call

from ..calling import call


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
