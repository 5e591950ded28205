from __future__ import annotations

from datetime import timedelta

import pytest

from ivsim import Emulator

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
