"""Every state, health and status that the models list is shown by the API, or docs/fidelity.md says why it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from botocore.model import ListShape, MapShape, Shape, StructureShape

from ivsim import Emulator
from ivsim.ivs import failover_slate_configurations, recording_configurations
from ivsim.ivschat import logging_configurations
from ivsim.services import SERVICES

from .calling import call

FIDELITY = Path(__file__).parent.parent / "docs" / "fidelity.md"

S3 = {"s3": {"bucketName": "abc"}}
LOGS = {"cloudWatchLogs": {"logGroupName": "g"}}

Value = tuple[str, str]
"""An enum's name in the model, and one of its values."""


def listed() -> Iterator[Value]:
    """Yield each value that an output member called state, health or status may have, in any service."""
    for service in SERVICES.values():
        seen: set[str] = set()
        for operation in service.model.operations.values():
            yield from _values(operation.output, seen)


def _values(shape: Shape | None, seen: set[str]) -> Iterator[Value]:
    if isinstance(shape, ListShape):
        yield from _values(shape.member, seen)
    if isinstance(shape, MapShape):
        yield from _values(shape.value, seen)
    if not isinstance(shape, StructureShape) or shape.name in seen:
        return
    seen.add(shape.name)
    for name, member in shape.members.items():
        if re.search("(state|health|status)$", name, re.IGNORECASE) and member.metadata.get("enum"):
            yield from ((member.name, value) for value in member.metadata["enum"])
        yield from _values(member, seen)


def never() -> set[Value]:
    """Return the values that docs/fidelity.md says never occur, with a reason each."""
    section = FIDELITY.read_text().partition("## States that never occur")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (\w.+?) \|", section, re.MULTILINE)
    return {(shape, value) for shape, value, _ in rows}


def recording(sim: Emulator, state: str) -> Any:
    """Return the state of a recording configuration that was led to one."""
    if state == "CREATE_FAILED":
        sim.faults.add("RecordingConfigurationCreation", "CREATE_FAILED")
    if state == "CREATING":
        sim.faults.latency("RecordingConfigurationCreation", 5)
    made = call(sim, "CreateRecordingConfiguration", destinationConfiguration=S3).body["recordingConfiguration"]
    return call(sim, "GetRecordingConfiguration", arn=made["arn"]).body["recordingConfiguration"]["state"]


def slate(sim: Emulator, state: str) -> Any:
    """Return the state of a failover slate configuration that was led to one."""
    if state == "CREATE_FAILED":
        sim.faults.add("FailoverSlateConfigurationCreation", "CREATE_FAILED")
    if state == "CREATING":
        sim.faults.latency("FailoverSlateConfigurationCreation", 5)
    made = call(sim, "CreateFailoverSlateConfiguration").body["failoverSlateConfiguration"]
    if state == "UPDATING":
        updated = call(sim, "UpdateFailoverSlateConfiguration", arn=made["arn"], name="n").body
        return updated["failoverSlateConfiguration"]["state"]
    return call(sim, "GetFailoverSlateConfiguration", arn=made["arn"]).body["failoverSlateConfiguration"]["state"]


def logging(sim: Emulator, state: str) -> Any:
    """Return the state of a logging configuration that was led to one."""
    step = {"CREAT": "Creation", "UPDAT": "Update", "DELET": "Deletion", "ACTIV": ""}[state[:5]]
    if state.endswith("_FAILED"):
        sim.faults.add(f"LoggingConfiguration{step}", state)
    elif step:
        sim.faults.latency(f"LoggingConfiguration{step}", 5)
    arn = call(sim, "CreateLoggingConfiguration", destinationConfiguration=LOGS).body["arn"]
    if step == "Update":
        call(sim, "UpdateLoggingConfiguration", identifier=arn, name="n")
    if step == "Deletion":
        call(sim, "DeleteLoggingConfiguration", identifier=arn)
    return call(sim, "GetLoggingConfiguration", identifier=arn).body["state"]


def answered(sim: Emulator, state: str) -> Any:
    """Return the state with which the creation of a logging configuration is answered."""
    return call(sim, "CreateLoggingConfiguration", destinationConfiguration=LOGS).body["state"]


def answered_to_an_update(sim: Emulator, state: str) -> Any:
    """Return the state with which the update of a logging configuration is answered."""
    arn = call(sim, "CreateLoggingConfiguration", destinationConfiguration=LOGS).body["arn"]
    return call(sim, "UpdateLoggingConfiguration", identifier=arn, name="n").body["state"]


