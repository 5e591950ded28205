"""Recording sessions: the record that a recording leaves, of one stream or of several that were merged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from ...recordings.pushed import seconds_of
from ...recordings.recordings import NOT_STARTED, STARTED, Status
from .._service import Context
from ..ingest.renditions import Rendition
from ..ingest_configurations import Ingest
from ..recording_configurations import RecordingConfiguration

SECONDS_PER_FILE = 10

SHORTEST = 10
"""Seconds that a stream has to last to leave any media."""


class RecordedStream(Struct, frozen=True):
    """A stream in a recording. `first_file` is the number of its first file, where its media are real."""

    stream_id: str
    started_at: datetime
    ended_at: datetime | None = None
    first_file: int = 0

    def recorded_seconds(self, now: datetime) -> int:
        """Return the whole seconds of media it has left; while it goes on, only those that make whole files."""
        milliseconds = round(((self.ended_at or now) - self.started_at) / timedelta(milliseconds=1))
        seconds = milliseconds // 1000
        if self.ended_at is None:
            return seconds // SECONDS_PER_FILE * SECONDS_PER_FILE
        return seconds if seconds >= SHORTEST else 0


class RecordingSession(Struct, frozen=True):
    """A recording, of one stream or of several that were merged.

    `ingest` is what the first one's encoder sent. Where it `is_pushed`, its media are real, and written as they come.
    `written_at` is when all of the last one counts as written, None before that; with `deliver=True` the objects
    themselves go out when the recording ends.
    """

    session_id: str
    channel_arn: str
    configuration: RecordingConfiguration
    key_prefix: str
    started_at: datetime
    ingest: Ingest
    container_format: str
    renditions: tuple[Rendition, ...]
    thumbnail_size: tuple[int, int]
    streams: tuple[RecordedStream, ...]
    status: Status = STARTED
    reason: str = ""
    ended_at: datetime | None = None
    written_at: datetime | None = None
    is_pushed: bool = False

    @property
    def bucket(self) -> str:
        """The bucket it is written to; empty when the configuration names none, as may be when nothing is checked."""
        s3: Mapping[str, str] = self.configuration.destination_configuration.get("s3", {})
        return s3.get("bucket_name", "")

    @property
    def thumbnail_interval(self) -> int:
        """Seconds from one thumbnail to the next."""
        return max(self.configuration.thumbnail_configuration.target_interval_seconds or 0, 1)

    def has_thumbnails(self, storage: str) -> bool:
        """Return whether there are thumbnails that are stored in a certain way."""
        thumbnails = self.configuration.thumbnail_configuration
        return thumbnails.recording_mode == "INTERVAL" and storage in thumbnails.storage

    def recorded_seconds(self, now: datetime) -> int:
        """Return the duration of the media in whole seconds."""
        return sum(stream.recorded_seconds(now) for stream in self.streams) if self.status != NOT_STARTED else 0


def recorded_seconds(ctx: Context, recording: RecordingSession) -> float:
    """Return the duration of a recording's media: of real ones, as they were sent."""
    return seconds_of(ctx, recording.session_id) if recording.is_pushed else recording.recorded_seconds(ctx.now)
