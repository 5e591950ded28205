"""What is encoded of a composition, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim.media import flv

pytest.importorskip("av", reason="aiortc is not installed")
mixer = pytest.importorskip("ivsim.server.composing.mixer", reason="aiortc is not installed")


def encoded(kind: str, *numbers: int, size: tuple[int, int] = (1280, 720)) -> list[Any]:
    """Return what is encoded of steps in which nobody is seen or heard."""
    its = mixer.Mixer(*size)
    return [each for number in numbers for each in its.step(number, [], []) if each.kind == kind]


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ((1280, 720), (640, 360)),
        ((720, 1280), (360, 640)),
        ((1920, 800), (640, 266)),
        ((320, 180), (320, 180)),
        ((2, 2), (2, 2)),
        ((1440, 2), (640, 2)),
    ],
)
def test_size(wanted: tuple[int, int], made: tuple[int, int]) -> None:
    """A picture has 640x360 pixels at most, or 360x640, in the shape that is wanted, and the codec of playlists."""
    form = flv.video_format(encoded("video", 0, size=wanted)[0].tag.data)
    assert (form.width, form.height, form.framerate) == (*made, 15)
    assert form.codec == "avc1.4D401F"


def test_keys() -> None:
    """A key frame comes every two seconds, also where steps are left out."""
    _, *pictures = encoded("video", 0, 1, 29, 30, 31, 70, 71, 99, 100)
    assert [each.time for each in pictures if each.tag.is_key] == [0, 2000, 4666, 6666]
    assert [each.time for each in pictures][:3] == [0, 66, 1933]


def test_sound() -> None:
    """Sound has no gaps, also where steps are left out; what a decoder has to know comes before all else."""
    header, *frames = encoded("audio", 0, 1, 50)
    form = flv.audio_format(header.tag.data)
    assert (form.codec, form.sample_rate, form.channels) == ("mp4a.40.2", 48_000, 2)
    assert len(frames) == pytest.approx(51 / 15 * 48_000 / 1024, abs=2)
    assert [each.time for each in frames] == [number * 1024 * 1000 // 48_000 for number in range(len(frames))]