def stream(sim: Emulator, member: str, *, starving: bool) -> Any:
    """Return a member of a stream that is live."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    live = sim.streams.start(arn)
    if starving:
        live.starve()
    return call(sim, "GetStream", channelArn=arn).body["stream"][member]


def composition(state: str) -> Any:
    """Return a composition that was led to a state, as far as it can be."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze()
    if state == "FAILED":
        sim.faults.add("CompositionDestination", "DestinationFailure")
    arn = call(sim, "CreateStage").body["stage"]["arn"]
    channel = {"channelArn": call(sim, "CreateChannel").body["channel"]["arn"]}
    started = call(sim, "StartComposition", stageArn=arn, destinations=[{"channel": channel}]).body["composition"]
    if state != "STARTING":
        sim.stages.join(arn).publish()
        sim.clock.advance(3)
    if state == "RECONNECTING":
        sim.clock.advance(4)
        call(sim, "StopStream", **channel)
    if state in ("STOPPING", "STOPPED"):
        call(sim, "StopComposition", arn=started["arn"])
    if state == "STOPPED":
        sim.clock.advance(5)
    return call(sim, "GetComposition", arn=started["arn"]).body["composition"]


def ingest(sim: Emulator, state: str) -> Any:
    """Return the state of an ingest configuration with which an encoder publishes, or nobody."""
    stage = call(sim, "CreateStage").body["stage"]["arn"]
    made = call(sim, "CreateIngestConfiguration", ingestProtocol="RTMPS", stageArn=stage).body["ingestConfiguration"]
    if state == "ACTIVE":
        sim.stages.encode(made["streamKey"])
    return call(sim, "GetIngestConfiguration", arn=made["arn"]).body["ingestConfiguration"]["state"]


def participant(sim: Emulator, member: str, state: str) -> Any:
    """Return a member of a participant that was led to a state, by itself or as a replica on another stage."""
    stages = [call(sim, "CreateStage").body["stage"]["arn"] for _ in range(2)]
    somebody = sim.stages.join(stages[0])
    somebody.publish()
    session = {"stageArn": stages[0], "sessionId": somebody.session_id, "participantId": somebody.participant_id}
    if member == "replicationState":
        both = {"sourceStageArn": stages[0], "destinationStageArn": stages[1]}
        call(sim, "StartParticipantReplication", **both, participantId=somebody.participant_id)
        if state == "STOPPED":
            call(sim, "StopParticipantReplication", **both, participantId=somebody.participant_id)
    elif state == "DISCONNECTED":
        somebody.leave()
    return call(sim, "GetParticipant", **session).body["participant"].get(member)


def participant_recording(_sim: Emulator, state: str) -> Any:
    """Return the state of a participant's recording that was led to one."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze()
    storage = call(sim, "CreateStorageConfiguration", s3={"bucketName": "abc"}).body["storageConfiguration"]["arn"]
    recorded = {"storageConfigurationArn": "" if state == "DISABLED" else storage}
    stage = call(sim, "CreateStage", autoParticipantRecordingConfiguration=recorded).body["stage"]["arn"]
    if state == "FAILED":
        sim.faults.add("ParticipantRecordingStart", "InternalServerException")
    ann = sim.stages.join(stage)
    ann.publish()
    if state != "STARTING":
        sim.clock.advance(1)
    if state in ("STOPPING", "STOPPED"):
        ann.unpublish()
    if state == "STOPPED":
        sim.clock.advance(3)
    place = {"stageArn": stage, "sessionId": ann.session_id}
    (shown,) = call(sim, "ListParticipants", **place).body["participants"]
    return shown["recordingState"]


SHOWN: dict[str, Callable[[Emulator, str], Any]] = {
    "RecordingConfigurationState": recording,
    "FailoverSlateConfigurationState": slate,
    "LoggingConfigurationState": logging,
    "CreateLoggingConfigurationState": answered,
    "UpdateLoggingConfigurationState": answered_to_an_update,
    "StreamState": lambda sim, _: stream(sim, "state", starving=False),
    "CompositionState": lambda _, state: composition(state)["state"],
    "DestinationState": lambda _, state: composition(state)["destinations"][0]["state"],
    "IngestConfigurationState": ingest,
    "ParticipantRecordingState": participant_recording,
    "ParticipantState": lambda sim, state: participant(sim, "state", state),
    "ReplicationState": lambda sim, state: participant(sim, "replicationState", state),
    "StreamHealth": lambda sim, health: stream(sim, "health", starving=health == "STARVING"),
}


@pytest.mark.parametrize(("shape", "value"), sorted(set(listed())))
def test_every_state(sim: Emulator, shape: str, value: str) -> None:
    """A value that the model lists is brought about and read through the API, unless it is said why it never occurs."""
    assert (SHOWN[shape](sim, value) == value) != ((shape, value) in never())


@pytest.mark.needs("CreateIngestConfiguration", "StartParticipantReplication")
def test_nothing_is_said_in_vain() -> None:
    """docs/fidelity.md excuses no value that no model has."""
    assert never()
    assert never() <= set(listed())


@pytest.mark.parametrize(
    ("state", "shape"),
    [
        (recording_configurations.RecordingConfigurationState, "RecordingConfigurationState"),
        (failover_slate_configurations.FailoverSlateConfigurationState, "FailoverSlateConfigurationState"),
        (logging_configurations.LoggingConfigurationState, "LoggingConfigurationState"),
    ],
)
def test_the_types_say_the_same(state: Any, shape: str) -> None:
    """The type of a record's state allows every state that the model lists."""
    assert {value for name, value in listed() if name == shape} <= set(get_args(state))
