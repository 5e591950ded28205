"""Readers of transport streams and of fragmented MP4, for the tests."""

from __future__ import annotations

import struct
from typing import NamedTuple

PMT, VIDEO, AUDIO, METADATA = 0x1000, 0x100, 0x101, 0x102


class Packet(NamedTuple):
    """A packet of a transport stream: its identifier, whether it begins something, its counter, clock and payload."""

    pid: int
    begins: bool
    counter: int
    clock: int | None
    payload: bytes


def packets(data: bytes) -> list[Packet]:
    """Return the packets of a transport stream."""
    found = []
    for offset in range(0, len(data), 188):
        packet = data[offset : offset + 188]
        assert len(packet) == 188
        assert packet[0] == 0x47
        word = struct.unpack(">H", packet[1:3])[0]
        payload, clock = packet[4:], None
        if packet[3] & 0x20:
            length = payload[0]
            field, payload = payload[1 : 1 + length], payload[1 + length :]
            if field and field[0] & 0x10:
                clock = int.from_bytes(field[1:7], "big") >> 15
        found.append(Packet(word & 0x1FFF, bool(word & 0x4000), packet[3] & 0xF, clock, payload))
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


def streams(data: bytes) -> dict[int, int]:
    """Return the types of the streams that a transport stream announces, by their identifiers."""
    program = section(next(packet.payload for packet in packets(data) if packet.pid == PMT))
    found, place = {}, 4 + (struct.unpack(">H", program[2:4])[0] & 0xFFF)
    while place < len(program):
        kind, pid, length = struct.unpack(">BHH", program[place : place + 5])
        found[pid & 0x1FFF] = kind
        place += 5 + (length & 0xFFF)
    return found


def samples(data: bytes, wanted: int) -> list[tuple[int, bytes]]:
    """Return what an elementary stream holds, each with its time stamp."""
    parts: list[bytes] = []
    for pid, begins, _, _, payload in packets(data):
        if pid == wanted:
            if begins:
                parts.append(b"")
            parts[-1] += payload
    found = []
    for part in parts:
        assert part[:3] == b"\0\0\1"
        length = struct.unpack(">H", part[4:6])[0]
        assert length in (0, len(part) - 6)
        assert part[6:9] == b"\x84\x80\x05"
        a, b, c = struct.unpack(">BHH", part[9:14])
        assert (a >> 4, a & 1, b & 1, c & 1) == (2, 1, 1, 1)
        found.append(((a & 0xE) << 29 | (b & 0xFFFE) << 14 | c >> 1, part[14:]))
    return found


def text_of(tag: bytes) -> tuple[str, str]:
    """Return the description and the text of an ID3 tag with one TXXX."""
    assert tag[:6] == b"ID3\4\0\0"
    sizes = [size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3] for size in (tag[6:10], tag[14:18])]
    assert sizes == [len(tag) - 10, len(tag) - 20]
    assert tag[10:14] == b"TXXX"
    assert tag[20] == 3
    description, _, text = tag[21:].decode().partition("\0")
    return description, text


def boxes(data: bytes) -> list[tuple[str, bytes]]:
    """Return the boxes in data, each with its content; they have to fill it."""
    found = []
    while data:
        length = int.from_bytes(data[:4], "big")
        assert 8 <= length <= len(data)
        found.append((data[4:8].decode(), data[8:length]))
        data = data[length:]
    return found


def boxes_at(data: bytes, *path: str) -> list[bytes]:
    """Return the contents of the boxes at a path, one kind in another."""
    found = [data]
    for kind in path:
        found = [content for each in found for name, content in boxes(each) if name == kind]
    return found


def inserted(data: bytes) -> list[str]:
    """Return the texts of PutMetadata in a transport stream."""
    tags = [text_of(tag) for _, tag in samples(data, METADATA)]
    return [text for description, text in tags if description == "metadata.live-video.net"]
