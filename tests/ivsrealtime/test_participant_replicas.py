from __future__ import annotations

from typing import Any

import boto3
import pytest

from ivsim import Emulator, mock_ivs

from ..calling import call
from .people import join

pytestmark = pytest.mark.needs("StartParticipantReplication")


def start(sim: Emulator, source: str, destination: str, **members: Any) -> Any:
    stages = {"sourceStageArn": source, "destinationStageArn": destination}
    return call(sim, "StartParticipantReplication", **{**stages, "participantId": "ann", **members})


def stop(sim: Emulator, source: str, destination: str) -> Any:
    stages = {"sourceStageArn": source, "destinationStageArn": destination}
    return call(sim, "StopParticipantReplication", **stages, participantId="ann")


def ann(sim: Emulator, stage: str, session_id: str) -> Any:
    return call(sim, "GetParticipant", stageArn=stage, sessionId=session_id, participantId="ann").body["participant"]


def session_of(sim: Emulator, stage: str) -> str:
    return str(call(sim, "ListStageSessions", stageArn=stage).body["stageSessions"][0]["sessionId"])


def test_both_sides(sim: Emulator, stage: str, other: str) -> None:
    """The source and its replica tell of each other, and the attributes given go over those of the source."""
    session_id = join(sim, stage, "ann", published=True, user_id="a", attributes={"x": "1", "y": "1"})
    assert start(sim, stage, other, attributes={"y": "2"}).status == 200
    source, replica = ann(sim, stage, session_id), ann(sim, other, session_of(sim, other))
    assert (source["replicationType"], source["replicationState"], source["sourceStageArn"]) == ("SOURCE", "ACTIVE", "")
    assert (replica["replicationType"], replica["replicationState"]) == ("REPLICA", "ACTIVE")
    assert (replica["sourceStageArn"], replica["sourceSessionId"]) == (stage, session_id)
    assert (replica["userId"], replica["attributes"]) == ("a", {"x": "1", "y": "2"})
    replicas = call(sim, "ListParticipantReplicas", sourceStageArn=stage, participantId="ann").body["replicas"]
    assert replicas == [
        {
            "sourceStageArn": stage,
            "participantId": "ann",
            "sourceSessionId": session_id,
            "destinationStageArn": other,
            "destinationSessionId": session_of(sim, other),
            "replicationState": "ACTIVE",
        }
    ]


def test_stop(sim: Emulator, stage: str, other: str) -> None:
    """A replication that was stopped is listed as such; the replica is gone, and its stage is empty."""
    session_id = join(sim, stage, "ann", published=True)
    third = call(sim, "CreateStage").body["stage"]["arn"]
    start(sim, stage, other)
    start(sim, stage, third)
    assert stop(sim, stage, other).status == 200
    assert ann(sim, stage, session_id)["replicationState"] == "ACTIVE"
    gone = ann(sim, other, session_of(sim, other))
    assert (gone["state"], gone["replicationState"]) == ("DISCONNECTED", "STOPPED")
    assert "activeSessionId" not in call(sim, "GetStage", arn=other).body["stage"]
    assert stop(sim, stage, other).code == "ResourceNotFoundException"
    stop(sim, stage, third)
    assert ann(sim, stage, session_id)["replicationState"] == "STOPPED"
    replicas = call(sim, "ListParticipantReplicas", sourceStageArn=stage, participantId="ann").body["replicas"]
    assert [each["replicationState"] for each in replicas] == ["STOPPED", "STOPPED"]
    members = {"stageArn": stage, "sessionId": session_id, "participantId": "ann"}
    events = call(sim, "ListParticipantEvents", **members).body["events"]
    assert [(each["name"], each.get("destinationStageArn")) for each in events] == [
        ("REPLICATION_STOPPED", third),
        ("REPLICATION_STOPPED", other),
        ("REPLICATION_STARTED", third),
        ("REPLICATION_STARTED", other),
        ("JOINED", None),
    ]


