"""The life of a recording: from a broadcast on a channel with a recording configuration to the end in S3.

A recording begins soon after its stream, ends when that is written to S3, and takes up the next stream of the channel
when that comes within the reconnect window and is like the first. Source: IVS User Guide, *Auto-Record to Amazon S3*.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from ...recordings.pushed import PushedSegment, RecordedFile, add_segments
from ...recordings.recordings import ENDED, FAILED, NOT_STARTED, STARTED
from .._service import Context, service
from ..ingest.renditions import Rendition, renditions_of
from ..ingest_configurations import Ingest
from ..recording_configurations import RecordingConfiguration, RenditionConfiguration
from ..stream_sessions import RECORDING_CHANGE, StreamSession, announce_event
from .objects import objects_of
from .sessions import SECONDS_PER_FILE, RecordedStream, RecordingSession, recorded_seconds

if TYPE_CHECKING:
    from ..channels import Channel

SECONDS_TO_START = 1.0
"""From Stream Start to Recording Start, when transitions are realistic."""

SECONDS_TO_WRITE = 3.0
"""From the end of a stream until all of it is in S3, when transitions are realistic. AWS: usually within 10."""


MOST_STREAMS = 20
"""The most streams that are merged into one recording."""

LONGEST = timedelta(hours=48)
"""The longest time after its start at which a recording takes up another stream."""

_ABOUT = ("channel_arn",)
RECORDING_START = service.incident("RecordingStart", "ValidationException", "InternalServerException", about=_ABOUT)
RECORDING_END = service.incident("RecordingEnd", "InternalServerException", about=_ABOUT)

_log = logging.getLogger("ivsim.recordings")

_EVENT_NAMES = {
    STARTED: "Recording Start",
    NOT_STARTED: "Recording Start Failure",
    ENDED: "Recording End",
    FAILED: "Recording End Failure",
}

_HEIGHTS = {
    "LOWEST_RESOLUTION": range(160, 361),
    "SD": range(361, 481),
    "HD": range(481, 721),
    "FULL_HD": range(721, 1081),
}
"""The renditions, by their height, that a name in a recording configuration stands for."""

_STANDARD_BANDWIDTHS = {"720p60": 3_330_599, "480p30": 1_335_600}
"""The bandwidths in recordings of standard channels that are not nominal; 360p30 and 160p30 have the nominal one."""


def begin(ctx: Context, stream_id: str) -> None:
    """A stream has started: it is recorded if its channel has a recording configuration."""
    if ctx.store.stream_sessions[stream_id].recording_configuration is not None:
        ctx.soon(SECONDS_TO_START, _record, stream_id, incident=RECORDING_START)


def finish(ctx: Context, stream_id: str) -> None:
    """A stream has ended, and with it, unless another follows in time, its recording."""
    recording = _newest(ctx, ctx.store.stream_sessions[stream_id].channel_arn)
    if recording is None:
        return
    *before, last = recording.streams
    if last.stream_id == stream_id:
        _write_file(ctx, recording)
        _change(ctx, recording, streams=(*before, replace(last, ended_at=ctx.now)))
        ctx.soon(SECONDS_TO_WRITE, _written, recording.session_id, incident=RECORDING_END)
    else:
        _end_if_over(ctx, recording)


def take_media(ctx: Context, stream_id: str, segment: PushedSegment) -> None:
    """Add a segment that an encoder has pushed to the recording of its stream, if there is one."""
    session = ctx.store.stream_sessions.get(stream_id)  # a reset may have removed it
    recording = _newest(ctx, session.channel_arn) if session else None
    is_its = recording and recording.is_pushed and recording.streams[-1].stream_id == stream_id
    if recording is None or not is_its or recording.status != STARTED or not segment.body:
        return  # what has no body is a slate, which is not recorded
    write = partial(_write_file, ctx, recording)
    add_segments(ctx, recording.session_id, [segment], seconds_per_file=SECONDS_PER_FILE, write=write)


def _write_file(ctx: Context, recording: RecordingSession) -> None:
    """Send what was pushed since the last file to the bucket, as a file, and playlists that have it."""
    segments = ctx.store.unwritten.pop(recording.session_id, None)
    if segments:
        number = ctx.store.recorded_files.end(recording.session_id)
        is_first = any(stream.first_file == number for stream in recording.streams)
        ctx.store.recorded_files.append(recording.session_id, RecordedFile.of(segments, is_first=is_first))
        ctx.deliver(objects_of(ctx, recording).newest_file(segments), _file_written, recording.session_id)


@service.task
def _file_written(ctx: Context, session_id: str, error: str | None) -> None:
    if error is not None:
        recording = ctx.store.recordings[session_id]
        _log.warning("a file of %s could not be written: bucket %s: %s", recording.key_prefix, recording.bucket, error)


@service.task
def _record(ctx: Context, stream_id: str) -> None:
    """Begin to record a stream: it goes on with the recording before it, or is one of its own, or comes to nothing.

    Nothing begins in four cases: the stream is over already, a test wants it to fail, the configuration never became
    ACTIVE or names no bucket, and, as `_begun()` learns, nobody could write to the bucket. All but the first leave a
    recording that failed to start, and an event with the reason.
    """
    session = ctx.store.stream_sessions[stream_id]
    configuration = session.recording_configuration
    if configuration is None or session.started_at is None or session.end_time is not None:
        return
    before = _newest(ctx, session.channel_arn)
    recording = _new(ctx, session, configuration, session.started_at)
    fault = ctx.strike(RECORDING_START, channel_arn=session.channel_arn)
    if fault is None and before is not None and _is_continued(before, recording, session.start_time):
        _write_file(ctx, before)
        first_file = ctx.store.recorded_files.end(before.session_id)
        stream = replace(recording.streams[0], first_file=first_file)
        continued = _change(ctx, before, streams=(*before.streams, stream), written_at=None)
        _announce(ctx, continued, STARTED)
        return
    if before is not None:
        _end_if_over(ctx, before)
    ctx.store.recordings[recording.session_id] = recording
    ctx.store.recorded[recording.channel_arn] = recording.session_id
    if fault is not None:
        _fail_to_start(ctx, recording, fault.error_code)
    elif configuration.state != "ACTIVE" or not recording.bucket:
        _fail_to_start(ctx, recording, "ValidationException")
    else:
        ctx.deliver(
            objects_of(ctx, recording).some_parcels(recording.bucket, slice(0, 1)), _begun, recording.session_id
        )


@service.task
def _begun(ctx: Context, session_id: str, error: str | None) -> None:
    recording = ctx.store.recordings[session_id]
    if error is None:
        _announce(ctx, recording, STARTED)
    else:
        _log.warning("%s is not recorded: bucket %s: %s", recording.channel_arn, recording.bucket, error)
        _fail_to_start(ctx, recording, "ValidationException")


@service.task
def _written(ctx: Context, session_id: str) -> None:
    recording = _change(ctx, ctx.store.recordings[session_id], written_at=ctx.now)
    left = _window_left(ctx, recording)
    if left > timedelta():
        ctx.later(left.total_seconds(), _stop_waiting, session_id, len(recording.streams))
    else:
        _end(ctx, recording)


@service.task
def _stop_waiting(ctx: Context, session_id: str, streams: int) -> None:
    """End a recording whose window is over, unless an encoder is back: then what it sends will decide."""
    recording = ctx.store.recordings[session_id]
    stream_id = ctx.store.connected.get(recording.channel_arn)
    will_be_recorded = stream_id and ctx.store.stream_sessions[stream_id].recording_configuration is not None
    is_newest = ctx.store.recorded[recording.channel_arn] == session_id
    if len(recording.streams) == streams and not (will_be_recorded and is_newest):
        _end(ctx, recording)


def _end_if_over(ctx: Context, recording: RecordingSession) -> None:
    if recording.written_at is not None and _window_left(ctx, recording) <= timedelta():
        _end(ctx, recording)


def _end(ctx: Context, recording: RecordingSession) -> None:
    if recording.status != STARTED:
        return
    _write_file(ctx, recording)  # of a stream that was stopped, the last segment comes after the end
    fault = ctx.strike(RECORDING_END, channel_arn=recording.channel_arn)
    outcome = {"status": FAILED, "reason": fault.error_code} if fault else {"status": ENDED}
    recording = _change(ctx, recording, **outcome, ended_at=ctx.now)
    ctx.deliver(objects_of(ctx, recording).some_parcels(recording.bucket, slice(1, None)), _over, recording.session_id)


@service.task
def _over(ctx: Context, session_id: str, error: str | None) -> None:
    recording = ctx.store.recordings[session_id]
    if recording.status == ENDED and error is not None:
        _log.warning("%s could not be written completely: bucket %s: %s", recording.key_prefix, recording.bucket, error)
        recording = _change(ctx, recording, status=FAILED, reason="InternalServerException")
        ctx.deliver(objects_of(ctx, recording).some_parcels(recording.bucket, slice(-1, None)), _over, session_id)
    elif recording.status != NOT_STARTED:
        _announce(ctx, recording, recording.status)


def _fail_to_start(ctx: Context, recording: RecordingSession, reason: str) -> None:
    failed = _change(ctx, recording, status=NOT_STARTED, reason=reason, key_prefix="")
    _announce(ctx, failed, NOT_STARTED)


def _announce(ctx: Context, recording: RecordingSession, status: str) -> None:
    _log.debug("%s of %s is %s", recording.session_id, recording.channel_arn, status)
    stream_id = recording.streams[-1].stream_id
    channel = ctx.store.channels.get(recording.channel_arn, ctx.store.stream_sessions[stream_id].channel)
    seconds = 0 if status == STARTED else recorded_seconds(ctx, recording)
    detail = {
        "recording_status": _EVENT_NAMES[status],
        "recording_status_reason": recording.reason if status != STARTED else "",
        "recording_s3_bucket_name": recording.bucket,
        "recording_s3_key_prefix": recording.key_prefix,
        "recording_duration_ms": round(seconds * 1000),
        "channel_name": channel.name,
        "stream_id": stream_id,
        "recording_session_id": recording.session_id,
        "recording_session_stream_ids": [stream.stream_id for stream in recording.streams],
    }
    announce_event(ctx, stream_id, RECORDING_CHANGE, _EVENT_NAMES[status], detail)


def _new(
    ctx: Context, session: StreamSession, configuration: RecordingConfiguration, started_at: datetime
) -> RecordingSession:
    now, source = ctx.now, session.ingest.video[0]
    ladder = renditions_of(session)
    channel_id = session.channel_arn.rpartition("/")[2]
    minute = f"{now.year}/{now.month}/{now.day}/{now.hour}/{now.minute}"
    pictured = _of_class(ladder, configuration.thumbnail_configuration.resolution)
    sizes = [*((each.width, each.height) for each in pictured), (source.video_width, source.video_height)]
    renditions = tuple(_selected(session.channel, ladder, configuration.rendition_configuration))
    return RecordingSession(
        session_id=ctx.ids.alphanumeric(12),
        channel_arn=session.channel_arn,
        configuration=configuration,
        key_prefix=f"ivs/v1/{ctx.account}/{channel_id}/{minute}/{ctx.ids.alphanumeric(12)}",
        started_at=now,
        ingest=session.ingest,
        container_format=session.channel.container_format,
        renditions=renditions,
        thumbnail_size=sizes[0],
        streams=(RecordedStream(session.stream_id, started_at),),
        is_pushed=session.is_pushed and ctx.delivers and bool(renditions),
    )


def _selected(channel: Channel, ladder: list[Rendition], configuration: RenditionConfiguration) -> Iterator[Rendition]:
    """Return the renditions to record; in place of one that is missing comes the best that there is."""
    wanted = set(ladder)
    if configuration.rendition_selection == "NONE":
        wanted.clear()
    elif configuration.rendition_selection == "CUSTOM" and channel.type != "BASIC":
        wanted = {each for name in configuration.renditions for each in _of_class(ladder, name) or ladder[:1]}
    names = set()
    for rendition in ladder:
        if rendition in wanted and rendition.name not in names:
            names.add(rendition.name)  # of two tracks of one size the better one has the folder
            is_measured = channel.type == "STANDARD" and not rendition.is_source
            bandwidth = _STANDARD_BANDWIDTHS.get(rendition.name) if is_measured else None
            yield rendition._replace(bandwidth=bandwidth or rendition.bandwidth)


def _of_class(ladder: list[Rendition], name: str | None) -> list[Rendition]:
    """Return the renditions that a name in a recording configuration stands for."""
    return [rendition for rendition in ladder if rendition.short_side in _HEIGHTS.get(name or "", ())]


def _window_left(ctx: Context, recording: RecordingSession) -> timedelta:
    """Return for how long another stream may follow the last one of a recording."""
    window = timedelta(seconds=recording.configuration.recording_reconnect_window_seconds)
    return window - (ctx.now - (recording.streams[-1].ended_at or ctx.now))


def _is_continued(before: RecordingSession, after: RecordingSession, connected_at: datetime) -> bool:
    """Return whether a stream that would be recorded by itself goes into the recording before it."""
    return (
        before.status == STARTED
        and before.written_at is not None
        and before.written_at <= connected_at
        and len(before.streams) < MOST_STREAMS
        and after.started_at - before.started_at < LONGEST
        and before.configuration.arn == after.configuration.arn
        and before.container_format == after.container_format
        and before.is_pushed == after.is_pushed
        and [rendition.name for rendition in before.renditions] == [rendition.name for rendition in after.renditions]
        and _media_format(before.ingest) == _media_format(after.ingest)
        and all(
            2 * abs(now.target_bitrate - then.target_bitrate) <= then.target_bitrate
            for then, now in zip(before.ingest.video, after.ingest.video, strict=True)
        )
    )


def _media_format(ingest: Ingest) -> tuple[object, ...]:
    """Return the properties that must be the same in all streams of a recording."""
    video = [(track.codec, track.video_width, track.video_height, track.target_framerate) for track in ingest.video]
    return video, [track.codec for track in ingest.audio]


def _newest(ctx: Context, channel_arn: str) -> RecordingSession | None:
    session_id = ctx.store.recorded.get(channel_arn)
    return ctx.store.recordings[session_id] if session_id else None


def _change(ctx: Context, recording: RecordingSession, **changes: Any) -> RecordingSession:
    changed = ctx.store.recordings[recording.session_id] = replace(recording, **changes)
    return changed
