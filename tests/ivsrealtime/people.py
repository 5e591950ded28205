"""People on stages, and what the API and EventBridge tell of them."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator, LiveParticipant, StageRefused
from ivsim.core import arns
from ivsim.core.service import Context
from ivsim.ivsrealtime import participants, service, stage_sessions
from ivsim.ivsrealtime._service import IvsRealTimeStore
from ivsim.ivsrealtime.participants import Participant

from ..calling import call


def place_of(sim: Emulator, arn: str) -> Context[IvsRealTimeStore]:
    """Return the account and region that something is in."""
    parsed = arns.parse(arn)
    assert parsed
    return sim._dispatcher.contexts(service)(parsed.account, parsed.region)


def join(sim: Emulator, stage_arn: str, participant_id: str, **members: Any) -> str:
    """Let somebody be on a stage, with members that nothing gives them yet; return the id of the session."""
    ctx = place_of(sim, stage_arn)
    with sim._state.journal:
        session = stage_sessions.begin(ctx, stage_arn)
        is_publishing = members.get("published", False)
        participant = Participant(participant_id, session.session_id, ctx.now, **members, is_publishing=is_publishing)
        participants.add(ctx, participant)
        stage_sessions.count(ctx, session.session_id, publishers=int(is_publishing))
    return session.session_id


def events_of(sim: Emulator, who: LiveParticipant) -> list[str]:
    """Return the events of a participant, oldest first, each with its error code or whom it is about."""
    asked = {"stageArn": who.stage_arn, "sessionId": who.session_id, "participantId": who.participant_id}
    events = call(sim, "ListParticipantEvents", **asked).body["events"]
    texts = (" ".join((each["name"], each.get("errorCode", ""))).strip() for each in reversed(events))
    return list(texts)


def told(sim: Emulator) -> list[str]:
    """Return the names of the events of stages that EventBridge has."""
    return [event["detail"]["event_name"] for event in sim.events.of("IVS Stage Update")]


def refused(code: str, action: Any, *arguments: Any, **more: Any) -> None:
    """Assert that something is refused with a code."""
    with pytest.raises(StageRefused, match=code) as error:
        action(*arguments, **more)
    assert error.value.code == code
