"""The life of a participant's recording: from the beginning of a publication to the end in S3.

A recording begins soon after publishing, ends when what was published is written to S3, and takes up the participant's
next publication when that comes within the reconnect window. Source: IVS Real-Time User Guide, *Individual Participant
Recording*.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from msgspec.structs import replace

from ...recordings.pushed import PushedSegment, RecordedFile, add_segments
from ...recordings.recordings import ENDED, FAILED, NOT_STARTED, STARTED
from .. import participants
from .._service import Context, service
from ..participant_events import key_of
from ..participants import REPLICA, Participant
from . import stage_recordings
from .objects import objects_of
from .stage_recordings import Rendition, StageRecording, Stretch, Thumbnails, change, newest

SECONDS_TO_START = 1.0
"""From publishing to Recording Start, when transitions are realistic."""

SECONDS_TO_WRITE = 3.0
"""From the end of a publication until all of it is in S3, when transitions are realistic."""

FOLDER = "high"
"""The name of the one rendition, and of the one size of thumbnails."""

RECORDING_CHANGE = service.detail_type("IVS Participant Recording State Change")

_ABOUT = ("stage_arn", "participant_id")
RECORDING_START = service.incident(
    "ParticipantRecordingStart", "ValidationException", "InternalServerException", about=_ABOUT
)
RECORDING_END = service.incident("ParticipantRecordingEnd", "InternalServerException", about=_ABOUT)

_AUDIO_BANDWIDTH = 64_000
_AUDIO = "mp4a.40.2"
_VIDEO = "avc1.42E01F"

_TIMESTAMP = "%Y-%m-%dT%H-%M-%SZ"

_log = logging.getLogger("ivsim.recordings")


def begin(ctx: Context, participant: Participant) -> None:
    """A participant has begun to publish: that is recorded if the stage says so."""
    if _settings(ctx, participant) is not None:
        participants.change(ctx, participant, recording_state="STARTING")
        key = (participant.session_id, participant.participant_id, participant.publications)
        ctx.soon(SECONDS_TO_START, _record_participant, *key, incident=RECORDING_START)


def finish(ctx: Context, participant: Participant) -> Participant:
    """A participant publishes no more, and with that, unless it comes back in time, its recording ends.

    Returns the participant as it is then.
    """
    recording = newest(ctx, _recorded(_stage_arn(ctx, participant), participant.participant_id))
    if recording is not None and recording.is_open:
        tape = ctx.store.tapes.pop(recording.recording_id, None)
        if tape is not None:
            _add_media(ctx, recording, tape.end())
        _write_file(ctx, recording)
        recording = change(ctx, recording.closed(ctx.now))
        participants.change(ctx, participant, recording_state="STOPPING")
        number = len(recording.stretches)
        ctx.soon(SECONDS_TO_WRITE, _write_participant, recording.recording_id, number, incident=RECORDING_END)
    elif participant.recording_state == "STARTING":
        participants.change(ctx, participant, recording_state="STOPPED")
        _end_if_over(ctx, recording)
    return ctx.store.participants[participants.key(participant)]


def take_media(ctx: Context, recording_id: str) -> None:
    """Add what a server has recorded meanwhile to a recording, if it still goes on."""
    recording, tape = ctx.store.recordings.get(recording_id), ctx.store.tapes.get(recording_id)
    if recording is not None and tape is not None and recording.is_open:
        _add_media(ctx, recording, tape.take())


def _add_media(ctx: Context, recording: StageRecording, segments: list[PushedSegment]) -> None:
    write = partial(_write_file, ctx, recording)
    per_file = recording.seconds_per_file
    add_segments(ctx, recording.recording_id, segments, seconds_per_file=per_file, write=write)


def _write_file(ctx: Context, recording: StageRecording) -> None:
    """Send what was recorded since the last file to the bucket, as a file, and playlists that have it."""
    key = recording.recording_id
    segments = ctx.store.unwritten.pop(key, None)
    if segments:
        number = ctx.store.recorded_files.end(key)
        is_first = any(stretch.first_file == number for stretch in recording.stretches)
        ctx.store.recorded_files.append(key, RecordedFile.of(segments, is_first=is_first))
        ctx.deliver(objects_of(ctx, recording).newest_file(segments), _file_written, key)


@service.task
def _file_written(ctx: Context, recording_id: str, error: str | None) -> None:
    if error is not None:
        recording = ctx.store.recordings[recording_id]
        _log.warning("a file of %s could not be written: bucket %s: %s", recording.key_prefix, recording.bucket, error)


def _begin_tape(ctx: Context, recording: StageRecording) -> None:
    """Have a server record what a participant sends, where that is to be recorded."""
    if recording.is_pushed and ctx.recorder is not None:
        ctx.store.tapes[recording.recording_id] = ctx.recorder(recording.recording_id)


@service.task
def _record_participant(ctx: Context, session_id: str, participant_id: str, publications: int) -> None:
    """Begin to record a publication: it goes on with the recording before it, or is one of its own, or is over already.

    One of its own fails to start where a test wants that, where the storage configuration is gone, and, as
    `_participant_begun()` learns, where nobody could write to the bucket.
    """
    participant = ctx.store.participants.get(key_of(session_id, participant_id))
    if participant is None or not participant.is_publishing or participant.publications != publications:
        return
    stage_arn = _stage_arn(ctx, participant)
    recorded = _recorded(stage_arn, participant_id)
    before = newest(ctx, recorded)
    settings = _settings(ctx, participant)
    if settings is None:  # it was turned off in the meantime
        participants.change(ctx, participant, recording_state="DISABLED")
        _end_if_over(ctx, before)
        return
    stretch = Stretch(ctx.now, session_id=session_id)
    new = _new(ctx, participant, settings, stretch, before)
    fault = ctx.strike(RECORDING_START, stage_arn=stage_arn, participant_id=participant_id)
    if fault is None and before is not None and _is_continued(before, new, settings):
        _show(ctx, before, "STOPPED", "STOPPING")
        stretch = replace(stretch, first_file=ctx.store.recorded_files.end(before.recording_id))
        recording = change(ctx, before, stretches=(*before.stretches, stretch), written_at=None)
        _place(ctx, participant, recording)
        _show(ctx, recording, "ACTIVE", "STARTING")
        _announce(ctx, recording, STARTED)
        _begin_tape(ctx, recording)
        return
    _end_if_over(ctx, before)
    recording = stage_recordings.add(ctx, recorded, new)
    _place(ctx, participant, recording)
    if fault is not None:
        _fail_to_start(ctx, recording, fault.error_code)
    elif not recording.bucket:
        _fail_to_start(ctx, recording, "ValidationException")
    else:
        first = objects_of(ctx, recording).some_parcels(recording.bucket, slice(0, 1))
        ctx.deliver(first, _participant_begun, recording.recording_id)
        _begin_tape(ctx, recording)


@service.task
def _participant_begun(ctx: Context, recording_id: str, error: str | None) -> None:
    recording = ctx.store.recordings[recording_id]
    if error is None:
        _show(ctx, recording, "ACTIVE", "STARTING")
        _announce(ctx, recording, STARTED)
    else:
        about = (recording.participant_id, recording.stage_arn, recording.bucket, error)
        _log.warning("%s on %s is not recorded: bucket %s: %s", *about)
        _fail_to_start(ctx, recording, "ValidationException")


@service.task
def _write_participant(ctx: Context, recording_id: str, stretches: int) -> None:
    """All of a publication is written; if the participant is back already, that is nothing to tell."""
    recording = ctx.store.recordings[recording_id]
    if len(recording.stretches) != stretches:
        return
    recording = change(ctx, recording, written_at=ctx.now)
    left = _window_left(ctx, recording)
    if left > timedelta():
        ctx.later(left.total_seconds(), _stop_waiting_for_participant, recording_id, stretches)
    else:
        _end(ctx, recording)


@service.task
def _stop_waiting_for_participant(ctx: Context, recording_id: str, stretches: int) -> None:
    """End a recording whose window is over, unless the participant is back, and is about to be recorded."""
    recording = ctx.store.recordings[recording_id]
    stage = ctx.store.stages.get(recording.stage_arn)
    session_id = stage.active_session_id if stage else None
    participant = participants.find(ctx, recording.stage_arn, session_id, recording.participant_id)
    is_back = participant is not None and participant.recording_state == "STARTING"
    if len(recording.stretches) == stretches and not is_back:
        _end(ctx, recording)


def _end_if_over(ctx: Context, recording: StageRecording | None) -> None:
    """End a recording that has waited for a publication which has come to nothing, or is another's."""
    if recording is not None and recording.written_at is not None and _window_left(ctx, recording) <= timedelta():
        _end(ctx, recording)


