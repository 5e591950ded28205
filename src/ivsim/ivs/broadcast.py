"""The life of a broadcast, and the session it leaves: a state machine over the clock, no threads, no sockets.

An encoder connects and a session exists; the video is processed and the channel is live; it disconnects, or is stopped,
and the session has ended. Each step is a function that puts a changed session in the place of the old one and tells
EventBridge. Source: IVS User Guide, *Using Amazon EventBridge* and *Monitoring Live Stream Health*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from botocore import xform_name

from ._service import Context, service

if TYPE_CHECKING:
    from .channels import Channel
    from .failover_slate_configurations import FailoverSlateConfiguration
    from .recording_configurations import RecordingConfiguration

SECONDS_TO_START = 4.0
"""From connecting to segments that play, when transitions are realistic: 3 to 4 s with keyframes each second."""

RETENTION = timedelta(days=60)
"""How long a session can be looked up after its end."""

MOST_EVENTS = 500
"""How many of its newest events a session shows."""

STATE_CHANGE = "IVS Stream State Change"

_ERRORS = frozenset({"Stream Failure", "Recording Start Failure", "Recording End Failure"})


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """Something that happened in a session. `type` is the detail type of the EventBridge event."""

    name: str
    type: str
    event_time: datetime
    code: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether this is a quota breach or a failure."""
        return self.type == "IVS Limit Breach" or self.name in _ERRORS


@dataclass(frozen=True, slots=True)
class VideoConfiguration:
    """The video an encoder says it sends; the defaults are an OBS of the user guide. Bitrate in bits per second."""

    avc_profile: str | None = "Baseline"
    avc_level: str | None = "4.0"
    codec: str = "avc1.42C028"
    encoder: str = "obs-output module (libobs version 27.0.1)"
    target_bitrate: int = 3_500_000
    target_framerate: int = 30
    video_height: int = 1080
    video_width: int = 1920
    level: str = "4.0"
    profile: str = "Baseline"
    track: str = "Track0"


@dataclass(frozen=True, slots=True)
class AudioConfiguration:
    """The audio an encoder says it sends. Bitrate in bits per second, sample rate in hertz."""

    codec: str = "mp4a.40.2"
    target_bitrate: int = 160_000
    sample_rate: int = 48_000
    channels: int = 2
    track: str = "Track0"


C = TypeVar("C", VideoConfiguration, AudioConfiguration)


class TimedMetadata(NamedTuple):
    """What PutMetadata inserted, and when."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class StreamSession:
    """One broadcast, live or ended. Channel and configurations are as they were when it went live."""

    stream_id: str
    channel: Channel
    start_time: datetime
    video: VideoConfiguration
    audio: AudioConfiguration
    recording_configuration: RecordingConfiguration | None = None
    failover_slate_configuration: FailoverSlateConfiguration | None = None
    end_time: datetime | None = None
    state: str | None = None
    health: str = "HEALTHY"
    viewer_count: int = 0
    truncated_events: tuple[StreamEvent, ...] = ()
    metadata: tuple[TimedMetadata, ...] = ()
    ad_break_ends: datetime | None = None

    @property
    def channel_arn(self) -> str:
        """The ARN of the channel it is, or was, broadcast on."""
        return self.channel.arn

    @property
    def playback_url(self) -> str:
        """The URL of the channel's multivariant playlist."""
        return self.channel.playback_url

    @property
    def has_error_event(self) -> bool:
        """Whether a quota breach or a failure happened."""
        return any(event.is_error for event in self.truncated_events)

    @property
    def ingest_configuration(self) -> dict[str, object]:
        """What the encoder sends, as one video and one audio track."""
        return {"video": self.video, "audio": self.audio}

    @property
    def ingest_configurations(self) -> dict[str, object]:
        """What the encoder sends, as lists of tracks; these name profile and level without the AVC."""
        video = replace(self.video, avc_profile=None, avc_level=None)
        return {"video_configurations": [video], "audio_configurations": [self.audio]}


