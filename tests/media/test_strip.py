"""The strip at the foot of a picture."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivsim.media.strip import COLUMNS, SOURCES, Reading, read, write

READINGS = st.builds(
    Reading, st.integers(0, 2047), st.integers(0, 127), st.sampled_from(SOURCES), st.integers(0, 2**30 - 1)
)


def drawn(bits: tuple[int, ...], width: int, height: int) -> Callable[[int, int], float]:
    """Return the lightness of a picture that has bits at its foot, and is grey above."""

    def light(x: int, y: int) -> float:
        assert 0 <= x < width
        assert 0 <= y < height
        row = int((y - height * 0.9) / (height / 20))
        return 200.0 if bits[min(max(row, 0), 1) * COLUMNS + x * COLUMNS // width] else 30.0

    return light


@given(READINGS, st.integers(64, 4000), st.integers(60, 3000))
def test_what_is_written_is_read(reading: Reading, width: int, height: int) -> None:
    """A strip says in a picture of any size what was written."""
    assert read(width, height, drawn(write(reading), width, height)) == reading


@pytest.mark.parametrize("place", range(64))
def test_what_is_damaged_is_not_read(place: int) -> None:
    """A bit that is wrong is found out."""
    bits = list(write(Reading(720, 30, "live", 123_456)))
    bits[place] ^= 1
    assert read(640, 360, drawn(tuple(bits), 640, 360)) is None


def test_no_strip() -> None:
    """In a picture without a strip nothing is read, and nothing in one whose source is none that there is."""
    assert read(640, 360, lambda _x, _y: 0.0) is None
    number = int("".join(map(str, write(Reading(720, 30, "ad", 5)))), 2)
    bits = number >> 8 | 3 << 30
    crc = next(each for each in range(256) if _is_valid(bits << 8 | each))
    assert read(640, 360, drawn(_bits(bits << 8 | crc), 640, 360)) is None


def _bits(number: int) -> tuple[int, ...]:
    return tuple(map(int, f"{number:064b}"))


def _is_valid(number: int) -> bool:
    """Return whether the remainder of a division by the polynomial is none."""
    for place in range(63, 7, -1):
        if number >> place & 1:
            number ^= 0x107 << place - 8
    return number == 0


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
def test_javascript() -> None:
    """The function in the how-to reads in JavaScript what is read in Python, and nothing where something is wrong."""
    page = (Path(__file__).parents[2] / "docs" / "howto" / "picture.md").read_text()
    function = page.partition("```js\n")[2].partition("```")[0]
    rng = random.Random(1)
    readings = [
        Reading(rng.randrange(2048), rng.randrange(128), rng.choice(SOURCES), rng.randrange(2**30)) for _ in range(20)
    ]
    width, height = 128, 60
    pictures = [
        [drawn(bits, width, height)(x, y) for y in range(height) for x in range(width)] for bits in map(write, readings)
    ]
    pictures.append([*reversed(pictures[0])])
    program = f"""{function}
        const pictures = JSON.parse(require("fs").readFileSync(0));
        const pixels = (picture) => picture.flatMap((light) => [0, light, 0, 255]);
        console.log(JSON.stringify(pictures.map((each) => readStrip(pixels(each), {width}, {height}))));
    """
    ran = subprocess.run(["node", "-e", program], input=json.dumps(pictures).encode(), capture_output=True, check=True)
    assert json.loads(ran.stdout) == [*(each._asdict() for each in readings), None]
