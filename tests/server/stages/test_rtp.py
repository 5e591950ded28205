"""Packets of RTP and RTCP, against what the RFCs and aiortc make of them."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivsim.media import h264
from ivsim.media.flv import VideoFormat
from ivsim.media.h264 import Format
from ivsim.server.stages import rtp
from ivsim.server.stages.rtp import KeyFrameWanted, Missing, Packet, Report

FORM = Format(640, 360, 30, "avc1.42E01F")
SEQUENCE, PICTURE = h264.parameter_sets(FORM)


def packet(*, first: int = 0x80, second: int = 0xE3, more: bytes = b"", payload: bytes = b"media") -> bytes:
    """Return a packet as it comes."""
    return struct.pack("!BBHII", first, second, 7, 90_000, 0xCAFE) + more + payload


def extended(form: int, data: bytes) -> bytes:
    """Return a packet with header extensions."""
    return packet(first=0x90, more=struct.pack("!HH", form, len(data) // 4) + data)


def bits(*numbers: int) -> bytes:
    """Return numbers in Exp-Golomb code, filled up with ones."""
    text = "".join("0" * (len(f"{each + 1:b}") - 1) + f"{each + 1:b}" for each in numbers)
    return int(text.ljust(-(-len(text) // 8) * 8, "1"), 2).to_bytes(-(-len(text) // 8), "big")


def test_read() -> None:
    """A packet has its payload type, marker, sequence number, timestamp, source and payload, and goes on as it came."""
    read = rtp.read(packet())
    assert read == Packet(99, True, 7, 90_000, 0xCAFE, {}, b"media")
    assert rtp.written(read) == packet()
    assert rtp.written(read._replace(is_marked=False))[1] == 99


def test_what_is_media() -> None:
    """A packet of RTP is told from RTCP, from what ICE and DTLS send, and from less than a packet."""
    assert rtp.is_media(packet())
    report = rtp.receiver_report(1, 2, 3, b"", 0)
    for other in (report, b"\x16\xfe\xfd" + bytes(20), b"\0\1" + bytes(20), packet()[:11], b""):
        assert not rtp.is_media(other)


def test_contributors_and_padding() -> None:
    """Contributing sources and padding are no part of the payload."""
    assert rtp.read(packet(first=0x82, more=bytes(8))).payload == b"media"
    assert rtp.read(packet(first=0xA0, payload=b"media\0\0\3")).payload == b"media"


@pytest.mark.parametrize(
    ("form", "data", "found"),
    [
        (0xBEDE, b"\x10a\x21bc\0\0\0", {1: b"a", 2: b"bc"}),
        (0x1000, b"\1\1a\x20\2bc\0", {1: b"a", 32: b"bc"}),
        (0x1000, b"\0\0\0\1", {}),
        (0x4242, b"\1\1a\0", {}),
    ],
)
def test_extensions(form: int, data: bytes, found: dict[int, bytes]) -> None:
    """Header extensions come with one byte or two before each; what is in another form is none."""
    assert rtp.read(extended(form, data)).extensions == found


@pytest.mark.parametrize(
    "data",
    [b"", packet()[:11], packet(first=0x40), packet(first=0x8F, payload=b""), packet(first=0x90, payload=b"abc")],
)
def test_no_packet(data: bytes) -> None:
    """What is shorter than it says, or of another version, is refused."""
    with pytest.raises(ValueError, match=r"shorter|ends within|wrong"):
        rtp.read(data)


@given(st.binary(max_size=80))
def test_anything(data: bytes) -> None:
    """Whatever comes is a packet, or is refused as none; feedback in it is read, or left out."""
    try:
        read = rtp.read(data)
    except ValueError:
        read = Packet(96, False, 0, 0, 0, {}, data)
    list(rtp.feedback(data))
    rtp.video_format_in(read.payload)
    rtp.begins_key_frame(read.payload)
    rtp.has_b_slice(read.payload)


def test_feedback() -> None:
    """What is asked for is read as it is written: reports, key frames by PLI and FIR, and lost packets."""
    clock = bytes(range(8))
    sent = rtp.sender_report(1, clock, 90_000, 3, 400, "ab")
    fir = struct.pack("!BBHII", 0x84, 206, 4, 9, 0) + struct.pack("!II", 5, 1 << 24)
    nack = struct.pack("!BBHIIHH", 0x81, 205, 3, 9, 6, 65_534, 0b101)
    data = sent + rtp.key_frame_request(9, 4) + fir[:2] + struct.pack("!H", 4) + fir[4:] + nack
    assert list(rtp.feedback(data)) == [
        Report(1, clock, 90_000),
        KeyFrameWanted(4),
        KeyFrameWanted(5),
        Missing(6, (65_534, 65_535, 1)),
    ]
    assert list(rtp.feedback(rtp.retransmission_request(9, 4, [7, 9]))) == [Missing(4, (7, 9))]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        struct.pack("!BBHI", 0x81, 206, 9, 0),  # it says that it is longer
        struct.pack("!BBHI", 0x41, 206, 1, 0),
        struct.pack("!BBHI", 0x81, 206, 1, 0),  # and these are too short for what they are
        struct.pack("!BBHI", 0x81, 205, 1, 0),
        struct.pack("!BBHI", 0x81, 200, 1, 0),
        rtp.receiver_report(1, 2, 3, b"", 0.0),
        rtp.bitrate_limit(1, 8_500_000, [2]),
    ],
)
def test_no_feedback(data: bytes) -> None:
    """What is broken, or says nothing to who forwards, is left out."""
    assert list(rtp.feedback(data)) == []


def test_for_aiortc() -> None:
    """The reports and requests that are written here are read by aiortc as they are meant."""
    theirs = pytest.importorskip("aiortc.rtp", reason="aiortc is not installed")
    report, name = theirs.RtcpPacket.parse(rtp.sender_report(1, bytes(8), 90_000, 3, 400, "abcd"))
    assert (report.ssrc, report.sender_info.rtp_timestamp, report.sender_info.packet_count) == (1, 90_000, 3)
    assert name.chunks[0].items == [(1, b"abcd")]
    [received] = theirs.RtcpPacket.parse(rtp.receiver_report(1, 2, 3, bytes(range(8)), 0.5))
    [about] = received.reports
    assert (about.ssrc, about.highest_sequence, about.lsr, about.dlsr) == (2, 3, 0x02030405, 32_768)
    [wanted] = theirs.RtcpPacket.parse(rtp.key_frame_request(1, 2))
    assert (wanted.fmt, wanted.media_ssrc) == (1, 2)
    [limit] = theirs.RtcpPacket.parse(rtp.bitrate_limit(1, 8_500_000, [2, 3]))
    bitrate, sources = theirs.unpack_remb_fci(limit.fci)
    assert (abs(bitrate - 8_500_000) < 64, sources) == (True, [2, 3])
    [lost] = theirs.RtcpPacket.parse(rtp.retransmission_request(1, 2, [7, 9]))
    assert lost.lost == [7, 9]


def together(*units: bytes) -> bytes:
    """Return units in one payload (STAP-A), with an empty one that says nothing."""
    return b"\x18" + b"".join(struct.pack("!H", len(each)) + each for each in (b"", *units))


KEY, OTHER = b"\x65" + bits(0, 7), b"\x41" + bits(0, 5)
B_SLICES = [b"\x41" + bits(0, 6), b"\x01" + bits(2, 1)]


@pytest.mark.parametrize(
    ("payload", "is_key"),
    [
        (KEY, True),
        (OTHER, False),
        (together(SEQUENCE, PICTURE), True),
        (together(OTHER), False),
        (b"\x7c\x85" + KEY[1:], True),  # the first part of it (FU-A)
        (b"\x7c\x05" + KEY[1:], False),  # and another
        (b"\x7c", False),
        (b"", False),
    ],
)
def test_key_frames(payload: bytes, *, is_key: bool) -> None:
    """A decoder begins with parameter sets or a key frame, by themselves, together with others, or in parts."""
    assert rtp.begins_key_frame(payload) is is_key


def test_video_format() -> None:
    """The form of pictures is known by the parameter set before a key frame."""
    form = VideoFormat("avc1.42E01F", 640, 360, 30.0)
    assert rtp.video_format_in(SEQUENCE) == form
    assert rtp.video_format_in(together(PICTURE, SEQUENCE)) == form
    assert rtp.video_format_in(SEQUENCE[:5]) is None
    assert rtp.video_format_in(OTHER) is None


def test_b_slices() -> None:
    """A slice that refers to both sides is seen, in its first packet; others are not taken for one."""
    assert all(map(rtp.has_b_slice, B_SLICES))
    assert not any(map(rtp.has_b_slice, [KEY, OTHER, SEQUENCE, b"\x41", b"\x41" + bytes(20), b""]))
