"""Streams, as the API shows and steers them; a test starts them in live_streams.py."""

from __future__ import annotations

from datetime import datetime, timezone

from ..wire.errors import ChannelNotBroadcasting, ConflictException, MemberRefused, ValidationException
from . import broadcast, stream_sessions, views
from ._service import Context, service
from .stream_sessions import AdBreak, StreamSession

DEFAULT_PAGE = 100

METADATA_PAYLOAD = service.quota("Metadata payload", 1024)  # bytes

_END_OF_TIME = datetime(9900, 1, 1, tzinfo=timezone.utc)  # what begins before it, ends before the calendar does

METADATA_PER_CHANNEL = 5
"""PutMetadata calls a second on one channel; the operation's own rate is the account's."""


@service.operation(rate=5)
def get_stream(ctx: Context, channel_arn: str) -> dict[str, object]:
    return {"stream": views.counted(ctx, _live(ctx, channel_arn))}


@service.operation(rate=5)
def list_streams(
    ctx: Context,
    *,
    filter_by: dict[str, str] | None = None,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    health = (filter_by or {}).get("health")
    sessions = ctx.store.stream_sessions

    def is_wanted(stream_id: str) -> bool:
        return sessions[stream_id].state is not None and health in (None, sessions[stream_id].health)

    page = ctx.page(ctx.store.connected, max_results, next_token, where=is_wanted, filters=health)
    streams = [views.counted(ctx, sessions[stream_id]) for stream_id in page.items]
    return {"streams": streams, "next_token": page.next_token}


@service.operation(rate=5)
def stop_stream(ctx: Context, channel_arn: str) -> None:
    broadcast.disconnect(ctx, _live(ctx, channel_arn).stream_id)


@service.operation(rate=155, rates={"channel_arn": METADATA_PER_CHANNEL})
def put_metadata(ctx: Context, channel_arn: str, metadata: str) -> None:
    if ctx.strict and len(metadata.encode()) > ctx.quota(METADATA_PAYLOAD):
        raise ValidationException("Metadata size exceeds payload limit")
    session = _live(ctx, channel_arn)
    broadcast.insert_metadata(ctx, session, metadata)


@service.operation(rate=1)
def insert_ad_break(
    ctx: Context,
    channel_arn: str,
    duration_seconds: int,
    *,
    ad_break_id: str | None = None,
    target_start_at: datetime | None = None,
) -> dict[str, object]:
    session = _live(ctx, channel_arn)
    ctx.check(
        session.channel.ad_configuration_arn,
        "channel_arn",
        "Member must be a channel with an ad configuration",
    )
    now = ctx.now
    start = max(target_start_at or now, now)
    if start >= _END_OF_TIME:
        raise MemberRefused("target_start_at", "Member must be before the year 9900")
    wanted = AdBreak(ad_break_id or ctx.ids.alphanumeric(12), now, start, duration_seconds)
    for each in ctx.store.ad_breaks[session.stream_id]:
        is_running = each.start <= now < each.end
        if is_running or (each.start < wanted.end and wanted.start < each.end):
            raise ConflictException(f"Channel: {channel_arn} already has an ad break then", resource=channel_arn)
    broadcast.insert_ad_break(ctx, session, wanted)
    return {"ad_break_id": wanted.ad_break_id, "target_start_at": start}


def _live(ctx: Context, channel_arn: str) -> StreamSession:
    channel = ctx.store.channels[channel_arn]
    session = stream_sessions.live_session(ctx, channel.arn)
    if session is None:
        raise ChannelNotBroadcasting(
            f"ChannelNotBroadcasting: Channel: {channel_arn} is not currently online", resource=channel_arn
        )
    return session
