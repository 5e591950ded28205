"""The life of a broadcast: a state machine over the clock, no threads, no sockets.

An encoder connects and a session exists; the video is processed and the channel is live; data may stop and come back;
the encoder disconnects, or is stopped, or replaced, and the session has ended. Each step is a function that puts a
changed session in the place of the old one and tells EventBridge. Sources: IVS User Guide, *Using Amazon EventBridge*,
*Amazon IVS Streaming Configuration*, *Service Quotas*; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Literal, NamedTuple, TypeAlias

from . import views
from ._service import Context, service
from .channels import Channel
from .ingest.limits import CONCURRENT_STREAMS, Breach, announce_shared, excess, multitrack_problem
from .ingest.pushes import PushedMedia
from .ingest_configurations import Ingest
from .recording import life as recording
from .stream_sessions import (
    AD_BREAK_CHANGE,
    HEALTH_CHANGE,
    LIMIT_BREACH,
    STATE_CHANGE,
    AdBreak,
    StreamSession,
    TimedMetadata,
    announce_event,
    change,
)

STREAM_TAKEOVERS = service.quota("Stream takeovers", 100)

_CONNECTION_REFUSED = "ConnectionRefused"
_CONNECTION_LOST = "ConnectionLost"
_NO_CAPACITY = "TranscodeCapacityExceeded"
_REJECTED = ("InvalidGetClientConfigurationStreamKey", "GetClientConfigurationStreamKeyRequired")
"""Codes with which a multitrack session ends; no rule of ours finds the reasons."""

INGEST = service.incident(
    "Ingest", _CONNECTION_REFUSED, _CONNECTION_LOST, _NO_CAPACITY, *_REJECTED, about=("channel_arn",)
)
"""The incident of an encoder that connects."""

Life: TypeAlias = Literal["starting", "live", "starving", "ended"]

_SHOWS: Mapping[Life, Mapping[str, object]] = {
    "starting": {},
    "live": {"state": "LIVE", "health": "HEALTHY"},
    "starving": {"health": "STARVING"},
    "ended": {"state": None},
}
"""The members by which a session shows each state of a broadcast. After the end, its health stays as it last was."""

_log = logging.getLogger("ivsim.streams")

SECONDS_TO_START = 4.0
"""The seconds from connecting to segments that play, when transitions are realistic: 3 to 4 with a keyframe each."""

MOST_SECONDS_WITHOUT_DATA = 30.0
"""The seconds without data after which an encoder counts as gone."""

MOST_SECONDS = 48 * 3600.0
"""The longest duration of a stream, in seconds."""

CAPACITY_EXCEEDED = "Transcode capacity exceeded. Please try again."

_GREATEST_PRIORITY = 2_147_483_647


class Refusal(NamedTuple):
    """The reason why an encoder was not let in, and the code in the event about it, if there is an event."""

    reason: str
    code: str | None = None


def connect(
    ctx: Context,
    channel: Channel,
    ingest: Ingest,
    *,
    viewers: int = 0,
    priority: int | None = None,
    push: Callable[[str], PushedMedia] | None = None,
) -> StreamSession | Refusal:
    """Connect an encoder with the channel's key: a session begins, and soon is live; or an old one goes on.

    A real encoder comes with the media that it pushes to the stream of an id. Its bitrate is judged later, when it has
    been measured.
    """
    refused = refusal(ctx, channel, priority, ingest, is_pushed=push is not None)
    if refused is not None:
        return refused
    occupant = _occupant(ctx, channel)
    incident = ctx.strike(INGEST, channel_arn=channel.arn)
    happening = incident.error_code if incident else None
    if incident and happening == _CONNECTION_REFUSED:
        return Refusal(incident.message or f"the connection to {channel.arn} was refused")
    if occupant is None:
        stream_id = _create_session(ctx, channel, ingest, viewers, priority, is_pushed=push is not None)
    else:
        stream_id = _replace_encoder(ctx, occupant, ingest, viewers, priority)
    if push is not None and stream_id not in ctx.store.pushes:
        ctx.store.pushes[stream_id] = push(stream_id)  # who takes over goes on with what is there
    rejected = multitrack_problem(channel, ingest)
    if happening in _REJECTED:
        rejected = happening
    breach = excess(ctx, channel, ingest, bitrate=0 if push else None)
    if happening == _NO_CAPACITY:
        fail(ctx, stream_id, CAPACITY_EXCEEDED)
    elif rejected:
        disconnect(ctx, stream_id, code=rejected)
    elif breach:
        exceed(ctx, stream_id, breach)
    elif occupant is None:
        ctx.soon(SECONDS_TO_START, _start, stream_id, incident=INGEST)
        ctx.later(MOST_SECONDS, _reach_maximum, stream_id)
    if happening == _CONNECTION_LOST:
        ctx.soon(SECONDS_TO_START, _lose, stream_id, ctx.store.stream_sessions[stream_id].encoders, incident=INGEST)
    return ctx.store.stream_sessions[stream_id]


def refusal(
    ctx: Context,
    channel: Channel,
    priority: int | None,
    ingest: Ingest | None = None,
    *,
    is_pushed: bool | None = None,
) -> Refusal | None:
    """Return why an encoder is not let in, None when it is; the event of a refusal is announced.

    Where the channel is free, the quota of streams decides. An occupant makes room in two cases: a slate covers that
    its encoder is gone, and then whoever sends the same media goes on with the session; or the newcomer takes it over,
    by a greater priority, with the same media, and not too often. An encoder that has sent nothing yet has no `ingest`,
    and its media are judged when it has. Real media and simulated ones are never the same.
    """
    occupant = _occupant(ctx, channel)
    if occupant is None:
        return _refusal_by_quota(ctx)
    same_media = ingest is None or (occupant.is_pushed == is_pushed and _media(ingest) == _media(occupant.ingest))
    if _may_come_back(ctx, occupant):
        return None if same_media else Refusal(f"stream {occupant.stream_id} had other media; it goes on with the same")
    if priority is None:
        return Refusal(f"{channel.arn} is live already; a channel takes one encoder at a time")
    if occupant.takeovers >= ctx.quota(STREAM_TAKEOVERS):
        code = "StreamTakeoverLimitBreached"
    elif not _is_priority(priority) or priority <= (occupant.priority or 0):
        code = "StreamTakeoverInvalidPriority"
    elif not same_media:
        code = "StreamTakeoverMediaMismatch"
    else:
        return None
    _announce(ctx, occupant.stream_id, STATE_CHANGE, "Stream Takeover Failure", {"code": code})
    return Refusal(f"the takeover of {occupant.stream_id} failed: {code}", code)


def disconnect(ctx: Context, stream_id: str, *, code: str | None = None) -> None:
    """End the session, as its encoder is gone, and with it the stream if that had started."""
    session = ctx.store.stream_sessions[stream_id]
    why = {"code": code} if code else {}
    about = {"event_name": "Session Ended", "channel_name": session.channel.name, **why, "stream_id": stream_id}
    announce_event(ctx, stream_id, STATE_CHANGE, "Session Ended", about, code=code)
    if session.state:
        _announce(ctx, stream_id, STATE_CHANGE, "Stream End")
    del ctx.store.connected[session.channel_arn]
    ctx.store.watching.pop(stream_id, None)
    _let_go(ctx, session)
    _become(ctx, stream_id, "ended", end_time=ctx.now, viewers=0, viewer_count=0)
    recording.finish(ctx, stream_id)


def fail(ctx: Context, stream_id: str, reason: str) -> None:
    """End the stream with a failure, as it cannot be processed."""
    _announce(ctx, stream_id, STATE_CHANGE, "Stream Failure", {"reason": reason})
    disconnect(ctx, stream_id)


def exceed(ctx: Context, stream_id: str, breach: Breach) -> None:
    """Announce the breach of a limit; a breach of ingest ends the session."""
    if breach.limit_name.startswith("Concurrent"):
        views.exceed(ctx, stream_id, breach)
    else:
        announce_event(ctx, stream_id, LIMIT_BREACH, breach.limit_name, {**breach._asdict(), **_about(ctx, stream_id)})
        disconnect(ctx, stream_id)


def judge_bitrate(ctx: Context, stream_id: str, bitrate: int) -> None:
    """Judge by its limit what was measured of a push, in bits of video a second; too much ends the session."""
    session = ctx.store.stream_sessions[stream_id]
    breach = excess(ctx, session.channel, session.ingest, bitrate=bitrate)
    if breach:
        exceed(ctx, stream_id, breach)


def starve(ctx: Context, stream_id: str) -> None:
    """Begin a time without data, after which the encoder counts as gone; it is longer if there is a slate to show."""
    session = ctx.store.stream_sessions[stream_id]
    if session.health == "STARVING":
        return
    with ctx.clock.acting(ctx.clock.microseconds()):  # the slate begins by the time that the event tells
        _starve(ctx, session)


def _starve(ctx: Context, session: StreamSession) -> None:
    stream_id, now = session.stream_id, ctx.now
    slate, slate_from = session.failover_slate_configuration, session.slate_from
    patience = MOST_SECONDS_WITHOUT_DATA
    if slate is not None:
        if slate_from is None or not shows_slate(ctx, session):
            slate_from = now + timedelta(seconds=slate.activation_threshold_seconds)
        patience = (slate_from - now).total_seconds() + slate.max_slate_display_seconds
    _become(ctx, stream_id, "starving", interrupted_at=now, resumed_at=None, slate_from=slate_from)
    _announce(ctx, stream_id, HEALTH_CHANGE, "Starvation Start")
    ctx.later(patience, _give_up, stream_id, now.timestamp())


def recover(ctx: Context, stream_id: str) -> None:
    """End a time without data."""
    if ctx.store.stream_sessions[stream_id].health == "STARVING":
        _become(ctx, stream_id, "live", resumed_at=ctx.now)
        _announce(ctx, stream_id, HEALTH_CHANGE, "Starvation End")


def shows_slate(ctx: Context, session: StreamSession) -> bool:
    """Return whether viewers see the failover slate instead of the broadcast."""
    slate, begins = session.failover_slate_configuration, session.slate_from
    if slate is None or begins is None or session.state is None:
        return False
    if session.resumed_at is None:
        return ctx.now >= begins
    ends = begins + timedelta(seconds=slate.min_slate_display_seconds)
    return session.resumed_at >= begins and ctx.now < ends


def insert_metadata(ctx: Context, session: StreamSession, text: str) -> None:
    """Put text into the stream for its viewers."""
    ctx.store.metadata.append(session.stream_id, TimedMetadata(ctx.now, text))
    ctx.touch(session.stream_id)


def insert_ad_break(ctx: Context, session: StreamSession, ad_break: AdBreak) -> None:
    """Put an ad break into the stream, and tell EventBridge."""
    ctx.store.ad_breaks.append(session.stream_id, ad_break)
    detail = {
        "event_name": "Ad Break Inserted",
        **_about(ctx, session.stream_id),
        "ad_break_id": ad_break.ad_break_id,
        "duration_seconds": ad_break.seconds,
        "target_start_time": service.time_text(ad_break.start),
    }
    ctx.emit(AD_BREAK_CHANGE, [session.channel_arn], detail)


def _create_session(
    ctx: Context, channel: Channel, ingest: Ingest, viewers: int, priority: int | None, *, is_pushed: bool
) -> str:
    stream_id = "st-1" + ctx.ids.alphanumeric(22)
    ctx.store.stream_sessions[stream_id] = StreamSession(
        stream_id=stream_id,
        channel=channel,
        start_time=ctx.now,
        ingest=ingest,
        priority=priority if priority and _is_priority(priority) else None,
        audience=viewers,
        is_pushed=is_pushed,
        **_snapshot(ctx, channel),
    )
    ctx.store.sessions_of.append(channel.arn, stream_id)
    ctx.store.connected[channel.arn] = stream_id
    _become(ctx, stream_id, "starting")
    _announce(ctx, stream_id, STATE_CHANGE, "Session Created")
    return stream_id


def _become(ctx: Context, stream_id: str, life: Life, **changes: Any) -> None:
    """Let a broadcast reach a state of its life: the one place where that changes."""
    change(ctx, stream_id, **_SHOWS[life], **changes)
    _log.debug("%s on %s is %s", stream_id, ctx.store.stream_sessions[stream_id].channel_arn, life)


def _snapshot(ctx: Context, channel: Channel) -> dict[str, Any]:
    """Return a channel's configurations as they are now."""
    slate = ctx.store.failover_slate_configurations.get(channel.failover_slate_configuration_arn)
    is_there = slate is not None and slate.state != "CREATE_FAILED"
    return {
        "recording_configuration": ctx.store.recording_configurations.get(channel.recording_configuration_arn),
        "failover_slate_configuration": slate if is_there else None,
    }


