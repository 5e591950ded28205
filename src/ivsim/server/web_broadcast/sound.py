"""Sound as browsers send it, Opus, made into what a channel's viewers get, AAC. Source: RFC 7587."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import av
from av import AudioResampler, CodecContext, FFmpegError

from ...media import aac

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext

RATE = 48_000
"""Samples a second, before and after, and ticks of RTP."""

_LAYOUT, _BITRATE = "stereo", 128_000


class OpusToAac:
    """Makes frames of AAC of packets of Opus. `configuration` is the AudioSpecificConfig of what comes."""

    def __init__(self) -> None:
        self._decoder: AudioCodecContext = CodecContext.create("opus", "r")
        self._decoder.sample_rate, self._decoder.layout = RATE, _LAYOUT
        self._resampler = AudioResampler("fltp", _LAYOUT, RATE, aac.SAMPLES)
        self._encoder: AudioCodecContext = CodecContext.create("aac", "w")
        self._encoder.sample_rate, self._encoder.layout, self._encoder.format = RATE, _LAYOUT, "fltp"
        self._encoder.bit_rate = _BITRATE
        self._encoder.open()
        assert self._encoder.extradata, "the encoder is open"
        self.configuration = self._encoder.extradata
        self._expected: int | None = None
        self._at = 0

    def take(self, payload: bytes, timestamp: int) -> Iterator[tuple[int, bytes]]:
        """Take a packet; yield the frames that are whole by it, each with its time: samples since the first packet.

        What is missing is left out, so that what follows comes in its time; what is late, or no Opus, is too.
        """
        if self._expected is None:
            self._expected = timestamp
        ahead = (timestamp - self._expected + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
        if ahead < 0 or not payload:  # nothing would be the end
            return
        with suppress(FFmpegError):
            for decoded in self._decoder.decode(av.Packet(payload)):
                self._at += ahead
                self._expected = (timestamp + decoded.samples) & 0xFFFFFFFF
                ahead = 0
                decoded.pts = None  # which are counted here: a gap would be an error
                for frame in self._resampler.resample(decoded):
                    for packet in self._encoder.encode(frame):
                        yield self._at, bytes(packet)
                        self._at += aac.SAMPLES
