"""Participant events: what a participant of a stage session did, and what failed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from . import stage_sessions
from ._service import Context, service

DEFAULT_PAGE = 50

JOINED = "JOINED"
LEFT = "LEFT"
JOIN_ERROR = "JOIN_ERROR"
PUBLISH_STARTED = "PUBLISH_STARTED"
PUBLISH_STOPPED = "PUBLISH_STOPPED"
PUBLISH_ERROR = "PUBLISH_ERROR"
SUBSCRIBE_STARTED = "SUBSCRIBE_STARTED"
SUBSCRIBE_STOPPED = "SUBSCRIBE_STOPPED"
SUBSCRIBE_ERROR = "SUBSCRIBE_ERROR"
TOKEN_EXCHANGED = "TOKEN_EXCHANGED"
REPLICATION_STARTED = "REPLICATION_STARTED"
REPLICATION_STOPPED = "REPLICATION_STOPPED"


class ExchangedParticipantToken(Struct, frozen=True):
    """What a token said that was exchanged for another, or that other."""

    capabilities: tuple[str, ...]
    expiration_time: datetime
    attributes: dict[str, str] | None = None
    user_id: str | None = None


class ParticipantEvent(Struct, frozen=True):
    """An event of a participant. What does not belong to its kind is absent."""

    name: str
    participant_id: str
    event_time: datetime
    remote_participant_id: str | None = None
    error_code: str | None = None
    destination_stage_arn: str | None = None
    destination_session_id: str | None = None
    replica: bool | None = None
    previous_token: ExchangedParticipantToken | None = None
    new_token: ExchangedParticipantToken | None = None


@service.operation(rate=5)
def list_participant_events(
    ctx: Context,
    stage_arn: str,
    session_id: str,
    participant_id: str,
    *,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    is_there = stage_sessions.find(ctx, stage_arn, session_id)
    page = ctx.page(
        ctx.store.participant_events,
        max_results,
        next_token,
        among=ctx.store.events_of[key_of(session_id, participant_id)] if is_there else (),
        filters=(session_id, participant_id),
        newest_first=True,
    )
    return {"events": page.items, "next_token": page.next_token}


def key_of(session_id: str, participant_id: str) -> str:
    """Return the key of a participant, whose id is not its alone: its replicas on other stages have it too."""
    return f"{session_id} {participant_id}"


def record(ctx: Context, session_id: str, event: ParticipantEvent) -> None:
    """Record an event of a participant of a session."""
    event_id = ctx.ids.alphanumeric(12)
    ctx.store.participant_events[event_id] = event
    ctx.store.events_of.append(key_of(session_id, event.participant_id), event_id)
