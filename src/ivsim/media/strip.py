"""The strip at the foot of a simulated picture, from which a program reads what the picture shows.

It takes the lowest tenth of the picture: two rows of 32 blocks, white for 1 and black for 0, each as wide as a 32nd of
the picture. Its 64 bits, from the left, the upper row first, are six that are always 101100, then the height of the
rendition (11 bits), its frames a second (7), what is shown (2), the time since the stream began in milliseconds (30),
and the CRC-8 of all these (8). So it is read from a screenshot or a canvas of any size by looking at 64 points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

ROWS, COLUMNS = 2, 32
SHARE = 10
"""The height of a picture divided by that of its strip."""

SOURCES = ("live", "slate", "ad")
"""The sources of a picture, by their numbers in the strip."""

_SYNC, _SYNC_BITS = 0b101100, 6
_FIELDS = (11, 7, 2, 30)
_CRC_BITS, _CRC_POLYNOMIAL = 8, 0x07


class Reading(NamedTuple):
    """The content of a strip: the height of the rendition in pixels, its frames a second, the source, and the time.

    `source` is "live", "slate" or "ad". `milliseconds` are those since the stream began.
    """

    height: int
    framerate: int
    source: str
    milliseconds: int


def write(reading: Reading) -> tuple[int, ...]:
    """Return the bits of a strip, the upper row's first; a number too great for its field is cut off."""
    number = _SYNC
    values = (reading.height, reading.framerate, SOURCES.index(reading.source), reading.milliseconds)
    for length, value in zip(_FIELDS, values, strict=True):
        number = number << length | value & (1 << length) - 1
    number = number << _CRC_BITS | _crc(number)
    return tuple(number >> place & 1 for place in reversed(range(ROWS * COLUMNS)))


def read(width: int, height: int, light: Callable[[int, int], float]) -> Reading | None:
    """Return the content of a picture's strip; None where there is no strip, or it cannot be read.

    `light` returns the lightness of the pixel at a place, from the left and from above: from 0 to 255, or any numbers
    that grow with it. The picture may be of any size, as long as it is whole.
    """
    points = [
        light(int((column + 0.5) * width / COLUMNS), int(height - height / SHARE * (1 - (row + 0.5) / ROWS)))
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]
    middle = (max(points) + min(points)) / 2
    number = 0
    for point in points:
        number = number << 1 | (point > middle)
    checked, crc = number >> _CRC_BITS, number & (1 << _CRC_BITS) - 1
    if checked >> sum(_FIELDS) != _SYNC or _crc(checked) != crc:
        return None
    values = []
    for length in reversed(_FIELDS):
        values.append(checked & (1 << length) - 1)
        checked >>= length
    milliseconds, source, framerate, its_height = values
    return Reading(its_height, framerate, SOURCES[source], milliseconds) if source < len(SOURCES) else None


def _crc(number: int) -> int:
    """Return the CRC-8 of the fields and what stands before them."""
    crc = 0
    for place in reversed(range(_SYNC_BITS + sum(_FIELDS))):
        crc = (crc << 1) ^ (number >> place & 1) << _CRC_BITS
        if crc >> _CRC_BITS & 1:
            crc ^= 1 << _CRC_BITS | _CRC_POLYNOMIAL
    return crc & (1 << _CRC_BITS) - 1
