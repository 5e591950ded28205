"""Stage recordings: the record that the recording of a participant leaves, or that of a composition."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ...recordings.pushed import seconds_of
from ...recordings.recordings import ENDED, FAILED, NOT_STARTED, STARTED, Status
from .._service import Context

SHORTEST = 5
"""Seconds for which a participant has to publish to leave any media."""


EVENT_NAMES = {
    STARTED: "Recording Start",
    NOT_STARTED: "Recording Start Failure",
    ENDED: "Recording End",
    FAILED: "Recording End Failure",
}
"""What events call what has happened to a recording, by its status."""


class Stretch(Struct, frozen=True):
    """A time without a break in a recording. `session_id` is that of the stage; of a composition it is empty.

    `first_file` counts the files before its own, where media are real.
    """

    started_at: datetime
    ended_at: datetime | None = None
    session_id: str = ""
    first_file: int = 0


class Rendition(Struct, frozen=True):
    """What is recorded, and the name of its folder. Width and height are 0 where it is sound alone."""

    folder: str
    width: int
    height: int
    framerate: int
    bandwidth: int
    codecs: str


class Thumbnails(Struct, frozen=True):
    """The thumbnails that are made, and the name of their folder."""

    folder: str
    width: int
    height: int
    interval: int
    storage: tuple[str, ...]

    @property
    def seconds_between(self) -> int:
        """Seconds from one to the next; where nothing is checked, less may be asked for than there is."""
        return max(self.interval, 1)


class StageRecording(Struct, frozen=True):
    """A recording: of one participant, whose publications may be merged, or of a composition.

    Without a `rendition` it has thumbnails alone. `title` is written on its pictures. `window` is the number of
    seconds within which a participant may come back to it. `written_at` is when all of its last stretch counts as
    written, None before that; with `deliver=True` the objects themselves go out when the recording ends. Where it
    `is_pushed`, its media are what the participant sends, and written as they come.
    """

    recording_id: str
    stage_arn: str
    bucket: str
    key_prefix: str
    started_at: datetime
    title: str
    rendition: Rendition | None
    thumbnails: Thumbnails | None
    seconds_per_file: int
    stretches: tuple[Stretch, ...]
    participant_id: str = ""
    composition_arn: str = ""
    storage_configuration_arn: str = ""
    window: int = 0
    status: Status = STARTED
    reason: str = ""
    ended_at: datetime | None = None
    written_at: datetime | None = None
    is_pushed: bool = False

    @property
    def is_open(self) -> bool:
        """True while something is being recorded, rather than waited for or over."""
        return self.status == STARTED and self.stretches[-1].ended_at is None

    @property
    def has_pictures(self) -> bool:
        """True where its media are more than sound."""
        return self.rendition is not None and self.rendition.height > 0

    def seconds_of(self, stretch: Stretch, now: datetime) -> int:
        """Return the whole seconds of media that a stretch left; while it goes on, only those that make whole files."""
        seconds = round(((stretch.ended_at or now) - stretch.started_at) / timedelta(milliseconds=1)) // 1000
        if stretch.ended_at is None:
            return seconds // self.seconds_per_file * self.seconds_per_file
        return seconds if self.composition_arn or seconds >= SHORTEST else 0

    def recorded_seconds(self, now: datetime) -> int:
        """Return the duration of the media in whole seconds."""
        if self.status == NOT_STARTED:
            return 0
        return sum(self.seconds_of(stretch, now) for stretch in self.stretches)

    def closed(self, now: datetime) -> StageRecording:
        """Return it with its last stretch ended."""
        *before, last = self.stretches
        return replace(self, stretches=(*before, replace(last, ended_at=now)))


def recorded_seconds(ctx: Context, recording: StageRecording) -> float:
    """Return the duration of a recording's media: of real ones, as they were sent."""
    return seconds_of(ctx, recording.recording_id) if recording.is_pushed else recording.recorded_seconds(ctx.now)


def newest(ctx: Context, recorded: str) -> StageRecording | None:
    """Return the newest recording of something, None where it has none."""
    recording_id = ctx.store.recorded.get(recorded)
    return ctx.store.recordings[recording_id] if recording_id else None


def add(ctx: Context, recorded: str, recording: StageRecording) -> StageRecording:
    """Add a recording, which is the newest of what it records."""
    ctx.store.recordings[recording.recording_id] = recording
    ctx.store.recorded[recorded] = recording.recording_id
    return recording


def change(ctx: Context, recording: StageRecording, **changes: Any) -> StageRecording:
    """Put a changed recording in the place of the old one, and return it."""
    changed = ctx.store.recordings[recording.recording_id] = replace(recording, **changes)
    return changed
