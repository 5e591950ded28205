"""Recordings of pushes: the media that an encoder sends, file by file, on their way to the bucket.

Nothing of them stays here but what playlists have to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from ...recordings.media import Piece
from .playlists import BREAKS
from .sessions import SECONDS_PER_FILE

if TYPE_CHECKING:
    from .._service import Context
    from .sessions import RecordingSession


class PushedSegment(NamedTuple):
    """A segment of a push, with what players read before it where it is a fragment of MP4."""

    at: datetime
    seconds: float
    body: bytes
    initialization: bytes
    is_break: bool


class RecordedFile(Struct, frozen=True):
    """A file of a recording: when it begins, and the seconds and bytes of each of its segments.

    Where fragments need another initialization than those before, it `is_break`, as where the encoder was interrupted.
    """

    at: datetime
    parts: tuple[tuple[float, int], ...]
    is_break: bool

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return sum(seconds for seconds, _ in self.parts)


class PushedFiles:
    """The media of a recording as an encoder sent them."""

    def __init__(self, files: Sequence[RecordedFile], suffix: str) -> None:
        self._files = list(files)
        self.suffix = suffix

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return sum(file.seconds for file in self._files)

    @property
    def file_count(self) -> int:
        """The number of files of each rendition."""
        return len(self._files)

    def at(self, seconds: int) -> datetime:
        """Return the time at which something was recorded that comes after so many seconds of media."""
        ends = accumulate(file.seconds for file in self._files)
        file, end = next(
            ((file, end) for file, end in zip(self._files, ends, strict=True) if seconds < end),
            (self._files[-1], self.seconds),
        )
        return file.at + timedelta(seconds=seconds - end + file.seconds)

    def files(self) -> Iterator[tuple[str, Piece, Sequence[str]]]:
        """Return the files' names, what is in them, and the lines that a playlist has before them."""
        for number, file in enumerate(self._files):
            before = [*BREAKS] if number and file.is_break else []
            if before and self.suffix == ".mp4":
                before.append(f'#EXT-X-MAP:URI="{initialization_name(number)}"')
            yield f"{number}{self.suffix}", Piece(file.at, file.seconds), before

    def parts(self, number: int) -> Sequence[Piece]:
        """Return what is in a file in parts that begin with a keyframe each."""
        file = self._files[number]
        begins = accumulate((seconds for seconds, _ in file.parts), initial=0.0)
        return [
            Piece(file.at + timedelta(seconds=begin), seconds)
            for (seconds, _), begin in zip(file.parts, begins, strict=False)
        ]

    def lengths(self, number: int) -> list[int]:
        """Return the bytes of each part of a file."""
        return [size for _, size in self._files[number].parts]

    def initializations(self) -> Iterator[int]:
        """Return the numbers of the files that have an initialization of their own before them."""
        return (number for number, file in enumerate(self._files) if file.is_break or not number)


def initialization_name(number: int) -> str:
    """Return the name of what is read before a file, and those after it without a break."""
    return f"init-{number}.mp4"


def is_full(segments: Sequence[PushedSegment]) -> bool:
    """Return whether segments make a file."""
    return sum(segment.seconds for segment in segments) >= SECONDS_PER_FILE


def recorded_file(segments: Sequence[PushedSegment], *, is_first: bool) -> RecordedFile:
    """Return the record of a file that is made of some segments; the first of a stream follows on nothing."""
    parts = tuple((segment.seconds, len(segment.body)) for segment in segments)
    return RecordedFile(segments[0].at, parts, is_first or segments[0].is_break)


def recorded_seconds(ctx: Context, recording: RecordingSession) -> float:
    """Return the duration of a recording's media: of real ones, as they were sent."""
    if recording.is_pushed:
        return sum(file.seconds for file in ctx.store.recorded_files[recording.session_id])
    return recording.recorded_seconds(ctx.now)
