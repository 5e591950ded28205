"""Readers of transport streams and of fragmented MP4, for the tests."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ivsim.media.fmp4 import Sample, Track

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


class Stamped(NamedTuple):
    """What an elementary stream holds at a time: when it is shown, and when it is decoded."""

    shown: int
    decoded: int
    data: bytes


def stamped(data: bytes, wanted: int) -> list[Stamped]:
    """Return what an elementary stream holds, each with its time stamps; one that has one is shown when decoded."""
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
        if part[6:9] == b"\x84\x80\x05":
            shown = _time(part[9:14], 2)
            found.append(Stamped(shown, shown, part[14:]))
        else:
            assert part[6:9] == b"\x84\xc0\x0a"
            found.append(Stamped(_time(part[9:14], 3), _time(part[14:19], 1), part[19:]))
    return found


def _time(stamp: bytes, mark: int) -> int:
    a, b, c = struct.unpack(">BHH", stamp)
    assert (a >> 4, a & 1, b & 1, c & 1) == (mark, 1, 1, 1)
    return int((a & 0xE) << 29 | (b & 0xFFFE) << 14 | c >> 1)


def samples(data: bytes, wanted: int) -> list[tuple[int, bytes]]:
    """Return what an elementary stream holds, each with the time at which it is shown."""
    return [(shown, each) for shown, _, each in stamped(data, wanted)]


class Frame(NamedTuple):
    """A frame of AAC: what its header in a transport stream says, and what is behind that."""

    kind: int
    rate_index: int
    channels: int
    data: bytes


def adts(frame: bytes) -> Frame:
    """Return a frame whose header says how long it is."""
    bits = int.from_bytes(frame[:7], "big")
    assert bits >> 40 == 0xFFF1
    assert bits >> 13 & 0x1FFF == len(frame)
    assert bits & 0x1FFF == 0x1FFC  # of no told bitrate, and one frame
    return Frame((bits >> 38 & 3) + 1, bits >> 34 & 15, bits >> 30 & 7, frame[7:])


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


class Fragment(NamedTuple):
    """A fragment of MP4: its number, its tracks by theirs, and its tags, each with its time, description and text."""

    number: int
    tracks: dict[int, Track]
    tags: list[tuple[int, str, str]]


def fragments(data: bytes) -> list[Fragment]:
    """Return the fragments in data."""
    found: list[Fragment] = []
    tags: list[tuple[int, str, str]] = []
    moof = b""
    for kind, content in boxes(data):
        if kind == "emsg":
            version, scale, at = struct.unpack(">IIQ", content[:16])
            assert (version, scale) == (1 << 24, 90_000)
            scheme, value, tag = content[24:].split(b"\0", 2)
            assert (scheme, value) == (b"https://aomedia.org/emsg/ID3", b"")
            tags.append((at, *text_of(tag)))
        elif kind == "moof":
            moof = content
        elif kind == "mdat":
            (header,) = boxes_at(moof, "mfhd")
            tracks = dict(_track(each, content, len(moof) + 16) for each in boxes_at(moof, "traf"))
            assert sum(len(sample.data) for track in tracks.values() for sample in track.samples) == len(content)
            found.append(Fragment(int.from_bytes(header[4:], "big"), tracks, tags))
            tags = []
    return found


def _track(traf: bytes, data: bytes, before: int) -> tuple[int, Track]:
    """Return a track and its number; `before` are the bytes from which places are counted to the data."""
    (about,), (time,), (run,) = (boxes_at(traf, kind) for kind in ("tfhd", "tfdt", "trun"))
    flags, number = struct.unpack(">II", about)
    version, begin = struct.unpack(">IQ", time)
    assert (flags, version) == (0x020000, 1 << 24)
    flags, count, place = struct.unpack(">III", run[:12])
    place -= before
    form = struct.Struct({0x000701: ">III", 0x01000F01: ">IIIi"}[flags])
    assert len(run) == 12 + count * form.size
    samples = []
    for duration, size, dependence, *offset in form.iter_unpack(run[12:]):
        is_key = {0x02000000: True, 0x01010000: False}[dependence]
        samples.append(Sample(duration, data[place : place + size], offset[0] if offset else 0, is_key))
        place += size
    return number, Track(begin, samples)


def inserted(data: bytes) -> list[str]:
    """Return the texts of PutMetadata in a transport stream."""
    tags = [text_of(tag) for _, tag in samples(data, METADATA)]
    return [text for description, text in tags if description == "metadata.live-video.net"]
