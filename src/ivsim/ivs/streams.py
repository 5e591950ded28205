"""Streams and stream sessions, as the API shows and steers them, and as a test starts them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from types import TracebackType
from typing import cast

from ..core import arns
from ..core.state import State
from ..wire.errors import (
    ChannelNotBroadcasting,
    ConflictException,
    ValidationException,
)
from . import broadcast, stream_sessions
from ._service import Context, Store, service
from .broadcast import TimedMetadata
from .channels import Channel
from .encoders import Given, ingest
from .stream_sessions import StreamSession

DEFAULT_PAGE = 100

MOST_METADATA_BYTES = 1024

_END_OF_TIME = datetime(9999, 1, 1, tzinfo=timezone.utc)

METADATA_PER_CHANNEL = 5
"""PutMetadata calls a second on one channel; the operation's own rate is the account's."""


@service.operation(rate=5)
def get_stream(ctx: Context, channel_arn: str) -> dict[str, object]:
    return {"stream": _live(ctx, channel_arn)}


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
    return {"streams": [sessions[stream_id] for stream_id in page.items], "next_token": page.next_token}


@service.operation(rate=5)
def stop_stream(ctx: Context, channel_arn: str) -> None:
    broadcast.disconnect(ctx, _live(ctx, channel_arn).stream_id)


@service.operation(rate=155)
def put_metadata(ctx: Context, channel_arn: str, metadata: str) -> None:
    if ctx.strict and len(metadata.encode()) > MOST_METADATA_BYTES:
        raise ValidationException("Metadata size exceeds payload limit")
    session = _live(ctx, channel_arn)
    ctx.check_rate("PutMetadata", METADATA_PER_CHANNEL, channel_arn)
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
    if session.ad_break_ends is not None and session.ad_break_ends > ctx.now:
        raise ConflictException(f"Channel: {channel_arn} has an ad break already", resource=channel_arn)
    ad_break_id = ad_break_id or ctx.ids.alphanumeric(12)
    start = max(target_start_at or ctx.now, ctx.now)
    ctx.check(start < _END_OF_TIME, "target_start_at", "Member must be before the year 9999")
    broadcast.insert_ad_break(ctx, session, ad_break_id, start, duration_seconds)
    return {"ad_break_id": ad_break_id, "target_start_at": start}


def _live(ctx: Context, channel_arn: str) -> StreamSession:
    channel = ctx.store.channels[channel_arn]
    session = stream_sessions.live_session(ctx, channel.arn)
    if session is None:
        raise ChannelNotBroadcasting(
            f"ChannelNotBroadcasting: Channel: {channel_arn} is not currently online", resource=channel_arn
        )
    return session


class StreamRefused(ValueError):  # noqa: N818 - what happened, in the words of whoever holds the encoder
    """The encoder was not let in, or is not connected any more."""


class LiveStream:
    """One broadcast, seen from the encoder that sends it. As a context manager it ends with the block.

    A stream that was stopped through the API, or ended before, stays ended: `end()` then does nothing.
    """

    def __init__(self, state: State, ctx: Context, session: StreamSession) -> None:
        self._state = state
        self._ctx = ctx
        self.stream_id = session.stream_id
        self.channel_arn = session.channel_arn

    def __repr__(self) -> str:
        return f"<LiveStream {self.stream_id} on {self.channel_arn}, {'live' if self.is_live else 'not live'}>"

    def __enter__(self) -> LiveStream:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.end()

    @property
    def is_live(self) -> bool:
        """Whether viewers can see it now."""
        return self._session is not None and self._session.state is not None

    @property
    def metadata(self) -> list[TimedMetadata]:
        """What PutMetadata inserted so far, each as (`at`, `text`), oldest first."""
        self._state.clock.run_due()
        return list(self._ctx.store.metadata[self.stream_id])

    def set_viewers(self, count: int) -> None:
        """Let so many people watch. Raises ValueError for what is no number, StreamRefused after the end."""
        _check_viewers("count", count)
        with self._state.transaction():
            if not self._is_connected:
                raise StreamRefused(f"stream {self.stream_id} has ended")
            stream_sessions.change(self._ctx, self.stream_id, viewer_count=count)

    def end(self) -> None:
        """Disconnect the encoder: Session Ended and Stream End."""
        with self._state.transaction():
            if self._is_connected:
                broadcast.disconnect(self._ctx, self.stream_id)

    @property
    def _session(self) -> StreamSession | None:
        self._state.clock.run_due()
        return self._ctx.store.stream_sessions.get(self.stream_id)

    @property
    def _is_connected(self) -> bool:
        return self._ctx.store.connected.get(self.channel_arn) == self.stream_id


class Streams:
    """Encoders: what a test starts so that the code under test sees a channel live."""

    def __init__(self, state: State, context: Callable[[str, str], Context]) -> None:
        self._state = state
        self._context = context

    def start(
        self,
        channel_arn_or_stream_key_value: str,
        *,
        viewers: int = 0,
        encoder: str = "OBS",
        video: Given = None,
        audio: Given = None,
    ) -> LiveStream:
        """Let an encoder go live, by its channel's ARN or by the stream key's value as a real one would.

        `encoder` is "OBS", "ffmpeg" or "WebRTC"; `video` and `audio` override what it reports (members of the API's
        VideoConfiguration and AudioConfiguration, `videoHeight` or `video_height`), a list of them for several tracks.

        Raises StreamRefused for a channel or key that does not exist, a channel without a key, and one that is live
        already; ValueError for viewers that are no number, or another encoder; TypeError for a member that a
        configuration does not have, or of another type.
        """
        _check_viewers("viewers", viewers)
        sent = ingest(encoder, video, audio)
        with self._state.transaction():
            ctx, channel = self._admit(channel_arn_or_stream_key_value)
            if channel.arn in ctx.store.connected:
                raise StreamRefused(f"{channel.arn} is live already; a channel takes one encoder at a time")
            session = broadcast.connect(ctx, channel, viewers=viewers, ingest=sent)
        return LiveStream(self._state, ctx, session)

    def _admit(self, credential: str) -> tuple[Context, Channel]:
        """Return the channel an encoder may broadcast on, as ingest would decide it."""
        arn = arns.parse(credential)
        if arn is not None:
            ctx = self._context(arn.account, arn.region)
            channel = ctx.store.channels.get(credential)
            if channel is None:
                raise StreamRefused(f"there is no channel {credential}")
            if not channel.stream_key_arns:
                raise StreamRefused(f"{credential} has no stream key; create one")
            return ctx, channel
        for account, region, store in self._state.stores.of(service.name):
            for key in cast("Store", store).stream_keys.values():
                if key.value == credential:
                    ctx = self._context(account, region)
                    return ctx, ctx.store.channels[key.channel_arn]
        raise StreamRefused("no channel has this stream key")


def _check_viewers(name: str, count: int) -> None:
    if type(count) is not int or count < 0:
        raise ValueError(f"{name}: {count!r} is not a whole number that is 0 or more")
