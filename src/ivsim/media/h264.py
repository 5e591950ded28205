"""Pictures of flat blocks as H.264, without a codec library.

A picture is made of macroblocks of 16 x 16 pixels. Each has one colour, and 16 flat blocks of 4 x 4 pixels: what bars,
letters and clocks need. A macroblock is predicted from its neighbour and corrected by no more than the means of its
blocks; one that stays as it was is skipped. All values are chosen so that decoders, which agree on
every bit, get exactly what was drawn.

Source: ITU-T H.264, by whose sections and tables the comments go.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

STEP = 16
"""Lightness comes in multiples of this: then the means of 16 blocks are corrected by whole levels."""

_QP, _CHROMA_QP_OFFSET = 28, -6
"""Quantisation at which one level of a mean is one step of lightness, and, so much lower, one of colour (8.5.10 f.)."""

_HORIZONTAL, _VERTICAL, _MEAN = 1, 0, 2
"""Prediction of 16 x 16 pixels: from the left, from above, and from nothing at all where neither is there."""

_IN_CHROMA = {_HORIZONTAL: 1, _VERTICAL: 2, _MEAN: 0}

_NOTHING = (0,) * 16
_GREY = 128

_Table = tuple[tuple[int, ...], ...]


class Macroblock(NamedTuple):
    """16 x 16 pixels: the lightness of 16 blocks, row by row, in multiples of STEP, and the two colour differences."""

    light: tuple[int, ...]
    blue: int = _GREY
    red: int = _GREY


class Format(NamedTuple):
    """The form of a stream: pixels, both even, frames a second, and the codec as playlists name it, "avc1.4D401F"."""

    width: int
    height: int
    framerate: int
    codec: str

    @property
    def columns(self) -> int:
        """Macroblocks in a row; the last is cut off where pixels do not fill it."""
        return -(-self.width // 16)

    @property
    def rows(self) -> int:
        """Rows of macroblocks."""
        return -(-self.height // 16)


Picture = Sequence[Macroblock]
"""The macroblocks of a picture, row by row."""


def parameter_sets(form: Format) -> tuple[bytes, bytes]:
    """Return the sequence's parameter set and the picture's, as NAL units (7.3.2.1 and 7.3.2.2)."""
    right, below = form.columns * 16 - form.width, form.rows * 16 - form.height
    sequence = [
        *(_u(8, byte) for byte in bytes.fromhex(form.codec.partition(".")[2])),  # profile, constraints, level
        _ue(0),
        *([_ue(1), _ue(0), _ue(0), "0", "0"] if form.codec.startswith("avc1.64") else []),  # High: 4:2:0 of 8 bits
        _ue(0),  # frame numbers of 4 bits
        _ue(2),  # pictures come in the order in which they are shown
        _ue(1),  # and refer to one before
        "0",
        _ue(form.columns - 1),
        _ue(form.rows - 1),
        "1",  # frames, no fields
        "1",
        "1" + _ue(0) + _ue(right // 2) + _ue(0) + _ue(below // 2) if right or below else "0",
        "1",  # more about the video:
        "0000",
        "1" + _u(32, 1) + _u(32, 2 * form.framerate) + "1",  # ticks are of half a frame
        "000",
        "1" + "1" + _ue(0) + _ue(0) + _ue(10) + _ue(10) + _ue(0) + _ue(1),  # nothing is reordered
    ]
    picture = [
        _ue(0),
        _ue(0),
        "0",  # CAVLC
        "0",
        _ue(0),
        _ue(0),
        _ue(0),
        "0",
        "00",
        _se(_QP - 26),
        _se(0),
        _se(_CHROMA_QP_OFFSET),
        "1",  # slices say that nothing is deblocked
        "0",
        "0",
    ]
    return _nal(0x67, sequence), _nal(0x68, picture)


def key_frame(form: Format, picture: Picture, number: int) -> bytes:
    """Return a picture that needs no other, as a NAL unit. Neighbours in a stream have different numbers."""
    header = [_ue(0), _ue(7), _ue(0), _u(4, 0), _ue(number % 65536), "0", "0", _se(0), _ue(1)]
    return _nal(0x65, header + [_coded(form, picture, place, 0) for place in range(len(picture))])


def frame(form: Format, picture: Picture, changed: Sequence[int], number: int) -> bytes:
    """Return a picture that differs from the one before in some places alone, in order, as a NAL unit.

    `number` counts from the key frame, which is 0.
    """
    bits = [_ue(0), _ue(5), _ue(0), _u(4, number % 16), "0", "0", "0", _se(0), _ue(1)]
    for before, place in pairwise([-1, *changed]):
        bits += _ue(place - before - 1), _coded(form, picture, place, 5)
    left = len(picture) - 1 - (changed[-1] if changed else -1)
    if left:
        bits.append(_ue(left))
    return _nal(0x41, bits)


def _coded(form: Format, picture: Picture, place: int, offset: int) -> str:
    """Return the bits of a macroblock, by the neighbour that is more like it."""
    wanted = picture[place]
    above = picture[place - form.columns] if place >= form.columns else None
    left = picture[place - 1] if place % form.columns else None
    if above is not None and (left is None or above == wanted):
        return _differing(wanted, above, _VERTICAL, offset)
    return _differing(wanted, left, _MEAN if left is None else _HORIZONTAL, offset)


@lru_cache(maxsize=65536)
def _differing(wanted: Macroblock, neighbour: Macroblock | None, mode: int, offset: int) -> str:
    """Return the bits of a macroblock that is predicted from a neighbour (7.3.5); `offset` is that of a P slice."""
    if neighbour is None:
        neighbour = Macroblock((_GREY,) * 16)
        predicted = neighbour.light
    elif mode == _VERTICAL:
        predicted = neighbour.light[12:] * 4
    else:
        predicted = tuple(neighbour.light[row * 4 + 3] for row in range(4) for _ in range(4))
    blue, red = wanted.blue - neighbour.blue, wanted.red - neighbour.red
    has_colour = bool(blue or red)
    means = [(light - its) // STEP for light, its in zip(wanted.light, predicted, strict=True)]
    bits = [_ue(offset + 1 + mode + 4 * has_colour), _ue(_IN_CHROMA[mode]), _se(0), _levels(_transformed(means))]
    if has_colour:
        bits += _colour_level(blue), _colour_level(red)
    return "".join(bits)


def _transformed(means: Sequence[int]) -> list[int]:
    """Return what the inverse transform of 4 x 4 means makes STEP times these means of (8.5.10), in zigzag order."""
    rows = [_hadamard(means[row * 4 : row * 4 + 4]) for row in range(4)]
    columns = [_hadamard([row[column] for row in rows]) for column in range(4)]
    return [columns[place % 4][place // 4] for place in _ZIGZAG]


def _hadamard(values: Sequence[int]) -> tuple[int, int, int, int]:
    a, b, c, d = values
    return a + b + c + d, a + b - c - d, a - b - c + d, a - b + c - d


_ZIGZAG = (0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15)


def _levels(levels: Sequence[int]) -> str:
    """Return 16 levels in CAVLC (9.2), where no neighbour has any, as is so with means alone."""
    found = [(place, level) for place, level in enumerate(levels) if level][::-1]
    if not found:
        return "1"
    ones = 0
    while ones < min(3, len(found)) and abs(found[ones][1]) == 1:
        ones += 1
    bits = [_COEFF_TOKEN[len(found)][ones]]
    bits += ["1" if level < 0 else "0" for _, level in found[:ones]]
    bits.append(_remaining([level for _, level in found[ones:]], len(found), ones))
    zeros = found[0][0] + 1 - len(found)
    if len(found) < 16:
        bits.append(_TOTAL_ZEROS[len(found) - 1][zeros])
    for (place, _), (next_place, _) in pairwise(found):
        if zeros:
            run = place - next_place - 1
            bits.append(_RUN_BEFORE[min(zeros, 7) - 1][run])
            zeros -= run
    return "".join(bits)


def _colour_level(level: int) -> str:
    """Return the four levels of a colour difference, of which the first alone may be there."""
    if not level:
        return "01"
    if abs(level) == 1:
        return "1" + ("1" if level < 0 else "0") + "1"
    return "000111" + _remaining([level], 1, 0) + "1"


def _remaining(levels: Sequence[int], count: int, ones: int) -> str:
    """Return levels that are no trailing ones (9.2.2.1), from the highest frequency down."""
    bits = []
    length = 1 if count > 10 and ones < 3 else 0
    for number, level in enumerate(levels):
        code = 2 * level - 2 if level > 0 else -2 * level - 1
        if number == 0 and ones < 3:
            code -= 2
        bits.append(_level(code, length))
        length = max(length, 1)
        if abs(level) > 3 << (length - 1) and length < 6:
            length += 1
    return "".join(bits)


def _level(code: int, length: int) -> str:
    """Return a prefix and a suffix (9.2.2.1); the longest suffix has 12 bits, which is more than pictures need."""
    if length == 0:
        if code < 14:
            return "0" * code + "1"
        if code < 30:
            return "0" * 14 + "1" + _u(4, code - 14)
        return "0" * 15 + "1" + _u(12, code - 30)
    if code < 15 << length:
        return "0" * (code >> length) + "1" + _u(length, code & ((1 << length) - 1))
    return "0" * 15 + "1" + _u(12, code - (15 << length))


def _u(length: int, number: int) -> str:
    return f"{number:0{length}b}"


def _ue(number: int) -> str:
    """Return a whole number in Exp-Golomb code (9.1)."""
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits


def _se(number: int) -> str:
    return _ue(2 * number - 1 if number > 0 else -2 * number)


def _nal(header: int, bits: Sequence[str]) -> bytes:
    """Return a NAL unit, with nothing in it that looks like a start code (7.4.1)."""
    text = "".join(bits) + "1"
    length = -(-len(text) // 8)
    payload = int(text.ljust(length * 8, "0"), 2).to_bytes(length, "big")
    return bytes([header]) + re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", payload)


# The tables of CAVLC, a code as its length and its bits as a number.

_TOKEN_LENGTHS = (
    (1,),
    (6, 2),
    (8, 6, 3),
    (9, 8, 7, 5),
    (10, 9, 8, 6),
    (11, 10, 9, 7),
    (13, 11, 10, 8),
    (13, 13, 11, 9),
    (13, 13, 13, 10),
    (14, 14, 13, 11),
    (14, 14, 14, 13),
    (15, 15, 14, 14),
    (15, 15, 15, 14),
    (16, 15, 15, 15),
    (16, 16, 16, 15),
    (16, 16, 16, 16),
    (16, 16, 16, 16),
)
_TOKEN_BITS = (
    (1,),
    (5, 1),
    (7, 4, 1),
    (7, 6, 5, 3),
    (7, 6, 5, 3),
    (7, 6, 5, 4),
    (15, 6, 5, 4),
    (11, 14, 5, 4),
    (8, 10, 13, 4),
    (15, 14, 9, 4),
    (11, 10, 13, 12),
    (15, 14, 9, 12),
    (11, 10, 13, 8),
    (15, 1, 9, 12),
    (11, 14, 13, 8),
    (7, 10, 9, 12),
    (4, 6, 5, 8),
)
_ZEROS_LENGTHS = (
    (1, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 9),
    (3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 6, 6),
    (4, 3, 3, 3, 4, 4, 3, 3, 4, 5, 5, 6, 5, 6),
    (5, 3, 4, 4, 3, 3, 3, 4, 3, 4, 5, 5, 5),
    (4, 4, 4, 3, 3, 3, 3, 3, 4, 5, 4, 5),
    (6, 5, 3, 3, 3, 3, 3, 3, 4, 3, 6),
    (6, 5, 3, 3, 3, 2, 3, 4, 3, 6),
    (6, 4, 5, 3, 2, 2, 3, 3, 6),
    (6, 6, 4, 2, 2, 3, 2, 5),
    (5, 5, 3, 2, 2, 2, 4),
    (4, 4, 3, 3, 1, 3),
    (4, 4, 2, 1, 3),
    (3, 3, 1, 2),
    (2, 2, 1),
    (1, 1),
)
_ZEROS_BITS = (
    (1, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 3, 2, 1),
    (7, 6, 5, 4, 3, 5, 4, 3, 2, 3, 2, 3, 2, 1, 0),
    (5, 7, 6, 5, 4, 3, 4, 3, 2, 3, 2, 1, 1, 0),
    (3, 7, 5, 4, 6, 5, 4, 3, 3, 2, 2, 1, 0),
    (5, 4, 3, 7, 6, 5, 4, 3, 2, 1, 1, 0),
    (1, 1, 7, 6, 5, 4, 3, 2, 1, 1, 0),
    (1, 1, 5, 4, 3, 3, 2, 1, 1, 0),
    (1, 1, 1, 3, 3, 2, 2, 1, 0),
    (1, 0, 1, 3, 2, 1, 1, 1),
    (1, 0, 1, 3, 2, 1, 1),
    (0, 1, 1, 2, 1, 3),
    (0, 1, 1, 1, 1),
    (0, 1, 1, 1),
    (0, 1, 1),
    (0, 1),
)
_RUN_LENGTHS = (
    (1, 1),
    (1, 2, 2),
    (2, 2, 2, 2),
    (2, 2, 2, 3, 3),
    (2, 2, 3, 3, 3, 3),
    (2, 3, 3, 3, 3, 3, 3),
    (3, 3, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11),
)
_RUN_BITS = (
    (1, 0),
    (1, 1, 0),
    (3, 2, 1, 0),
    (3, 2, 1, 1, 0),
    (3, 2, 3, 2, 1, 0),
    (3, 0, 1, 3, 2, 5, 4),
    (7, 6, 5, 4, 3, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1),
)


def _codes(lengths: _Table, bits: _Table) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(_u, *row)) for row in zip(lengths, bits, strict=True))


_COEFF_TOKEN = _codes(_TOKEN_LENGTHS, _TOKEN_BITS)
"""By the number of levels, and how many of the last are trailing ones: table 9-5, where neighbours have none or one."""

_TOTAL_ZEROS = _codes(_ZEROS_LENGTHS, _ZEROS_BITS)
"""By the number of levels less one, and how many zeros are before the last: tables 9-7 and 9-8."""

_RUN_BEFORE = _codes(_RUN_LENGTHS, _RUN_BITS)
"""By the zeros that are left, less one and 6 at most, and how many come before a level: table 9-10."""
