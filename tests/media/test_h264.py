"""Pictures of flat blocks: a decoder gets every pixel as it was drawn."""

from __future__ import annotations

import random
import re
import struct

import pytest

from ivsim.media.h264 import STEP, Format, Macroblock, configuration, frame, key_frame, macroblock, parameter_sets

from .conftest import Decode

FORMATS = [
    Format(96, 64, 30, "avc1.4D401F"),
    Format(284, 160, 30, "avc1.42E01E"),
    Format(170, 98, 25, "avc1.640028"),
    Format(16, 16, 60, "avc1.4D401F"),
    Format(18, 34, 1, "avc1.4D401F"),
]
START_CODE = b"\0\0\0\1"


def scribble(rng: random.Random) -> Macroblock:
    """Return a macroblock that is flat, of two kinds of blocks, or of any."""
    shades = [STEP * rng.randint(1, 15) for _ in range(rng.choice((1, 2, 16)))]
    colour = [rng.choice((128, rng.randint(0, 255))) for _ in range(2)]
    return macroblock([rng.choice(shades) for _ in range(16)], *colour)


def pixels(form: Format, picture: list[Macroblock]) -> bytes:
    """Return a picture in planes, as a decoder has it: lightness, and the two differences of colour."""
    light = [
        bytes(picture[y // 16 * form.columns + x // 16][y % 16 // 4 * 4 + x % 16 // 4] for x in range(form.width))
        for y in range(form.height)
    ]
    planes = [
        bytes(
            picture[y // 8 * form.columns + x // 8][plane]
            for y in range(form.height // 2)
            for x in range(form.width // 2)
        )
        for plane in (16, 17)
    ]
    return b"".join([*light, *planes])


def scribbles(form: Format) -> tuple[list[bytes], list[bytes]]:
    """Return the NAL units of a stream in which any macroblocks change at any time, and its pictures in planes."""
    rng = random.Random(str(form))
    places = range(form.columns * form.rows)
    units, shown = [*parameter_sets(form)], []
    for number in range(2):
        picture = [scribble(rng) for _ in places]
        units.append(key_frame(form, picture, number))
        shown.append(pixels(form, picture))
        for serial in range(1, 20):  # more than there are frame numbers
            changed = sorted(rng.sample(places, rng.choice((0, len(places) // 3, len(places)))))
            for place in changed:
                picture[place] = scribble(rng)
            units.append(frame(form, picture, changed, serial))
            shown.append(pixels(form, picture))
    return units, shown


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_what_is_drawn_is_seen(form: Format, decode: Decode) -> None:
    """Every pixel of every picture comes out as it went in, in whole pictures and in changes."""
    units, shown = scribbles(form)
    assert decode(b"".join(START_CODE + unit for unit in units), "yuv420p") == b"".join(shown)


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_units(form: Format) -> None:
    """Units name their kind, the first one the codec, and nothing in them looks like the start of another."""
    units, _ = scribbles(form)
    assert [unit[0] & 31 for unit in units] == [7, 8, *([5] + [1] * 19) * 2]
    assert units[0][1:4].hex().upper() == form.codec[5:]
    assert not any(re.search(rb"\0\0[\0-\2]", unit) or unit.endswith(b"\0") for unit in units)


@pytest.mark.parametrize("form", FORMATS, ids=str)
def test_configuration(form: Format) -> None:
    """A configuration says lengths of 4 bytes, parameter sets, and where High wants that how colours are sampled."""
    made = configuration(form)
    sequence, picture = parameter_sets(form)
    sets = b"\xe1" + struct.pack(">H", len(sequence)) + sequence + b"\1" + struct.pack(">H", len(picture)) + picture
    colours = b"\xfd\xf8\xf8\0" if form.codec.startswith("avc1.64") else b""
    assert made == b"\1" + bytes.fromhex(form.codec[5:]) + b"\xff" + sets + colours


def test_what_does_not_change_is_small() -> None:
    """A picture like the one before takes a few bytes, whatever its size."""
    form = Format(1920, 1080, 60, "avc1.640028")
    picture = [macroblock([STEP] * 16)] * (form.columns * form.rows)
    assert len(frame(form, picture, [], 1)) < 12
    assert len(key_frame(form, picture, 0)) < 10_000
