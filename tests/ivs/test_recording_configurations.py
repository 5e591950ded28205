"""A recording configuration whose set-up failed, and what follows from it."""

from __future__ import annotations

from ivsim import Emulator

from ..calling import call

S3 = {"s3": {"bucketName": "abc"}}


def created(sim: Emulator, name: str = "") -> str:
    """Return the ARN of a new configuration, which is CREATING as it is answered."""
    made = call(sim, "CreateRecordingConfiguration", destinationConfiguration=S3, name=name).body
    assert made["recordingConfiguration"]["state"] == "CREATING"
    return str(made["recordingConfiguration"]["arn"])


def state(sim: Emulator, arn: str) -> str:
    """Return the state that the API shows."""
    return str(call(sim, "GetRecordingConfiguration", arn=arn).body["recordingConfiguration"]["state"])


def test_one_fails(sim: Emulator) -> None:
    """The set-up of one configuration fails, known by its name, and that of others does not."""
    sim.faults.add("RecordingConfigurationCreation", "CREATE_FAILED", when={"name": "elsewhere"})
    good, bad = created(sim, "here"), created(sim, "elsewhere")
    assert (state(sim, good), state(sim, bad)) == ("ACTIVE", "CREATE_FAILED")
    listed = call(sim, "ListRecordingConfigurations").body["recordingConfigurations"]
    assert {each["arn"]: each["state"] for each in listed} == {good: "ACTIVE", bad: "CREATE_FAILED"}


def test_it_takes_its_time() -> None:
    """A configuration is CREATING for as long as a test wants, and then what the test wants of it."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze()
    sim.faults.latency("RecordingConfigurationCreation", 20)
    sim.faults.add("RecordingConfigurationCreation", "CREATE_FAILED")
    arn = created(sim)
    sim.clock.advance(19)
    assert state(sim, arn) == "CREATING"
    sim.clock.advance(1)
    assert state(sim, arn) == "CREATE_FAILED"


def test_what_follows(sim: Emulator) -> None:
    """A failed configuration can be attached and deleted; a broadcast with it is not recorded, and an event says so."""
    sim.faults.add("RecordingConfigurationCreation", "CREATE_FAILED")
    arn = created(sim)
    channel = call(sim, "CreateChannel", recordingConfigurationArn=arn).body["channel"]["arn"]
    with sim.streams.start(channel):
        pass
    (event,) = sim.events.of("IVS Recording State Change")
    assert event["detail"]["recording_status"] == "Recording Start Failure"
    assert event["detail"]["recording_status_reason"] == "ValidationException"
    assert call(sim, "DeleteRecordingConfiguration", arn=arn).code == "ConflictException"
    call(sim, "UpdateChannel", arn=channel, recordingConfigurationArn="")
    assert call(sim, "DeleteRecordingConfiguration", arn=arn).status == 204


def test_deleted_in_the_meantime(sim: Emulator) -> None:
    """A configuration that is deleted while it is CREATING does not come back."""
    sim.faults.latency("RecordingConfigurationCreation", 5)
    arn = created(sim)
    call(sim, "DeleteRecordingConfiguration", arn=arn)
    sim.clock.advance(10)
    assert call(sim, "GetRecordingConfiguration", arn=arn).code == "ResourceNotFoundException"
