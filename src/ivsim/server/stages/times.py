"""Times: when each packet of a track is to be shown or heard, in milliseconds that go on."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .rtp import Report

_MOST_APART = 5_000
"""Milliseconds by which a packet may come earlier or later than its timestamp lets expect; else that began anew."""

_IN_STEP, _MOST_DELAY = 40, 3_000
"""Milliseconds by which two tracks may be apart, and beyond which they are so only as a clock is wrong."""

_REPORTS = 8
"""The newest reports that count. A sender that is busy looks at its clock late; of several reports some are not."""


class Times:
    """The times of one track, by timestamps of 32 bits, so many of which make a second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._begin: tuple[int, int] | None = None
        self._last = self._elapsed = 0
        self._clocks: deque[int] = deque(maxlen=_REPORTS)

    def at(self, timestamp: int, arrived: int) -> int:
        """Return the time of a packet that has arrived at a time: the first has that, the others are by timestamps."""
        self._elapsed = self._place(timestamp)
        self._last = timestamp
        if self._begin is not None:
            began, elapsed = self._begin
            time = began + self._milliseconds(self._elapsed - elapsed)
            if abs(arrived - time) <= _MOST_APART:
                return time
            self._clocks.clear()  # they tell of timestamps before
        self._begin = arrived, self._elapsed
        return arrived

    def take_report(self, report: Report) -> None:
        """Take what the sender tells of its clock. One that has none tells of 0 (RFC 3550, 6.4.1)."""
        clock = int.from_bytes(report.clock, "big") * 1000 >> 32
        if clock and self._begin is not None:
            self._clocks.append(clock - self._milliseconds(self._place(report.timestamp)))

    def delay(self, milliseconds: int) -> None:
        """Let all that comes be later by so much."""
        assert self._begin is not None, "something has come"
        began, elapsed = self._begin
        self._begin = began + milliseconds, elapsed

    @property
    def ahead(self) -> int | None:
        """The milliseconds by which these times are ahead of the sender's clock; None where that is not known."""
        if self._begin is None or not self._clocks:
            return None
        began, elapsed = self._begin
        return began - self._milliseconds(elapsed) - min(self._clocks)

    def _place(self, timestamp: int) -> int:
        """Return how far a timestamp is from the first of all, in ticks."""
        return self._elapsed + (timestamp - self._last + (1 << 31) & 0xFFFFFFFF) - (1 << 31)

    def _milliseconds(self, ticks: int) -> int:
        return ticks * 1000 // self._rate


def bring_together(one: Times, other: Times) -> None:
    """Let sound and pictures of one sender be in step by its clock, where it has told of it, not by when they came.

    What comes too early is delayed, so that times go on.
    """
    if one.ahead is None or other.ahead is None:
        return
    apart = one.ahead - other.ahead
    if _IN_STEP < abs(apart) <= _MOST_DELAY:
        (other if apart > 0 else one).delay(abs(apart))
