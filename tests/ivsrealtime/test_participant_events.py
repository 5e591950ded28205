from __future__ import annotations

from datetime import datetime, timezone

import pytest

from ivsim import Emulator

from ..calling import call
from .people import join, refused

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def test_events(sim: Emulator, stage: str) -> None:
    """The events of a participant are listed with the newest first, page by page, and hold what belongs to them."""
    sim.clock.freeze(NOON)
    session_id = join(sim, stage, "ann")
    join(sim, stage, "bob")
    sim.clock.advance(5)
    call(sim, "DisconnectParticipant", stageArn=stage, participantId="ann")
    members = {"stageArn": stage, "sessionId": session_id, "participantId": "ann"}
    first = call(sim, "ListParticipantEvents", **members, maxResults=1).body
    rest = call(sim, "ListParticipantEvents", **members, nextToken=first["nextToken"]).body
    assert first["events"] + rest["events"] == [
        {"name": "LEFT", "participantId": "ann", "eventTime": "2026-11-21T12:00:05Z"},
        {"name": "JOINED", "participantId": "ann", "eventTime": "2026-11-21T12:00:00Z"},
    ]


def test_nobody(sim: Emulator, stage: str) -> None:
    """Who was not there has no events."""
    members = {"stageArn": stage, "sessionId": join(sim, stage, "ann"), "participantId": "bob"}
    assert call(sim, "ListParticipantEvents", **members).body == {"events": []}


@pytest.mark.needs("StartParticipantReplication")
def test_replicas(sim: Emulator, stage: str, other: str) -> None:
    """The events of a replica say that it is one, and so do those of who subscribes to it; others say nothing."""
    host, guest = sim.stages.join(stage), sim.stages.join(other)
    host.publish()
    both = {"sourceStageArn": stage, "destinationStageArn": other, "participantId": host.participant_id}
    call(sim, "StartParticipantReplication", **both)
    sim.quotas["Concurrent subscriptions"] = 0
    refused("QUOTA_EXCEEDED", guest.subscribe, host)
    sim.quotas["Concurrent subscriptions"] = 1
    guest.subscribe(host)
    call(sim, "StopParticipantReplication", **both)
    guest.leave()

    def told(stage_arn: str, session_id: str, who: str) -> list[str]:
        """Return the names of events, and "replica" with those that say so."""
        asked = {"stageArn": stage_arn, "sessionId": session_id, "participantId": who}
        events = reversed(call(sim, "ListParticipantEvents", **asked).body["events"])
        return [each["name"] + (" replica" if each.get("replica") else "") for each in events]

    assert told(other, guest.session_id, host.participant_id) == [
        "JOINED replica",
        "PUBLISH_STARTED replica",
        "PUBLISH_STOPPED replica",
        "LEFT replica",
    ]
    assert told(other, guest.session_id, guest.participant_id) == [
        "JOINED",
        "SUBSCRIBE_ERROR replica",
        "SUBSCRIBE_STARTED replica",
        "SUBSCRIBE_STOPPED replica",
        "LEFT",
    ]
    own = ["JOINED", "PUBLISH_STARTED", "REPLICATION_STARTED", "REPLICATION_STOPPED"]
    assert told(stage, host.session_id, host.participant_id) == own
