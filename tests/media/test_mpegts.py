"""Segments, read as a demultiplexer reads them."""

from __future__ import annotations

import struct

import pytest

from ivsim.media import id3
from ivsim.media.mpegts import TICKS, Sample, Writer, segment

from .containers import AUDIO, METADATA, PMT, VIDEO, packets, samples, section, stamped, streams, text_of


def test_tables() -> None:
    """The tables name one program, whose streams are those that have something, as players wait for what is named."""
    tag, picture, sound = [Sample(0, id3.tag("x"))], [Sample(0, b"picture" * 9)], [Sample(0, b"sound" * 9)]
    first, second, *_ = packets(segment(0, metadata=tag))
    assert (first.pid, second.pid) == (0, PMT)
    assert struct.unpack(">HH", section(first.payload)) == (1, 0xE000 | PMT)
    assert struct.unpack(">HH", section(second.payload)[:4]) == (0xE000 | METADATA, 0xF000 | 17)
    assert streams(segment(0, metadata=tag)) == {METADATA: 0x15}
    assert streams(segment(0, video=picture, audio=sound)) == {VIDEO: 0x1B, AUDIO: 0x0F}
    assert streams(segment(0, video=picture, audio=sound, metadata=tag)) == {VIDEO: 0x1B, AUDIO: 0x0F, METADATA: 0x15}


@pytest.mark.parametrize("text", ["", "x", "{}" * 512, "äöü 🎉", *("x" * size for size in range(60, 190))])
def test_metadata(text: str) -> None:
    """A text comes out as it went in, whatever its length."""
    ((stamp, tag),) = samples(segment(0, metadata=[Sample(5, id3.tag(text, "about"))]), METADATA)
    assert (stamp, text_of(tag)) == (TICKS + 5, ("about", text))


@pytest.mark.parametrize("size", [*range(20, 400), 65_527, 65_528, 65_529, 200_000])
def test_pictures(size: int) -> None:
    """A picture of any length comes out whole, with a clock before it that is a tenth of a second ahead."""
    data = bytes(number % 251 for number in range(size))
    made = segment(0, video=[Sample(900, data), Sample(1800, data)])
    assert samples(made, VIDEO) == [(TICKS + 900, data), (TICKS + 1800, data)]
    clocks = [packet.clock for packet in packets(made) if packet.begins and packet.pid == VIDEO]
    assert clocks == [TICKS + 900 - TICKS // 10, TICKS + 1800 - TICKS // 10]


def test_counters() -> None:
    """Packets are counted on from segment to segment, so that none goes missing unnoticed."""
    made = b"".join(
        segment(
            number,
            video=[Sample(0, b"picture" * size), Sample(3000, b"other" * size)],
            audio=[Sample(0, b"sound" * size)],
            metadata=[Sample(0, id3.tag("x" * 20 * size))],
        )
        for number, size in enumerate((9, 10, 200, 3, 50))
    )
    for wanted in (0, PMT, VIDEO, AUDIO, METADATA):
        counters = [packet.counter for packet in packets(made) if packet.pid == wanted]
        assert counters == [number % 16 for number in range(len(counters))]


def test_order() -> None:
    """What is of one time stands together: players need not read on to the end of a segment for its sound."""
    times = range(0, 90_000, 9_000)
    made = segment(0, video=[Sample(at, b"picture" * 9) for at in times], audio=[Sample(at, b"a" * 99) for at in times])
    order = [packet.pid for packet in packets(made) if packet.begins and packet.pid in (VIDEO, AUDIO)]
    assert order == [VIDEO, AUDIO] * 10


def test_wrap() -> None:
    """Time stamps have 33 bits, and begin anew after a day."""
    made = segment(0, video=[Sample((1 << 33) - TICKS + 7, b"picture" * 9)])
    assert samples(made, VIDEO)[0][0] == 7
    assert next(packet.clock for packet in packets(made) if packet.clock) == (1 << 33) + 7 - TICKS // 10


@pytest.mark.parametrize(("has_video", "has_audio"), [(True, True), (True, False), (False, True), (False, False)])
def test_written_tables(has_video: bool, has_audio: bool) -> None:
    """A segment that is written as it comes begins with tables that name what is to be in it, and metadata."""
    made = Writer().begin(has_video=has_video, has_audio=has_audio)
    assert [(packet.pid, packet.begins) for packet in packets(made)] == [(0, True), (PMT, True)]
    wanted = {VIDEO: (0x1B, has_video), AUDIO: (0x0F, has_audio), METADATA: (0x15, True)}
    assert streams(made) == {pid: kind for pid, (kind, has) in wanted.items() if has}
    clock = struct.unpack(">H", section(packets(made)[1].payload)[:2])[0] & 0x1FFF
    assert clock == next(pid for pid, (_, has) in wanted.items() if has)


@pytest.mark.parametrize("offset", [0, 5, -5])
@pytest.mark.parametrize("size", [*range(140, 200), *range(320, 380), 65_527, 200_000])
def test_written_pictures(size: int, offset: int) -> None:
    """A picture that is written as it comes is whole, has both its times, and a clock that is ahead of its decoding."""
    data = bytes(number % 251 for number in range(size))
    writer = Writer()
    writer.begin(has_video=True, has_audio=True)
    made = writer.video(Sample(900, data, offset), is_key=True) + writer.video(Sample(1800, data, offset), is_key=False)
    at = TICKS + 900
    assert stamped(made, VIDEO) == [(at + offset, at, data), (at + 900 + offset, at + 900, data)]
    assert [packet.clock for packet in packets(made) if packet.begins] == [at - TICKS // 10, at + 900 - TICKS // 10]


def test_key_frames_are_marked() -> None:
    """A picture that needs no other is where players may begin to read."""
    writer = Writer()
    writer.begin(has_video=True, has_audio=False)
    for is_key in (True, False):
        packet = writer.video(Sample(0, b"picture"), is_key=is_key)
        assert bool(packet[5] & 0x40) == is_key


def test_clock_of_sound() -> None:
    """The clock is that of the sound where no pictures are to come, and else of the pictures alone."""
    writer = Writer()
    for has_video in (False, True):
        writer.begin(has_video=has_video, has_audio=True)
        (packet,) = packets(writer.audio(Sample(900, b"sound")))
        assert packet.clock == (None if has_video else TICKS + 900 - TICKS // 10)


def test_written_counters() -> None:
    """Packets of each stream are counted on from one piece to the next, and from segment to segment."""
    writer, made = Writer(), b""
    for size in (1, 10, 200, 3, 50):
        made += writer.begin(has_video=True, has_audio=True)
        for _ in range(5):
            made += writer.video(Sample(0, b"picture" * size, size), is_key=False)
            made += writer.audio(Sample(0, b"sound" * size)) + writer.metadata(Sample(0, id3.tag("x" * 20 * size)))
    for wanted in (0, PMT, VIDEO, AUDIO, METADATA):
        counters = [packet.counter for packet in packets(made) if packet.pid == wanted]
        assert counters == [number % 16 for number in range(len(counters))]


def test_written_wrap() -> None:
    """Time stamps of 33 bits begin anew for what is decoded and for what is shown, each on its own."""
    made = Writer().video(Sample((1 << 33) - TICKS - 7, b"picture", 10), is_key=True)
    assert stamped(made, VIDEO) == [(3, (1 << 33) - 7, b"picture")]