def test_stop_without_source(sim: Emulator, stage: str, other: str) -> None:
    """A replica is stopped while it waits for its source, which has left, to come back."""
    host = sim.stages.join(stage)
    host.publish()
    members = {"sourceStageArn": stage, "participantId": host.participant_id}
    call(sim, "StartParticipantReplication", **members, destinationStageArn=other, reconnectWindowSeconds=60)
    host.leave()
    call(sim, "GetStage", arn=stage)
    third = call(sim, "CreateStage").body["stage"]["arn"]
    for wrong in ({"sourceStageArn": third}, {"destinationStageArn": third}, {"participantId": "bob"}):
        answer = call(sim, "StopParticipantReplication", **{**members, "destinationStageArn": other, **wrong})
        assert answer.code == "ResourceNotFoundException"
    assert call(sim, "StopParticipantReplication", **members, destinationStageArn=other).status == 200
    assert [each["replicationState"] for each in call(sim, "ListParticipantReplicas", **members).body["replicas"]] == [
        "STOPPED"
    ]
    assert "activeSessionId" not in call(sim, "GetStage", arn=other).body["stage"]


def test_refused(sim: Emulator, stage: str, other: str) -> None:
    """Nobody is replicated who is not there or does not publish, nor to the same stage, nor twice to one."""
    assert start(sim, stage, other).code == "ResourceNotFoundException"
    join(sim, stage, "ann")
    assert start(sim, stage, other).code == "ConflictException"
    join(sim, stage, "ann", published=True)
    assert start(sim, stage, stage).code == "ValidationException"
    assert start(sim, stage, other[:-3] + "xyz").code == "ResourceNotFoundException"
    assert start(sim, stage, other, attributes={"a": "x" * 1024}).code == "ValidationException"
    assert start(sim, stage, other).status == 200
    assert start(sim, stage, other).code == "ConflictException"
    join(sim, stage, "bob")
    call(sim, "DisconnectParticipant", stageArn=stage, participantId="ann")
    assert start(sim, stage, other).code == "ResourceNotFoundException"


def test_same_id(sim: Emulator, stage: str, other: str) -> None:
    """A replica takes the place of another of its id, which has stopped then, and is not replicated itself."""
    for each in (stage, other):
        join(sim, each, "ann", published=True)
    third = call(sim, "CreateStage").body["stage"]["arn"]
    assert [start(sim, stage, third).status, start(sim, other, third).status] == [200, 200]
    assert start(sim, third, call(sim, "CreateStage").body["stage"]["arn"]).code == "ConflictException"
    assert stop(sim, stage, third).code == "ResourceNotFoundException"
    assert stop(sim, other, third).status == 200
    assert "activeSessionId" not in call(sim, "GetStage", arn=third).body["stage"]


def test_quota(sim: Emulator, stage: str) -> None:
    """A participant is replicated to five stages at most."""
    join(sim, stage, "ann", published=True)
    others = [call(sim, "CreateStage").body["stage"]["arn"] for _ in range(6)]
    assert [start(sim, stage, each).status for each in others] == [200] * 5 + [402]


def test_quota_of_publishers(sim: Emulator, stage: str, other: str) -> None:
    """A replica is one more who publishes in the region; where there is no room for it, nothing changes."""
    sim.quotas["Concurrent publishers"] = 1
    join(sim, stage, "ann", published=True)
    assert start(sim, stage, other).code == "ServiceQuotaExceededException"
    assert call(sim, "ListStageSessions", stageArn=other).body["stageSessions"] == []
    sim.quotas["Concurrent publishers"] = 2
    assert start(sim, stage, other).status == 200


def test_headers() -> None:
    """Both operations answer headers, which boto3 shows as members, and nothing else."""
    with mock_ivs() as sim:
        client = boto3.client("ivs-realtime", region_name="us-east-1")
        source, destination = (client.create_stage()["stage"]["arn"] for _ in range(2))
        join(sim, source, "ann", published=True)
        stages = {"sourceStageArn": source, "destinationStageArn": destination, "participantId": "ann"}
        for call_it in (client.start_participant_replication, client.stop_participant_replication):
            answer = call_it(**stages)
            assert len(answer.pop("accessControlExposeHeaders").split(",")) == 15
            del answer["ResponseMetadata"]
            assert answer == {
                "accessControlAllowOrigin": "*",
                "cacheControl": "no-store, no-cache",
                "contentSecurityPolicy": "default-src 'self'; upgrade-insecure-requests;",
                "strictTransportSecurity": "max-age:47304000; includeSubDomains",
                "xContentTypeOptions": "nosniff",
                "xFrameOptions": "DENY",
            }
