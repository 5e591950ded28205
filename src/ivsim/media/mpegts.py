"""MPEG transport streams: pictures, sound and timed metadata in packets.

Sources: ISO/IEC 13818-1 for packets and tables; Apple's *Timed Metadata for HTTP Live Streaming* for how they carry
ID3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain, cycle, islice
from operator import itemgetter
from typing import NamedTuple

TICKS = 90_000
"""Ticks of the clock in a second."""

_PACKET, _ROOM = 188, 184
_PAT, _PMT, _VIDEO, _AUDIO, _METADATA = 0, 0x1000, 0x100, 0x101, 0x102
"""Packet identifiers: of the table of programs, of the program's own, and of its streams."""

_WRAP = 1 << 33
_START = TICKS
"""The time of what is at 0, later by a second, so that clocks, which run ahead, are never before 0."""

_AHEAD = TICKS // 10
"""How much earlier than a picture its clock is."""

# A descriptor that points at the metadata, and one that says of a stream that it is timed ID3.
_POINTER = struct.pack(">BBH4sB4sBBH", 0x25, 15, 0xFFFF, b"ID3 ", 0xFF, b"ID3 ", 0, 0x1F, 1)
_DESCRIPTOR = struct.pack(">BBH4sB4sBB", 0x26, 13, 0xFFFF, b"ID3 ", 0xFF, b"ID3 ", 0, 0x0F)

_TYPES = {_VIDEO: (0x1B, b""), _AUDIO: (0x0F, b""), _METADATA: (0x15, _DESCRIPTOR)}
"""The types of the streams: H.264, AAC with ADTS headers, ID3."""

_STREAM_IDS = {_VIDEO: 0xE0, _AUDIO: 0xC0, _METADATA: 0xBD}


class Sample(NamedTuple):
    """Something to be decoded at a time, in ticks since the stream began, and shown or heard so much later."""

    ticks: int
    data: bytes
    offset: int = 0


