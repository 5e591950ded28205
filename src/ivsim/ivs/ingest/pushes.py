"""Pushes: broadcasts whose media a real encoder sends, as far as the rest of the service has to know of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import AsyncIterable, Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ...media.meter import Measured

_USUAL = 2.0
"""The seconds that a segment is expected to last, before any has been whole."""


class Cuts:
    """When each segment of a push began, and how long it lasts; they are numbered from 0.

    `count` of them are whole, and one more may have begun. It takes a few bytes a segment, so they are all here.
    """

    def __init__(self) -> None:
        self.breaks: list[int] = []
        """The segments that do not follow on the one before without a seam."""
        self.longest = _USUAL
        """The most seconds that one has lasted."""
        self.first_listed = 0
        """The first one that playlists still have."""
        self._begins = array("d")
        self._elapsed = array("d", [0.0])

    @property
    def count(self) -> int:
        """The number of segments that are whole."""
        return len(self._elapsed) - 1

    @property
    def begun(self) -> int:
        """The number of segments that have begun."""
        return len(self._begins)

    def begin_next(self, at: datetime, *, is_break: bool) -> None:
        """Let a segment begin, which is the next."""
        if is_break and self.begun:
            self.breaks.append(self.begun)
        latest = self._begins[-1] if self._begins else at.timestamp()
        self._begins.append(max(at.timestamp(), latest))  # a test may set the clock back

    def end(self, duration: float) -> None:
        """Let the segment that has begun be whole."""
        self.longest = max(self.longest, duration)
        self._elapsed.append(self._elapsed[-1] + duration)

    def begin(self, number: int) -> datetime:
        """Return when a segment begins; for one to come, when it is expected to."""
        known = min(number, self.begun - 1)
        expected = (number - known) * (self.elapsed(self.count) - self.elapsed(self.count - 1) or _USUAL)
        return datetime.fromtimestamp(self._begins[known], timezone.utc) + timedelta(seconds=expected)

    def elapsed(self, number: int) -> float:
        """Return the seconds of all segments before one, as far as they are whole."""
        return self._elapsed[max(min(number, self.count), 0)]

    def first_from(self, moment: datetime) -> int:
        """Return the number of the first segment that does not begin before a moment."""
        return bisect_left(self._begins, moment.timestamp())


class PushedMedia(Protocol):
    """The media of a push, as viewers get them."""

    @property
    def cuts(self) -> Cuts:
        """When its segments began, and how long they are."""

    @property
    def measured(self) -> Measured | None:
        """What was measured of what the encoder sends; None while it is too early."""

    def initialization(self, number: int) -> bytes | None:
        """Return what players read before a segment that is a fragment of MP4; None for one that is not kept."""

    def segment(self, number: int) -> bytes | AsyncIterable[bytes] | None:
        """Return a segment: in parts where it is not whole yet, None where it is not kept or too far ahead."""

    def once_playable(self, make: Callable[[], bytes]) -> AsyncIterable[bytes]:
        """Return what `make` does as soon as a segment is whole."""
