"""Retention: the things of IVS that only accumulate, and the dropping of the oldest when `history` is limited."""

from __future__ import annotations

from itertools import takewhile

from ..recordings.recordings import STARTED
from ._service import Context, service
from .playback.edge import AFTER_THE_END


@service.forgetting
def forget(ctx: Context, most: int) -> None:
    """Drop recordings and broadcasts that are over, and what viewers left behind, but for the newest ones."""
    gone = _drop_recordings(ctx, most) | _drop_streams(ctx, most)
    if gone:
        ctx.clock.cancel(lambda task: task.arguments[0] in gone)
    _drop_viewers(ctx, most)


def _drop_recordings(ctx: Context, most: int) -> set[str]:
    store = ctx.store
    over = [each for each in store.recordings.values() if each.status != STARTED]
    over.sort(key=lambda recording: recording.ended_at or recording.started_at)
    gone = {each.session_id for each in over[:-most]}
    store.recordings.drop(gone)
    store.recorded_files.drop(gone)
    store.recorded.drop({each.channel_arn for each in over if store.recorded.get(each.channel_arn) in gone})
    return gone


def _drop_streams(ctx: Context, most: int) -> set[str]:
    """Drop broadcasts, the oldest of a channel first; those that a recording consists of stay with it."""
    store, streams = ctx.store, ctx.store.stream_sessions
    recorded = {stream.stream_id for recording in store.recordings.values() for stream in recording.streams}
    over = [each for each in streams.values() if each.end_time and each.stream_id not in recorded]
    over.sort(key=lambda stream: stream.end_time or stream.start_time)
    unwanted = {each.stream_id for each in over[:-most]}
    gone: set[str] = set()
    for channel_arn in {streams[each].channel_arn for each in unwanted}:
        oldest = list(takewhile(unwanted.__contains__, store.sessions_of[channel_arn]))
        store.sessions_of.drop_before(channel_arn, store.sessions_of.first(channel_arn) + len(oldest))
        gone.update(oldest)
    streams.drop(gone)
    store.sessions_of.drop({channel_arn for channel_arn in store.sessions_of if not store.sessions_of[channel_arn]})
    for series in (store.metadata, store.health_changes, store.ad_breaks, store.layouts):
        series.drop(gone)
    for stream_id in store.metadata:
        store.metadata.drop_before(stream_id, store.metadata.end(stream_id) - most)
    return gone


def _drop_viewers(ctx: Context, most: int) -> None:
    """Drop the sessions of those whose broadcast is not served any more, and what was admitted or revoked long ago."""
    store, now = ctx.store, ctx.now
    served = {
        each.stream_id
        for each in store.stream_sessions.values()
        if each.end_time is None or now - each.end_time < AFTER_THE_END
    }
    store.viewer_sessions.drop({each.id for each in store.viewer_sessions.values() if each.stream_id not in served})
    rows = store.revocations.rows_after(None)
    store.revocations.drop({row.key for row in rows if row.record.channel_arn not in store.channels})
    for table in (store.viewer_sessions, store.revocations, store.used_tokens):
        table.drop({row.key for row in list(table.rows_after(None))[:-most]})
