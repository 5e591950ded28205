"""The meter: what an encoder really sends, measured over the last seconds of its media."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

SECONDS = 10.0
"""The time over which it is measured."""

_LEAST = 1000
"""The milliseconds without which nothing can be said."""


class Measured(NamedTuple):
    """What an encoder was measured to send."""

    video_bitrate: int
    """Bits of video a second."""
    audio_bitrate: int
    """Bits of audio a second."""
    framerate: float
    """Pictures a second."""
    keyframe_interval: float
    """The seconds between the last two key frames, and not less than those since the last."""
    seconds: float
    """The time over which it was measured."""


class Meter:
    """Measures what comes, by its times in milliseconds, which go on."""

    def __init__(self) -> None:
        self._pictures: deque[tuple[int, int]] = deque()
        self._sound: deque[tuple[int, int]] = deque()
        self._key_at: int | None = None
        self._interval = 0.0

    def picture(self, at: int, size: int, *, is_key: bool) -> None:
        """Count a picture of so many bytes."""
        _count(self._pictures, at, size)
        if is_key:
            self._interval = 0.0 if self._key_at is None else (at - self._key_at) / 1000
            self._key_at = at

    def sound(self, at: int, size: int) -> None:
        """Count some sound of so many bytes."""
        _count(self._sound, at, size)

    def clear(self) -> None:
        """Begin anew, as times do not go on."""
        self._pictures.clear()
        self._sound.clear()
        self._key_at = None
        self._interval = 0.0

    @property
    def measured(self) -> Measured | None:
        """What was measured; None while it is too early."""
        pictures = self._pictures
        spent = pictures[-1][0] - pictures[0][0] if pictures else 0
        if spent < _LEAST:
            return None
        since_key = 0.0 if self._key_at is None else (pictures[-1][0] - self._key_at) / 1000
        return Measured(
            _bitrate(pictures),
            _bitrate(self._sound),
            round((len(pictures) - 1) * 1000 / spent, 3),
            max(self._interval, since_key),
            spent / 1000,
        )


def _count(seen: deque[tuple[int, int]], at: int, size: int) -> None:
    seen.append((at, size))
    while at - seen[0][0] > SECONDS * 1000:
        seen.popleft()


def _bitrate(seen: deque[tuple[int, int]]) -> int:
    """Return the bits a second; the last one lasts until the next, so it does not count."""
    spent = seen[-1][0] - seen[0][0] if seen else 0
    return (sum(size for _, size in seen) - seen[-1][1]) * 8000 // spent if spent >= _LEAST else 0
