"""Fragments, box by box."""

from __future__ import annotations

import struct

import pytest

from ivsim.media import aac, h264, id3
from ivsim.media.fmp4 import Event, Pictures, Sample, Sound, Track, fragment, initialization
from ivsim.media.h264 import Format, parameter_sets

from .containers import boxes, boxes_at, fragments

MAIN = Format(640, 360, 30, "avc1.4D401F")
SOUND = Sound(aac.RATE, 2, aac.CONFIG)
HIGH = Format(1920, 1080, 30, "avc1.640028")


def test_initialization() -> None:
    """The initialization has a track of pictures, with their size and parameter sets, and one of sound."""
    for form in (MAIN, HIGH):
        made = initialization(Pictures(form.width, form.height, h264.configuration(form)), SOUND)
        assert [kind for kind, _ in boxes(made)] == ["ftyp", "moov"]
        assert [struct.unpack(">I", each[4:8])[0] for each in boxes_at(made, "moov", "mvex", "trex")] == [1, 2]
        video, audio = boxes_at(made, "moov", "trak", "mdia", "minf", "stbl", "stsd")
        ((kind, entry),) = boxes(video[8:])
        assert (kind, struct.unpack(">HH", entry[24:28])) == ("avc1", (form.width, form.height))
        ((_, configuration),) = boxes(entry[78:])
        assert configuration[1:4].hex().upper() == form.codec[5:]
        assert all(each in configuration for each in parameter_sets(form))
        assert boxes(audio[8:])[0][0] == "mp4a"


def test_initialization_of_sound_alone() -> None:
    """Where there is only sound, there is no track of pictures."""
    made = initialization(None, SOUND)
    assert [each[8:12] for each in boxes_at(made, "moov", "trak", "mdia", "hdlr")] == [b"soun"]
    assert len(boxes_at(made, "moov", "mvex", "trex")) == 1


def test_initialization_of_pictures_alone() -> None:
    """Where there are only pictures, there is no track of sound."""
    made = initialization(Pictures(640, 360, h264.configuration(MAIN)), None)
    assert [each[8:12] for each in boxes_at(made, "moov", "trak", "mdia", "hdlr")] == [b"vide"]
    assert len(boxes_at(made, "moov", "mvex", "trex")) == 1


@pytest.mark.parametrize("size", [2, 5, 104, 105, 127, 128, 300, 20_000])
def test_long_configuration(size: int) -> None:
    """A configuration of sound is in the descriptors of the elementary stream, however long it is."""
    configuration = bytes(number % 251 for number in range(size))
    made = initialization(None, SOUND._replace(configuration=configuration))
    (audio,) = boxes_at(made, "moov", "trak", "mdia", "minf", "stbl", "stsd")
    ((_, entry),) = boxes(audio[8:])
    ((kind, elementary),) = boxes(entry[28:])
    assert kind == "esds"
    stream, rest = descriptor(elementary[4:], 3)
    decoder, last = descriptor(stream[3:], 4)
    assert (rest, descriptor(last, 6)) == (b"", (b"\2", b""))
    assert decoder[:2] == b"\x40\x15"
    assert descriptor(decoder[13:], 5) == (configuration, b"")


def descriptor(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return what is in a descriptor (ISO/IEC 14496-1, 8.3.3), and what follows it."""
    assert data[0] == tag
    length, at = 0, 1
    while True:
        length = length << 7 | data[at] & 0x7F
        at += 1
        if not data[at - 1] & 0x80:
            assert at + length <= len(data)
            return data[at : at + length], data[at + length :]


def test_fragment() -> None:
    """A fragment has its number, its samples where it says that they are, and an event for each tag."""
    video = Track(90_000, [Sample(3000, b"key"), Sample(3001, b"other", is_key=False)])
    audio = Track(48_000, [Sample(1024, b"sound")] * 3)
    made = fragment(7, video=video, audio=audio, events=[Event(90_500, id3.tag("hello", "about"))])
    assert [name for name, _ in boxes(made)] == ["styp", "emsg", "moof", "mdat"]
    assert fragments(made) == [(7, {1: video, 2: audio}, [(90_500, "about", "hello")])]


@pytest.mark.parametrize("offsets", [(180, 0), (0, -180), (-(1 << 23) * 90, (1 << 23) * 90)], ids=str)
def test_order(offsets: tuple[int, int]) -> None:
    """Samples say how much later they are shown than decoded, or earlier, where one of a track is not shown at once."""
    first, second = offsets
    video = Track(1 << 40, [Sample(3000, b"key", first), Sample(3000, b"other", second, is_key=False)])
    audio = Track(0, [Sample(1024, b"sound")])
    assert fragments(fragment(1, video=video, audio=audio, events=[])) == [(1, {1: video, 2: audio}, [])]


def test_fragment_of_sound_alone() -> None:
    """Where there is only sound, its samples are all that there is."""
    made = fragment(1, video=None, audio=Track(0, [Sample(1024, b"sound")]), events=[])
    assert boxes_at(made, "mdat") == [b"sound"]
    assert len(boxes_at(made, "moof", "traf")) == 1
