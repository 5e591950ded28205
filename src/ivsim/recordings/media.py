"""The media of a simulated recording: what was recorded, piece by piece, in files of the same length."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from math import ceil
from typing import NamedTuple, Protocol

from ..media.simulation import Part

KEYFRAME_INTERVAL = 2
"""Seconds from one keyframe to the next, as encoders are usually set; a byte range has as many."""

DISCONTINUITY = "#EXT-X-DISCONTINUITY"


class Piece(NamedTuple):
    """Some seconds of media."""

    at: datetime
    seconds: float

    def cut(self, seconds: int) -> Iterator[Piece]:
        """Return it in pieces of so many seconds; the last one has what is left."""
        for offset in range(0, ceil(self.seconds), seconds):
            yield Piece(self.at + timedelta(seconds=offset), min(seconds, self.seconds - offset))


class Media(Protocol):
    """The media of a recording, in files; those that are given by number are counted from 0 throughout."""

    @property
    def suffix(self) -> str:
        """The ending of the files' names."""

    @property
    def seconds(self) -> float:
        """The duration in seconds."""

    @property
    def file_count(self) -> int:
        """The number of files of each rendition."""

    def at(self, seconds: int) -> datetime:
        """Return the time at which something was recorded that comes after so many seconds of media."""

    def files(self) -> Iterator[tuple[str, Piece, Sequence[str]]]:
        """Return the files' names, what is in them, and the lines that a playlist has before them."""

    def parts(self, number: int) -> Sequence[Piece]:
        """Return what is in a file in parts that begin with a keyframe each."""


class SimulatedMedia(NamedTuple):
    """The media of a recording as if they were there: what each of its stretches left, in files of the same length.

    `breaks` are the lines that a playlist has between two stretches; `first` is the number of the first file.
    """

    stretches: Sequence[Piece]
    suffix: str
    seconds_per_file: int
    breaks: Sequence[str] = (DISCONTINUITY,)
    first: int = 0

    @property
    def seconds(self) -> float:
        """The duration in seconds."""
        return sum(stretch.seconds for stretch in self.stretches)

    @property
    def file_count(self) -> int:
        """The number of files of each rendition."""
        return sum(map(self._file_count, self.stretches))

    def file(self, index: int) -> Piece:
        """Return the piece of media in a file, by how many are before it."""
        firsts = accumulate(map(self._file_count, self.stretches), initial=0)
        stretch, first = next(
            (stretch, first)
            for stretch, first in zip(self.stretches, firsts, strict=False)
            if index < first + self._file_count(stretch)
        )
        offset = (index - first) * self.seconds_per_file
        return Piece(stretch.at + timedelta(seconds=offset), min(self.seconds_per_file, stretch.seconds - offset))

    def at(self, seconds: int) -> datetime:
        """Return the time at which something was recorded that comes after so many seconds of media."""
        firsts = accumulate((stretch.seconds for stretch in self.stretches), initial=0)
        stretch, first = next(
            (stretch, first)
            for stretch, first in zip(self.stretches, firsts, strict=False)
            if seconds < first + stretch.seconds
        )
        return stretch.at + timedelta(seconds=seconds - first)

    def files(self) -> Iterator[tuple[str, Piece, Sequence[str]]]:
        """Return the files' names, what is in them, and the lines that a playlist has before them."""
        number = self.first
        for stretch in self.stretches:
            before = self.breaks if number > self.first else ()
            for piece in stretch.cut(self.seconds_per_file):
                yield f"{number}{self.suffix}", piece, before
                number += 1
                before = ()

    def parts(self, index: int) -> Sequence[Piece]:
        """Return what is in a file in parts that begin with a keyframe each."""
        return list(self.file(index).cut(KEYFRAME_INTERVAL))

    def simulated(self, index: int, began: datetime) -> Iterator[tuple[Piece, Part]]:
        """Return the parts of a file, as they are made: what is in them, and their place in a recording that began."""
        per_file = ceil(self.seconds_per_file / KEYFRAME_INTERVAL)
        for number, piece in enumerate(self.parts(index)):
            elapsed = index * self.seconds_per_file + number * KEYFRAME_INTERVAL
            later = gap(piece.at, began, elapsed)
            yield piece, Part(index * per_file + number, elapsed, piece.seconds, later, is_still=True)

    def _file_count(self, stretch: Piece) -> int:
        return ceil(stretch.seconds / self.seconds_per_file)


def gap(moment: datetime, began: datetime, elapsed: float) -> float:
    """Return how many seconds later it is than a recording tells that has been going for so many."""
    return (moment - began).total_seconds() - elapsed
