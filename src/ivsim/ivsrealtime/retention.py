"""Retention: what only accumulates in IVS Real-Time, and the dropping of the oldest when `history` is limited."""

from __future__ import annotations

from itertools import takewhile

from ..recordings.recordings import STARTED
from ._service import Context, service
from .presence import ACTIVE, STOPPED
from .tokens import LONGEST, LONGEST_CONNECTION


@service.forgetting
def forget(ctx: Context, most: int) -> None:
    """Drop sessions that ended with all that happened there, recordings, stopped replicas, and expired tokens."""
    store, now = ctx.store, ctx.now
    ended = [each.session_id for each in store.stage_sessions.values() if each.end_time is not None]
    shown = {each.source_session_id for each in store.participant_replicas.values() if each.replication_state == ACTIVE}
    too_many = set(ended[:-most]) - shown
    sessions: set[str] = set()
    for stage_arn in store.sessions_of:
        first = list(takewhile(too_many.__contains__, store.sessions_of[stage_arn]))  # without a gap
        store.sessions_of.drop_before(stage_arn, store.sessions_of.first(stage_arn) + len(first))
        sessions.update(first)
    participants = {key for session_id in sessions for key in store.participants_of[session_id]}
    store.participant_events.drop({event for key in participants for event in store.events_of[key]})
    store.events_of.drop(participants)
    store.participants.drop(participants)
    store.participants_of.drop(sessions)
    store.news.drop(sessions)
    store.stage_sessions.drop(sessions)
    _drop_recordings(ctx, most)
    replicas = store.participant_replicas
    stopped = [row.key for row in replicas.rows_after(None) if row.record.replication_state == STOPPED]
    replicas.drop(set(stopped[:-most]))
    for table, longest in ((store.disconnected, LONGEST), (store.revoked_connection_tokens, LONGEST_CONNECTION)):
        table.drop({row.key for row in table.rows_after(None) if now - row.record > longest})


def _drop_recordings(ctx: Context, most: int) -> None:
    store = ctx.store
    over = [each for each in store.recordings.values() if each.status != STARTED]
    over.sort(key=lambda recording: recording.ended_at or recording.started_at)
    gone = {each.recording_id for each in over[:-most]}
    store.layouts.drop({each.key_prefix for each in over[:-most]})
    store.recordings.drop(gone)
    store.recorded_files.drop(gone)
    store.recorded.drop({row.key for row in store.recorded.rows_after(None) if row.record in gone})
