"""The life of a broadcast, and the session it leaves: a state machine over the clock, no threads, no sockets.

An encoder connects and a session exists; the video is processed and the channel is live; it disconnects, or is stopped,
and the session has ended. Each step is a function that puts a changed session in the place of the old one and tells
EventBridge. Source: IVS User Guide, *Using Amazon EventBridge* and *Monitoring Live Stream Health*.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ._service import Context, service
from .channels import Channel
from .encoders import Ingest
from .stream_sessions import AD_BREAK_CHANGE, STATE_CHANGE, StreamSession, change, tell

SECONDS_TO_START = 4.0
"""From connecting to segments that play, when transitions are realistic: 3 to 4 s with keyframes each second."""


class TimedMetadata(NamedTuple):
    """What PutMetadata inserted, and when."""

    at: datetime
    text: str


def connect(
    ctx: Context,
    channel: Channel,
    *,
    viewers: int = 0,
    ingest: Ingest,
) -> StreamSession:
    """An encoder connects with the channel's key: a session begins, and soon it is live."""
    store = ctx.store
    session = StreamSession(
        stream_id="st-1" + ctx.ids.alphanumeric(22),
        channel=channel,
        start_time=ctx.now,
        ingest=ingest,
        recording_configuration=store.recording_configurations.get(channel.recording_configuration_arn),
        failover_slate_configuration=store.failover_slate_configurations.get(channel.failover_slate_configuration_arn),
        viewer_count=viewers,
    )
    stream_id = session.stream_id
    store.stream_sessions[stream_id] = session
    store.connected[channel.arn] = stream_id
    _tell(ctx, stream_id, "Session Created")
    ctx.soon(SECONDS_TO_START, _start, stream_id)
    return store.stream_sessions[stream_id]


def disconnect(ctx: Context, stream_id: str) -> None:
    """The encoder is gone: the session ends, and with it the stream if it had started."""
    session = ctx.store.stream_sessions[stream_id]
    _tell(ctx, stream_id, "Session Ended")
    if session.state:
        _tell(ctx, stream_id, "Stream End")
    del ctx.store.connected[session.channel_arn]
    change(ctx, stream_id, end_time=ctx.now, state=None, viewer_count=0)


def insert_metadata(ctx: Context, session: StreamSession, text: str) -> None:
    """Put text into the stream for its viewers."""
    ctx.store.metadata.append(session.stream_id, TimedMetadata(ctx.now, text))


def insert_ad_break(ctx: Context, session: StreamSession, ad_break_id: str, start: datetime, seconds: int) -> None:
    """Begin an ad break in the stream, and tell EventBridge."""
    change(ctx, session.stream_id, ad_break_ends=start + timedelta(seconds=seconds))
    detail = {
        "event_name": "Ad Break Inserted",
        **_about(ctx, session.stream_id),
        "ad_break_id": ad_break_id,
        "duration_seconds": seconds,
        "target_start_time": service.time_text(start),
    }
    ctx.emit(AD_BREAK_CHANGE, [session.channel_arn], detail)


@service.task
def _start(ctx: Context, stream_id: str) -> None:
    if ctx.store.stream_sessions[stream_id].end_time is None:
        change(ctx, stream_id, state="LIVE", started_at=ctx.now)
        _tell(ctx, stream_id, "Stream Start")


def _tell(ctx: Context, stream_id: str, name: str, **more: Any) -> None:
    """Tell of a change of a broadcast's state."""
    tell(
        ctx,
        stream_id,
        STATE_CHANGE,
        name,
        {"event_name": name, **_about(ctx, stream_id), **more},
        code=more.get("code"),
    )


def _about(ctx: Context, stream_id: str) -> dict[str, str]:
    session = ctx.store.stream_sessions[stream_id]
    return {"channel_name": session.channel.name, "stream_id": stream_id}
