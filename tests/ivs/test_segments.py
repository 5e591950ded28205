"""Media segments: valid as far as they go."""

from __future__ import annotations

from datetime import datetime, timezone

from ivsim.ivs.segments import segment

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def test_packets() -> None:
    """A segment is made of packets of 188 bytes, and begins with the tables that say what is in it."""
    body = segment(NOON, 2.0, ["x" * 500, "short"])
    packets = [body[start : start + 188] for start in range(0, len(body), 188)]
    assert all(len(packet) == 188 and packet[0] == 0x47 for packet in packets)
    assert [int.from_bytes(packet[1:3], "big") & 0x1FFF for packet in packets[:2]] == [0, 0x100]
    for packet in packets[:2]:
        length = int.from_bytes(packet[6:8], "big") & 0xFFF
        assert crc(packet[5 : 8 + length]) == 0
    assert b"short" in body


def test_whole_packets_of_metadata() -> None:
    """Texts of any length fill whole packets."""
    for length in range(0, 400):
        assert len(segment(NOON, 2.0, ["x" * length])) % 188 == 0


def crc(data: bytes) -> int:
    """Return a CRC-32/MPEG-2, which is 0 over data that end with their own."""
    value = 0xFFFFFFFF
    for byte in data:
        for bit in range(7, -1, -1):
            out = value >> 31 ^ byte >> bit & 1
            value = value << 1 & 0xFFFFFFFF ^ (0x04C11DB7 if out else 0)
    return value