def _end(ctx: Context, recording: StageRecording) -> None:
    if recording.status != STARTED:
        return
    about = {"stage_arn": recording.stage_arn, "participant_id": recording.participant_id}
    fault = ctx.strike(RECORDING_END, **about)
    outcome = {"status": FAILED, "reason": fault.error_code} if fault else {"status": ENDED}
    recording = change(ctx, recording, **outcome, ended_at=ctx.now)
    others = objects_of(ctx, recording).some_parcels(recording.bucket, slice(1, None))
    ctx.deliver(others, _participant_over, recording.recording_id)


@service.task
def _participant_over(ctx: Context, recording_id: str, error: str | None) -> None:
    recording = ctx.store.recordings[recording_id]
    if recording.status == ENDED and error is not None:
        _log.warning("%s could not be written completely: bucket %s: %s", recording.key_prefix, recording.bucket, error)
        recording = change(ctx, recording, status=FAILED, reason="InternalServerException")
        last = objects_of(ctx, recording).some_parcels(recording.bucket, slice(-1, None))
        ctx.deliver(last, _participant_over, recording_id)
    elif recording.status != NOT_STARTED:
        _show(ctx, recording, "STOPPED" if recording.status == ENDED else "FAILED", "STOPPING")
        _announce(ctx, recording, recording.status)


