"""The mixer: pictures and sounds of several sources become one of each, encoded for a channel."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from operator import add
from typing import TYPE_CHECKING, Literal, NamedTuple

from av import AudioFrame, CodecContext, VideoCodecContext
from av.video.frame import PictureType

from ...media import aac
from ...media.avc import PictureTags
from ...media.flv import Tag
from ...media.h264 import START_CODE
from ..sound import FORMAT, LAYOUT, RATE, AacEncoder
from .canvas import Canvas, Tile

if TYPE_CHECKING:
    from av import VideoFrame

    from ...ivsrealtime.layouts import Seen
    from .source import Source

FRAMERATE = 15
LARGEST = 640, 360
"""The rate of a composed picture, and its size at most, whatever its encoder is meant to send: several compositions
shall go on at once on a machine for tests."""

_SECONDS_BETWEEN_KEYS = 2
_PARAMETERS = "cabac=1:level=3.1:keyint=infinite"
"""What makes it H.264 Main, as the playlist says; key frames come when they are ordered."""

_BITRATE = 1_000_000
_SAMPLES = RATE // FRAMERATE
_CHANNELS = 2


class Encoded(NamedTuple):
    """A picture or a frame of sound, or what a decoder has to know before it; and its time in milliseconds."""

    kind: Literal["audio", "video"]
    time: int
    tag: Tag


class Mixer:
    """Composes in steps, FRAMERATE of them a second, a picture that is meant to have a size."""

    def __init__(self, width: int, height: int) -> None:
        longer, shorter = max(width, height), min(width, height)
        share = min(1, LARGEST[0] / longer, LARGEST[1] / shorter)
        self._canvas = Canvas(max(int(width * share) // 2 * 2, 2), max(int(height * share) // 2 * 2, 2))
        self._video = _video_encoder(self._canvas)
        self._tags = PictureTags()
        self._audio = AacEncoder()
        self._next_key = 0
        self._mixed = 0

    def step(
        self, number: int, seen: Iterable[tuple[Seen, Source | None]], heard: Sequence[Source]
    ) -> Iterator[Encoded]:
        """Yield the picture of the step of a number, and the sound up to it; steps before it may have been left out.

        Those who are `heard` need not be those who are seen.
        """
        if not self._mixed:
            yield Encoded("audio", 0, Tag(True, False, self._audio.config))
        yield from self._shown(number, seen)
        yield from self._heard(number, heard)

    def _shown(self, number: int, seen: Iterable[tuple[Seen, Source | None]]) -> Iterator[Encoded]:
        tiles: list[tuple[Tile, VideoFrame | None]] = []
        for each, source in seen:
            picture = source.picture if source is not None and not each.cell.is_dark else None
            tiles.append((Tile.of(each, self._canvas.width, self._canvas.height), picture))
        drawn = self._canvas.draw(tiles)
        drawn.pts = number
        if number >= self._next_key:
            drawn.pict_type = PictureType.I
            self._next_key = number + FRAMERATE * _SECONDS_BETWEEN_KEYS
        time = number * 1000 // FRAMERATE
        for packet in self._video.encode(drawn):
            units = [unit.rstrip(b"\0") for unit in bytes(packet).split(START_CODE[1:])[1:]]
            for tag in self._tags.of(units, is_key=packet.is_keyframe):
                yield Encoded("video", time, tag)

    def _heard(self, number: int, sources: Sequence[Source]) -> Iterator[Encoded]:
        while self._mixed < (number + 1) * _SAMPLES:
            begin = self._mixed + aac.SAMPLES  # as a frame of nothing comes first, at 0
            for at, data in self._audio.encode(_mix(sources), begin):
                yield Encoded("audio", at * 1000 // RATE, Tag(False, False, data))
            self._mixed += _SAMPLES


def _mix(sources: Sequence[Source]) -> AudioFrame:
    """Return the sum of what is heard of sources in one step."""
    heard = [each for each in (source.sound(_SAMPLES) for source in sources) if each is not None]
    sums = array("f", bytes(_SAMPLES * _CHANNELS * 4))
    for frame in heard:
        samples = memoryview(frame.planes[0])[: len(sums) * 4].cast("B").cast("f")
        sums = array("f", map(add, sums, samples))
    mixed = AudioFrame(FORMAT, LAYOUT, _SAMPLES)
    mixed.sample_rate = RATE
    mixed.planes[0].update(sums.tobytes())
    return mixed


def _video_encoder(canvas: Canvas) -> VideoCodecContext:
    """Return an encoder that takes little time, and gives each picture at once."""
    encoder = CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = canvas.width, canvas.height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, FRAMERATE), Fraction(FRAMERATE)
    encoder.bit_rate = _BITRATE
    encoder.thread_count = 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1", "x264-params": _PARAMETERS}
    return encoder
