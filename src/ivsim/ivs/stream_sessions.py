"""Stream sessions: the record that every broadcast of a channel leaves, and what happened in it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ..core.clock import Task
from ..wire.errors import ResourceNotFoundException
from ._service import Context, service
from .channels import Channel
from .failover_slate_configurations import FailoverSlateConfiguration
from .ingest_configurations import UNKNOWN_AUDIO, UNKNOWN_VIDEO, Ingest
from .recording_configurations import RecordingConfiguration

StreamState: TypeAlias = Literal["LIVE"]
"""The state of a stream that viewers can see; before and after, there is no stream, and its channel is offline."""

StreamHealth: TypeAlias = Literal["HEALTHY", "STARVING"]

DEFAULT_PAGE = 100

RETENTION = timedelta(days=60)
"""The time for which a session can be looked up after its end."""

MOST_EVENTS = 500
"""The number of its newest events that a session shows."""

STATE_CHANGE = service.detail_type("IVS Stream State Change")
HEALTH_CHANGE = service.detail_type("IVS Stream Health Change")
LIMIT_BREACH = service.detail_type("IVS Limit Breach")
RECORDING_CHANGE = service.detail_type("IVS Recording State Change")
AD_BREAK_CHANGE = service.detail_type("IVS Ad Break State Change")

_UNKNOWN = Ingest((UNKNOWN_VIDEO,), (UNKNOWN_AUDIO,))

_ERRORS = frozenset({"Stream Failure", "Recording Start Failure", "Recording End Failure"})


class StreamEvent(Struct, frozen=True):
    """Something that happened in a session. `type` is the detail type of the EventBridge event."""

    name: str
    type: str
    event_time: datetime
    code: str | None = None

    @property
    def is_error(self) -> bool:
        """True for a quota breach or a failure."""
        return self.type == LIMIT_BREACH or self.name in _ERRORS


class StreamSession(Struct, frozen=True):
    """One broadcast, live or ended. Channel and configurations are as they were when it went live.

    `audience` waits for it to start, `viewers` watch, `viewer_count` of them are counted so far. `encoders` sent it,
    one after the other, `takeovers` of them by taking it over. `interrupted_at` and `resumed_at` tell when data last
    stopped and came back, `slate_from` since when the failover slate was, or is to be, shown.
    `is_pushed` where a real encoder sends media. Where another service sends, `then` is for the time when that is not
    connected any more.
    """

    stream_id: str
    channel: Channel
    start_time: datetime
    ingest: Ingest
    recording_configuration: RecordingConfiguration | None = None
    failover_slate_configuration: FailoverSlateConfiguration | None = None
    end_time: datetime | None = None
    started_at: datetime | None = None
    state: StreamState | None = None
    health: StreamHealth = "HEALTHY"
    audience: int = 0
    viewers: int = 0
    viewer_count: int = 0
    priority: int | None = None
    takeovers: int = 0
    encoders: int = 1
    interrupted_at: datetime | None = None
    resumed_at: datetime | None = None
    slate_from: datetime | None = None
    truncated_events: tuple[StreamEvent, ...] = ()
    has_error_event: bool = False
    is_pushed: bool = False
    then: Task | None = None

    @property
    def channel_arn(self) -> str:
        """The ARN of the channel of the broadcast."""
        return self.channel.arn

    @property
    def playback_url(self) -> str:
        """The URL of the channel's multivariant playlist."""
        return self.channel.playback_url

    @property
    def ingest_configuration(self) -> dict[str, object]:
        """The encoder's tracks, as one video and one audio track; empty before the stream has started."""
        video, audio = self._reported
        return {"video": video[0], "audio": audio[0] if audio else UNKNOWN_AUDIO}

    @property
    def ingest_configurations(self) -> dict[str, object]:
        """The encoder's tracks, as lists; these name profile and level without the AVC."""
        video, audio = self._reported
        tracks = [replace(track, avc_profile="", avc_level="") for track in video]
        return {"video_configurations": tracks, "audio_configurations": audio}

    @property
    def _reported(self) -> Ingest:
        return self.ingest if self.started_at else _UNKNOWN


@service.operation(rate=5)
def get_stream_session(ctx: Context, channel_arn: str, *, stream_id: str | None = None) -> dict[str, object]:
    for each in reversed(ctx.store.sessions_of[channel_arn]):
        session = ctx.store.stream_sessions[each]
        if stream_id in (None, each) and _is_kept(ctx, session):
            return {"stream_session": session}
    missing = stream_id or channel_arn
    raise ResourceNotFoundException(f"Resource: {missing} not found", resource=missing)


@service.operation(rate=5)
def list_stream_sessions(
    ctx: Context, channel_arn: str, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(
        ctx.store.stream_sessions,
        max_results,
        next_token,
        where=lambda session: _is_kept(ctx, session),
        among=ctx.store.sessions_of[channel_arn],
        filters=channel_arn,
        newest_first=True,
    )
    if not page.items:
        ctx.store.channels[channel_arn]
    return {"stream_sessions": page.items, "next_token": page.next_token}


def live_session(ctx: Context, channel_arn: str) -> StreamSession | None:
    """Return the session that viewers of a channel can see now."""
    stream_id = ctx.store.connected.get(channel_arn)
    session = ctx.store.stream_sessions[stream_id] if stream_id else None
    return session if session and session.state else None


def change(ctx: Context, stream_id: str, **changes: Any) -> None:
    """Put a changed session in the place of the old one, and touch it for those who watch."""
    ctx.store.stream_sessions[stream_id] = replace(ctx.store.stream_sessions[stream_id], **changes)
    ctx.touch(stream_id)


def record_event(ctx: Context, stream_id: str, detail_type: str, name: str, *, code: str | None = None) -> None:
    """Record an event in a session, by the name it has there."""
    session = ctx.store.stream_sessions[stream_id]
    event = StreamEvent(name, detail_type, ctx.now, code)
    if detail_type == HEALTH_CHANGE:
        ctx.store.health_changes.append(stream_id, event)
    change(
        ctx,
        stream_id,
        truncated_events=(event, *session.truncated_events)[:MOST_EVENTS],
        has_error_event=session.has_error_event or event.is_error,
    )


def announce_event(
    ctx: Context, stream_id: str, detail_type: str, name: str, detail: Mapping[str, Any], *, code: str | None = None
) -> None:
    """Record an event in a session, and as an EventBridge event about its channel."""
    record_event(ctx, stream_id, detail_type, name, code=code)
    ctx.emit(detail_type, [ctx.store.stream_sessions[stream_id].channel_arn], detail)


def _is_kept(ctx: Context, session: StreamSession) -> bool:
    """Return whether a session is not too old to be looked up."""
    return session.end_time is None or ctx.now - session.end_time < RETENTION


class TimedMetadata(NamedTuple):
    """A piece of metadata that PutMetadata inserted, and when."""

    at: datetime
    text: str


class AdBreak(NamedTuple):
    """An ad break that InsertAdBreak inserted, and when; it starts later, if that was wanted."""

    ad_break_id: str
    inserted_at: datetime
    start: datetime
    seconds: int

    @property
    def end(self) -> datetime:
        """The time at which it is over."""
        return self.start + timedelta(seconds=self.seconds)


def inserted_between(inserted: Sequence[TimedMetadata], begin: datetime, end: datetime) -> Sequence[TimedMetadata]:
    """Return the texts that PutMetadata inserted from one time until before another."""
    first, last = (bisect_left(inserted, at, key=attrgetter("at")) for at in (begin, end))
    return inserted[first:last]
