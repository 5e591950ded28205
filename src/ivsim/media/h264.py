"""Pictures of flat blocks as H.264, without a codec library.

A picture is made of macroblocks of 16 x 16 pixels. Each has one colour, and 16 flat blocks of 4 x 4 pixels: what bars,
letters and clocks need. A macroblock is predicted from its neighbour and corrected by no more than the means of its
blocks; one that stays as it was is skipped. All values are chosen so that decoders, which agree on
every bit, get exactly what was drawn.

Source: ITU-T H.264, by whose sections and tables the comments go.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple, TypeAlias

START_CODE, DELIMITER = b"\0\0\0\1", b"\x09\xf0"
"""What a NAL unit has before it in a transport stream, and the unit that each picture begins with there."""

STEP = 16
"""The step of lightness: in its multiples, the means of 16 blocks are corrected by whole levels."""

_QP, _CHROMA_QP_OFFSET = 28, -6
"""The quantisation at which a level of a mean is one STEP of lightness, and its offset for colour (8.5.10 f.)."""

_HORIZONTAL, _VERTICAL, _MEAN = 1, 0, 2
"""The predictions of 16 x 16 pixels: from the left, from above, and from nothing where neither is there."""

_IN_CHROMA = {_HORIZONTAL: 1, _VERTICAL: 2, _MEAN: 0}

_GREY = 128

_HIGH = 100
"""The number of the High profile (annex A)."""

_PIECE = 8
"""The macroblocks of a row that are coded together."""


Macroblock: TypeAlias = bytes
"""16 x 16 pixels: the lightness of 16 blocks, row by row, in multiples of STEP, and the two colour differences.

