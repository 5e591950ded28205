"""Fragments, box by box."""

from __future__ import annotations

import struct

from ivsim.media import id3
from ivsim.media.fmp4 import Event, Sample, Track, fragment, initialization
from ivsim.media.h264 import Format, parameter_sets

from .containers import boxes, boxes_at, text_of

MAIN = Format(640, 360, 30, "avc1.4D401F")
HIGH = Format(1920, 1080, 30, "avc1.640028")


def test_initialization() -> None:
    """The initialization has a track of pictures, with their size and parameter sets, and one of sound."""
    for form in (MAIN, HIGH):
        made = initialization(form)
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
    made = initialization(None)
    assert [each[8:12] for each in boxes_at(made, "moov", "trak", "mdia", "hdlr")] == [b"soun"]
    assert len(boxes_at(made, "moov", "mvex", "trex")) == 1


def test_fragment() -> None:
    """A fragment has its number, its samples where it says that they are, and an event for each tag."""
    video = Track(90_000, [Sample(3000, b"key"), Sample(3001, b"other")])
    audio = Track(48_000, [Sample(1024, b"sound")] * 3)
    made = fragment(7, video=video, audio=audio, events=[Event(90_500, id3.tag("hello", "about"))])
    assert [name for name, _ in boxes(made)] == ["styp", "emsg", "moof", "mdat"]
    assert boxes_at(made, "moof", "mfhd") == [struct.pack(">II", 0, 7)]
    assert [struct.unpack(">Q", each[4:])[0] for each in boxes_at(made, "moof", "traf", "tfdt")] == [90_000, 48_000]
    moof = made.index(b"moof") - 4
    for track, run in zip((video, audio), boxes_at(made, "moof", "traf", "trun"), strict=True):
        _, count, offset, *told = struct.unpack(f">{len(run) // 4}I", run)
        place = moof + offset
        assert count == len(track.samples)
        for number, sample in enumerate(track.samples):
            duration, size, flags = told[number * 3 : number * 3 + 3]
            assert (duration, made[place : place + size]) == (sample.duration, sample.data)
            assert flags == (0x01010000 if track is video and number else 0x02000000)
            place += size
    (event,) = boxes_at(made, "emsg")
    assert struct.unpack(">IIQ", event[:16]) == (1 << 24, 90_000, 90_500)
    scheme, value, tag = event[24:].split(b"\0", 2)
    assert (scheme, value, text_of(tag)) == (b"https://aomedia.org/emsg/ID3", b"", ("about", "hello"))


def test_fragment_of_sound_alone() -> None:
    """Where there is only sound, its samples are all that there is."""
    made = fragment(1, video=None, audio=Track(0, [Sample(1024, b"sound")]), events=[])
    assert boxes_at(made, "mdat") == [b"sound"]
    assert len(boxes_at(made, "moof", "traf")) == 1