def _occupant(ctx: Context, channel: Channel) -> StreamSession | None:
    """Return the session of the encoder that is connected to a channel."""
    stream_id = ctx.store.connected.get(channel.arn)
    return ctx.store.stream_sessions[stream_id] if stream_id else None


def _refusal_by_quota(ctx: Context) -> Refusal | None:
    most, used = ctx.quota(CONCURRENT_STREAMS), len(ctx.store.connected)
    if used < most:
        return None
    announce_shared(ctx, Breach("Concurrent Broadcasts", most, used + 1 - most, "active streams"))
    return Refusal(f"{most} channels are streaming in {ctx.region} already, as many as the quota allows")


def _may_come_back(ctx: Context, session: StreamSession) -> bool:
    """Return whether the session goes on with the next encoder, because a slate covers that the last one is gone."""
    return session.health == "STARVING" and shows_slate(ctx, session)


def _is_priority(number: int) -> bool:
    return 1 <= number <= _GREATEST_PRIORITY


def _replace_encoder(ctx: Context, session: StreamSession, ingest: Ingest, viewers: int, priority: int | None) -> str:
    """Let another encoder go on with a session: after an interruption that a slate covers, or by taking it over."""
    stream_id = session.stream_id
    _let_go(ctx, session)
    change(ctx, stream_id, ingest=ingest, encoders=session.encoders + 1)
    if not _may_come_back(ctx, session):  # whoever comes back takes nothing over: no event, and no other priority
        change(ctx, stream_id, priority=priority, takeovers=session.takeovers + 1)
        _announce(ctx, stream_id, STATE_CHANGE, "Stream Takeover")
    recover(ctx, stream_id)
    if viewers:
        views.set_viewers(ctx, stream_id, viewers)
    return stream_id


