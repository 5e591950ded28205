"""What an encoder really sends, measured."""

from __future__ import annotations

import pytest

from ivsim.media.meter import SECONDS, Measured, Meter


def fed(meter: Meter, begin: int, end: int, *, step: int = 40, key_every: int = 2000, size: int = 500) -> Meter:
    """Return the meter after pictures, and sound between them, from one millisecond to another."""
    for at in range(begin, end, step):
        meter.picture(at, size, is_key=(at - begin) % key_every == 0)
        meter.sound(at + 1, size // 5)
    return meter


def measured(meter: Meter) -> Measured:
    """Return what was measured, when there is something."""
    assert meter.measured is not None
    return meter.measured


def test_measured() -> None:
    """Bits and pictures a second are told, and the seconds from one key frame to the next."""
    assert measured(fed(Meter(), 0, 5001)) == (100_000, 20_000, 25.0, 2.0, 5.0)


def test_odd_framerate() -> None:
    """Pictures a second are told to a thousandth, whatever milliseconds times were rounded to."""
    meter = Meter()
    for number in range(301):
        meter.picture(round(number * 1001 / 30), 500, is_key=not number)
    assert measured(meter).framerate == pytest.approx(29.97, abs=0.005)
    assert measured(meter).framerate == round(measured(meter).framerate, 3)


def test_too_early() -> None:
    """Nothing is told before there has been a second of pictures."""
    meter = Meter()
    assert meter.measured is None
    assert fed(meter, 0, 1000).measured is None
    meter.picture(999, 500, is_key=False)
    assert meter.measured is None
    meter.picture(1000, 500, is_key=False)
    assert meter.measured is not None


def test_sound_alone() -> None:
    """Sound without pictures does not make anything known."""
    meter = Meter()
    for at in range(0, 5000, 20):
        meter.sound(at, 100)
    assert meter.measured is None


def test_no_sound() -> None:
    """Where there is no sound, or too little, it has no bits."""
    meter = Meter()
    for at in range(0, 2001, 40):
        meter.picture(at, 500, is_key=not at)
    assert measured(meter).audio_bitrate == 0
    meter.sound(2000, 500)
    meter.sound(2999, 500)
    assert measured(meter).audio_bitrate == 0
    meter.sound(3000, 500)
    assert measured(meter).audio_bitrate == 8000


def test_window() -> None:
    """What is older than the window no longer counts."""
    meter = fed(fed(Meter(), 0, 10_000), 10_000, 20_001, step=20, size=1000)
    assert measured(meter) == (400_000, 80_000, 50.0, 2.0, SECONDS)


def test_last_does_not_count() -> None:
    """The last picture has not lasted yet, so its bytes do not count."""
    meter = fed(Meter(), 0, 5000)
    meter.picture(5000, 1_000_000, is_key=True)
    assert measured(meter).video_bitrate == 100_000


def test_no_second_key_frame() -> None:
    """The seconds between key frames are those since the last, as long as that is longer; they grow over the window."""
    meter = fed(Meter(), 0, 1041, key_every=100_000)
    assert measured(meter).keyframe_interval == 1.04
    fed_on = [(at, at / 1000) for at in (2000, 15_000, 30_000)]
    for at, seconds in fed_on:
        meter.picture(at - 5000, 500, is_key=False)
        meter.picture(at, 500, is_key=False)
        assert measured(meter).keyframe_interval == seconds
    meter.picture(31_000, 500, is_key=True)
    assert measured(meter).keyframe_interval == 31.0
    meter.picture(32_000, 500, is_key=True)
    assert measured(meter).keyframe_interval == 1.0


def test_no_key_frame() -> None:
    """Where no key frame has come, there is no time from one to the next."""
    meter = Meter()
    for at in (0, 1000, 2000):
        meter.picture(at, 500, is_key=False)
    assert measured(meter).keyframe_interval == 0.0


def test_clear() -> None:
    """Nothing is known of what came before when it is told that times do not go on."""
    meter = fed(Meter(), 0, 9000, key_every=3000)
    meter.clear()
    assert meter.measured is None
    for at in range(50_000, 52_001, 40):
        meter.picture(at, 50, is_key=False)
    assert measured(meter) == (10_000, 0, 25.0, 0.0, 2.0)
    fed(meter, 52_040, 53_041, key_every=600)
    assert measured(meter).keyframe_interval == 0.6
