"""The keys, streams, sessions and viewers that `sim.overview()` shows with a channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from ..core.names import wire_name
from ._service import Context, service
from .channels import Channel
from .viewer_sessions import ViewerSession

MOST_SESSIONS = 5
"""The number of a channel's newest stream sessions that are shown."""


@service.overview("channel")
def _about_channels(ctx: Context) -> Callable[[Channel], dict[str, object]]:
    """Return a function that tells of a channel its stream keys, stream, newest stream sessions, and viewers."""
    store = ctx.store
    watching: dict[str, list[ViewerSession]] = defaultdict(list)
    for session in store.viewer_sessions.values():
        if store.connected.get(session.channel_arn) == session.stream_id:
            watching[session.channel_arn].append(session)

    def about(channel: Channel) -> dict[str, object]:
        arn = channel.arn
        newest = reversed(store.sessions_of[arn][-MOST_SESSIONS:])
        sessions = (ctx.look("get_stream_session", channel_arn=arn, stream_id=each) for each in newest)
        return {
            "stream_keys": [ctx.look("get_stream_key", arn=each) for each in channel.stream_key_arns],
            "stream": ctx.look("get_stream", channel_arn=arn),
            "stream_sessions": [session for session in sessions if session],
            "viewer_sessions": [_shown_session(session) for session in watching[arn]],
        }

    return about


def _shown_session(session: ViewerSession) -> dict[str, object]:
    about = {
        "id": session.id,
        "viewer_id": session.viewer_id,
        "viewer_session_version": session.viewer_session_version,
        "opened_at": service.time_text(session.opened_at),
    }
    return {wire_name(name): value for name, value in about.items()}
