"""A tape: what one participant sends becomes segments of a recording. Pictures stay as they are; sound becomes AAC."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from ...media.flv import FlvRefused
from ...media.packager import Began, Ended, Packager
from ...recordings.pushed import PushedSegment
from ..stages.rtp import Report
from ..stages.tags import Tags

if TYPE_CHECKING:
    from ...media.packager import Output
    from ..sound import OpusToAac
    from ..stages.rtp import Packet

_log = logging.getLogger("ivsim.recordings")

_MOST_JITTER = timedelta(seconds=1)
"""The time by which a segment may come earlier or later than those before it let expect."""


class Tape:
    """What is recorded of a participant; `now` tells the time. Packets come by one thread, others may do the rest."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._lock = Lock()
        self._came: deque[tuple[str, Packet | Report, int]] = deque()
        self._whole: list[PushedSegment] = []
        self._segments = _Segments(now)
        self._wanted: set[str] = set()
        self._packager: Packager | None = None
        self._tags = Tags(None)
        self._seconds_per_file = self._filled = 0.0
        self._begun: int | None = None

    def begin(self, sound: OpusToAac | None, *, has_pictures: bool, seconds_per_file: int) -> None:
        """Record what comes from now on, which follows on nothing. Without `sound` there is none to record."""
        with self._lock:
            self._make()
            if self._packager is None:
                self._packager = Packager("mp4", lambda: self._segments.now().timestamp(), has_pictures=has_pictures)
            self._put(self._packager.interrupt())
            self._tags, self._seconds_per_file = Tags(sound), seconds_per_file
            self._wanted = {"audio", "video"} if has_pictures else {"audio"}
            if self._tags.header is not None:
                self._put(self._packager.take_audio(0, self._tags.header))

    def put(self, kind: str, came: Packet | Report, arrived: int) -> None:
        """Take a packet of sound or picture, or a report of it, that has arrived at a time in milliseconds."""
        self._came.append((kind, came, arrived))

    @property
    def wants_key(self) -> bool:
        """True where a key frame is missing, or is to begin the next file."""
        if "video" not in self._wanted or self._packager is None:
            return False
        lasts = self._filled + (0 if self._begun is None else (self._packager.time - self._begun) / 1000)
        return self._tags.wants_key or lasts >= self._seconds_per_file

    def work(self) -> bool:
        """Make segments of what came; return whether some are whole."""
        with self._lock:
            self._make()
            return bool(self._whole)

    def take(self) -> list[PushedSegment]:
        """Return the segments that are whole, but for those that were returned before."""
        with self._lock:
            whole, self._whole = self._whole, []
            return whole

    def end(self) -> list[PushedSegment]:
        """Record no more; return what `take()` would, and the segment that had begun."""
        with self._lock:
            self._make()
            if self._packager is not None:
                self._put(self._packager.interrupt())
            self._wanted = set()
        return self.take()

    def _make(self) -> None:
        while self._came:
            kind, came, arrived = self._came.popleft()
            if kind not in self._wanted:
                continue
            try:
                if isinstance(came, Report):
                    self._tags.take_report(kind, came)
                else:
                    self._take(kind, came, arrived)
            except Exception:  # noqa: BLE001 - whatever it is, it is ours, and the other kind goes on
                _log.exception("a bug in ivsim in a recording, which goes on without %s; please report it", kind)
                self._wanted.remove(kind)

    def _take(self, kind: str, packet: Packet, arrived: int) -> None:
        assert self._packager is not None, "it has begun"
        take = self._packager.take_video if kind == "video" else self._packager.take_audio
        for time, tag in self._tags.take(kind, packet, arrived):
            try:
                self._put(take(time, tag))
            except FlvRefused:  # what was sent is wrong, and the next key frame may be right
                self._tags.wait_for_key()

    def _put(self, outputs: Iterable[Output]) -> None:
        assert self._packager is not None, "it has begun"
        for output in outputs:
            segment = self._segments.take(output)
            if isinstance(output, Began):
                self._begun = self._packager.time
            if segment is not None:
                self._begun = None
                self._filled += segment.seconds
                if self._filled >= self._seconds_per_file:
                    self._filled = 0.0
                self._whole.append(segment)


class _Segments:
    """Puts together what a packager puts out."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._parts: list[bytes] = []
        self._began = Began(is_break=True, initialization=b"")
        self._at: datetime | None = None
        self._next: datetime | None = None

    def take(self, output: Output) -> PushedSegment | None:
        """Take what a packager puts out; return the segment that is whole by it."""
        if isinstance(output, Began):
            self._began, self._at = output, self._when(is_break=output.is_break)
        elif isinstance(output, Ended):
            assert self._at is not None, "it has begun"
            self._next = self._at + timedelta(seconds=output.duration)
            body, self._parts = b"".join(self._parts), []
            began = self._began
            return PushedSegment(self._at, output.duration, body, began.initialization, began.is_break)
        else:
            self._parts.append(output)
        return None

    def _when(self, *, is_break: bool) -> datetime:
        """Return when a segment begins: at once after the one before, unless it came much earlier or later."""
        now = self.now()
        if self._next is None or self._at is None:
            return now
        if not is_break and abs(now - self._next) < _MOST_JITTER:
            return self._next
        return max(now, self._at)  # a test may set the clock back
