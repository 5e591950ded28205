"""People on stages, for the tests of the operations that show them."""

from __future__ import annotations

from typing import Any

from ivsim import Emulator
from ivsim.core import arns
from ivsim.core.service import Context
from ivsim.ivsrealtime import participants, service, stage_sessions
from ivsim.ivsrealtime._service import IvsRealTimeStore
from ivsim.ivsrealtime.participants import Participant


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
