"""A source: what one participant sends, decoded: the picture that is shown now, and the sound that is heard next."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import av
from av import AudioFifo, CodecContext, FFmpegError

from ...media.h264 import START_CODE
from ..sound import RATE, OpusDecoder
from ..stages.access_units import AccessUnits

if TYPE_CHECKING:
    from av import AudioFrame, VideoFrame
    from av.video.codeccontext import VideoCodecContext

    from ..stages.rtp import Packet

_LEAST_AHEAD, _MOST_AHEAD = RATE * 60 // 1000, RATE // 2
"""Samples that are there before a sound is heard, so that it has no gaps; and those beyond which it is too late."""

_MOST_SPARE, _READS = RATE * 120 // 1000, 15
"""Samples that may always be left, in so many reads, before they are left out: else sound that came in a burst, after a
gap, would be heard later than it is seen for good."""


class Source:
    """What a participant sends, taken by one thread, and decoded and read by another."""

    def __init__(self) -> None:
        self.picture: VideoFrame | None = None
        """The newest picture; None before the first."""
        self._packets: deque[tuple[str, Packet]] = deque()
        self._units = AccessUnits()
        self._video: VideoCodecContext = CodecContext.create("h264", "r")
        self._video.thread_count = 1
        self._audio = OpusDecoder()
        self._heard = AudioFifo()
        self._is_heard = False
        self._left: deque[int] = deque(maxlen=_READS)

    def take(self, kind: str, packet: Packet) -> None:
        """Take a packet of sound or picture, which is decoded by the next `decode()`."""
        self._packets.append((kind, packet))

    @property
    def wants_key(self) -> bool:
        """True while no picture can be shown before a key frame comes."""
        return self._units.wants_key

    def decode(self) -> None:
        """Decode what came."""
        while self._packets:
            kind, packet = self._packets.popleft()
            if kind == "audio":
                for frame in self._audio.decode(packet.payload):
                    self._heard.write(frame)
                continue
            for unit in self._units.take(packet):
                data = START_CODE + START_CODE.join(unit.units)
                try:
                    for picture in self._video.decode(av.Packet(data)):
                        self.picture = picture
                except FFmpegError:  # what was sent is wrong, and the next key frame may be right
                    self._units.wants_key = True

    def sound(self, samples: int) -> AudioFrame | None:
        """Return so many samples of what is heard next, None for silence."""
        ahead = self._heard.samples
        if ahead > _MOST_AHEAD + samples:
            self._heard.read(ahead - _LEAST_AHEAD - samples)
        elif len(self._left) == _READS and min(self._left) > _MOST_SPARE:
            self._heard.read(min(self._left) - _LEAST_AHEAD)
            self._left.clear()
        self._is_heard = self._heard.samples >= samples + (0 if self._is_heard else _LEAST_AHEAD)
        self._left.append(max(self._heard.samples - samples, 0))
        return self._heard.read(samples) if self._is_heard else None
