"""The life of a composition's recording: what its pipeline begins and finishes for a destination in S3.

Source: IVS Real-Time User Guide, *Composite Recording*. EventBridge hears of it by what the composition tells of the
destination; so whoever begins or finishes a recording says which task is done with the outcome.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from ...recordings.recordings import ENDED, FAILED, NOT_STARTED
from .._service import Context, service
from . import stage_recordings
from .objects import objects_of
from .stage_recordings import Rendition, StageRecording, Stretch, Thumbnails, change, newest

Then: TypeAlias = Callable[[Context, str, str, str | None], None]
"""A task that gets the composition's ARN, the destination's id, and the code of an error, None where there is none."""

_AUDIO = "mp4a.40.2"

_LEVELS = ((1280 * 720 * 30, "1F"), (1280 * 720 * 60, "20"), (1920 * 1080 * 30, "28"))
"""Levels of H.264, by the most pixels a second."""

_HIGHEST_LEVEL = "2A"

_log = logging.getLogger("ivsim.recordings")


def begin_composite(ctx: Context, composition: Any, destination: Any, then: Then, *, title: str) -> None:
    """Begin to record a composition to a destination in S3; `title` is what pictures say that they show.

    The outcome is an error where the configurations are gone, or nobody could write to the bucket.
    """
    s3 = destination.configuration.s3
    storage = ctx.store.storage_configurations.get(s3.storage_configuration_arn)
    encoder = ctx.store.encoder_configurations.get(next(iter(s3.encoder_configuration_arns), ""))
    if storage is None or encoder is None:
        then(ctx, composition.arn, destination.id, "ResourceNotFoundException")
        return
    recording = stage_recordings.add(
        ctx,
        _recorded(composition, destination),
        StageRecording(
            recording_id=ctx.ids.alphanumeric(12),
            stage_arn=composition.stage_arn,
            bucket=storage.s3["bucket_name"],
            key_prefix=destination.recording_prefix,
            started_at=ctx.now,
            title=title,
            rendition=_rendition(ctx, encoder.video),
            thumbnails=_thumbnails(s3.thumbnail_configurations, encoder.video),
            seconds_per_file=max(s3.recording_configuration.hls_configuration.target_segment_duration_seconds, 1),
            stretches=(Stretch(ctx.now),),
            composition_arn=composition.arn,
            storage_configuration_arn=storage.arn,
        ),
    )
    first = objects_of(ctx, recording).some_parcels(recording.bucket, slice(0, 1))
    ctx.deliver(first, _composite_begun, recording.recording_id, destination.id, then.__name__)


def finish_composite(ctx: Context, composition: Any, destination: Any, then: Then) -> None:
    """Finish the recording of a composition. Where none was begun, or it has failed already, the outcome is none."""
    recording = newest(ctx, _recorded(composition, destination))
    if recording is None or not recording.is_open:
        then(ctx, composition.arn, destination.id, None)
        return
    recording = change(ctx, recording.closed(ctx.now), status=ENDED, ended_at=ctx.now)
    others = objects_of(ctx, recording).some_parcels(recording.bucket, slice(1, None))
    ctx.deliver(others, _composite_over, recording.recording_id, destination.id, then.__name__)


@service.task
def _composite_begun(ctx: Context, recording_id: str, destination_id: str, then: str, error: str | None) -> None:
    recording = ctx.store.recordings[recording_id]
    if error is not None:
        about = (recording.composition_arn, recording.bucket, error)
        _log.warning("%s is not recorded: bucket %s: %s", *about)
        change(ctx, recording, status=NOT_STARTED, reason="ValidationException")
    service.tasks[then](ctx, recording.composition_arn, destination_id, error)


@service.task
def _composite_over(ctx: Context, recording_id: str, destination_id: str, then: str, error: str | None) -> None:
    recording = ctx.store.recordings[recording_id]
    if recording.status == ENDED and error is not None:
        _log.warning("%s could not be written completely: bucket %s: %s", recording.key_prefix, recording.bucket, error)
        recording = change(ctx, recording, status=FAILED, reason="InternalServerException")
        last = objects_of(ctx, recording).some_parcels(recording.bucket, slice(-1, None))
        ctx.deliver(last, _composite_over, recording_id, destination_id, then)
        return
    service.tasks[then](ctx, recording.composition_arn, destination_id, recording.reason or None)


def _recorded(composition: Any, destination: Any) -> str:
    return f"{composition.arn} {destination.id}"


def _rendition(ctx: Context, video: Any) -> Rendition:
    framerate = max(round(video.framerate), 1)
    pixels = video.width * video.height * framerate
    level = next((level for most, level in _LEVELS if pixels <= most), _HIGHEST_LEVEL)
    folder = f"{min(video.width, video.height)}p{framerate}-{ctx.ids.alphanumeric(12)}"
    return Rendition(folder, video.width, video.height, framerate, video.bitrate, f"avc1.4D40{level},{_AUDIO}")


def _thumbnails(configurations: Any, video: Any) -> Thumbnails | None:
    if not configurations:
        return None
    wanted, *_ = configurations  # where nothing is checked there may be several
    folder = f"{video.width}x{video.height}"
    return Thumbnails(folder, video.width, video.height, wanted.target_interval_seconds, wanted.storage)
