"""Times: when each packet of a track is to be shown or heard, in milliseconds that go on."""

from __future__ import annotations

_MOST_APART = 5_000
"""Milliseconds by which a packet may come earlier or later than its timestamp lets expect; else that began anew."""


class Times:
    """The times of one track, by timestamps of 32 bits, so many of which make a second."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._begin: tuple[int, int] | None = None
        self._last = self._elapsed = 0

    def at(self, timestamp: int, arrived: int) -> int:
        """Return the time of a packet that has arrived at a time: the first has that, the others are by timestamps."""
        step = (timestamp - self._last + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
        self._last = timestamp
        self._elapsed += step
        if self._begin is not None:
            began, elapsed = self._begin
            time = began + (self._elapsed - elapsed) * 1000 // self._rate
            if abs(arrived - time) <= _MOST_APART:
                return time
        self._begin = arrived, self._elapsed
        return arrived
