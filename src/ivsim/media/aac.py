"""AAC: silence as AAC-LC, 48,000 samples a second in stereo, and the frames of transport streams.

Source: ISO/IEC 14496-3.
"""

from __future__ import annotations

import struct

RATE = 48_000
SAMPLES = 1024
"""The number of samples in a frame."""

MOST_BYTES = 0x1FFF - 7
"""The most bytes of a frame, as its header in a transport stream can tell them."""

SILENCE = bytes.fromhex("21000000001c")
"""A frame of two channels with nothing in any band."""

CONFIG = struct.pack(">H", 2 << 11 | 3 << 7 | 2 << 3)
"""The AudioSpecificConfig: AAC-LC, 48 kHz, two channels."""


def adts(frame: bytes, *, kind: int = 2, rate_index: int = 3, channels: int = 2) -> bytes:
    """Return a frame with the header that it has in a transport stream; failing others, that of `CONFIG`.

    `kind` is the audio object type; those that add to AAC-LC what decoders find by themselves are told as AAC-LC.
    `rate_index` is the place of the rate in the standard's list.
    """
    length = len(frame) + 7
    return (
        struct.pack(
            ">HBBHB",
            0xFFF1,
            ((kind if kind <= 4 else 2) - 1) << 6 | rate_index << 2 | channels >> 2,
            (channels & 3) << 6 | length >> 11,
            (length & 0x7FF) << 5 | 0x1F,
            0xFC,
        )
        + frame
    )
