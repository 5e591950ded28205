"""The participants and sessions that `sim.overview()` shows with a stage."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from heapq import merge
from itertools import islice
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import asdict

from ..core.names import wire_name
from . import participants
from ._service import Context, service
from .participant_events import ParticipantEvent, key_of
from .participants import Participant
from .stages import Stage

MOST_SESSIONS = 5
"""The number of a stage's newest sessions that are shown."""

MOST_EVENTS = 100
"""The number of a session's newest events that are shown."""


@service.overview("stage")
def _about_stages(ctx: Context) -> Callable[[Stage], dict[str, object]]:
    """Return a function that tells of a stage who is there, and its newest sessions with what happened in them."""

    def about(stage: Stage) -> dict[str, object]:
        there = participants.connected(ctx, stage.active_session_id)
        newest = reversed(ctx.store.sessions_of[stage.arn][-MOST_SESSIONS:])
        return {
            "participants": [_shown(each) for each in there],
            "stage_sessions": [_session(ctx, stage, session_id) for session_id in newest],
        }

    return about


def _shown(participant: Participant) -> dict[str, object]:
    return _wired(
        {
            "participant_id": participant.participant_id,
            "user_id": participant.user_id,
            "attributes": participant.attributes or {},
            "capabilities": list(participant.capabilities),
            "is_remote": participant.is_remote,
            "sent_loss": participant.sent_loss,
            "received_loss": participant.received_loss,
            "is_publishing": participant.is_publishing,
            "video": _tracks(participant.video if participant.is_publishing else ()),
            "audio": _tracks(participant.audio if participant.is_publishing else ()),
            "audio_muted": participant.audio_muted,
            "video_stopped": participant.video_stopped,
            "subscriptions": list(participant.subscriptions),
            "protocol": participant.protocol,
            "replication_type": participant.replication_type,
            "recording_state": participant.recording_state,
            "first_join_time": service.time_text(participant.first_join_time),
        }
    )


def _tracks(tracks: Sequence[Struct]) -> list[dict[str, object]]:
    return [_wired(asdict(each)) for each in tracks]


def _session(ctx: Context, stage: Stage, session_id: str) -> dict[str, object]:
    """Return a session as GetStageSession shows it, with its newest events, the newest first."""
    store = ctx.store
    ids = (store.events_of[key] for key in store.participants_of[session_id])
    each_ones = (store.participant_events.rows_after(None, newest_first=True, among=its) for its in ids)
    newest = islice(merge(*each_ones, key=attrgetter("serial"), reverse=True), MOST_EVENTS)
    shown = ctx.look("get_stage_session", stage_arn=stage.arn, session_id=session_id)
    return {**shown, "events": [_event(ctx, session_id, row.record) for row in newest]}


def _event(ctx: Context, session_id: str, event: ParticipantEvent) -> dict[str, object]:
    """Return an event as ListParticipantEvents shows it, with the user ids of those whom it is about."""

    def user_id(participant_id: str | None) -> str | None:
        who = ctx.store.participants.get(key_of(session_id, participant_id)) if participant_id else None
        return who.user_id or None if who else None

    about = {
        "name": event.name,
        "participant_id": event.participant_id,
        "user_id": user_id(event.participant_id),
        "event_time": service.time_text(event.event_time),
        "remote_participant_id": event.remote_participant_id,
        "remote_user_id": user_id(event.remote_participant_id),
        "error_code": event.error_code,
    }
    return _wired({name: value for name, value in about.items() if value is not None})


def _wired(members: Mapping[str, object]) -> dict[str, object]:
    return {wire_name(name): value for name, value in members.items()}
