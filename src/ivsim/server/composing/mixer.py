"""The mixer: pictures and sounds of several sources become one of each, encoded for a channel."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import count
from operator import add
from typing import TYPE_CHECKING, Literal, NamedTuple

from av import AudioFrame, AudioResampler, CodecContext, VideoCodecContext
from av.video.frame import PictureType

from ...media import aac, h264
from ...media.flv import Tag
from ...media.h264 import START_CODE
from .canvas import Canvas, Tile
from .source import FORMAT, LAYOUT, RATE

if TYPE_CHECKING:
    from av import VideoFrame
    from av.audio.codeccontext import AudioCodecContext

    from ...ivsrealtime.layouts import Seen
    from .source import Source

FRAMERATE = 15
LARGEST = 640, 360
"""The rate of a composed picture, and its size at most, whatever its encoder is meant to send: several compositions
shall go on at once on a machine for tests."""

_SECONDS_BETWEEN_KEYS = 2
_PARAMETERS = "cabac=1:level=3.1:keyint=infinite"
"""What makes it H.264 Main, as the playlist says; key frames come when they are ordered."""

_VIDEO_BITRATE, _AUDIO_BITRATE = 1_000_000, 96_000
_SAMPLES = RATE // FRAMERATE
_CHANNELS = 2

_SETS = 7, 8
"""The kinds of NAL units that a decoder needs first: the parameter set of the sequence, and that of pictures."""


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
        self._audio = _audio_encoder()
        self._cut = AudioResampler("fltp", LAYOUT, RATE, aac.SAMPLES)
        self._is_told = False
        self._next_key = 0
        self._mixed = 0
        self._frames = count()

    def step(
        self, number: int, seen: Iterable[tuple[Seen, Source | None]], heard: Sequence[Source]
    ) -> Iterator[Encoded]:
        """Yield the picture of the step of a number, and the sound up to it; steps before it may have been left out.

        Those who are `heard` need not be those who are seen.
        """
        if not self._mixed:
            assert self._audio.extradata, "the encoder is open"
            yield Encoded("audio", 0, Tag(True, False, self._audio.extradata))
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
            if packet.is_keyframe and not self._is_told:
                self._is_told = True
                sets = [next(each for each in units if each[0] & 0x1F == kind) for kind in _SETS]
                yield Encoded("video", time, Tag(True, False, h264.record_of(*sets)))
            data = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
            yield Encoded("video", time, Tag(False, packet.is_keyframe, data))

    def _heard(self, number: int, sources: Sequence[Source]) -> Iterator[Encoded]:
        while self._mixed < (number + 1) * _SAMPLES:
            self._mixed += _SAMPLES
            for frame in self._cut.resample(_mix(sources)):
                for packet in self._audio.encode(frame):
                    at = next(self._frames) * aac.SAMPLES * 1000 // RATE
                    yield Encoded("audio", at, Tag(False, False, bytes(packet)))


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
    encoder.bit_rate = _VIDEO_BITRATE
    encoder.thread_count = 1
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1", "x264-params": _PARAMETERS}
    return encoder


def _audio_encoder() -> AudioCodecContext:
    encoder = CodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, LAYOUT, "fltp"
    encoder.bit_rate = _AUDIO_BITRATE
    encoder.open()
    return encoder
