from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ivsim import Emulator

from ..calling import call
from .people import join, place_of


def sizes(sim: Emulator, stage: str) -> dict[str, int]:
    """Return how many records there are in each table and each series."""
    store = place_of(sim, stage).store
    tables = {name: len(table) for name, table in store.tables.items()}
    return {**tables, **{name: sum(len(series[key]) for key in series) for name, series in store.series.items()}}


def visit(sim: Emulator, stage: str) -> str:
    """Let somebody come and go; return the session's id."""
    session_id = join(sim, stage, "ann")
    call(sim, "DisconnectParticipant", stageArn=stage, participantId="ann")
    return session_id


def sessions(sim: Emulator, stage: str) -> list[Any]:
    return [each["sessionId"] for each in call(sim, "ListStageSessions", stageArn=stage).body["stageSessions"]]


def test_sessions() -> None:
    """Of sessions that are over the newest stay, with who was there; what goes leaves nothing behind."""
    sim = Emulator(history=5)
    stage, other = (call(sim, "CreateStage").body["stage"]["arn"] for _ in range(2))
    active = join(sim, other, "bob")
    for _ in range(40):
        newest = visit(sim, stage)
    for _ in range(6):
        call(sim, "GetStage", arn=stage)
    kept = sessions(sim, stage)
    assert 5 <= len(kept) <= 10
    assert kept[0] == newest
    assert sessions(sim, other) == [active]
    found = sizes(sim, stage)
    number = len(kept) + 1
    assert found["stage-session"] == found["participant"] == found["sessions-of-stage"] == number
    assert found["participants-of-session"] == number
    assert found["participant-event"] == found["events-of-participant"] == 2 * number - 1
    members = {"stageArn": stage, "sessionId": newest, "participantId": "ann"}
    assert len(call(sim, "ListParticipantEvents", **members).body["events"]) == 2


def test_a_stage_that_is_not_visited() -> None:
    """The sessions of a stage go too when others have newer ones."""
    sim = Emulator(history=5)
    stage, other = (call(sim, "CreateStage").body["stage"]["arn"] for _ in range(2))
    visit(sim, stage)
    for _ in range(40):
        visit(sim, other)
    assert sessions(sim, stage) == []
    assert 5 <= len(sessions(sim, other)) <= 10


@pytest.mark.needs("StartParticipantReplication")
def test_replicas() -> None:
    """Of replications that are over the newest stay, and all that go on."""
    sim = Emulator(history=5)
    stage, other, third = (call(sim, "CreateStage").body["stage"]["arn"] for _ in range(3))
    join(sim, stage, "ann", published=True)
    members = {"sourceStageArn": stage, "participantId": "ann"}
    call(sim, "StartParticipantReplication", **members, destinationStageArn=third)
    for _ in range(40):
        call(sim, "StartParticipantReplication", **members, destinationStageArn=other)
        call(sim, "StopParticipantReplication", **members, destinationStageArn=other)
    replicas = call(sim, "ListParticipantReplicas", **members).body["replicas"]
    assert 6 <= len(replicas) <= 12
    assert replicas[0]["destinationStageArn"] == third


@pytest.mark.needs("StartParticipantReplication")
def test_a_session_that_stays() -> None:
    """A session from which somebody is shown elsewhere stays, and the later ones of its stage until it goes."""
    sim = Emulator(history=1)
    sim.clock.freeze()
    stage, other = (call(sim, "CreateStage").body["stage"]["arn"] for _ in range(2))
    with sim.stages.join(stage) as host:
        host.publish()
        members = {"sourceStageArn": stage, "destinationStageArn": other, "participantId": host.participant_id}
        call(sim, "StartParticipantReplication", **members, reconnectWindowSeconds=300)
    visited = [visit(sim, stage) for _ in range(6)]
    assert sessions(sim, stage) == [*reversed(visited), host.session_id]
    sim.clock.advance(300)
    newest = [visit(sim, stage) for _ in range(4)][-1]
    assert newest in sessions(sim, stage)
    assert host.session_id not in sessions(sim, stage)
    assert len(sessions(sim, stage)) < 5


@pytest.mark.needs("RevokeConnectionToken")
def test_tokens() -> None:
    """What is known of a token is forgotten when it has expired, and no sooner."""
    sim = Emulator(history=1)
    stage = call(sim, "CreateStage").body["stage"]["arn"]
    join(sim, stage, "bob")
    visit(sim, stage)
    call(sim, "RevokeConnectionToken", tokenId="abc")

    def known() -> tuple[int, int]:
        for _ in range(3):
            call(sim, "GetStage", arn=stage)
        found = sizes(sim, stage)
        return found["disconnected"], found["revoked-connection-token"]

    sim.clock.freeze()
    sim.clock.advance(timedelta(days=13))
    assert known() == (1, 1)
    sim.clock.advance(timedelta(days=2))
    assert known() == (0, 1)
    sim.clock.advance(timedelta(days=14))
    assert known() == (0, 0)
