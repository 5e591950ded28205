"""What EventBridge hears of those who publish, member by member."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from ivsim import Emulator, LiveParticipant, StageRefused

from ..calling import call
from .signing import Sign


def publish(_: Emulator, host: LiveParticipant, __: str) -> None:
    host.publish()


def unpublish(_: Emulator, host: LiveParticipant, __: str) -> None:
    host.publish()
    host.unpublish()


def publish_too_much(_: Emulator, host: LiveParticipant, __: str) -> None:
    with pytest.raises(StageRefused):
        host.publish(video={"bitrate": 10_000_000})


def exchange(_: Emulator, host: LiveParticipant, other: str) -> None:
    host.exchange_token(other)


def replicate(sim: Emulator, host: LiveParticipant, _: str) -> dict[str, str]:
    host.publish()
    other = call(sim, "CreateStage").body["stage"]["arn"]
    members = {"sourceStageArn": host.stage_arn, "destinationStageArn": other, "participantId": host.participant_id}
    call(sim, "StartParticipantReplication", **members)
    return members


def replicate_no_more(sim: Emulator, host: LiveParticipant, _: str) -> None:
    call(sim, "StopParticipantReplication", **replicate(sim, host, _))


UPDATE = "IVS Stage Update"
ABOUT = '"event_time":"2026-11-01T09:05:00Z","user_id":"{user}","participant_id":"{participant}"'


@pytest.mark.needs("ImportPublicKey", "StartParticipantReplication")
@pytest.mark.parametrize(
    ("kind", "expected", "cause"),
    [
        (UPDATE, '{{"session_id":"{session}","event_name":"Participant Published",' + ABOUT + "}}", publish),
        (UPDATE, '{{"session_id":"{session}","event_name":"Participant Unpublished",' + ABOUT + "}}", unpublish),
        (
            UPDATE,
            '{{"session_id":"{session}","event_name":"Participant Publish Error",'
            + ABOUT
            + ',"error_code":"BITRATE_EXCEEDED"}}',
            publish_too_much,
        ),
        (UPDATE, '{{"session_id":"{session}","event_name":"Token Exchanged",' + ABOUT + "}}", exchange),
        (
            UPDATE,
            '{{"session_id":"{session}","event_name":"Participant Replication Start",' + ABOUT + "}}",
            replicate,
        ),
        (
            UPDATE,
            '{{"session_id":"{session}","event_name":"Participant Replication End",' + ABOUT + "}}",
            replicate_no_more,
        ),
    ],
)
def test_every_event(
    kind: str,
    expected: str,
    cause: Callable[[Emulator, LiveParticipant, str], object],
    sim: Emulator,
    stage: str,
    sign: Sign,
) -> None:
    """Each event has its detail as in the samples, and is about its stage."""
    sim.clock.freeze(datetime(2026, 11, 1, 9, 5, tzinfo=timezone.utc))
    host = sim.stages.join(sign(sim, stage, user_id="host"))
    cause(sim, host, sign(sim, stage, user_id="host"))
    text = expected.format(session=host.session_id, user="host", participant=host.participant_id)
    (found,) = [event for event in sim.events.of(kind) if json.dumps(event["detail"], separators=(",", ":")) == text]
    assert (found["source"], found["resources"]) == ("aws.ivs", [stage])


@pytest.mark.needs("StartParticipantReplication")
def test_replication(sim: Emulator, stage: str, other: str) -> None:
    """The source's stage hears of its replica's begin and end; the other stage hears that it publishes."""
    host = sim.stages.join(stage)
    host.publish()
    members = {"sourceStageArn": stage, "destinationStageArn": other, "participantId": host.participant_id}
    call(sim, "StartParticipantReplication", **members)
    call(sim, "StopParticipantReplication", **members)
    heard = [(event["detail"]["event_name"], event["resources"]) for event in sim.events.of(UPDATE)]
    assert heard == [
        ("Participant Published", [stage]),
        ("Participant Published", [other]),
        ("Participant Replication Start", [stage]),
        ("Participant Unpublished", [other]),
        ("Participant Replication End", [stage]),
    ]
