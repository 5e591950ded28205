"""Sound from Opus to AAC: whole, at its time, with what is damaged left out."""

from __future__ import annotations

import math
from array import array
from itertools import pairwise
from typing import Any

import pytest

from ivsim.media import aac

av = pytest.importorskip("av", reason="aiortc is not installed")
sound = pytest.importorskip("ivsim.server.sound", reason="aiortc is not installed")


def opus(count: int, pitch: float = 1000) -> list[bytes]:
    """Return so many packets of a tone, each of 20 milliseconds."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    payloads: list[bytes] = []
    begin = 0
    while len(payloads) < count:
        waves = (math.sin(2 * math.pi * pitch * at / 48_000) for at in range(begin, begin + 960))
        frame = av.AudioFrame("s16", "mono", 960)
        frame.planes[0].update(array("h", [int(8000 * each) for each in waves]).tobytes())
        frame.sample_rate = 48_000
        payloads += [bytes(each) for each in encoder.encode(frame)]
        begin += 960
    return payloads


def decoded(config: bytes, frames: list[bytes]) -> array[float]:
    """Return the samples of the left side."""
    decoder: Any = av.CodecContext.create("aac", "r")
    decoder.extradata = config
    samples = array("f")
    for each in frames:
        for frame in decoder.decode(av.Packet(each)):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 4])
    return samples


def test_opus_to_aac() -> None:
    """A tone has its pitch, and frames of AAC follow each other at the times of the packets."""
    its = sound.OpusToAac()
    made = [each for number, payload in enumerate(opus(60)) for each in its.take(payload, 500 + 20 * number)]
    times = [time for time, _ in made]
    assert times[0] == 500 - 22  # a frame of nothing is before the first
    assert {after - before for before, after in pairwise(times)} == {21, 22}
    samples = decoded(its.config, [data for _, data in made])
    second = samples[-48_000:]
    assert sum(before < 0 <= after for before, after in pairwise(second)) == pytest.approx(1000, abs=2)
    assert len(made) * aac.SAMPLES == pytest.approx(60 * 960, abs=2 * aac.SAMPLES)


def test_gap() -> None:
    """What comes after a gap has its time."""
    its, payloads = sound.OpusToAac(), opus(20)
    for number, payload in enumerate(payloads[:10]):
        list(its.take(payload, 20 * number))
    later = [time for number, payload in enumerate(payloads[10:]) for time, _ in its.take(payload, 5_000 + 20 * number)]
    assert 4_950 <= later[1] <= 5_000


def test_late() -> None:
    """What comes twice, or late, is left out."""
    its, payloads = sound.OpusToAac(), opus(20)
    for number, payload in enumerate(payloads[:10]):
        list(its.take(payload, 1 + 20 * number))
    assert list(its.take(payloads[9], 181)) == []
    assert list(its.take(payloads[3], 61)) == []
    times = [time for number, payload in enumerate(payloads[10:]) for time, _ in its.take(payload, 200 + 20 * number)]
    assert {after - before for before, after in pairwise(times)} <= {20, 21, 22}


@pytest.mark.parametrize("damaged", [b"", b"\xff\xff\xff"])
def test_damaged(damaged: bytes) -> None:
    """Of a packet that is damaged nothing comes, and the next is whole."""
    its = sound.OpusDecoder()
    assert list(its.decode(damaged)) == []
    assert [frame.samples for frame in its.decode(opus(1)[0])] == [960]
