"""Packets of RTP and RTCP, and what H.264 in them tells, without input or output.

Sources: RFC 3550 (RTP), 4585 and 5104 (feedback), 6184 (H.264), 8285 (header extensions), and the draft
draft-alvestrand-rmcat-remb-03 (REMB).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ...media.flv import FlvRefused, VideoFormat, video_format

_HEADER = struct.Struct("!BBHII")
_VERSION = 2 << 6
_EXTENSION, _PADDING = 0x10, 0x20
_ONE_BYTE, _TWO_BYTE = 0xBEDE, 0x1000

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION = 200, 201, 202
TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = 205, 206
"""The types of RTCP packets that are read or written."""

_NACK, _PLI, _FIR, _REMB = 1, 1, 4, 15

_CONTROL = range(192, 224)
"""The types of RTCP packets, in the place where RTP has marker and payload type."""

_SINGLE = range(1, 24)
_STAP_A, _FU_A = 24, 28
_IDR, _SEQUENCE = 5, 7
_SLICES = (1, 5)
_B_SLICES = (1, 6)


class Packet(NamedTuple):
    """A packet of RTP. Its header extensions are values by their numbers."""

    payload_type: int
    is_marked: bool
    sequence: int
    timestamp: int
    source: int
    extensions: dict[int, bytes]
    payload: bytes


class Report(NamedTuple):
    """A sender's report: at which time of its clock its timestamp was what."""

    source: int
    clock: bytes
    timestamp: int


class KeyFrameWanted(NamedTuple):
    """A receiver cannot go on without a key frame."""

    source: int


class Missing(NamedTuple):
    """Packets have not reached a receiver."""

    source: int
    sequences: tuple[int, ...]


def read(data: bytes) -> Packet:
    """Return a packet of RTP. Raises ValueError for what is none."""
    if len(data) < _HEADER.size:
        raise ValueError("it is shorter than a header")
    first, second, sequence, timestamp, source = _HEADER.unpack_from(data)
    at, end = _HEADER.size + 4 * (first & 0x0F), len(data)
    extensions: dict[int, bytes] = {}
    if first & _EXTENSION:
        if end < at + 4:
            raise ValueError("it ends within its header extensions")
        form, words = struct.unpack_from("!HH", data, at)
        extensions = dict(_extensions(form, data[at + 4 : at + 4 + 4 * words]))
        at += 4 + 4 * words
    if first & _PADDING:
        end -= data[-1]
    if first & 0xC0 != _VERSION or end < at:
        raise ValueError("its version or a length is wrong")
    return Packet(second & 0x7F, bool(second & 0x80), sequence, timestamp, source, extensions, data[at:end])


def written(
    packet: Packet, payload_type: int | None = None, source: int | None = None, shift: tuple[int, int] = (0, 0)
) -> bytes:
    """Return a packet's bytes, without header extensions; under another payload type and source where they are given.

    `shift` is added to sequence number and timestamp. It is called for each packet and each subscriber, so nothing is
    copied but the payload.
    """
    kind, is_marked, sequence, timestamp, own, _, payload = packet
    second = (kind if payload_type is None else payload_type) | (0x80 if is_marked else 0)
    sequence, timestamp = sequence + shift[0] & 0xFFFF, timestamp + shift[1] & 0xFFFFFFFF
    return _HEADER.pack(_VERSION, second, sequence, timestamp, own if source is None else source) + payload


def is_media(data: bytes) -> bool:
    """Return whether what goes over a connection is a packet of RTP, encrypted or not (RFC 5761, 7983)."""
    return len(data) >= _HEADER.size and data[0] & 0xC0 == _VERSION and data[1] not in _CONTROL


