"""Silence."""

from __future__ import annotations

from ivsim.media import aac


def test_adts() -> None:
    """A header says what the configuration says, and how long the frame is with it."""
    frame = aac.adts(aac.SILENCE)
    assert frame[7:] == aac.SILENCE
    bits = int.from_bytes(frame[:7], "big")
    assert bits >> 44 == 0xFFF
    profile, rate, channels = bits >> 38 & 3, bits >> 34 & 15, bits >> 30 & 7
    assert ((profile + 1) << 11 | rate << 7 | channels << 3).to_bytes(2, "big") == aac.CONFIG
    assert bits >> 13 & 0x1FFF == len(frame)