def _fail_to_start(ctx: Context, recording: StageRecording, reason: str) -> None:
    ctx.store.tapes.pop(recording.recording_id, None)
    failed = change(ctx, recording, status=NOT_STARTED, reason=reason)
    _show(ctx, failed, "FAILED", "STARTING", "STOPPING")
    _announce(ctx, failed, NOT_STARTED)


def _announce(ctx: Context, recording: StageRecording, status: str) -> None:
    """Tell EventBridge of a recording."""
    _log.debug("the recording of %s on %s is %s", recording.participant_id, recording.stage_arn, status)
    name = stage_recordings.EVENT_NAMES[status]
    detail: dict[str, Any] = {
        "session_id": recording.stretches[-1].session_id,
        "event_name": name,
        "participant_id": recording.participant_id,
        "recording_s3_bucket_name": recording.bucket,
        "recording_s3_key_prefix": recording.key_prefix,
    }
    if status in (ENDED, FAILED):
        detail["recording_duration_ms"] = round(stage_recordings.recorded_seconds(ctx, recording) * 1000)
    ctx.emit(RECORDING_CHANGE, [recording.stage_arn], detail)


def _place(ctx: Context, participant: Participant, recording: StageRecording) -> None:
    """Let a participant tell where it is recorded."""
    where = {"recording_s3_bucket_name": recording.bucket, "recording_s3_prefix": recording.key_prefix}
    participants.change(ctx, participant, **where)


def _show(ctx: Context, recording: StageRecording, state: str, *instead_of: str) -> None:
    """Let the participant of a recording's last stretch show its state, unless it is recorded elsewhere by now."""
    key = key_of(recording.stretches[-1].session_id, recording.participant_id)
    participant = ctx.store.participants.get(key)  # which may be forgotten, where history is limited
    is_its = participant is not None and participant.recording_s3_prefix == recording.key_prefix
    if participant is not None and is_its and participant.recording_state in instead_of:
        participants.change(ctx, participant, recording_state=state)


