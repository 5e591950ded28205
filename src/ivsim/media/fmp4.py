"""Media segments as fragmented MP4: valid boxes, timed metadata, and nothing to decode.

Sources: ISO/IEC 14496-12; *Carriage of ID3 Timed Metadata in the Common Media Application Format* (AOMedia).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime

from . import id3

MAP_VERSION = 6
"""The version of HLS from which on a playlist may have an EXT-X-MAP, which names the initialization of fragments."""

_TIMESCALE = 1000
"""The number of units of time in a second."""


def initialization() -> bytes:
    """Return the initialization that a player has to read before the first fragment."""
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    times = struct.pack(">5I", 0, 0, 0, _TIMESCALE, 0)
    header = times + struct.pack(">IH10x", 0x10000, 0x100) + matrix + bytes(24) + struct.pack(">I", 1)
    return _box(b"ftyp", b"iso6\0\0\0\1iso6mp41") + _box(b"moov", _box(b"mvhd", header) + _box(b"mvex", b""))


def fragment(at: datetime, number: int, metadata: Sequence[str]) -> bytes:
    """Return a fragment from a time on, with the texts that PutMetadata inserted in it; numbers begin with 1."""
    events = b"".join(_event(at, text) for text in metadata)
    header = _box(b"moof", _box(b"mfhd", struct.pack(">II", 0, number)))
    return _box(b"styp", b"msdh\0\0\0\0msdh") + events + header + _box(b"mdat", b"")


def _event(at: datetime, text: str) -> bytes:
    time = int(at.timestamp() * _TIMESCALE)
    content = struct.pack(">IIQII", 1 << 24, _TIMESCALE, time, 0, 0)
    return _box(b"emsg", content + b"https://aomedia.org/emsg/ID3\0\0" + id3.tag(text))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content) + 8) + kind + content