These are bytes since bytes remember their hash, by which macroblocks are looked up that were coded before.
"""


def macroblock(light: Iterable[int], blue: int = _GREY, red: int = _GREY) -> Macroblock:
    """Return a macroblock of 16 blocks and one colour."""
    return bytes((*light, blue, red))


class Format(NamedTuple):
    """The form of a stream: pixels, both even, frames a second, and the codec as playlists name it, "avc1.4D401F"."""

    width: int
    height: int
    framerate: int
    codec: str

    @property
    def columns(self) -> int:
        """The number of macroblocks in a row; the last is cut off where pixels do not fill it."""
        return -(-self.width // 16)

    @property
    def rows(self) -> int:
        """The number of rows of macroblocks."""
        return -(-self.height // 16)


Picture = Sequence[Macroblock]
"""The macroblocks of a picture, row by row."""


def configuration(form: Format) -> bytes:
    """Return what a decoder has to know before the pictures of a form."""
    return record_of(*parameter_sets(form))


def record_of(sequence: bytes, picture: bytes) -> bytes:
    """Return parameter sets as the AVCDecoderConfigurationRecord of MP4 and FLV (ISO/IEC 14496-15, 5.3.3.1)."""
    record = bytes([1]) + sequence[1:4] + b"\xff\xe1"  # lengths of 4 bytes, one set of each kind
    record += struct.pack(">H", len(sequence)) + sequence + struct.pack(">BH", 1, len(picture)) + picture
    return record + (b"\xfd\xf8\xf8\0" if sequence[1] == _HIGH else b"")  # it repeats: 4:2:0 of 8 bits


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
    rows = [tuple(picture[place : place + form.columns]) for place in range(0, len(picture), form.columns)]
    return _nal(0x65, header + [_row(above, row) for above, row in zip([(), *rows], rows, strict=False)])


def frame(form: Format, picture: Picture, changed: Sequence[int], number: int) -> bytes:
    """Return a picture that differs from the one before in some places alone, in order, as a NAL unit.

    `number` counts from the key frame, which is 0.
    """
    if not changed:
        return _unchanged(len(picture), number % 16)
    bits = _other_header(number)
    columns = form.columns
    for before, place in pairwise([-1, *changed]):
        above = picture[place - columns] if place >= columns else None
        left = picture[place - 1] if place % columns else None
        bits += _ue(place - before - 1), _coded(picture[place], above, left, 5)
    unchanged = len(picture) - 1 - changed[-1]
    if unchanged:
        bits.append(_ue(unchanged))
    return _nal(0x41, bits)


@lru_cache(maxsize=256)
def _unchanged(count: int, number: int) -> bytes:
    """Return a picture of so many macroblocks that is the one before."""
    return _nal(0x41, [*_other_header(number), _ue(count)])


def _other_header(number: int) -> list[str]:
    """Return the header of a slice that refers to the picture before it."""
    return [_ue(0), _ue(5), _ue(0), _u(4, number % 16), "0", "0", "0", _se(0), _ue(1)]


@lru_cache(maxsize=1024)
def _row(above: tuple[Macroblock, ...], row: tuple[Macroblock, ...]) -> str:
    """Return the bits of a row of a key frame; `above` is the one above it, which is empty for the first.

    They are put together from short pieces, because most of a row that is new was in others before.
    """
    places = range(0, len(row), _PIECE)
    return "".join(
        [_piece(above[at : at + _PIECE], row[at - 1] if at else None, row[at : at + _PIECE]) for at in places]
    )


@lru_cache(maxsize=16384)
def _piece(above: tuple[Macroblock, ...], left: Macroblock | None, piece: tuple[Macroblock, ...]) -> str:
    """Return the bits of some macroblocks in a row, from those above them and the one before them."""
    bits = []
    for place, wanted in enumerate(piece):
        upper = above[place] if above else None
        bits.append(_coded(wanted, upper, left, 0))
        left = wanted
    return "".join(bits)


def _coded(wanted: Macroblock, above: Macroblock | None, left: Macroblock | None, offset: int) -> str:
    """Return the bits of a macroblock, by the neighbour that is more like it."""
    if above is not None and (left is None or above == wanted):
        return _differing(wanted, above, _VERTICAL, offset)
    return _differing(wanted, left, _MEAN if left is None else _HORIZONTAL, offset)


@lru_cache(maxsize=65536)
def _differing(wanted: Macroblock, neighbour: Macroblock | None, mode: int, offset: int) -> str:
    """Return the bits of a macroblock that is predicted from a neighbour (7.3.5); `offset` is that of a P slice."""
    if neighbour is None:
        neighbour = macroblock((_GREY,) * 16)  # what is assumed where nothing is
    if mode == _VERTICAL:
        predicted = neighbour[12:16] * 4
    else:
        predicted = bytes(neighbour[row * 4 + 3] for row in range(4) for _ in range(4))
    blue, red = (wanted[place] - neighbour[place] for place in (16, 17))
    has_colour = bool(blue or red)
    means = [(light - its) // STEP for light, its in zip(wanted[:16], predicted, strict=True)]
    bits = [_ue(offset + 1 + mode + 4 * has_colour), _ue(_IN_CHROMA[mode]), _se(0), _levels(_transformed(means))]
    if has_colour:
        bits += _colour_level(blue), _colour_level(red)
    return "".join(bits)


def _transformed(means: Sequence[int]) -> list[int]:
    """Return the levels, in zigzag order, from which the inverse transform makes STEP times these means (8.5.10)."""
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


@lru_cache(maxsize=4096)
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


# The tables of CAVLC, code by code as the standard has them.


def _codes(text: str) -> list[list[str]]:
    return [line.split() for line in text.strip().splitlines()]


_COEFF_TOKEN = _codes("""
1
000101 01
00000111 000100 001
000000111 00000110 0000101 00011
0000000111 000000110 00000101 000011
00000000111 0000000110 000000101 0000100
0000000001111 00000000110 0000000101 00000100
0000000001011 0000000001110 00000000101 000000100
0000000001000 0000000001010 0000000001101 0000000100
00000000001111 00000000001110 0000000001001 00000000100
00000000001011 00000000001010 00000000001101 0000000001100
000000000001111 000000000001110 00000000001001 00000000001100
000000000001011 000000000001010 000000000001101 00000000001000
0000000000001111 000000000000001 000000000001001 000000000001100
0000000000001011 0000000000001110 0000000000001101 000000000001000
0000000000000111 0000000000001010 0000000000001001 0000000000001100
0000000000000100 0000000000000110 0000000000000101 0000000000001000
""")
"""The codes by the numbers of levels and of trailing ones among them: table 9-5, where neighbours have none or one."""

_TOTAL_ZEROS = _codes("""
1 011 010 0011 0010 00011 00010 000011 000010 0000011 0000010 00000011 00000010 000000011 000000010 000000001
111 110 101 100 011 0101 0100 0011 0010 00011 00010 000011 000010 000001 000000
0101 111 110 101 0100 0011 100 011 0010 00011 00010 000001 00001 000000
00011 111 0101 0100 110 101 100 0011 011 0010 00010 00001 00000
0101 0100 0011 111 110 101 100 011 0010 00001 0001 00000
000001 00001 111 110 101 100 011 010 0001 001 000000
000001 00001 101 100 011 11 010 0001 001 000000
000001 0001 00001 011 11 10 010 001 000000
000001 000000 0001 11 10 001 01 00001
00001 00000 001 11 10 01 0001
0000 0001 001 010 1 011
0000 0001 01 1 001
000 001 1 01
00 01 1
0 1
""")
"""The codes by the number of levels less one, and the number of zeros before the last: tables 9-7 and 9-8."""

_RUN_BEFORE = _codes("""
1 0
1 01 00
11 10 01 00
11 10 01 001 000
11 10 011 010 001 000
11 000 001 011 010 101 100
111 110 101 100 011 010 001 0001 00001 000001 0000001 00000001 000000001 0000000001 00000000001
""")
"""The codes by the zeros that are left, less one and 6 at most, and the number before a level: table 9-10."""
