from __future__ import annotations

from datetime import datetime, timezone

from ivsim import Emulator

from ..calling import call
from .people import join

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