def _extensions(form: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and value of each header extension; those in another form than RFC 8285's are none."""
    at = 0
    while at < len(data):
        if not data[at]:  # padding
            at += 1
            continue
        if form == _ONE_BYTE:
            number, length = data[at] >> 4, (data[at] & 0x0F) + 1
            at += 1
        elif form & 0xFFF0 == _TWO_BYTE and at + 1 < len(data):
            number, length = data[at], data[at + 1]
            at += 2
        else:
            return
        yield number, data[at : at + length]
        at += length


def feedback(data: bytes) -> Iterator[Report | KeyFrameWanted | Missing]:
    """Yield what packets of RTCP say that concerns who forwards. What follows a broken one is left out."""
    at = 0
    while at + 8 <= len(data):
        first, kind, words = struct.unpack_from("!BBH", data, at)
        body = data[at + 4 : at + 4 + 4 * words]
        at += 4 + 4 * words
        if first & 0xC0 != _VERSION or len(body) != 4 * words:
            return
        number = first & 0x1F
        if kind == SENDER_REPORT and len(body) >= 24:
            yield Report(int.from_bytes(body[:4], "big"), body[4:12], int.from_bytes(body[12:16], "big"))
        elif kind == PAYLOAD_FEEDBACK and number == _PLI and len(body) >= 8:
            yield KeyFrameWanted(int.from_bytes(body[4:8], "big"))
        elif kind == PAYLOAD_FEEDBACK and number == _FIR:
            for place in range(8, len(body), 8):
                yield KeyFrameWanted(int.from_bytes(body[place : place + 4], "big"))
        elif kind == TRANSPORT_FEEDBACK and number == _NACK and len(body) >= 8:
            lost = (struct.unpack_from("!HH", body, place) for place in range(8, len(body), 4))
            yield Missing(int.from_bytes(body[4:8], "big"), tuple(each for one in lost for each in _named(*one)))


def _named(first: int, mask: int) -> Iterator[int]:
    """Yield the sequence numbers in an entry of a NACK: one, and those of the next 16 that are lost too."""
    yield first
    for place in range(16):
        if mask >> place & 1:
            yield (first + place + 1) & 0xFFFF


def sender_report(source: int, clock: bytes, timestamp: int, packets: int, octets: int, cname: str) -> bytes:
    """Return a sender's report with its name, by which a receiver knows what belongs together."""
    counted = struct.pack("!III", timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    report = struct.pack("!I", source) + clock + counted
    name = struct.pack("!IBB", source, 1, len(cname)) + cname.encode()
    name += bytes(4 - len(name) % 4)
    return _rtcp(0, SENDER_REPORT, report) + _rtcp(1, DESCRIPTION, name)


def receiver_report(source: int, about: int, highest: int, clock: bytes, delay: float) -> bytes:
    """Return the report that packets of `about` came, none of them lost, up to the `highest` sequence number.

    That goes on where numbers of 16 bits begin again.
    `clock` is that of the last sender's report, which came `delay` seconds ago; empty before the first.
    """
    counted = struct.pack("!IIIII", source, about, 0, highest & 0xFFFFFFFF, 0)
    body = counted + (clock[2:6] + struct.pack("!I", int(delay * 65536)) if clock else bytes(8))
    return _rtcp(1, RECEIVER_REPORT, body)


def key_frame_request(source: int, about: int) -> bytes:
    """Return the request for a key frame (PLI)."""
    return _rtcp(_PLI, PAYLOAD_FEEDBACK, struct.pack("!II", source, about))


def retransmission_request(source: int, about: int, sequences: list[int]) -> bytes:
    """Return the request for packets that were lost (NACK)."""
    body = struct.pack("!II", source, about) + b"".join(struct.pack("!HH", each, 0) for each in sequences)
    return _rtcp(_NACK, TRANSPORT_FEEDBACK, body)


def bitrate_limit(source: int, bitrate: int, about: list[int]) -> bytes:
    """Return the news that so many bits a second can be received of some sources together (REMB)."""
    exponent = max(bitrate.bit_length() - 18, 0)
    packed = exponent << 18 | bitrate >> exponent
    body = struct.pack("!II", source, 0) + b"REMB" + bytes([len(about)]) + packed.to_bytes(3, "big")
    return _rtcp(_REMB, PAYLOAD_FEEDBACK, body + b"".join(struct.pack("!I", each) for each in about))


def _rtcp(number: int, kind: int, body: bytes) -> bytes:
    return struct.pack("!BBH", _VERSION | number, kind, len(body) // 4) + body


def video_format_in(payload: bytes) -> VideoFormat | None:
    """Return the form of pictures where an H.264 payload has it, before a key frame; None elsewhere."""
    for unit in units(payload):
        if unit[0] & 0x1F == _SEQUENCE:
            try:
                return video_format(b"\1" + unit[1:4] + b"\xff\xe1" + struct.pack("!H", len(unit)) + unit)
            except FlvRefused:
                return None
    return None


def begins_key_frame(payload: bytes) -> bool:
    """Return whether a decoder can begin with an H.264 payload: with parameter sets, or with the key frame itself."""
    return any(unit[0] & 0x1F in (_IDR, _SEQUENCE) for unit in units(payload))


def has_b_slice(payload: bytes) -> bool:
    """Return whether a slice begins in an H.264 payload that refers to pictures on both sides of it."""
    for unit in units(payload):
        if unit[0] & 0x1F in _SLICES:
            bits = f"{int.from_bytes(unit[1:9].ljust(8, bytes(1)), 'big'):064b}"
            _, at = _golomb(bits, 0)
            kind, _ = _golomb(bits, at)
            return kind in _B_SLICES
    return False


def units(payload: bytes) -> Iterator[bytes]:
    """Yield the NAL units in a payload, of one in several packets what is in the first, without what is empty."""
    kind = payload[0] & 0x1F if payload else 0
    if kind in _SINGLE:
        yield payload
    elif kind == _STAP_A:
        at = 1
        while at + 2 < len(payload):
            length = int.from_bytes(payload[at : at + 2], "big")
            unit = payload[at + 2 : at + 2 + length]
            if unit:
                yield unit
            at += 2 + length
    elif kind == _FU_A and len(payload) > 1 and payload[1] & 0x80:
        yield bytes([payload[0] & 0xE0 | payload[1] & 0x1F]) + payload[2:]


def _golomb(bits: str, at: int) -> tuple[int, int]:
    """Return a number in Exp-Golomb code, and the place after it; bits that are no number are 0."""
    end = bits.find("1", at)
    if end < 0:
        return 0, len(bits)
    zeros = end - at
    return int(bits[end : end + zeros + 1], 2) - 1, end + zeros + 1
