"""Media segments: valid MPEG transport streams with timed metadata, and no picture or sound to decode.

Sources: ISO/IEC 13818-1 for packets and tables; Apple's *Timed Metadata for HTTP Live Streaming* for how they carry
ID3, and ID3v2.4 for that.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Sequence
from datetime import datetime

from . import id3

_PACKET = 188
_PAT, _PMT, _METADATA = 0, 0x1000, 0x102
"""The packet identifiers of the table of programs, of the program's own table, and of its metadata."""

_TICKS = 90_000
"""The ticks in a second of the clock that times what is in a stream."""

# The program: no clock, a descriptor that points at the metadata, and a stream of timed ID3 (type 0x15) that says so.
_POINTER = struct.pack(">BBH4sB4sBBH", 0x25, 15, 0xFFFF, b"ID3 ", 0xFF, b"ID3 ", 0, 0x1F, 1)
_DESCRIPTOR = struct.pack(">BBH4sB4sBB", 0x26, 13, 0xFFFF, b"ID3 ", 0xFF, b"ID3 ", 0, 0x0F)
_PROGRAM = (
    struct.pack(">HH", 0xFFFF, 0xF000 | len(_POINTER))
    + _POINTER
    + struct.pack(">BHH", 0x15, 0xE000 | _METADATA, 0xF000 | len(_DESCRIPTOR))
    + _DESCRIPTOR
)


def segment(at: datetime, duration: float, metadata: Sequence[str]) -> bytes:
    """Return a segment that begins `at` a time and lasts `duration` seconds, with the texts of PutMetadata in it.

    Each second has the transcoder's own tag, `segmentmetadata`, as in life; the texts come with the first.
    """
    packets = [_table(_PAT, 0, struct.pack(">HH", 1, 0xE000 | _PMT)), _table(_PMT, 2, _PROGRAM)]
    start, counter = at.timestamp(), 0
    for second in range(math.ceil(duration)):
        moment = start + second
        tags = [id3.tag(json.dumps({"transc_s": int(moment * 1000)}), "segmentmetadata")]
        tags += [id3.tag(text) for text in metadata] if second == 0 else []
        for tag in tags:
            for packet in _packets(_timed(int(moment * _TICKS), tag), counter):
                packets.append(packet)
                counter += 1
    return b"".join(packets)


def _table(pid: int, table: int, body: bytes) -> bytes:
    """Return the packet of a table; program and table are number 1 and the only ones."""
    section = struct.pack(">BHHBBB", table, 0xB000 | len(body) + 9, 1, 0xC1, 0, 0) + body
    payload = b"\0" + section + struct.pack(">I", _crc(section))
    return struct.pack(">BHB", 0x47, 0x4000 | pid, 0x10) + payload.ljust(_PACKET - 4, b"\xff")


def _timed(ticks: int, tag: bytes) -> bytes:
    """Return a packet of the elementary stream that shows a tag at a time."""
    bits = [
        0x20 | ticks >> 29 & 0xE | 1,
        ticks >> 22 & 0xFF,
        ticks >> 14 & 0xFE | 1,
        ticks >> 7 & 0xFF,
        ticks << 1 & 0xFE | 1,
    ]
    return struct.pack(">IHBBB", 0x1BD, 8 + len(tag), 0x84, 0x80, 5) + bytes(bits) + tag


def _packets(data: bytes, counter: int) -> Iterator[bytes]:
    """Cut a packet of the elementary stream into packets of the transport stream, the last one stuffed in front."""
    for offset in range(0, len(data), _PACKET - 4):
        piece = data[offset : offset + _PACKET - 4]
        room = _PACKET - 4 - len(piece)
        stuffing = (bytes([room - 1, 0][:room])).ljust(room, b"\xff")
        control = (0x30 if room else 0x10) | counter & 0xF
        yield struct.pack(">BHB", 0x47, (0 if offset else 0x4000) | _METADATA, control) + stuffing + piece
        counter += 1


def _crc(data: bytes) -> int:
    """Return the CRC-32/MPEG-2 that ends a table; unlike zlib's it is not reflected."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return crc
