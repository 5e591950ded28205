from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ivsim import Emulator

from ..calling import call
from .people import join

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def leave(sim: Emulator, stage: str, *people: str) -> None:
    for each in people:
        assert call(sim, "DisconnectParticipant", stageArn=stage, participantId=each).status == 200


def test_life(sim: Emulator, stage: str) -> None:
    """A session begins with the first who comes and ends with the last who goes; the stage shows the active one."""
    assert "activeSessionId" not in call(sim, "GetStage", arn=stage).body["stage"]
    sim.clock.freeze(NOON)
    session_id = join(sim, stage, "ann")
    assert join(sim, stage, "bob") == session_id
    assert len(session_id) == 16
    assert call(sim, "GetStage", arn=stage).body["stage"]["activeSessionId"] == session_id
    assert call(sim, "ListStages").body["stages"][0]["activeSessionId"] == session_id
    leave(sim, stage, "ann")
    shown = {"sessionId": session_id, "startTime": "2026-11-21T12:00:00Z"}
    assert call(sim, "GetStageSession", stageArn=stage, sessionId=session_id).body == {"stageSession": shown}
    sim.clock.advance(60)
    leave(sim, stage, "bob")
    ended = {**shown, "endTime": "2026-11-21T12:01:00Z"}
    assert call(sim, "GetStageSession", stageArn=stage, sessionId=session_id).body == {"stageSession": ended}
    assert "activeSessionId" not in call(sim, "GetStage", arn=stage).body["stage"]


def test_list(sim: Emulator, stage: str, other: str) -> None:
    """Sessions are listed with the newest first, each with its own stage."""
    assert call(sim, "ListStageSessions", stageArn=stage).body == {"stageSessions": []}
    ids = []
    for _ in range(3):
        ids.append(join(sim, stage, "ann"))
        leave(sim, stage, "ann")
    join(sim, other, "ann")
    first = call(sim, "ListStageSessions", stageArn=stage, maxResults=2).body
    rest = call(sim, "ListStageSessions", stageArn=stage, nextToken=first["nextToken"]).body
    assert [each["sessionId"] for each in first["stageSessions"] + rest["stageSessions"]] == ids[::-1]


@pytest.mark.parametrize("of_whom", ["nobody", "another stage"])
def test_unknown_session(sim: Emulator, stage: str, other: str, of_whom: str) -> None:
    """A session that is not the stage's is ResourceNotFoundException to get, and empty to list."""
    session = {
        "stageArn": stage,
        "sessionId": join(sim, other, "ann") if of_whom == "another stage" else "st-1234567890123",
    }
    assert call(sim, "GetStageSession", **session).code == "ResourceNotFoundException"
    assert call(sim, "GetParticipant", **session, participantId="ann").code == "ResourceNotFoundException"
    assert call(sim, "ListParticipants", **session).body == {"participants": []}
    assert call(sim, "ListParticipantEvents", **session, participantId="ann").body == {"events": []}


def test_deleted_stage(sim: Emulator, stage: str) -> None:
    """With its stage a session ends, and nobody is told of it any more."""
    session = {"stageArn": stage, "sessionId": join(sim, stage, "ann")}
    assert call(sim, "DeleteStage", arn=stage).status == 200
    assert call(sim, "ListStageSessions", stageArn=stage).body == {"stageSessions": []}
    assert call(sim, "GetStageSession", **session).code == "ResourceNotFoundException"
    assert call(sim, "ListParticipants", **session).body == {"participants": []}
