"""Everything an emulator remembers: taken back, emptied, compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ivsim import Emulator

from ..calling import call, send, signed


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


def test_version(sim: Emulator, tmp_path: Path) -> None:
    """The version changes with all that `save()` would write, and with nothing else."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    live = sim.streams.start(arn)
    sim.save(tmp_path / "state.json")
    changes: list[Callable[[], object]] = [
        lambda: call(sim, "GetChannel", arn=arn),
        lambda: sim.faults.add("GetChannel", "ResourceNotFoundException"),
        lambda: sim.faults.latency("GetChannel", 0.1),
        sim.faults.clear,
        lambda: sim.quotas.update(Channels=7),
        sim.clock.freeze,
        lambda: sim.clock.advance(1),
        sim.clock.unfreeze,
        live.starve,
        live.end,
        sim.events.clear,
        sim.calls.clear,
        lambda: sim.load(tmp_path / "state.json"),
        sim.reset,
    ]
    for change in changes:
        before = sim.version
        change()
        assert sim.version != before
    looks: list[Callable[[], object]] = [
        sim.clock.now,
        lambda: [*sim.calls, *sim.events, *sim.streams.live, *sim.recordings, *sim.chat.connections],
        lambda: sim.save(tmp_path / "state.json"),
        sim.events.clear,
    ]
    for look in looks:
        before = sim.version
        look()
        assert sim.version == before
