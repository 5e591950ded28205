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


def test_reset_forgets_what_was_to_happen() -> None:
    """What was in transition does not come back."""
    sim = Emulator(transitions="realistic")
    call(sim, "CreateRecordingConfiguration", destinationConfiguration={"s3": {"bucketName": "abc"}})
    sim.reset()
    sim.clock.advance(10)
    assert call(sim, "ListRecordingConfigurations").body["recordingConfigurations"] == []


def test_isolated() -> None:
    """What happens in an isolated block is taken back, whatever it was, also when it raises."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze()
    arn = call(sim, "CreateChannel", name="before").body["channel"]["arn"]
    call(sim, "CreateRecordingConfiguration", destinationConfiguration={"s3": {"bucketName": "abc"}})
    sim.faults.add("CreateRoom", "PendingVerification")
    sim.faults.latency("GetRoom", 1)
    before = sim.clock.now()
    with pytest.raises(LookupError), sim.isolated():
        call(sim, "UpdateChannel", arn=arn, name="inside")
        call(sim, "CreateChannel")
        call(sim, "CreateRoom")
        call(sim, "CreateRoom")
        send(sim, "POST", "/CreateRoom", b"{}", signed("eu-west-1"))
        sim.streams.start(arn)
        sim.clock.advance(100)
        sim.quotas["Channels"] = 1
        sim.faults.clear()
        sim.events.subscribe(lambda _: 1 / 0)
        raise LookupError
    assert [channel["name"] for channel in call(sim, "ListChannels").body["channels"]] == ["before"]
    assert send(sim, "POST", "/ListRooms", b"{}", signed("eu-west-1")).body["rooms"] == []
    assert (sim.clock.now(), sim.quotas["Channels"], len(sim.events)) == (before, 5_000, 0)
    assert [each.operation for each in sim.calls[:2]] == ["CreateChannel", "CreateRecordingConfiguration"]
    assert call(sim, "CreateRoom").code == "PendingVerification"
    sim.clock.advance(5)
    states = call(sim, "ListRecordingConfigurations").body["recordingConfigurations"]
    assert [each["state"] for each in states] == ["ACTIVE"]


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
