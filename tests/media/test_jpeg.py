"""Pictures of flat blocks as JPEG."""

from __future__ import annotations

import random
from datetime import datetime, timezone

import pytest

from ivsim.media import simulation, strip
from ivsim.media.h264 import STEP, Format, macroblock
from ivsim.media.jpeg import encode
from ivsim.media.picture import Scene

from .conftest import Decode

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


@pytest.mark.parametrize(("width", "height"), [(284, 160), (640, 360), (16, 16)])
def test_pixels(decode: Decode, width: int, height: int) -> None:
    """A decoder gets the size, and about what was drawn: lightness and colours, in the range that JPEG has."""
    form, rng = Format(width, height, 30, "avc1.4D401F"), random.Random(1)
    picture = [
        macroblock([STEP * rng.randint(1, 15) for _ in range(16)], rng.randint(16, 240), rng.randint(16, 240))
        for _ in range(form.columns * form.rows)
    ]
    data = decode(encode(form, picture), "yuvj420p", kind="mjpeg")
    assert len(data) == width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    furthest = 0.0
    for y in range(0, height, 7):
        for x in range(0, width, 5):
            block = picture[y // 16 * form.columns + x // 16]
            wanted = (block[y % 16 // 4 * 4 + x % 16 // 4] - 16) * 255 / 219
            furthest = max(furthest, abs(min(max(wanted, 0), 255) - data[y * width + x]))
    assert furthest < 16
    for plane in (0, 1):
        start = width * height + plane * (width // 2) * (height // 2)
        for y in range(0, height // 2, 5):
            for x in range(0, width // 2, 5):
                wanted = (picture[y // 8 * form.columns + x // 8][16 + plane] - 128) * 255 / 224 + 128
                assert abs(min(max(wanted, 0), 255) - data[start + y * (width // 2) + x]) < 3


def test_strip(decode: Decode) -> None:
    """A program reads the strip of a thumbnail."""
    form = Format(852, 480, 30, "avc1.4D401F")
    file = simulation.thumbnail(form, Scene("show", "480p30", "live", NOON), 61.5, 0.0)
    data = decode(file, "yuvj420p", kind="mjpeg")
    assert strip.read(852, 480, lambda x, y: data[y * 852 + x]) == (480, 30, "live", 61_500)