def live_session(ctx: Context, channel_arn: str) -> StreamSession | None:
    """Return the session that viewers of a channel can see now."""
    stream_id = ctx.store.connected.get(channel_arn)
    session = ctx.store.stream_sessions[stream_id] if stream_id else None
    return session if session and session.state else None


def sessions_kept(ctx: Context, channel_arn: str) -> list[StreamSession]:
    """Return a channel's sessions that can still be looked up, newest first."""
    return [session for session in ctx.store.stream_sessions.newest_first() if is_kept(ctx, session, channel_arn)]


def is_kept(ctx: Context, session: StreamSession, channel_arn: str) -> bool:
    """Return whether a session is one of a channel's, and not too old to be looked up."""
    ended = session.end_time
    return session.channel_arn == channel_arn and (ended is None or ctx.now - ended < RETENTION)


def connect(
    ctx: Context,
    channel: Channel,
    *,
    viewers: int = 0,
    video: Mapping[str, Any] | None = None,
    audio: Mapping[str, Any] | None = None,
) -> StreamSession:
    """An encoder connects with the channel's key: a session begins, and soon it is live."""
    store = ctx.store
    session = StreamSession(
        stream_id="st-1" + ctx.ids.alphanumeric(22),
        channel=channel,
        start_time=ctx.now,
        video=_configured(VideoConfiguration(), video),
        audio=_configured(AudioConfiguration(), audio),
        recording_configuration=store.recording_configurations.get(channel.recording_configuration_arn),
        failover_slate_configuration=store.failover_slate_configurations.get(channel.failover_slate_configuration_arn),
        viewer_count=viewers,
    )
    stream_id = session.stream_id
    store.stream_sessions[stream_id] = session
    store.connected[channel.arn] = stream_id
    _tell(ctx, stream_id, "Session Created")
    ctx.soon(SECONDS_TO_START, lambda: _start(ctx, stream_id))
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
    change(ctx, session.stream_id, metadata=(*session.metadata, TimedMetadata(ctx.now, text)))


def insert_ad_break(ctx: Context, session: StreamSession, ad_break_id: str, start: datetime, seconds: int) -> None:
    """Begin an ad break in the stream, and tell EventBridge."""
    change(ctx, session.stream_id, ad_break_ends=start + timedelta(seconds=seconds))
    detail = {
        "ad_break_id": ad_break_id,
        "duration_seconds": seconds,
        "target_start_time": service.time_text(start),
    }
    _emit(ctx, session, "IVS Ad Break State Change", "Ad Break Inserted", detail)


def change(ctx: Context, stream_id: str, **changes: Any) -> None:
    """Put a changed session in the place of the old one."""
    ctx.store.stream_sessions[stream_id] = replace(ctx.store.stream_sessions[stream_id], **changes)


def _start(ctx: Context, stream_id: str) -> None:
    if ctx.store.stream_sessions[stream_id].end_time is None:
        change(ctx, stream_id, state="LIVE")
        _tell(ctx, stream_id, "Stream Start")


def _tell(ctx: Context, stream_id: str, name: str) -> None:
    """Record a change of state in the session, and as an EventBridge event."""
    session = ctx.store.stream_sessions[stream_id]
    events = (StreamEvent(name, STATE_CHANGE, ctx.now), *session.truncated_events)
    change(ctx, stream_id, truncated_events=events[:MOST_EVENTS])
    _emit(ctx, session, STATE_CHANGE, name, {})


def _emit(ctx: Context, session: StreamSession, detail_type: str, name: str, detail: Mapping[str, object]) -> None:
    about = {"event_name": name, "channel_name": session.channel.name, "stream_id": session.stream_id}
    ctx.emit(detail_type, [session.channel_arn], {**about, **detail})


def _configured(default: C, given: Mapping[str, Any] | None) -> C:
    """Return what an encoder reports, given how it differs from the default one."""
    changes = {xform_name(name): value for name, value in (given or {}).items()}
    for name, value in changes.items():
        kind = type(getattr(default, name, value))
        if type(value) is not kind:
            raise TypeError(f"{name}: {value!r} is not of type {kind.__name__}")
    return replace(default, **changes)