def _let_go(ctx: Context, session: StreamSession) -> None:
    """Tell the service that sends a broadcast, if one does, that it is not connected any more."""
    if session.then is not None:
        ctx.clock.after(0, session.then)
        change(ctx, session.stream_id, then=None)


def _media(ingest: Ingest) -> list[tuple[object, ...]]:
    """Return the properties of the media that a takeover must not change."""
    video: list[tuple[object, ...]] = [(each.codec, each.video_width, each.video_height) for each in ingest.video]
    return [*video, *((each.codec,) for each in ingest.audio)]


@service.task
def _start(ctx: Context, stream_id: str) -> None:
    session = ctx.store.stream_sessions[stream_id]
    if session.end_time is None:
        channel = ctx.store.channels[session.channel_arn]
        _become(ctx, stream_id, "live", started_at=ctx.now, channel=channel, **_snapshot(ctx, channel))
        _announce(ctx, stream_id, STATE_CHANGE, "Stream Start")
        views.set_viewers(ctx, stream_id, session.audience)
        recording.begin(ctx, stream_id)


@service.task
def _lose(ctx: Context, stream_id: str, encoder: int) -> None:
    """Break the connection of an encoder, if it still sends."""
    session = ctx.store.stream_sessions[stream_id]
    if session.state and session.encoders == encoder:
        starve(ctx, stream_id)


@service.task
def _give_up(ctx: Context, stream_id: str, interrupted_at: float) -> None:
    """Disconnect the encoder, as no data came back, unless this interruption is over."""
    session = ctx.store.stream_sessions[stream_id]
    still = session.interrupted_at is not None and session.interrupted_at.timestamp() == interrupted_at
    if still and session.health == "STARVING" and session.state:
        disconnect(ctx, stream_id)


@service.task
def _reach_maximum(ctx: Context, stream_id: str) -> None:
    if ctx.store.stream_sessions[stream_id].end_time is None:
        disconnect(ctx, stream_id)


def _announce(ctx: Context, stream_id: str, kind: str, name: str, more: Mapping[str, str] | None = None) -> None:
    """Tell of a change of a broadcast's state or health."""
    more = more or {}
    detail = {"event_name": name, **_about(ctx, stream_id), **more}
    announce_event(ctx, stream_id, kind, name, detail, code=more.get("code"))


def _about(ctx: Context, stream_id: str) -> dict[str, str]:
    session = ctx.store.stream_sessions[stream_id]
    return {"channel_name": session.channel.name, "stream_id": stream_id}
