"""Segments, read as a demultiplexer reads them."""

from __future__ import annotations

import json
import struct
from datetime import datetime, timezone

import pytest

from ivsim.media.mpegts import segment

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
PMT, METADATA = 0x1000, 0x102


def packets(data: bytes) -> list[tuple[int, bool, int, bytes]]:
    """Return packets as (pid, begins something, counter, payload)."""
    found = []
    for offset in range(0, len(data), 188):
        packet = data[offset : offset + 188]
        assert len(packet) == 188
        assert packet[0] == 0x47
        word = struct.unpack(">H", packet[1:3])[0]
        payload = packet[4:]
        if packet[3] & 0x20:
            payload = payload[payload[0] + 1 :]
        found.append((word & 0x1FFF, bool(word & 0x4000), packet[3] & 0xF, payload))
    return found


def crc(data: bytes) -> int:
    """Return CRC-32/MPEG-2, by long division."""
    remainder = int.from_bytes(data, "big") << 32 ^ 0xFFFFFFFF << 8 * len(data)
    for bit in range(len(data) * 8 - 1, -1, -1):
        if remainder >> bit + 32 & 1:
            remainder ^= 0x104C11DB7 << bit
    return remainder


def section(payload: bytes) -> bytes:
    """Return the body of a table, whose length and checksum are right."""
    length = struct.unpack(">H", payload[2:4])[0] & 0xFFF
    whole = payload[1 : 4 + length]
    assert crc(whole) == 0
    assert set(payload[4 + length :]) == {0xFF}
    return whole[8:-4]


def tags(data: bytes) -> list[tuple[int, str, str]]:
    """Return the ID3 tags as (time stamp, description, text)."""
    streams: list[bytes] = []
    for pid, begins, _, payload in packets(data):
        if pid == METADATA:
            if begins:
                streams.append(b"")
            streams[-1] += payload
    found = []
    for pes in streams:
        assert pes[:4] == b"\0\0\1\xbd"
        assert struct.unpack(">H", pes[4:6])[0] == len(pes) - 6
        assert pes[6:9] == b"\x84\x80\x05"
        a, b, c = struct.unpack(">BHH", pes[9:14])
        assert (a >> 4, a & 1, b & 1, c & 1) == (2, 1, 1, 1)
        tag = pes[14:]
        assert tag[:6] == b"ID3\4\0\0"
        sizes = [size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3] for size in (tag[6:10], tag[14:18])]
        assert sizes == [len(tag) - 10, len(tag) - 20]
        assert tag[10:14] == b"TXXX"
        assert tag[20] == 3
        description, _, text = tag[21:].decode().partition("\0")
        found.append(((a & 0xE) << 29 | (b & 0xFFFE) << 14 | c >> 1, description, text))
    return found


def test_tables() -> None:
    """The tables name one program, of one stream of timed metadata."""
    (pat_pid, _, _, pat), (pmt_pid, _, _, pmt), *_ = packets(segment(NOON, 2, []))
    assert (pat_pid, pmt_pid) == (0, PMT)
    assert struct.unpack(">HH", section(pat)) == (1, 0xE000 | PMT)
    program = section(pmt)
    assert struct.unpack(">HH", program[:4]) == (0xFFFF, 0xF000 | 17)
    assert struct.unpack(">BHH", program[21:26]) == (0x15, 0xE000 | METADATA, 0xF000 | 15)
    assert len(program) == 41


@pytest.mark.parametrize("text", ["", "x", "{}" * 512, "äöü 🎉", *("x" * size for size in range(60, 190))])
def test_metadata(text: str) -> None:
    """A text comes out as it went in, whatever its length, at the start of the segment."""
    stamp = int(NOON.timestamp() * 90_000) & 0x1FFFFFFFF
    (first, text_, (second, *_)) = tags(segment(NOON, 2, [text]))
    assert text_ == (stamp, "", text)
    assert first == (stamp, "segmentmetadata", json.dumps({"transc_s": int(NOON.timestamp() * 1000)}))
    assert second == stamp + 90_000


def test_counters() -> None:
    """Packets of the metadata are counted on, so that none goes missing unnoticed."""
    counters = [counter for pid, _, counter, _ in packets(segment(NOON, 3, ["x" * 1000] * 5)) if pid == METADATA]
    assert counters == [number % 16 for number in range(len(counters))]
    assert len(counters) > 16


def test_duration() -> None:
    """Each second that begins has a tag."""
    assert [len(tags(segment(NOON, seconds, []))) for seconds in (0.5, 1, 1.5, 2, 6)] == [1, 1, 2, 2, 6]
