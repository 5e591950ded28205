"""The tone of those who have no client, as a decoder hears it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from math import cos, hypot, pi, sin

import pytest

av = pytest.importorskip("av", reason="aiortc is not installed")

from ivsim.server.stages import tone  # noqa: E402 - without PyAV there is none

QUIET = 40
"""The most that a sample of silence is away from 0, once it is decoded."""

_EACH = 8
"""Of so many samples one is looked at for the pitch: all pitches are still told apart."""


def heard(packets: Iterable[bytes]) -> array[int]:
    """Return the samples in packets of Opus."""
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout, decoder.format = tone.RATE, "mono", "s16"
    samples = array("h")
    for packet in packets:
        for frame in decoder.decode(av.Packet(packet)):
            samples += array("h", bytes(frame.planes[0]))[: frame.samples]
    return samples


def pitch_of(samples: Sequence[int]) -> int:
    """Return which of all the pitches is the strongest in samples."""
    some = samples[::_EACH]

    def strength(pitch: int) -> float:
        turn = 2 * pi * pitch * _EACH / tone.RATE
        real = sum(each * cos(turn * at) for at, each in enumerate(some))
        return hypot(real, sum(each * sin(turn * at) for at, each in enumerate(some)))

    return max(range(tone.LOWEST, tone.LOWEST + tone.STEP * tone.STEPS, tone.STEP), key=strength)


def loudness(samples: Sequence[int]) -> list[int]:
    """Return the greatest of the samples of each 20 milliseconds."""
    return [max(map(abs, samples[at : at + tone.A_PACKET])) for at in range(0, len(samples), tone.A_PACKET)]


@pytest.mark.parametrize("pitch", [tone.LOWEST, 880, tone.LOWEST + tone.STEP * (tone.STEPS - 1)])
def test_a_beep_each_second(pitch: int) -> None:
    """In a loop it is a beep of a fifth of each second, quiet, and alike each time; else there is silence."""
    packets = tone.beeps(pitch)
    assert len(packets) * tone.A_PACKET == tone.RATE
    samples = heard(packets * 3)
    first, second, third = (samples[at : at + tone.RATE] for at in range(0, len(samples), tone.RATE))
    assert second == third
    assert pitch_of(first) == pitch_of(second) == pitch
    loud = loudness(second)
    assert max(loud[11:]) <= QUIET
    assert 2_000 < max(loud) < 4_000
    steps = [abs(after - before) for before, after in zip(second[-960:] + third, third[:960], strict=False)]
    assert max(steps) < 4_000 * 2 * pi * pitch / tone.RATE + QUIET  # no more than the tone itself: nothing clicks


def test_a_pitch_for_each() -> None:
    """Each participant has a pitch of its own by its id, one of those there are; eleven of them seldom share any."""
    ids = [f"participant-{number}" for number in range(11)]
    assert [tone.pitch(each) for each in ids] == [tone.pitch(each) for each in ids]
    assert len({tone.pitch(each) for each in ids}) >= 9
    assert {(tone.pitch(each) - tone.LOWEST) % tone.STEP for each in ids} == {0}
