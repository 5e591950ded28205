from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from ivsim import Emulator

from ..calling import call
from .people import join

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def participant(sim: Emulator, stage: str, session_id: str, participant_id: str) -> Any:
    members = {"stageArn": stage, "sessionId": session_id, "participantId": participant_id}
    return call(sim, "GetParticipant", **members).body["participant"]


@pytest.mark.needs("CreateIngestConfiguration", "StartParticipantReplication")
def test_defaults(sim: Emulator, stage: str) -> None:
    """What is not known of a participant is empty; what does not concern it is absent."""
    sim.clock.freeze(NOON)
    shown = participant(sim, stage, join(sim, stage, "ann"), "ann")
    empty = ("userId", "ispName", "osName", "osVersion", "browserName", "browserVersion", "sdkVersion")
    assert shown == {
        "participantId": "ann",
        "state": "CONNECTED",
        "firstJoinTime": "2026-11-21T12:00:00Z",
        "published": False,
        "protocol": "UNKNOWN",
        "recordingState": "DISABLED",
        "replicationType": "NONE",
        **dict.fromkeys((*empty, "recordingS3BucketName", "recordingS3Prefix"), ""),
    }


@pytest.mark.needs("ListParticipants.filterByRecordingState")
def test_filters(sim: Emulator, stage: str) -> None:
    """A list can be filtered in four ways, by one of them at a time."""
    session = {"stageArn": stage, "sessionId": join(sim, stage, "ann", user_id="a", published=True)}
    join(sim, stage, "bob", user_id="b", recording_state="ACTIVE")
    join(sim, stage, "cem")
    call(sim, "DisconnectParticipant", stageArn=stage, participantId="cem")

    def listed(**filters: Any) -> list[str]:
        shown = call(sim, "ListParticipants", **session, **filters).body["participants"]
        return [each["participantId"] for each in shown]

    assert listed() == ["ann", "bob", "cem"]
    assert listed(filterByUserId="b") == ["bob"]
    assert listed(filterByPublished=True) == ["ann"]
    assert listed(filterByPublished=False) == ["bob", "cem"]
    assert listed(filterByState="DISCONNECTED") == ["cem"]
    assert listed(filterByRecordingState="ACTIVE") == ["bob"]
    refused = call(sim, "ListParticipants", **session, filterByUserId="a", filterByState="CONNECTED")
    assert refused.code == "ValidationException"
    assert "/filterByState" in refused.body["exceptionMessage"]


def test_pages(sim: Emulator, stage: str) -> None:
    """A list goes on where its page ended, and its token is good for the same filter alone."""
    session = {"stageArn": stage, "sessionId": join(sim, stage, "p0")}
    for number in range(1, 5):
        join(sim, stage, f"p{number}")
    first = call(sim, "ListParticipants", **session, maxResults=3).body
    token = first["nextToken"]
    rest = call(sim, "ListParticipants", **session, nextToken=token).body
    assert [each["participantId"] for each in first["participants"] + rest["participants"]] == [
        f"p{number}" for number in range(5)
    ]
    assert call(sim, "ListParticipants", **session, nextToken=token, filterByUserId="x").code == "ValidationException"


def test_disconnect(sim: Emulator, stage: str) -> None:
    """A participant who is disconnected is in the session still, and can be disconnected again while it lasts."""
    session_id = join(sim, stage, "ann")
    join(sim, stage, "bob")
    for _ in range(2):
        assert call(sim, "DisconnectParticipant", stageArn=stage, participantId="ann", reason="x").status == 200
    assert participant(sim, stage, session_id, "ann")["state"] == "DISCONNECTED"
    assert participant(sim, stage, session_id, "bob")["state"] == "CONNECTED"


def test_disconnect_nobody(sim: Emulator, stage: str) -> None:
    """Who is not there cannot be disconnected, whether the stage has a session or not."""
    for _ in range(2):
        answer = call(sim, "DisconnectParticipant", stageArn=stage, participantId="ann")
        assert answer.code == "ResourceNotFoundException"
        join(sim, stage, "bob")
    gone = stage[:-3] + "xyz"
    assert call(sim, "DisconnectParticipant", stageArn=gone, participantId="bob").code == "ResourceNotFoundException"


def test_who_comes_again(sim: Emulator, stage: str) -> None:
    """Who joins a session twice is one participant."""
    session = {"stageArn": stage, "sessionId": join(sim, stage, "ann")}
    join(sim, stage, "ann")
    assert len(call(sim, "ListParticipants", **session).body["participants"]) == 1


def test_delete_stage(sim: Emulator, stage: str, other: str) -> None:
    """A stage can be deleted while people are there; they are elsewhere still."""
    join(sim, stage, "ann")
    join(sim, stage, "bob")
    session_id = join(sim, other, "ann")
    assert call(sim, "DeleteStage", arn=stage).status == 200
    assert participant(sim, other, session_id, "ann")["state"] == "CONNECTED"


@pytest.mark.needs("CreateStage.autoParticipantRecordingConfiguration")
def test_update_while_recorded(sim: Emulator, stage: str) -> None:
    """How a stage is recorded cannot be changed while somebody is recorded; its name can."""
    join(sim, stage, "ann", recording_state="ACTIVE")
    off = {"storageConfigurationArn": ""}
    refused = call(sim, "UpdateStage", arn=stage, autoParticipantRecordingConfiguration=off)
    assert refused.code == "ConflictException"
    assert call(sim, "UpdateStage", arn=stage, name="x").status == 200
    call(sim, "DisconnectParticipant", stageArn=stage, participantId="ann")
    assert call(sim, "UpdateStage", arn=stage, autoParticipantRecordingConfiguration=off).status == 200
