from __future__ import annotations

import pytest

from ivsim import Emulator, UnreadableState

from .calling import call, send, signed


def test_emulators_share_nothing() -> None:
    """What is in one emulator is not in another."""
    one, two = Emulator(), Emulator()
    call(one, "CreateChannel")
    assert call(two, "ListChannels").body["channels"] == []
    assert len(two.calls) == 1


def test_reset(sim: Emulator) -> None:
    """A reset empties it, in every account and region; clock, quotas and subscriptions stay."""
    seen: list[object] = []
    sim.events.subscribe(seen.append)
    sim.clock.freeze()
    sim.quotas["Channels"] = 7
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    send(sim, "POST", "/CreateRoom", b"{}", signed("eu-west-1"))
    sim.streams.start(arn)
    sim.faults.add("ListChannels", "ThrottlingException")
    before = sim.clock.now()
    sim.reset()
    assert (len(sim.events), len(sim.calls)) == (0, 0)
    assert call(sim, "ListChannels").body == {"channels": []}
    assert call(sim, "ListStreams").body == {"streams": []}
    assert send(sim, "POST", "/ListRooms", b"{}", signed("eu-west-1")).body == {"rooms": []}
    assert (sim.clock.now(), sim.quotas["Channels"]) == (before, 7)
    sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"])
    assert len(seen) == 4


def test_dumps_and_loads() -> None:
    """What `dumps()` returns brings everything back, and what is no state changes nothing."""
    sim = Emulator(seed=1)
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    saved = sim.dumps()
    other = Emulator()
    other.loads(saved)
    assert other.dumps() == saved
    assert call(other, "GetChannel", arn=arn).status == 200
    with pytest.raises(UnreadableState, match="the state: this is not JSON"):
        other.loads(b"{")
    assert call(other, "GetChannel", arn=arn).status == 200


def test_on_replaced() -> None:
    """Whoever wants to know hears that everything was replaced, until that is ended."""
    sim = Emulator()
    heard: list[str] = []
    end = sim.on_replaced(lambda: heard.append("replaced"))
    call(sim, "CreateChannel")
    assert not heard
    sim.reset()
    sim.loads(sim.dumps())
    with sim.isolated():
        pass
    assert len(heard) == 3
    end()
    sim.reset()
    assert len(heard) == 3
