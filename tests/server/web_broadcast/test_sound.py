"""Opus that becomes AAC."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest

from ivsim.media import aac, flv

av = pytest.importorskip("av", reason="aiortc is not installed")

from ivsim.server.web_broadcast.sound import RATE, OpusToAac  # noqa: E402 - without aiortc there is none

SAMPLES = 960


def packets(count: int) -> Iterator[bytes]:
    """Yield packets of Opus, 20 ms each."""
    encoder: Any = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = RATE, "stereo", "s16"
    encoder.time_base = Fraction(1, RATE)
    for number in range(count):
        frame = av.AudioFrame("s16", "stereo", SAMPLES)
        frame.sample_rate, frame.pts = RATE, number * SAMPLES
        frame.planes[0].update(bytes(range(240)) * 16)
        yield from map(bytes, encoder.encode(frame))


def test_one_after_the_other() -> None:
    """Each frame of AAC follows on the one before, whatever the timestamps begin with, and is as a decoder is told."""
    made = OpusToAac()
    begin = (1 << 32) - 10 * SAMPLES
    coded = list(packets(100))
    frames = [
        frame for number, each in enumerate(coded) for frame in made.take(each, begin + number * SAMPLES & 0xFFFFFFFF)
    ]
    assert [at for at, _ in frames] == [number * aac.SAMPLES for number in range(len(frames))]
    assert len(frames) >= len(coded) * SAMPLES // aac.SAMPLES - 4
    form = flv.audio_format(made.configuration)
    assert (form.codec, form.sample_rate, form.channels) == ("mp4a.40.2", RATE, 2)


def test_what_is_missing() -> None:
    """After a gap the sound goes on in its time; what is late, or is no Opus, is left out."""
    made = OpusToAac()
    coded = list(packets(40))
    before = [frame for number, each in enumerate(coded[:20]) for frame in made.take(each, number * SAMPLES)]
    assert list(made.take(coded[0], 0)) == []
    for nonsense in (b"", b"\xff"):
        assert list(made.take(nonsense, 20 * SAMPLES)) == []
    gap = RATE
    after = [
        frame for number, each in enumerate(coded[20:]) for frame in made.take(each, (20 + number) * SAMPLES + gap)
    ]
    assert after[0][0] - before[-1][0] == aac.SAMPLES + gap
