"""Views: who watches a broadcast, and how many of them are counted.

Sources: *GetStream* in the IVS API reference; IVS User Guide, *Service Quotas*; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from ._service import Context, service
from .ingest.limits import CONCURRENT_VIEWS, Breach, announce_shared
from .stream_sessions import LIMIT_BREACH, StreamSession, change, record_event

SECONDS_TO_A_VIEW = 15.0
SECONDS_TO_NO_VIEW = 60.0
"""The seconds until the viewer count shows a new view, and until it drops one, when transitions are realistic."""

STILL_WATCHING = timedelta(seconds=30)
"""The time after its last request for a playlist in which a player counts as one that watches."""


def set_viewers(ctx: Context, stream_id: str, viewers: int) -> None:
    """Let so many people watch, now or when the stream starts.

    Only as many get in as the quota leaves room for; who watches already stays. They are counted after a while.
    """
    session = ctx.store.stream_sessions[stream_id]
    if session.state is None:
        change(ctx, stream_id, audience=viewers)
        return
    if viewers > session.viewers:
        most = ctx.quota(CONCURRENT_VIEWS)
        elsewhere = total(ctx) - session.viewers
        if elsewhere + viewers > most:
            exceed(ctx, stream_id, Breach("Concurrent Viewers", most, elsewhere + viewers - most, "viewers"))
            viewers = max(most - elsewhere, session.viewers)
    if viewers != session.viewers:
        change(ctx, stream_id, viewers=viewers)
        seconds = SECONDS_TO_A_VIEW if viewers > session.viewers else SECONDS_TO_NO_VIEW
        ctx.soon(seconds, _count_views, stream_id, viewers - session.viewers)


def exceed(ctx: Context, stream_id: str, breach: Breach) -> None:
    """Announce the breach of a limit that all streams share, which this one is at."""
    record_event(ctx, stream_id, LIMIT_BREACH, breach.limit_name)
    announce_shared(ctx, breach)


def total(ctx: Context) -> int:
    """Return the number of viewers of all streams of the region, which share a quota.

    Players do not use it up: a test that sets it says by `set_viewers()` how much of it is taken.
    """
    return sum(ctx.store.stream_sessions[each].viewers for each in ctx.store.connected.values())


def see(ctx: Context, stream_id: str, viewer_session_id: str) -> None:
    """A player has asked for a playlist of a broadcast that is live, in its viewer session."""
    ctx.store.watching.setdefault(stream_id, {})[viewer_session_id] = ctx.now


def players(ctx: Context, stream_id: str) -> int:
    """Return how many players still ask for a stream."""
    asked = ctx.store.watching.get(stream_id)
    if not asked:
        return 0
    since = ctx.now - STILL_WATCHING
    for session_id in [each for each, at in asked.items() if at < since]:
        del asked[session_id]
    return len(asked)


def counted(ctx: Context, session: StreamSession) -> StreamSession:
    """Return a stream as the API shows it: players count beside those whom a test lets watch."""
    watching = players(ctx, session.stream_id) if session.state else 0
    return replace(session, viewer_count=session.viewer_count + watching) if watching else session


@service.task
def _count_views(ctx: Context, stream_id: str, more: int) -> None:
    session = ctx.store.stream_sessions[stream_id]
    if session.end_time is None:
        change(ctx, stream_id, viewer_count=session.viewer_count + more)
