"""Real media of a recording, file by file, on their way to the bucket.

Nothing of them stays here but what playlists have to know. A store that keeps such recordings has the series
`recorded_files`, and `unwritten`, the segments by recording that make no whole file yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from ..core.deliveries import S3Object
from ..core.service import Context
from .media import DISCONTINUITY, Piece
from .objects import CONTENT_TYPES, Files


class PushedSegment(NamedTuple):
    """A segment of what was sent, with what players read before it where it is a fragment of MP4."""

    at: datetime
    seconds: float
    body: bytes
    initialization: bytes
    is_break: bool


class Tape(Protocol):
    """What somebody sends, as a server records it; asked in a transaction, by any thread."""

    def take(self) -> list[PushedSegment]:
        """Return the segments that are whole, but for those that were returned before."""

    def end(self) -> list[PushedSegment]:
        """Record no more; return what `take()` would, and the segment that had begun."""


class RecordedFile(Struct, frozen=True):
    """A file of a recording: when it begins, and the seconds and bytes of each of its segments.

    Where fragments need another initialization than those before, it `is_break`, as where the encoder was interrupted.
    """

    at: datetime
    parts: tuple[tuple[float, int], ...]
    is_break: bool

    @classmethod
    def of(cls, segments: Sequence[PushedSegment], *, is_first: bool) -> RecordedFile:
        """Return the record of a file that is made of some segments; one that `is_first` follows on nothing."""
        parts = tuple((segment.seconds, len(segment.body)) for segment in segments)
        return cls(segments[0].at, parts, is_first or segments[0].is_break)

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return sum(seconds for seconds, _ in self.parts)


class PushedFiles:
    """The media of a recording as they were sent.

    `breaks` are the lines that a playlist has where a file does not follow on the one before; `first` is the number of
    the first file, by its name. Other numbers of files count how many are before it.
    """

    def __init__(
        self, files: Sequence[RecordedFile], suffix: str, breaks: Sequence[str] = (DISCONTINUITY,), first: int = 0
    ) -> None:
        self._files = list(files)
        self.suffix = suffix
        self._breaks = breaks
        self._first = first

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
            before = [*self._breaks] if number and file.is_break else []
            if before and self.suffix == ".mp4":
                before.append(f'#EXT-X-MAP:URI="{initialization_name(number)}"')
            yield self._name(number), Piece(file.at, file.seconds), before

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

    def listed(self, folder: str, fetch: Callable[[str], bytes]) -> Iterator[Files]:
        """Return the files below a folder, which are in the bucket; `fetch` reads one from there, by its path."""
        for number in self._initializations():
            path = f"{folder}/{initialization_name(number)}"
            yield Files(path, partial(_made, fetch, path), is_elsewhere=True)
        yield Files(
            f"{folder}/*{self.suffix}",
            lambda index: fetch(f"{folder}/{self._name(index)}"),
            self.file_count,
            self._first,
            is_elsewhere=True,
        )

    def newest(self, bucket: str, folder: str, segments: Sequence[PushedSegment]) -> Iterator[S3Object]:
        """Return the newest file, which consists of some segments, and its initialization if it has one of its own."""
        number = self.file_count - 1
        bodies = {self._name(number): b"".join(segment.body for segment in segments)}
        if number in self._initializations():
            bodies[initialization_name(number)] = segments[0].initialization
        for name, body in bodies.items():
            yield S3Object(bucket, f"{folder}/{name}", body, CONTENT_TYPES[name.rpartition(".")[2]])

    def _name(self, number: int) -> str:
        return f"{self._first + number}{self.suffix}"

    def _initializations(self) -> list[int]:
        """Return the numbers of the files that have an initialization of their own before them."""
        if self.suffix != ".mp4":
            return []
        return [number for number, file in enumerate(self._files) if file.is_break or not number]


def initialization_name(number: int) -> str:
    """Return the name of what is read before a file, and those after it without a break."""
    return f"init-{number}.mp4"


def _made(fetch: Callable[[str], bytes], path: str, _index: int) -> bytes:
    return fetch(path)


def add_segments(
    ctx: Context[Any],
    key: str,
    segments: Iterable[PushedSegment],
    *,
    seconds_per_file: float,
    write: Callable[[], object],
) -> None:
    """Add segments to a recording, by its key; `write` is called as soon as those before make a file."""
    for segment in segments:
        if segment.is_break:
            write()
        unwritten = ctx.store.unwritten.setdefault(key, [])
        unwritten.append(segment)
        if sum(each.seconds for each in unwritten) >= seconds_per_file:
            write()


def seconds_of(ctx: Context[Any], key: str) -> float:
    """Return the duration of a recording's real media, by its key."""
    files: Sequence[RecordedFile] = ctx.store.recorded_files[key]
    return sum(file.seconds for file in files)
