"""Pictures of flat blocks as JPEG, without a codec library.

A macroblock of `h264` is what JPEG codes at a time: 16 x 16 pixels, of which colours have a quarter. A block of 8 x 8
pixels has four flat quarters, so that its cosine transform is a sum of four that are known. The codes are not those of
the standard's examples, but the simplest that there can be; pictures of this kind are small anyway.

Sources: ITU-T T.81, by whose sections and figures the comments go; JFIF 1.02 for the range of values.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache

from .h264 import Format, Macroblock, Picture

_STEP = 8
"""The step of quantisation, for all frequencies."""

_FLAT = math.sqrt(8)
_EDGE = [sum(math.cos((2 * x + 1) * u * math.pi / 16) for x in range(4)) if u % 2 else 0.0 for u in range(8)]
"""The transforms (A.3.3) of eight times 1, which has its mean alone, and of four times 1 and four times -1."""

_ZIGZAG = sorted(range(64), key=lambda at: (at // 8 + at % 8, at // 8 if (at // 8 + at % 8) % 2 else at % 8))
"""The places of a block, which are 8 times the row plus the column, in the order of figure A.6."""

_SIZES = range(12)
_RUNS = [run << 4 | size for run in range(16) for size in range(1, 11)] + [0xF0]
"""What the codes stand for: bits of a mean's difference; and runs of zeros, each with the bits of what ends it."""


def encode(form: Format, picture: Picture) -> bytes:
    """Return a picture as a file."""
    frame = struct.pack(">BHHB", 8, form.height, form.width, 3) + b"\1\x22\0" + b"\2\x11\0" + b"\3\x11\0"
    means = bytes([0, 0, 0, 0, len(_SIZES)]) + bytes(12) + bytes(_SIZES)  # codes of 4 bits
    others = bytes([0x10, 1]) + bytes(7) + bytes([len(_RUNS)]) + bytes(7) + bytes([0, *_RUNS])  # of one bit, and of 9
    bits: list[str] = []
    last = [0, 0, 0]
    for block in picture:
        bits += _coded(block, last)
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    data = int("1" + text, 2).to_bytes(len(text) // 8 + 1, "big")[1:].replace(b"\xff", b"\xff\0")
    return b"".join(
        [
            b"\xff\xd8",
            _marked(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0"),
            _marked(0xDB, bytes([0] + [_STEP] * 64)),
            _marked(0xC0, frame),
            _marked(0xC4, means + others),
            _marked(0xDA, b"\3\1\0\2\0\3\0\0\x3f\0"),
            data,
            b"\xff\xff\xff\xd9",  # filled up, as is allowed: ffmpeg 5 misses an end that follows the data at once
        ]
    )


def _coded(block: Macroblock, last: list[int]) -> list[str]:
    """Return the bits of a macroblock: four blocks of lightness and two of colour. `last` are the means before it."""
    bits: list[str] = []
    for upper in (0, 8):
        for left in (upper, upper + 2):
            mean, others = _block(block[left], block[left + 1], block[left + 4], block[left + 5])
            bits += _mean(mean - last[0]), others
            last[0] = mean
    for number in (1, 2):
        mean = _level(8 * (block[15 + number] - 128) * 255 / 224)
        bits += _mean(mean - last[number]), "0"
        last[number] = mean
    return bits


@lru_cache(maxsize=4096)
def _block(*quarters: int) -> tuple[int, str]:
    """Return the mean of a block and the bits of its other frequencies, by the lightness of its quarters."""
    a, b, c, d = ((light - 16) * 255 / 219 - 128 for light in quarters)
    across, down, both = (a - b + c - d) / 4, (a + b - c - d) / 4, (a - b - c + d) / 4
    bits, run = "", 0
    for place in _ZIGZAG[1:]:
        v, u = divmod(place, 8)
        each = both * _EDGE[u] * _EDGE[v] if u and v else (across * _EDGE[u] + down * _EDGE[v]) * _FLAT
        level = _level(each)
        if level:
            bits += _code(0xF0) * (run // 16) + _code(run % 16 << 4 | abs(level).bit_length()) + _value(level)
            run = 0
        else:
            run += 1
    return _level(2 * (a + b + c + d)), bits + "0" * (run > 0)


def _level(coefficient: float) -> int:
    return round(coefficient / _STEP)


@lru_cache(maxsize=4096)
def _mean(difference: int) -> str:
    """Return the bits of the difference from the mean before it (F.1.2.1)."""
    return f"{abs(difference).bit_length():04b}" + _value(difference)


def _code(symbol: int) -> str:
    return f"{256 + _RUNS.index(symbol):09b}"


def _value(number: int) -> str:
    """Return a number in as many bits as it has; negative ones are less by one (F.1.2.1.1)."""
    length = abs(number).bit_length()
    return f"{number if number > 0 else number + (1 << length) - 1:0{length}b}" if number else ""


def _marked(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
