"""Silence as AAC-LC, 48,000 samples a second in stereo.

Source: ISO/IEC 14496-3.
"""

from __future__ import annotations

import struct

RATE = 48_000
SAMPLES = 1024
"""The number of samples in a frame."""

SILENCE = bytes.fromhex("21000000001c")
"""A frame of two channels with nothing in any band."""

CONFIG = struct.pack(">H", 2 << 11 | 3 << 7 | 2 << 3)
"""The AudioSpecificConfig: AAC-LC, 48 kHz, two channels."""


def adts(frame: bytes) -> bytes:
    """Return a frame with the header that it has in a transport stream."""
    length = len(frame) + 7
    return struct.pack(">HBBHB", 0xFFF1, 0x4C, 0x80 | length >> 11, (length & 0x7FF) << 5 | 0x1F, 0xFC) + frame
