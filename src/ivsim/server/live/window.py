"""The live window of a push: its newest segments in memory, the last of them while it grows."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from operator import itemgetter

from ...ivs.ingest.pushes import Cuts
from ...ivs.playback.playlists import PREFETCHED
from ...ivs.playback.timelines import SEGMENT_SECONDS, WINDOW
from ...media.meter import Measured
from ...media.packager import LONGEST, Began, Ended, Output
from ...recordings.pushed import PushedSegment

MOST_KEPT = 14 * 1024 * 1024
"""Bytes of segments that are kept; in playlists are those that fit in two thirds of it. A push of 6 Mbit/s sends half
as much in ten seconds."""

_LEAST_LISTED = 3
"""Segments that are in playlists however large they are, as players begin three before the end."""


_MOST_JITTER = timedelta(seconds=1)
"""The time by which a segment may come earlier or later than those before it let expect: networks and encoders do."""


class _Segment:
    """A segment: its parts while it grows, then all of it."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.whole: bytes | None = None

    def end(self) -> bytes:
        """Put it together, as it is whole."""
        whole = self.whole = b"".join(self.parts)
        self.parts = []  # who reads them has them still
        return whole


class Window:
    """The segments of a push, for viewers. Whoever takes the push over goes on with it.

    It belongs to an event loop, on which parts are waited for; what is whole can be had from any thread.
    """

    def __init__(self) -> None:
        self.cuts = Cuts()
        self._segments: dict[int, _Segment] = {}
        self._initializations: list[tuple[int, bytes]] = []
        self.measured: Measured | None = None
        """What was measured of it last; None while it is too early."""
        self._last_slate = -2
        self._is_over = False
        self._growth = asyncio.Event()

    def take(self, output: Output, now: datetime) -> PushedSegment | None:
        """Take what a packager puts out; return the segment that is whole by it."""
        grown = None
        if isinstance(output, Began):
            grown = self._begin(output, now)
        elif isinstance(output, Ended):
            number = self.cuts.count
            body = self._segments[number].end()
            self.cuts.end(output.duration)
            self._make_room()
            is_break = number in self.cuts.breaks[-1:]
            initialization = self.initialization(number) or b""
            grown = PushedSegment(self.cuts.begin(number), output.duration, body, initialization, is_break)
        elif output:
            self._segments[self.cuts.count].parts.append(output)
        self._growth.set()
        self._growth = asyncio.Event()
        return grown

    def take_slate(self, at: datetime) -> None:
        """Let the failover slate be shown in the place of a segment, from a time on; it is made for who asks."""
        is_first = self._last_slate != self.cuts.begun - 1
        self.take(Began(is_first, initialization=b""), at)
        self.take(Ended(SEGMENT_SECONDS), at)
        self._last_slate = self.cuts.count - 1

    def close(self) -> None:
        """Let nobody wait any more, as nothing more comes."""
        self._is_over = True
        self._growth.set()

    def initialization(self, number: int) -> bytes | None:
        """Return what is read before a segment, and those that follow it without a seam."""
        place = bisect_right(self._initializations, number, key=itemgetter(0))
        return self._initializations[place - 1][1] if place else None

    def segment(self, number: int) -> bytes | AsyncIterator[bytes] | None:
        """Return a segment."""
        segment = self._segments.get(number)
        if segment is not None and segment.whole is not None:
            return segment.whole
        if not 0 <= number - self.cuts.count < PREFETCHED:
            return None
        return self._growing(number)  # of which nothing comes after the end: a player would take a 404 as an error

    async def once_playable(self, make: Callable[[], bytes]) -> AsyncIterator[bytes]:
        """Return what `make` does as soon as a segment is whole, or none will be."""
        while not self.cuts.count and not self._is_over:
            await self._growth.wait()
        yield make()

    def _begin(self, began: Began, now: datetime) -> PushedSegment | None:
        """Begin a segment; return the one before, where whoever was taken over has not ended it."""
        cuts, grown = self.cuts, None
        if cuts.begun > cuts.count:
            seconds = (now - cuts.begin(cuts.count)).total_seconds()
            grown = self.take(Ended(min(max(seconds, 0.001), LONGEST)), now)  # the clock may have been moved
        number = cuts.begun
        if began.is_break:
            self._initializations.append((number, began.initialization))
        elif abs(now - cuts.begin(number)) < _MOST_JITTER:
            now = cuts.begin(number)
        self._segments[number] = _Segment()
        cuts.begin_next(now, is_break=began.is_break)
        return grown

    async def _growing(self, number: int) -> AsyncIterator[bytes]:
        while (segment := self._segments.get(number)) is None:
            if self._is_over:
                return
            await self._growth.wait()
        sent = size = 0
        while segment.whole is None:
            parts = segment.parts[sent:]
            if parts:
                sent += len(parts)
                body = b"".join(parts)
                size += len(body)
                yield body
            elif self._is_over:
                return
            else:
                await self._growth.wait()
        if rest := segment.whole[size:]:
            yield rest

    def _make_room(self) -> None:
        """Take out of playlists what is beyond their share of the bytes, and drop what is beyond all of them."""
        cuts, size = self.cuts, 0
        for place, number in enumerate(range(cuts.count - 1, -1, -1), 1):
            segment = self._segments.get(number)
            if segment is None:
                return
            size += len(segment.whole or b"")
            if place > _LEAST_LISTED and (place > WINDOW or size > MOST_KEPT * 2 // 3):
                cuts.first_listed = max(cuts.first_listed, number + 1)
                if size > MOST_KEPT or place > 2 * WINDOW:
                    del self._segments[number]
