"""Sound from Opus, in which WebRTC has it, to AAC, in which players have it. PyAV decodes and encodes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import av
from av import AudioFifo, AudioResampler, CodecContext, FFmpegError

from ..media import aac

if TYPE_CHECKING:
    from av import AudioFrame
    from av.audio.codeccontext import AudioCodecContext

RATE, FORMAT, LAYOUT = 48_000, "flt", "stereo"
"""The form of decoded sound."""

_BITRATE = 128_000

_MOST_OVERLAP = RATE // 100
"""Samples by which a packet may begin before the one before it ends, as times are rounded; else it is late."""


class OpusDecoder:
    """Decodes packets of Opus, each of which stands for itself."""

    def __init__(self) -> None:
        self._decoder: AudioCodecContext = CodecContext.create("opus", "r")
        self._decoder.sample_rate, self._decoder.layout = RATE, LAYOUT
        self._resampler = AudioResampler(FORMAT, LAYOUT, RATE)

    def decode(self, payload: bytes) -> Iterator[AudioFrame]:
        """Yield the sound in a packet, which has no time; none where it is damaged."""
        if not payload:
            return  # a decoder would take that for the end
        with suppress(FFmpegError):  # what was sent is wrong, and the next packet may be right
            for decoded in self._decoder.decode(av.Packet(payload)):
                for frame in self._resampler.resample(decoded):
                    frame.pts = None  # else a gap would be an error
                    yield frame


class AacEncoder:
    """Encodes sound, which need not come in frames of AAC's length."""

    def __init__(self) -> None:
        self._encoder: AudioCodecContext = CodecContext.create("aac", "w")
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = RATE, LAYOUT, "fltp"
        self._encoder.bit_rate = _BITRATE
        self._encoder.open()
        self._resampler = AudioResampler("fltp", LAYOUT, RATE)
        self._waiting = AudioFifo()
        self._begins: deque[int] = deque()

    @property
    def config(self) -> bytes:
        """What a decoder has to know, the AudioSpecificConfig."""
        return bytes(self._encoder.extradata or b"")

    def encode(self, frame: AudioFrame, at: int) -> Iterator[tuple[int, bytes]]:
        """Take sound that begins at a time, in samples; yield the frames of AAC that are whole, each with its time."""
        for each in self._resampler.resample(frame):
            each.pts = None
            self._waiting.write(each)
        at += frame.samples - self._waiting.samples
        while (cut := self._waiting.read(aac.SAMPLES)) is not None:
            self._begins.append(at)
            at += aac.SAMPLES
            for packet in self._encoder.encode(cut):
                yield self._begins.popleft() - aac.SAMPLES, bytes(packet)  # it begins with a frame of nothing


class OpusToAac:
    """Makes AAC of packets of Opus."""

    def __init__(self) -> None:
        self._decoder = OpusDecoder()
        self._encoder = AacEncoder()
        self.config = self._encoder.config
        """What a decoder has to know, the AudioSpecificConfig."""
        self._end = 0

    def take(self, payload: bytes, at: int) -> Iterator[tuple[int, bytes]]:
        """Take a packet that begins at a time in milliseconds; yield the frames of AAC that are whole, with theirs.

        What is late, or no Opus, is left out.
        """
        begin = at * RATE // 1000
        if self._end - begin > _MOST_OVERLAP:
            return
        for frame in self._decoder.decode(payload):
            for its, data in self._encoder.encode(frame, begin):
                yield its * 1000 // RATE, data
            begin = self._end = begin + frame.samples
