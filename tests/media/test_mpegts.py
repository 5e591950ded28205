"""Segments, read as a demultiplexer reads them."""

from __future__ import annotations

import struct

import pytest

from ivsim.media import id3
from ivsim.media.mpegts import TICKS, Sample, segment

from .containers import AUDIO, METADATA, PMT, VIDEO, packets, samples, section, streams, text_of


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
