"""Media segments as MPEG transport streams: valid packets, timed metadata, and nothing to decode.

Sources: ISO/IEC 13818-1; *Timed Metadata for HTTP Live Streaming* (Apple) for the ID3 tags.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from datetime import datetime

from . import id3

_PMT, _CLOCK, _ID3 = 0x100, 0x101, 0x102
"""Packet identifiers: of the program map, of what carries the program's clock, of the metadata."""

_TICKS = 90_000
"""Units of a time stamp in a second."""


def segment(at: datetime, duration: float, metadata: Sequence[str]) -> bytes:
    """Return the media of so many seconds from a time on, with the texts that PutMetadata inserted in them."""
    packets = [_section(0, 0, struct.pack(">HH", 1, 0xE000 | _PMT)), _section(_PMT, 2, _PROGRAM)]
    start = int(at.timestamp() * _TICKS)
    packets += [_clock(start + second * _TICKS, second) for second in range(math.ceil(duration))]
    packets += _packets(_ID3, b"".join(_timed(start, text) for text in metadata))
    return b"".join(packets)


_PROGRAM = struct.pack(">HHBHHBHH", 0xE000 | _CLOCK, 0xF000, 0x1B, 0xE000 | _CLOCK, 0xF000, 0x15, 0xE000 | _ID3, 0xF000)
"""The streams of the program: H.264 video, and metadata."""


def _section(pid: int, table: int, body: bytes) -> bytes:
    """Return the packet of a table that says what is in the stream."""
    section = struct.pack(">BHHBBB", table, 0xB000 | len(body) + 9, 1, 0xC1, 0, 0) + body
    payload = b"\0" + section + struct.pack(">I", _crc(section))
    return struct.pack(">BHB", 0x47, 0x4000 | pid, 0x10) + payload.ljust(184, b"\xff")


def _clock(ticks: int, counter: int) -> bytes:
    """Return a packet without payload that says what time it is."""
    reference = (ticks & 0x1FFFFFFFF) << 15 | 0x7E00
    field = b"\xb7\x10" + reference.to_bytes(6, "big")
    return struct.pack(">BHB", 0x47, _CLOCK, 0x20 | counter & 15) + field.ljust(184, b"\xff")


def _timed(ticks: int, text: str) -> bytes:
    """Return a text as a packet of the elementary stream of metadata."""
    tag = id3.tag(text)
    stamp = ticks & 0x1FFFFFFFF
    time = struct.pack(">BHH", 0x21 | stamp >> 29 & 14, (stamp >> 14 & 0xFFFE) | 1, (stamp << 1 & 0xFFFE) | 1)
    return struct.pack(">IHBBB", 0x1BD, len(tag) + 8, 0x84, 0x80, 5) + time + tag


def _packets(pid: int, data: bytes) -> list[bytes]:
    """Return data in packets, the last one filled up."""
    packets = []
    for counter, offset in enumerate(range(0, len(data), 184)):
        piece = data[offset : offset + 184]
        fill = 184 - len(piece)
        flags = 0x10 | counter & 15
        if fill:
            flags |= 0x20
            piece = (bytes([fill - 1]) + b"\0" * (fill > 1)).ljust(fill, b"\xff") + piece
        packets.append(struct.pack(">BHB", 0x47, (0x4000 if counter == 0 else 0) | pid, flags) + piece)
    return packets


def _crc(data: bytes) -> int:
    """Return the checksum that tables end with, CRC-32/MPEG-2."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 ^ 0x104C11DB7 if crc & 0x80000000 else crc << 1
    return crc
