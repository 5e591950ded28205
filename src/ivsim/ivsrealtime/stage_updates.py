"""Stage updates: what EventBridge hears of those who publish on a stage."""

from __future__ import annotations

from typing import Any

from ._service import Context, service
from .participants import Participant

STAGE_UPDATE = service.detail_type("IVS Stage Update")

PUBLISHED = "Participant Published"
UNPUBLISHED = "Participant Unpublished"
PUBLISH_ERROR = "Participant Publish Error"
TOKEN_EXCHANGED = "Token Exchanged"
REPLICATION_START = "Participant Replication Start"
REPLICATION_END = "Participant Replication End"
"""The last three names are translated from the User Guide in other languages; nobody has shown the English ones."""


def announce(ctx: Context, participant: Participant, name: str, **more: Any) -> None:
    """Tell EventBridge of a participant, on behalf of the stage that it is on."""
    detail = {
        "session_id": participant.session_id,
        "event_name": name,
        "event_time": service.time_text(ctx.now),
        "user_id": participant.user_id,
        "participant_id": participant.participant_id,
        **more,
    }
    ctx.emit(STAGE_UPDATE, [ctx.store.stage_sessions[participant.session_id].stage_arn], detail)
