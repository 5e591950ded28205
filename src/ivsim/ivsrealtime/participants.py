"""Participants: who is, or was, in a session of a stage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..wire.errors import ResourceNotFoundException
from . import participant_events, stage_sessions
from ._service import Context, service
from .participant_events import ParticipantEvent, key_of

DEFAULT_PAGE = 50


class Participant(Struct, frozen=True):
    """A participant of a session, connected or not any more. What is not known of its client is empty."""

    participant_id: str
    session_id: str
    first_join_time: datetime
    user_id: str = ""
    state: str = "CONNECTED"
    attributes: dict[str, str] | None = None
    published: bool = False
    isp_name: str = ""
    os_name: str = ""
    os_version: str = ""
    browser_name: str = ""
    browser_version: str = ""
    sdk_version: str = ""
    recording_s3_bucket_name: str = ""
    recording_s3_prefix: str = ""
    recording_state: str = "DISABLED"
    protocol: str = "UNKNOWN"
    replication_type: str = "NONE"
    replication_state: str | None = None
    source_stage_arn: str | None = None
    source_session_id: str | None = None
    redundant_ingest: bool | None = None
    ingest_configuration_arn: str | None = None


@service.operation(rate=5)
def get_participant(ctx: Context, stage_arn: str, session_id: str, participant_id: str) -> dict[str, object]:
    ctx.store.stages[stage_arn]
    participant = find(ctx, stage_arn, session_id, participant_id)
    if participant is None:
        raise ResourceNotFoundException(f"Resource: {participant_id} not found", resource=stage_arn)
    return {"participant": participant}


@service.operation(rate=5)
def list_participants(
    ctx: Context,
    stage_arn: str,
    session_id: str,
    *,
    filter_by_user_id: str | None = None,
    filter_by_published: bool | None = None,
    filter_by_state: str | None = None,
    filter_by_recording_state: str | None = None,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    wanted: dict[str, Any] = {
        "user_id": filter_by_user_id,
        "published": filter_by_published,
        "state": filter_by_state,
        "recording_state": filter_by_recording_state,
    }
    filters = [(attribute, value) for attribute, value in wanted.items() if value is not None]
    for attribute, _ in filters[1:]:
        ctx.check(False, f"filter_by_{attribute}", "Member must be absent when another filter is given")
    page = ctx.page(
        ctx.store.participants,
        max_results,
        next_token,
        among=ctx.store.participants_of[session_id] if stage_sessions.find(ctx, stage_arn, session_id) else (),
        where=lambda each: all(getattr(each, attribute) == value for attribute, value in filters),
        filters=(session_id, *filters),
    )
    return {"participants": page.items, "next_token": page.next_token}


@service.operation(rate=5)
def disconnect_participant(ctx: Context, stage_arn: str, participant_id: str, *, reason: str = "") -> None:
    del reason  # only clients hear of it
    participant = find(ctx, stage_arn, ctx.store.stages[stage_arn].active_session_id, participant_id)
    if participant is None:
        raise ResourceNotFoundException(f"Resource: {participant_id} not found", resource=stage_arn)
    ctx.store.disconnected[f"{stage_arn} {participant_id}"] = ctx.now
    disconnect(ctx, participant)


def find(ctx: Context, stage_arn: str, session_id: str | None, participant_id: str) -> Participant | None:
    """Return a participant of a session of a stage, None where there is no such one."""
    session = stage_sessions.find(ctx, stage_arn, session_id)
    return ctx.store.participants.get(key_of(session.session_id, participant_id)) if session else None


def connected(ctx: Context, session_id: str | None) -> list[Participant]:
    """Return the participants of a session who are connected; nobody is where there is no session."""
    keys: Iterable[str] = ctx.store.participants_of[session_id] if session_id else ()
    return [each for each in map(ctx.store.participants.__getitem__, keys) if each.state == "CONNECTED"]


def add(ctx: Context, participant: Participant) -> None:
    """Add somebody who joins a session."""
    key = key_of(participant.session_id, participant.participant_id)
    if key not in ctx.store.participants:
        ctx.store.participants_of.append(participant.session_id, key)
    ctx.store.participants[key] = participant
    _record(ctx, participant, participant_events.JOINED)


def change(ctx: Context, participant: Participant, **changes: Any) -> Participant:
    """Put a changed participant in the place of the old one, and return it."""
    key = key_of(participant.session_id, participant.participant_id)
    changed = ctx.store.participants[key] = replace(participant, **changes)
    return changed


def disconnect(ctx: Context, participant: Participant) -> None:
    """Let a participant be gone, with the encoder by which it publishes; with the last one the session ends."""
    if participant.state != "CONNECTED":
        return
    change(ctx, participant, state="DISCONNECTED")
    _record(ctx, participant, participant_events.LEFT)
    arn = participant.ingest_configuration_arn
    if arn in ctx.store.ingest_configurations and arn is not None:
        ctx.store.ingest_configurations.become(arn, "INACTIVE", stage_arn="")
    if not connected(ctx, participant.session_id):
        stage_sessions.end(ctx, participant.session_id)


def _record(ctx: Context, participant: Participant, name: str) -> None:
    event = ParticipantEvent(name, participant.participant_id, ctx.now)
    participant_events.record(ctx, participant.session_id, event)
