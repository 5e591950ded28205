"""Destinations of a composition: a channel, or a bucket, each with a state of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from ..core.stores import Table
from ..wire.errors import ConflictException
from ._service import Context

DestinationState: TypeAlias = Literal["STARTING", "ACTIVE", "STOPPING", "RECONNECTING", "FAILED", "STOPPED"]

ENDED = ("FAILED", "STOPPED")
"""The last states, of a composition too."""


class Video(Struct, frozen=True):
    """The size, rate and bitrate of a composition's picture."""

    width: int = 1280
    height: int = 720
    framerate: int | float = 30  # as it was given
    bitrate: int = 2_500_000


class CompositionRecordingHlsConfiguration(Struct, frozen=True):
    """The segments of a recorded composition."""

    target_segment_duration_seconds: int = 2


class RecordingConfiguration(Struct, frozen=True):
    """The form of a recorded composition."""

    hls_configuration: CompositionRecordingHlsConfiguration = CompositionRecordingHlsConfiguration()
    format: str = "HLS"


class CompositionThumbnailConfiguration(Struct, frozen=True):
    """The thumbnails of a recorded composition."""

    target_interval_seconds: int = 60
    storage: tuple[str, ...] = ("SEQUENTIAL",)


class ChannelDestination(Struct, frozen=True):
    """The channel that a composition is broadcast on."""

    channel_arn: str
    encoder_configuration_arn: str | None = None


class S3Destination(Struct, frozen=True):
    """The storage that a composition is recorded to."""

    storage_configuration_arn: str
    encoder_configuration_arns: tuple[str, ...]
    recording_configuration: RecordingConfiguration = RecordingConfiguration()
    thumbnail_configurations: tuple[CompositionThumbnailConfiguration, ...] | None = None


class DestinationConfiguration(Struct, frozen=True):
    """Where a composition goes: to a channel, or to S3."""

    name: str = ""
    channel: ChannelDestination | None = None
    s3: S3Destination | None = None

    @property
    def encoders(self) -> tuple[str, ...]:
        """The ARNs of the encoder configurations, where it names any."""
        if self.s3:
            return self.s3.encoder_configuration_arns
        arn = self.channel.encoder_configuration_arn if self.channel else None
        return (arn,) if arn else ()

    @property
    def used(self) -> tuple[str, ...]:
        """The ARNs of the configurations that it is made with."""
        return (self.s3.storage_configuration_arn, *self.encoders) if self.s3 else self.encoders


class Destination(Struct, frozen=True):
    """A destination of a composition, with a state of its own."""

    id: str
    configuration: DestinationConfiguration
    state: DestinationState = "STARTING"
    start_time: datetime | None = None
    end_time: datetime | None = None
    recording_prefix: str | None = None
    stream_id: str | None = None
    """The id of the stream on its channel, while that is connected."""

    @property
    def detail(self) -> dict[str, Any] | None:
        """Where in its bucket a recording is."""
        return {"s3": {"recording_prefix": self.recording_prefix}} if self.recording_prefix else None


def delete_unless_used(ctx: Context, table: Table[Any], arn: str) -> None:
    """Delete a configuration; raise ConflictException while a composition that has not ended is made with it."""
    table[arn]
    for each in ctx.store.compositions.values():
        if each.state not in ENDED and arn in each.used:
            raise ConflictException(f"Resource: {arn} is used by {each.arn}", resource=arn)
    del table[arn]