def _new(
    ctx: Context, participant: Participant, settings: Any, stretch: Stretch, before: StageRecording | None
) -> StageRecording:
    """Return a recording of a participant that begins now."""
    stage_arn = _stage_arn(ctx, participant)
    storage = ctx.store.storage_configurations.get(settings.storage_configuration_arn)
    place = f"{stage_arn.rpartition('/')[2]}/{participant.session_id}/{participant.participant_id}"
    thumbnails, media_type = settings.thumbnail_configuration, settings.media_types[0]
    best = max(participant.video, key=lambda layer: layer.width * layer.height, default=None)
    is_pushed = ctx.delivers and ctx.recorder is not None and participants.has_client(ctx, participant)
    rendition = None
    if media_type == "AUDIO_ONLY" or (media_type == "AUDIO_VIDEO" and best is None):
        rendition = Rendition(FOLDER, 0, 0, 0, _AUDIO_BANDWIDTH, _AUDIO)
    elif media_type == "AUDIO_VIDEO" and best is not None:
        framerate = max(round(best.framerate), 1)
        codecs = _VIDEO if is_pushed and not participant.audio else f"{_VIDEO},{_AUDIO}"
        rendition = Rendition(FOLDER, best.width, best.height, framerate, best.bitrate, codecs)
    return StageRecording(
        recording_id=ctx.ids.alphanumeric(12),
        stage_arn=stage_arn,
        bucket=storage.s3["bucket_name"] if storage else "",
        key_prefix=f"{place}/{_timestamp(stretch.started_at, place, before)}",
        started_at=stretch.started_at,
        title=participant.user_id or participant.participant_id,
        rendition=rendition,
        thumbnails=Thumbnails(FOLDER, best.width, best.height, thumbnails.target_interval_seconds, thumbnails.storage)
        if thumbnails.recording_mode == "INTERVAL" and best is not None
        else None,
        seconds_per_file=max(settings.hls_configuration.target_segment_duration_seconds, 1),
        stretches=(stretch,),
        participant_id=participant.participant_id,
        storage_configuration_arn=settings.storage_configuration_arn,
        window=settings.recording_reconnect_window_seconds,
        is_pushed=is_pushed and rendition is not None,
    )


def _timestamp(moment: datetime, place: str, before: StageRecording | None) -> str:
    """Return the last part of a prefix; where the recording before has the same second, it is the next."""
    if before is not None and before.key_prefix.startswith(f"{place}/"):
        last = datetime.strptime(before.key_prefix.rpartition("/")[2], _TIMESTAMP).replace(tzinfo=timezone.utc)
        moment = max(moment, last + timedelta(seconds=1))
    return moment.strftime(_TIMESTAMP)


def _settings(ctx: Context, participant: Participant) -> Any:
    """Return how a participant is to be recorded, None when it is not."""
    settings = ctx.store.stages[_stage_arn(ctx, participant)].auto_participant_recording_configuration
    has_any = settings.media_types[0] != "NONE" or settings.thumbnail_configuration.recording_mode == "INTERVAL"
    is_meant = participant.replication_type != REPLICA or settings.record_participant_replicas
    return settings if settings.storage_configuration_arn and has_any and is_meant else None


def _is_continued(before: StageRecording, new: StageRecording, settings: Any) -> bool:
    """Return whether a publication goes into the recording before it, which is waiting unless its window is over.

    `new` would be its own. Real media are merged with such alone, and sound with pictures never.
    """
    return (
        before.status == STARTED
        and not before.is_open
        and settings.recording_reconnect_window_seconds > 0
        and before.window > 0
        and before.storage_configuration_arn == settings.storage_configuration_arn
        and before.is_pushed == new.is_pushed
        and (not new.is_pushed or before.has_pictures == new.has_pictures)
    )


def _window_left(ctx: Context, recording: StageRecording) -> timedelta:
    """Return for how long the participant may still come back."""
    return timedelta(seconds=recording.window) - (ctx.now - (recording.stretches[-1].ended_at or ctx.now))


def _stage_arn(ctx: Context, participant: Participant) -> str:
    return ctx.store.stage_sessions[participant.session_id].stage_arn


def _recorded(stage_arn: str, participant_id: str) -> str:
    return f"{stage_arn} {participant_id}"