class Writer:
    """Writes a stream as it comes: what a call returns follows what the one before it returned."""

    def __init__(self) -> None:
        self._counters: dict[int, int] = {}
        self._clock = _VIDEO

    def begin(self, *, has_video: bool, has_audio: bool) -> bytes:
        """Begin a segment with what is going to be in it; there is metadata in each."""
        pids = tuple(pid for pid, has in ((_VIDEO, has_video), (_AUDIO, has_audio), (_METADATA, True)) if has)
        self._clock = pids[0]
        tables = zip((_PAT, _PMT), _tables(pids, self._clock), strict=True)
        return b"".join(_counted(table, self._count(pid, 1)) for pid, table in tables)

    def video(self, sample: Sample, *, is_key: bool) -> bytes:
        """Return the packets of a picture."""
        return self._write(_VIDEO, sample, is_key=is_key)

    def audio(self, sample: Sample) -> bytes:
        """Return the packets of some sound."""
        return self._write(_AUDIO, sample, is_key=False)

    def metadata(self, sample: Sample) -> bytes:
        """Return the packets of an ID3 tag."""
        return self._write(_METADATA, sample, is_key=False)

    def _write(self, pid: int, sample: Sample, *, is_key: bool) -> bytes:
        part = _elementary(pid, sample)
        clock = _clock(sample.ticks, is_first=is_key) if pid == self._clock else b""
        count = -(-(len(part) + len(clock)) // _ROOM)
        counter = self._count(pid, count)
        if count < 3:
            return b"".join(_packets(pid, counter, part, clock, count))
        first, last = _ROOM - len(clock), (count - 2) * _ROOM + _ROOM - len(clock)
        full = chain.from_iterable(struct.iter_unpack(f"{_ROOM}s", part[first:last]))  # most packets, of nothing else
        headers = islice(cycle(_headers(pid)), counter + 1 & 0xF, None)
        middle = chain.from_iterable(zip(headers, full, strict=False))
        (begin,) = _packets(pid, counter, part[:first], clock, 1)
        (end,) = _packets(pid, counter + count - 1, part[last:], b"", 1)
        return b"".join((begin, *middle, _continued(end)))

    def _count(self, pid: int, packets: int) -> int:
        """Count packets of a stream, and return how many there were before."""
        before = self._counters.get(pid, 0)
        self._counters[pid] = before + packets & 0xF
        return before


def segment(
    number: int, *, video: Sequence[Sample] = (), audio: Sequence[Sample] = (), metadata: Sequence[Sample] = ()
) -> bytes:
    """Return a segment of a stream, by its number, with what is in it.

    The first picture is one that needs no other. A stream that has nothing in the segment is not announced, because
    players wait for what is. Packets are counted on from segment to segment: each has a multiple of 16 of a stream.
    """
    streams = {pid: samples for pid, samples in ((_METADATA, metadata), (_VIDEO, video), (_AUDIO, audio)) if samples}
    clock = next(pid for pid in (_VIDEO, _AUDIO, _METADATA) if pid in streams)
    packets: list[tuple[int, bytes]] = []
    for pid, samples in streams.items():
        packets += _stream(pid, samples, has_clock=pid == clock)
    packets.sort(key=itemgetter(0))
    tables = (_counted(table, number) for table in _tables(tuple(streams), clock))
    return b"".join([*tables, *(packet for _, packet in packets)])


def _tables(pids: tuple[int, ...], clock: int) -> tuple[bytes, bytes]:
    """Return the packets of the two tables with which a segment begins: of programs, and of the one there is."""
    return _table(_PAT, 0, struct.pack(">HH", 1, 0xE000 | _PMT)), _table(_PMT, 2, _program(pids, clock))


def _counted(table: bytes, number: int) -> bytes:
    """Return the packet of a table as the one of this number."""
    return table[:3] + bytes([table[3] | number & 0xF]) + table[4:]


def _stream(pid: int, samples: Sequence[Sample], *, has_clock: bool) -> Iterator[tuple[int, bytes]]:
    """Return the packets of a stream, each with its time."""
    parts = [_elementary(pid, sample) for sample in samples]
    clocks = [_clock(sample.ticks, is_first=not place) if has_clock else b"" for place, sample in enumerate(samples)]
    counts = [-(-(len(part) + len(clock)) // _ROOM) for part, clock in zip(parts, clocks, strict=True)]
    missing = -sum(counts) % 16
    for place in reversed(range(len(parts))):  # what is long enough is cut into more packets than it needs
        more = min(missing, len(parts[place]) - counts[place])
        counts[place] += more
        missing -= more
    counter = 0
    for sample, part, clock, count in zip(samples, parts, clocks, counts, strict=True):
        for packet in _packets(pid, counter, part, clock, count):
            yield sample.ticks, packet
            counter += 1


def _elementary(pid: int, sample: Sample) -> bytes:
    """Return a packet of the elementary stream."""
    shown = _stamp(3 if sample.offset else 2, sample.ticks + sample.offset)
    stamps = shown + _stamp(1, sample.ticks) if sample.offset else shown
    length = 3 + len(stamps) + len(sample.data)
    length = 0 if length > 0xFFFF else length  # pictures may be of any length
    flags = 0xC0 if sample.offset else 0x80
    return struct.pack(">IHBBB", 0x100 | _STREAM_IDS[pid], length, 0x84, flags, len(stamps)) + stamps + sample.data


def _stamp(mark: int, ticks: int) -> bytes:
    """Return a time; the mark says of what it is the time."""
    ticks = (ticks + _START) % _WRAP
    return bytes(
        [
            mark << 4 | ticks >> 29 & 0xE | 1,
            ticks >> 22 & 0xFF,
            ticks >> 14 & 0xFE | 1,
            ticks >> 7 & 0xFF,
            ticks << 1 & 0xFE | 1,
        ]
    )


def _clock(ticks: int, *, is_first: bool) -> bytes:
    """Return the adaptation field that tells the time, in front of what is shown a little later."""
    base = (ticks + _START - _AHEAD) % _WRAP
    field = bytes([0x50 if is_first else 0x10]) + (base << 15 | 0x7E00).to_bytes(6, "big")
    return bytes([len(field)]) + field


def _continued(packet: bytes) -> bytes:
    """Return a packet as one that begins nothing."""
    return packet[:1] + bytes([packet[1] & 0xBF]) + packet[2:]


def _packets(pid: int, counter: int, data: bytes, clock: bytes, count: int) -> Iterator[bytes]:
    """Cut a packet of the elementary stream into so many of the transport stream."""
    begin = 0
    for place in range(count):
        adaptation = b"" if place else clock
        end = min(begin + _ROOM - len(adaptation), len(data) - (count - 1 - place))
        piece = data[begin:end]
        begin = end
        room = _ROOM - len(adaptation) - len(piece)
        if room:
            field = adaptation[1:] or b"\0"[: room - 1]
            adaptation = bytes([_ROOM - 1 - len(piece)]) + field.ljust(_ROOM - 1 - len(piece), b"\xff")
        control = (0x30 if adaptation else 0x10) | counter + place & 0xF
        yield struct.pack(">BHB", 0x47, (0 if place else 0x4000) | pid, control) + adaptation + piece


@lru_cache(maxsize=8)
def _headers(pid: int) -> list[bytes]:
    """Return the headers of a stream's packets that are full and begin nothing, by their counters."""
    return [struct.pack(">BHB", 0x47, pid, 0x10 | counter) for counter in range(16)]


@lru_cache(maxsize=64)
def _program(pids: tuple[int, ...], clock: int) -> bytes:
    pointer = _POINTER if _METADATA in pids else b""
    program = struct.pack(">HH", 0xE000 | clock, 0xF000 | len(pointer)) + pointer
    for pid in sorted(pids):
        kind, descriptor = _TYPES[pid]
        program += struct.pack(">BHH", kind, 0xE000 | pid, 0xF000 | len(descriptor)) + descriptor
    return program


@lru_cache(maxsize=64)
def _table(pid: int, table: int, body: bytes) -> bytes:
    """Return the packet of a table, the first of its kind; program and table are number 1 and the only ones."""
    section = struct.pack(">BHHBBB", table, 0xB000 | len(body) + 9, 1, 0xC1, 0, 0) + body
    payload = b"\0" + section + struct.pack(">I", _crc(section))
    return struct.pack(">BHB", 0x47, 0x4000 | pid, 0x10) + payload.ljust(_ROOM, b"\xff")


def _crc(data: bytes) -> int:
    """Return the CRC-32/MPEG-2 that ends a table; unlike zlib's it is not reflected."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
    return crc
