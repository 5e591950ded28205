"""What an encoder pushes, cut into segments."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim.media import aac, flv, h264
from ivsim.media.flv import FlvRefused, Tag
from ivsim.media.h264 import DELIMITER, START_CODE, Format
from ivsim.media.mpegts import TICKS
from ivsim.media.packager import Began, Container, Ended, Output, Packager
from ivsim.media.picture import Scene, frames

from ..decoding import decoded, grey, reading
from .containers import (
    AUDIO,
    METADATA,
    PMT,
    VIDEO,
    Fragment,
    Stamped,
    adts,
    boxes_at,
    fragments,
    inserted,
    packets,
    samples,
    stamped,
    streams,
    text_of,
)

CONTAINERS: tuple[Container, ...] = ("ts", "mp4")

FORM = Format(320, 180, 30, "avc1.4D401F")
HIGH = Format(320, 180, 30, "avc1.640028")
LARGE = Format(640, 360, 30, "avc1.4D401F")

KEY, OTHER = b"\x65key", b"\x41other"

MONO, MONO_SILENCE = b"\x12\x08", b"\0\0\0\x07"
"""The configuration of 44,100 samples a second in one channel, and a frame with nothing in it."""

MS = TICKS // 1000
WRAP = 1 << 33
NOW = 1_800_000_000.5

in_both = pytest.mark.parametrize("container", CONTAINERS)


def flv_units(*units: bytes, size: int = 4) -> bytes:
    """Return a picture as FLV has it: NAL units, each with its length before it."""
    return b"".join(len(unit).to_bytes(size, "big") + unit for unit in units)


def record(form: Format, size: int = 4) -> bytes:
    """Return a configuration whose lengths of NAL units have so many bytes."""
    made = h264.configuration(form)
    return made[:4] + bytes([made[4] & 0xFC | size - 1]) + made[5:]


RECORD = record(FORM)


class Segment(NamedTuple):
    """A segment: how it began, its pieces, and how long it lasts, None while it goes on."""

    is_break: bool
    initialization: bytes
    pieces: list[bytes]
    duration: float | None

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


def segments(outputs: Iterable[Output]) -> list[Segment]:
    """Return the segments that come of outputs, which have to be in order."""
    found: list[Segment] = []
    is_open = False
    for output in outputs:
        assert isinstance(output, Began) != is_open
        if isinstance(output, Began):
            found.append(Segment(output.is_break, output.initialization, [], None))
            is_open = True
        elif isinstance(output, Ended):
            found[-1] = found[-1]._replace(duration=output.duration)
            is_open = False
        else:
            found[-1].pieces.append(output)
    return found


class Encoder:
    """An encoder, whose media go through a packager."""

    def __init__(
        self, container: Container = "ts", *, video: bytes | None = RECORD, audio: bytes | None = None
    ) -> None:
        self.packager = Packager(container, lambda: NOW)
        self.outputs: list[Output] = []
        if video is not None:
            self.video_header(video)
        if audio is not None:
            self.audio_header(audio)

    @property
    def segments(self) -> list[Segment]:
        return segments(self.outputs)

    @property
    def durations(self) -> list[float | None]:
        return [segment.duration for segment in self.segments]

    @property
    def breaks(self) -> list[bool]:
        return [segment.is_break for segment in self.segments]

    @property
    def data(self) -> bytes:
        """All that was put out, as one; the initialization is the first, where there is one."""
        return self.segments[0].initialization + b"".join(segment.data for segment in self.segments)

    def video_header(self, configuration: bytes) -> None:
        self.outputs += self.packager.take_video(0, Tag(True, False, configuration))

    def audio_header(self, configuration: bytes) -> None:
        self.outputs += self.packager.take_audio(0, Tag(True, False, configuration))

    def picture(self, time: int, data: bytes | None = None, *, is_key: bool = False, offset: int = 0) -> None:
        """Send a picture; it is a small one where none is given."""
        data = flv_units(KEY if is_key else OTHER) if data is None else data
        self._take(self.packager.take_video(time, Tag(False, is_key, data, offset)))

    def key(self, *times: int) -> None:
        for time in times:
            self.picture(time, is_key=True)

    def others(self, *times: int) -> None:
        for time in times:
            self.picture(time)

    def sound(self, *times: int, data: bytes = aac.SILENCE) -> None:
        for time in times:
            self._take(self.packager.take_audio(time, Tag(False, False, data)))

    def interrupt(self) -> None:
        self._take(self.packager.interrupt())

    def _take(self, outputs: Iterator[Output]) -> None:
        for output in outputs:  # one by one, so that those before a refusal are kept
            self.outputs.append(output)


def send(encoder: Encoder, seconds: float) -> None:
    """Send pictures, 30 in a second with a key frame in each, and sound, in the order of their times."""
    shown = [(round(number * 1000 / 30), 0, number) for number in range(round(seconds * 30))]
    sounding = [(round(number * 1024 / 48), 1, number) for number in range(int(seconds * 48_000 / 1024))]
    for at, kind, number in sorted(shown + sounding):
        if kind:
            encoder.sound(at)
        else:
            encoder.picture(at, is_key=number % 30 == 0)


def pictures(encoder: Encoder) -> list[Stamped]:
    """Return the pictures of a transport stream, each with its times in it, in ticks since the encoder began."""
    at = 2 * TICKS  # a second in the transport stream, and another by the packager
    return [
        Stamped((shown - at + WRAP // 2) % WRAP - WRAP // 2, (decoding - at) % WRAP, data)
        for segment in encoder.segments
        for shown, decoding, data in stamped(segment.data, VIDEO)
    ]


def times(encoder: Encoder) -> list[int]:
    """Return when pictures are decoded, in milliseconds since the encoder began; in either container."""
    if not encoder.segments[0].initialization:
        return [each.decoded // MS for each in pictures(encoder)]
    found = []
    for fragment in all_fragments(encoder):
        at = fragment.tracks[1].begin
        for sample in fragment.tracks[1].samples:
            found.append(at // MS - 1000)
            at += sample.duration
    return found


def heard(encoder: Encoder) -> list[tuple[int, int]]:
    """Return when frames of sound of 48,000 Hz begin and end, in samples since the encoder began; in MP4."""
    found = []
    for fragment in all_fragments(encoder):
        if 2 in fragment.tracks:
            at = fragment.tracks[2].begin - 48_000
            for sample in fragment.tracks[2].samples:
                found.append((at, at + sample.duration))
                at += sample.duration
    return found


def all_fragments(encoder: Encoder) -> list[Fragment]:
    return [fragment for segment in encoder.segments for fragment in fragments(segment.data)]


def own_tags(encoder: Encoder) -> list[dict[str, object]]:
    """Return the tags of the transcoder in a transport stream, each of which begins the metadata of a segment."""
    found = []
    for segment in encoder.segments:
        description, text = text_of(samples(segment.data, METADATA)[0][1])
        assert description == "segmentmetadata"
        found.append(json.loads(text))
    return found


# Where it is cut


@in_both
def test_key_frames_cut(container: Container) -> None:
    """A segment begins with each key frame, and lasts until the next; the last one ends after its last picture."""
    encoder = Encoder(container)
    for number in range(150):
        encoder.picture(round(number * 1000 / 30), is_key=number % 60 == 0)
    assert encoder.durations == [2.0, 2.0, None]
    encoder.interrupt()
    assert encoder.durations == [2.0, 2.0, 1.001]  # in milliseconds some pictures last 34
    assert encoder.breaks == [True, False, False]
    assert times(encoder) == [round(number * 1000 / 30) for number in range(150)]


@in_both
def test_true_durations(container: Container) -> None:
    """Segments last from one key frame to the next, whatever that is, to the millisecond."""
    encoder = Encoder(container)
    encoder.key(0, 1500, 2433, 6000)
    encoder.interrupt()
    assert encoder.durations == [1.5, 0.933, 3.567, 3.567]


@pytest.mark.parametrize(("at", "count"), [(899, 1), (900, 2)])
def test_short(at: int, count: int) -> None:
    """A segment is not cut before it has lasted 0.9 seconds."""
    encoder = Encoder()
    encoder.key(0, at)
    assert len(encoder.segments) == count


def test_many_key_frames() -> None:
    """Key frames that come one after the other are put together in segments."""
    encoder = Encoder()
    encoder.key(*range(0, 5000, 400))
    assert encoder.durations == [1.2] * 4 + [None]


@in_both
def test_few_key_frames(container: Container) -> None:
    """Key frames may be 10 seconds apart, with other pictures between them or without."""
    encoder = Encoder(container)
    encoder.key(0, 10_000)
    for at in range(10_040, 20_000, 40):
        encoder.picture(at)
    encoder.key(20_000)
    assert encoder.durations == [10.0, 10.0, None]
    assert encoder.breaks == [True, False, False]


@in_both
def test_no_key_frames(container: Container) -> None:
    """A segment is cut after 20 seconds where no key frame comes, and the next one at its key frame again."""
    encoder = Encoder(container)
    encoder.key(0)
    for at in range(500, 45_000, 500):
        encoder.picture(at, is_key=at == 43_000)
    encoder.interrupt()
    assert encoder.durations == [20.0, 20.0, 3.0, 2.0]
    assert encoder.breaks == [True, False, False, False]
    assert times(encoder) == [*range(0, 45_000, 500)]


def test_before_the_first_key_frame() -> None:
    """Nothing comes of what is before the first key frame, or before it is known how to decode that."""
    encoder = Encoder(video=None, audio=aac.CONFIG)
    encoder.key(0)
    encoder.video_header(record(FORM))
    encoder.others(100)
    encoder.sound(100)
    assert encoder.outputs == []
    encoder.key(200)
    assert [each.data[-3:] for each in pictures(encoder)] == [b"key"]


def test_formats() -> None:
    """The forms of pictures and sound are told as soon as they are known."""
    encoder = Encoder(video=None)
    packager = encoder.packager
    assert (packager.video_format, packager.audio_format) == (None, None)
    encoder.video_header(record(FORM))
    encoder.audio_header(MONO)
    assert packager.video_format == (FORM.codec, 320, 180, 30.0)
    assert packager.audio_format == (2, 44_100, 1)


# Times


@in_both
@pytest.mark.parametrize("begin", [0xFFFFFFFF - 999, 0xFFFFFFFF, 1 << 31])
def test_wrapping_times(container: Container, begin: int) -> None:
    """Times that are over after 32 bits, and begin anew, go on without a break."""
    encoder = Encoder(container)
    for at in range(0, 3000, 40):
        encoder.picture(begin + at & 0xFFFFFFFF, is_key=at % 1000 == 0)
    encoder.interrupt()
    assert encoder.breaks == [True, False, False]
    assert times(encoder) == [*range(0, 3000, 40)]


@in_both
@pytest.mark.parametrize("anew", [0, 4959 + 11_000, 4960 + 10_001, 4960 - 1001])
def test_times_set_anew(container: Container, anew: int) -> None:
    """Times that are set to 0, or jump far, end the segment; the next key frame begins one with a break."""
    encoder = Encoder(container)
    for at in range(0, 5000, 40):
        encoder.picture(at, is_key=at % 2000 == 0)
    encoder.others(anew, anew + 40)
    assert encoder.durations == [2.0, 2.0, 1.0]
    encoder.key(anew + 80)
    encoder.others(anew + 120)
    encoder.interrupt()
    assert encoder.breaks == [True, False, False, True]
    assert times(encoder)[-3:] == [4960, 5080, 5120]


def test_times_that_jump_a_little() -> None:
    """Times may jump by 10 seconds forward, as key frames alone do."""
    encoder = Encoder()
    encoder.key(0, 1000, 11_000)
    assert encoder.breaks == [True, False, False]
    assert times(encoder) == [0, 1000, 11_000]


@pytest.mark.parametrize("anew", [0, 60_000])
def test_times_set_anew_at_a_key_frame(anew: int) -> None:
    """A key frame whose time does not follow begins a segment at once, when the picture before it has been shown."""
    encoder = Encoder()
    encoder.key(20_000)
    encoder.others(20_040, 20_080)
    encoder.key(anew)
    assert encoder.durations == [0.12, None]
    assert encoder.breaks == [True, True]
    assert times(encoder) == [0, 40, 80, 120]


def test_times_set_anew_before_the_first_key_frame() -> None:
    """Times that jump before anything was put out leave it to begin as usual."""
    encoder = Encoder(audio=aac.CONFIG)
    encoder.sound(0, 21, 90_000)
    encoder.key(90_010)
    encoder.sound(90_005, 90_026)
    assert encoder.breaks == [True]
    assert len(samples(encoder.data, AUDIO)) == 2


@in_both
def test_sound_that_comes_late(container: Container) -> None:
    """Sound of a little earlier than the pictures before it keeps its time, and breaks nothing."""
    encoder = Encoder(container, audio=aac.CONFIG)
    encoder.key(5000)
    encoder.sound(4200)
    encoder.others(5040, 5080, 5120)
    encoder.sound(4264, 4285)
    encoder.key(6000)
    encoder.interrupt()
    assert encoder.breaks == [True, False]
    assert times(encoder) == [0, 40, 80, 120, 1000]
    if container == "ts":
        assert [at // MS - 2000 for at, _ in samples(encoder.data, AUDIO)] == [-800, -736, -715]
    else:
        assert [begin * 1000 // 48_000 for begin, _ in heard(encoder)] == [-800, -736, -715]


@in_both
def test_pictures_that_go_back(container: Container) -> None:
    """Pictures are decoded one after the other, also where their times stand still or go back."""
    encoder = Encoder(container)
    encoder.key(0)
    encoder.others(40, 40, 20, 80, 120)
    encoder.interrupt()
    assert times(encoder) == [0, 40, 41, 42, 80, 120]
    assert encoder.durations == [0.16]


@in_both
def test_times_that_go_back_and_back(container: Container) -> None:
    """Times that go back again and again make nothing that is shorter than nothing."""
    encoder = Encoder(container, audio=aac.CONFIG)
    for number in range(30):
        encoder.key(40_000 - 700 * number)
        encoder.sound(40_000 - 700 * number)
    encoder.video_header(record(LARGE))
    encoder.key(19_700, 20_700)
    encoder.interrupt()
    assert times(encoder) == [*range(32)]
    assert encoder.durations == [0.03, 0.002]
    assert encoder.breaks == [True, True]


def test_offsets() -> None:
    """Pictures are shown later or earlier than they are decoded by what the encoder says, as B-frames are."""
    encoder = Encoder()
    for number, offset in enumerate((80, 160, 40, -40, 0)):
        encoder.picture(number * 40, is_key=not number, offset=offset)
    assert [(each.decoded // MS, each.shown // MS) for each in pictures(encoder)] == [
        (0, 80),
        (40, 200),
        (80, 120),
        (120, 80),
        (160, 160),
    ]


def test_offsets_in_fragments() -> None:
    """Samples of MP4 say by how much later, or earlier, they are shown than decoded, and which are key frames."""
    encoder = Encoder("mp4")
    for number, offset in enumerate((80, 160, 40, -40, 0)):
        encoder.picture(number * 40, is_key=not number, offset=offset)
    encoder.interrupt()
    (fragment,) = all_fragments(encoder)
    told = [(sample.offset // MS, sample.is_key) for sample in fragment.tracks[1].samples]
    assert told == [(80, True), (160, False), (40, False), (-40, False), (0, False)]


# Forms


@in_both
def test_video_alone(container: Container) -> None:
    """Where the encoder sends no sound, none is announced."""
    encoder = Encoder(container)
    encoder.sound(0)
    encoder.key(0)
    encoder.sound(0)
    encoder.interrupt()
    if container == "ts":
        assert streams(encoder.data) == {VIDEO: 0x1B, METADATA: 0x15}
        assert samples(encoder.data, AUDIO) == []
    else:
        assert len(boxes_at(encoder.data, "moov", "trak")) == 1
        assert [*all_fragments(encoder)[0].tracks] == [1]


@in_both
def test_sound_that_joins(container: Container) -> None:
    """Sound whose form is told after the first key frame is there from the next one on, with a break."""
    encoder = Encoder(container)
    encoder.key(0)
    encoder.audio_header(aac.CONFIG)
    for at in range(20, 1000, 20):
        encoder.others(at)
        encoder.sound(at)
    encoder.key(1000)
    encoder.sound(1000, 1021)
    encoder.key(2000)
    assert encoder.breaks == [True, True, False]
    first, second, third = (segment for segment in encoder.segments)
    if container == "ts":
        assert [AUDIO in streams(each.data) for each in (first, second, third)] == [False, True, True]
        assert [len(samples(each.data, AUDIO)) for each in (first, second)] == [0, 2]
    else:
        assert [len(boxes_at(each.initialization, "moov", "trak")) for each in (first, second, third)] == [1, 2, 2]
        assert second.initialization == third.initialization
        assert [{*each.tracks} for each in fragments(first.data)] == [{1}] * 5
        assert [{*each.tracks} for each in fragments(second.data)] == [{1, 2}]


@in_both
def test_new_form_of_sound(container: Container) -> None:
    """Sound of another form is left out until the next key frame, which begins a segment of that form, with a break."""
    encoder = Encoder(container, audio=aac.CONFIG)
    encoder.key(0)
    encoder.sound(0, 21)
    encoder.audio_header(MONO)
    encoder.sound(43, 66, 250, data=b"left out")
    encoder.key(300)
    encoder.sound(300, 323, data=MONO_SILENCE)
    encoder.key(1300)
    assert encoder.breaks == [True, True, False]
    first, second, _ = encoder.segments
    if container == "ts":
        sound = [[adts(each) for _, each in samples(segment.data, AUDIO)] for segment in (first, second)]
        assert sound == [[(2, 3, 2, aac.SILENCE)] * 2, [(2, 4, 1, MONO_SILENCE)] * 2]
        assert [at // MS - 2000 for at, _ in samples(second.data, AUDIO)] == [300, 323]
    else:
        tracks = [fragments(segment.data)[0].tracks[2] for segment in (first, second)]
        assert [[each.data for each in track.samples] for track in tracks] == [[aac.SILENCE] * 2, [MONO_SILENCE] * 2]
        assert tracks[1].begin == 1300 * 441 // 10


@in_both
def test_new_form_of_pictures(container: Container) -> None:
    """Pictures of another size begin a segment, with a break, however short the one before is."""
    encoder = Encoder(container)
    encoder.key(0, 1000)
    encoder.video_header(record(LARGE))
    encoder.others(1040)
    encoder.key(1080, 2080)
    assert encoder.durations == [1.0, 0.08, 1.0, None]
    assert encoder.breaks == [True, False, True, False]
    if container == "ts":
        parameters = [each.data.split(START_CODE)[2] for each in pictures(encoder) if each.data.endswith(KEY)]
        assert parameters == [h264.parameter_sets(form)[0] for form in (FORM, FORM, LARGE, LARGE)]
    else:
        tables = ("moov", "trak", "mdia", "minf", "stbl", "stsd")
        told = [boxes_at(segment.initialization, *tables)[0] for segment in encoder.segments]
        assert [record(FORM) in each for each in told] == [True, True, False, False]
        assert [record(LARGE) in each for each in told] == [False, False, True, True]


def test_new_form_without_a_key_frame() -> None:
    """A form that is new does not begin without a key frame, not even where a segment is cut without."""
    encoder = Encoder()
    encoder.key(0)
    encoder.audio_header(aac.CONFIG)
    encoder.others(10_000, 20_000)
    encoder.sound(20_000)
    encoder.others(20_040)
    encoder.key(20_080)
    encoder.sound(20_080)
    assert encoder.durations == [20.0, 0.08, None]
    assert encoder.breaks == [True, False, True]
    assert [AUDIO in streams(each.data) for each in encoder.segments] == [False, False, True]


@in_both
def test_forms_told_again(container: Container) -> None:
    """A form that is told again changes nothing."""
    encoder = Encoder(container, audio=aac.CONFIG)
    for at in (0, 1000, 2000):
        encoder.video_header(record(FORM))
        encoder.key(at)
        encoder.audio_header(aac.CONFIG)
        encoder.sound(at)
    assert encoder.breaks == [True, False, False]


@in_both
def test_interruption(container: Container) -> None:
    """What is interrupted ends after its last picture; the next key frame begins anew, with a break."""
    encoder = Encoder(container, audio=aac.CONFIG)
    encoder.interrupt()
    assert encoder.outputs == []
    encoder.key(0)
    encoder.others(40, 80)
    encoder.interrupt()
    encoder.interrupt()
    assert encoder.durations == [0.12]
    encoder.others(5000)
    encoder.sound(5000)
    encoder.key(5040)
    encoder.sound(5040)
    encoder.key(6040)
    encoder.interrupt()
    assert encoder.durations == [0.12, 1.0, 1.0]
    assert encoder.breaks == [True, True, False]
    assert times(encoder) == [0, 40, 80, 5040, 6040]


@in_both
def test_pictures_that_stop(container: Container) -> None:
    """A segment ends where no picture comes for 20 seconds, though sound goes on: nothing grows without end."""
    encoder = Encoder(container, audio=aac.CONFIG)
    encoder.key(0)
    encoder.others(40, 80)
    encoder.sound(*range(0, 20_200, 20))
    assert encoder.durations == [0.12]
    encoder.key(20_200)
    encoder.interrupt()
    assert encoder.breaks == [True, True]


def test_time_of_one_picture() -> None:
    """A picture that is the only one lasts as long as one of 30 in a second."""
    encoder = Encoder()
    encoder.key(0)
    encoder.interrupt()
    assert encoder.durations == [0.033]


@pytest.mark.parametrize("is_header", [False, True])
def test_empty_tags(is_header: bool) -> None:
    """Tags without data, as they are at the end, are as if they had not been sent, whatever their times."""
    encoder = Encoder(audio=aac.CONFIG)
    encoder.key(0)
    for take in (encoder.packager.take_video, encoder.packager.take_audio):
        assert [*take(900_000, Tag(is_header, False, b""))] == []
    assert [*encoder.packager.take_video(900_000, flv.video(b"\x17\2\0\0\0"))] == []
    encoder.others(40)
    encoder.sound(40)
    encoder.key(1000)
    assert encoder.breaks == [True, False]
    assert encoder.durations == [1.0, None]


# Pictures and sound


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\5\x41abc",
        b"\0\0\0\3\x41abc",
        b"\0\0\0\0",
        b"\0\0\0",
        b"\0\0\0\4\x41abc\0\0\0\0",
        b"\0\0\0\4\x41abc\0\0",
        b"\xff\xff\xff\xff\x41abc",
    ],
    ids=["cut off", "too long", "empty", "no length", "empty at last", "cut off at last", "vast"],
)
@pytest.mark.parametrize("is_key", [False, True])
@in_both
def test_lying_pictures(container: Container, is_key: bool, data: bytes) -> None:
    """A picture that is not as long as it says is refused, and is as if it had not been sent."""
    encoder = Encoder(container)
    for at in (0, 40, 1000):
        with pytest.raises(FlvRefused, match="not as long as it says"):
            encoder.picture(at + 20_000, data, is_key=is_key)
        encoder.picture(at, is_key=at != 40)
    assert encoder.durations == [1.0, None]
    assert encoder.breaks == [True, False]


@in_both
def test_large_sound(container: Container) -> None:
    """A frame of sound that is longer than AAC can tell is refused; the longest is taken."""
    encoder = Encoder(container, audio=aac.CONFIG)
    encoder.key(0)
    for size in (aac.MOST_BYTES + 1, 4 << 20):
        with pytest.raises(FlvRefused, match=f"{size} bytes"):
            encoder.sound(0, data=bytes(size))
    encoder.sound(0, data=bytes(aac.MOST_BYTES))
    encoder.key(1000)
    if container == "ts":
        ((_, frame),) = samples(encoder.data, AUDIO)
        assert adts(frame).data == bytes(aac.MOST_BYTES)
    else:
        assert [sample.data for sample in all_fragments(encoder)[0].tracks[2].samples] == [bytes(aac.MOST_BYTES)]


@pytest.mark.parametrize("configuration", [b"\1", RECORD[:-1], RECORD[:-6]], ids=["short", "cut off", "no picture's"])
@in_both
def test_refused_form_of_pictures(container: Container, configuration: bytes) -> None:
    """A configuration that cannot be read is refused when it comes, and what was before goes on."""
    encoder = Encoder(container)
    encoder.key(0)
    with pytest.raises(FlvRefused, match="decoder configuration"):
        encoder.video_header(configuration)
    encoder.key(1000)
    assert encoder.breaks == [True, False]
    assert encoder.packager.video_format == (FORM.codec, 320, 180, 30.0)


def test_refused_form_of_sound() -> None:
    """A configuration of sound that cannot be read is refused when it comes, and what was before goes on."""
    encoder = Encoder(audio=aac.CONFIG)
    encoder.key(0)
    with pytest.raises(FlvRefused, match="configuration of the audio"):
        encoder.audio_header(b"\x17")
    encoder.sound(0)
    encoder.key(1000)
    assert encoder.breaks == [True, False]
    assert len(samples(encoder.data, AUDIO)) == 1


@pytest.mark.parametrize("size", [1, 2, 4])
def test_sizes_of_lengths(size: int) -> None:
    """Lengths of NAL units may have 1, 2 or 4 bytes; in MP4 they have 4, and its configuration says so."""
    units = [b"\x06more", b"\x65" * 200, b"\x65last"]
    made = {}
    for container in CONTAINERS:
        encoder = Encoder(container, video=record(FORM, size))
        encoder.picture(0, flv_units(*units, size=size), is_key=True)
        encoder.interrupt()
        made[container] = encoder
    ((_, _, picture),) = pictures(made["ts"])
    assert picture.split(START_CODE) == [b"", DELIMITER, *h264.parameter_sets(FORM), *units]
    ((sample,),) = (each.tracks[1].samples for each in all_fragments(made["mp4"]))
    assert sample.data == flv_units(*units)
    (table,) = boxes_at(made["mp4"].data, "moov", "trak", "mdia", "minf", "stbl", "stsd")
    (configuration,) = boxes_at(table[8 + 8 + 78 :], "avcC")
    assert configuration == record(FORM, 4)


def test_delimiters() -> None:
    """A picture in a transport stream has one delimiter before it, whether the encoder sends its own or not."""
    encoder = Encoder()
    encoder.picture(0, flv_units(b"\x09\x10", KEY), is_key=True)
    encoder.picture(40, flv_units(b"\x29\x30", b"\x06more", OTHER))
    encoder.others(80)
    key, *others = [each.data.split(START_CODE)[1:] for each in pictures(encoder)]
    assert key == [DELIMITER, *h264.parameter_sets(FORM), KEY]
    assert others == [[DELIMITER, b"\x06more", OTHER], [DELIMITER, OTHER]]


# Tags


def test_own_tags() -> None:
    """Each segment begins with a tag of the transcoder, which says what time it is, and how long it was until then."""
    encoder = Encoder()
    encoder.key(0, 1100, 2300, 3500)
    told = own_tags(encoder)
    assert [each["stream_offset"] for each in told] == [0.0, 1.1, 2.3, 3.5]
    for each in told:
        assert {each[key] for key in ("ingest_r", "ingest_s", "transc_r", "transc_s")} == {1_800_000_000_500}
        assert (each["cmd"], each["broadc_s"]) == ("ld_lat_data", 0)
    assert [samples(each.data, METADATA)[0][0] for each in encoder.segments] == [
        samples(each.data, VIDEO)[0][0] for each in encoder.segments
    ]


def test_texts() -> None:
    """A text of PutMetadata is in front of the next picture, at its time; while there is no segment, it waits."""
    encoder = Encoder()
    encoder.packager.take_text("zero")
    encoder.others(0)
    assert encoder.outputs == []
    encoder.key(40)
    encoder.packager.take_text("one")
    encoder.packager.take_text("two")
    encoder.others(80, 120)
    encoder.interrupt()
    encoder.packager.take_text("three")
    encoder.others(160)
    encoder.key(1000, 2000)
    encoder.packager.take_text("four")
    encoder.key(3000)
    assert [inserted(segment.data) for segment in encoder.segments] == [["zero", "one", "two"], ["three"], [], ["four"]]
    own, *texts = samples(encoder.segments[0].data, METADATA)
    assert [at // MS - 2000 for at, _ in (own, *texts)] == [40, 40, 80, 80]
    order = [packet.pid for packet in packets(encoder.segments[0].data) if packet.begins]
    assert order == [0, PMT, METADATA, METADATA, VIDEO, METADATA, METADATA, VIDEO, VIDEO]


def test_tags_in_fragments() -> None:
    """Tags are in events of MP4, at their times, in the segment of their picture."""
    encoder = Encoder("mp4")
    encoder.key(0)
    encoder.packager.take_text("one")
    encoder.others(500)
    encoder.packager.take_text("two")
    encoder.key(1000)
    encoder.interrupt()
    told = [
        [
            (at // MS - 1000, description, text)
            for each in fragments(segment.data)
            for at, description, text in each.tags
        ]
        for segment in encoder.segments
    ]
    first, second = told
    assert first[1:] == [(500, "metadata.live-video.net", "one")]
    assert second[1:] == [(1000, "metadata.live-video.net", "two")]
    for tags, at in ((first, 0), (second, 1000)):
        assert tags[0][:2] == (at, "segmentmetadata")
        assert json.loads(tags[0][2])["stream_offset"] == at / 1000


# Transport streams


def test_pieces() -> None:
    """Each piece is whole packets, counted on from piece to piece and from segment to segment, after tables."""
    encoder = Encoder(audio=aac.CONFIG)
    for number in range(200):
        size = 1 + number * 37 % 1500
        encoder.picture(number * 40, flv_units(b"\x65" * size), is_key=number % 50 == 0)
        encoder.sound(number * 40 + 1, data=bytes(1 + number * 11 % 500))
        if number % 7 == 0:
            encoder.packager.take_text("x" * size)
    found = [packets(piece) for segment in encoder.segments for piece in segment.pieces]
    for wanted in (0, PMT, VIDEO, AUDIO, METADATA):
        counters = [packet.counter for piece in found for packet in piece if packet.pid == wanted]
        assert len(counters) >= 4
        assert counters == [number % 16 for number in range(len(counters))]
    for segment in encoder.segments:
        assert [packet.pid for packet in packets(segment.data)[:2]] == [0, PMT]
        assert streams(segment.data) == {VIDEO: 0x1B, AUDIO: 0x0F, METADATA: 0x15}


def test_clock() -> None:
    """Each picture has a clock before it, a tenth of a second ahead of when it is decoded, however late it is shown."""
    encoder = Encoder(audio=aac.CONFIG)
    encoder.picture(0, is_key=True, offset=80)
    encoder.sound(0)
    encoder.picture(40, offset=-20)
    told = [packet.clock for packet in packets(encoder.data) if packet.clock is not None]
    assert told == [each.decoded - TICKS // 10 for each in stamped(encoder.data, VIDEO)]


def test_days() -> None:
    """Times run on for a day and beyond, when the 33 bits of a transport stream are over, and through the encoder's."""
    encoder = Encoder()
    count = 27 * 360
    for number in range(count):
        encoder.picture(0xF0000000 + number * 10_000 & 0xFFFFFFFF, is_key=True, offset=40)
    encoder.interrupt()
    assert encoder.durations == [10.0] * count
    assert encoder.breaks == [True] + [False] * (count - 1)
    assert own_tags(encoder)[-1]["stream_offset"] == 27 * 3600 - 10
    found = [each for segment in encoder.segments for each in stamped(segment.data, VIDEO)]
    assert found[-1].decoded < found[0].decoded + 27 * 3600 * TICKS - WRAP
    for number, each in enumerate(found):
        assert each.decoded == ((number * 10 + 2) * TICKS) % WRAP
        assert each.shown == (each.decoded + 40 * MS) % WRAP


# Fragments


def test_fragments_join() -> None:
    """Fragments are numbered on, and each begins where the one before ends, in pictures and in sound."""
    encoder = Encoder("mp4", audio=aac.CONFIG)
    send(encoder, 5.0)
    encoder.interrupt()
    made = all_fragments(encoder)
    assert [each.number for each in made] == [*range(1, len(made) + 1)]
    for number in (1, 2):
        tracks = [each.tracks[number] for each in made]
        for track, after in pairwise(tracks):
            assert after.begin == track.begin + sum(sample.duration for sample in track.samples)
    assert {sample.duration for each in made for sample in each.tracks[2].samples} == {1024}


def test_fragments_grow() -> None:
    """A segment comes in fragments of a fifth of a second, so that it can be seen while it grows."""
    encoder = Encoder("mp4", audio=aac.CONFIG)
    send(encoder, 1.5)
    whole, growing = encoder.segments
    lengths = [sum(sample.duration for sample in each.tracks[1].samples) for each in fragments(whole.data)]
    assert lengths == [200 * MS] * 5
    assert len(fragments(growing.data)) == 2


# Sound


@in_both
def test_smooth_sound(container: Container) -> None:
    """Frames of sound follow each other to the sample, though the encoder rounds their times to milliseconds."""
    encoder = Encoder(container, audio=aac.CONFIG)
    send(encoder, 4.0)
    encoder.interrupt()
    if container == "ts":
        begins = [at for segment in encoder.segments for at, _ in samples(segment.data, AUDIO)]
        assert begins == [2 * TICKS + number * 1920 for number in range(187)]
    else:
        assert heard(encoder) == [(number * 1024, number * 1024 + 1024) for number in range(187)]


@pytest.mark.parametrize(("at", "begin"), [(51, 1024), (52, 52 * 48), (9000, 9000 * 48)])
@in_both
def test_sound_after_a_gap(container: Container, at: int, begin: int) -> None:
    """Sound that should be elsewhere by more than 30 ms is moved there, and followed smoothly; by less, it is not."""
    encoder = Encoder(container, audio=aac.CONFIG)
    encoder.key(0)
    encoder.sound(0, at, at + 21)  # the second should be at 21 1/3
    encoder.interrupt()
    assert begins_of_sound(encoder) == [0, begin, begin + 1024]


@in_both
def test_sound_there_is_already(container: Container) -> None:
    """Sound of a time at which there is sound already, by more than 30 ms, is left out: it does not go back."""
    encoder = Encoder(container, audio=aac.CONFIG)
    encoder.key(0)
    encoder.sound(0, 1, 2, 3, 60)  # the third should be at 42.7, and the fourth too
    encoder.interrupt()
    assert begins_of_sound(encoder) == [0, 1024, 2048]


def begins_of_sound(encoder: Encoder) -> list[int]:
    """Return where frames of sound of 48,000 Hz begin, in samples since the encoder began; in either container."""
    if encoder.segments[0].initialization:
        return [begin for begin, _ in heard(encoder)]
    return [
        (at - 2 * TICKS) * 48_000 // TICKS for segment in encoder.segments for at, _ in samples(segment.data, AUDIO)
    ]


# A decoder that is not ours


class Sound(NamedTuple):
    """Sound that is sent: its configuration, a frame, samples a second, and what a decoder calls it."""

    configuration: bytes
    frame: bytes
    rate: int
    name: str


STEREO = Sound(aac.CONFIG, aac.SILENCE, 48_000, "48000 stereo")


@pytest.mark.parametrize(
    ("form", "sound", "offset", "size"),
    [
        (FORM, None, 0, 4),
        (FORM, STEREO, 0, 2),
        (FORM, Sound(MONO, MONO_SILENCE, 44_100, "44100 mono"), 67, 4),
        (HIGH, STEREO, 67, 4),
    ],
    ids=["pictures alone", "lengths of 2 bytes", "mono", "High"],
)
@in_both
def test_decoded(container: Container, form: Format, sound: Sound | None, offset: int, size: int) -> None:
    """A decoder has nothing to say of what comes, of one segment or of all: all is there, when it should be."""
    encoder = Encoder(container, video=record(form, size), audio=sound and sound.configuration)
    began = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
    scene = Scene("show", "180p30", "live", began)
    units = [unit for gop in range(3) for unit in frames(form, scene, gop * 30, 30, offset=timedelta(), number=gop)]
    sent = [(round(number * 1000 / 30), 0, number) for number in range(90)]
    if sound is not None:
        sent += [(round(number * 1_024_000 / sound.rate), 1, number) for number in range(3 * sound.rate // 1024)]
    for at, kind, number in sorted(sent):
        if kind and sound is not None:
            encoder.sound(at, data=sound.frame)
        else:
            encoder.picture(at, flv_units(units[number], size=size), is_key=number % 30 == 0, offset=offset)
        if number == 40:
            encoder.packager.take_text("hello")
    encoder.interrupt()
    its = decoded(data=encoder.data)
    begin = (2 if container == "ts" else 1) + offset / 1000
    assert its.size == "320x180"
    assert [float(at) for at in its.pictures] == pytest.approx([begin + number / 30 for number in range(90)], abs=0.001)
    shown = [reading(each, 320, 180) for each in grey("-", encoder.data, 320, 180)]
    assert shown == [(180, 30, "live", round(number * 1000 / 30)) for number in range(90)]
    if sound is not None:
        assert its.sound == sound.name
        steps = [begin - offset / 1000 + number * 1024 / sound.rate for number in range(3 * sound.rate // 1024)]
        assert [float(at) for at in its.frames] == pytest.approx(steps, abs=0.0001)
    first, second, third = encoder.segments
    for segment in (first, second, third):
        its = decoded(data=segment.initialization + segment.data)
        assert len(its.pictures) == 30


# Anything


VIDEO_HEADERS = [RECORD, record(LARGE, 2), record(HIGH), b"\1", record(FORM)[:-1], b""]
AUDIO_HEADERS = [aac.CONFIG, MONO, b"\x17", b"\x17\x80\0\0\x10", b"\5\x90", b""]

STEPS = st.one_of(
    st.integers(-50, 60), st.integers(-50, 60), st.integers(-1500, 3000), st.integers(-(1 << 31), 1 << 31)
)
UNITS = st.lists(st.sampled_from([b"\x09\xf0", KEY, OTHER, b"\x06" * 300]), min_size=1, max_size=3)
PICTURES = st.one_of(
    UNITS.map(lambda units: flv_units(*units)),
    UNITS.map(lambda units: flv_units(*units, size=2)),
    st.binary(max_size=12),
)
SENT = st.one_of(
    st.tuples(
        st.just("picture"), STEPS, PICTURES, st.booleans(), st.sampled_from([0, 0, 40, -40, (1 << 23) - 1, -(1 << 23)])
    ),
    st.tuples(
        st.just("picture"), st.integers(0, 500), UNITS.map(lambda units: flv_units(*units)), st.booleans(), st.just(0)
    ),
    st.tuples(st.just("sound"), STEPS, st.one_of(st.binary(max_size=400), st.just(bytes(9000)))),
    st.tuples(st.just("sound"), st.integers(0, 30), st.just(aac.SILENCE)),
    st.tuples(st.just("video header"), st.one_of(st.sampled_from(VIDEO_HEADERS), st.binary(max_size=40))),
    st.tuples(st.just("audio header"), st.one_of(st.sampled_from(AUDIO_HEADERS), st.binary(max_size=8))),
    st.tuples(st.just("text"), st.text(max_size=300)),
    st.tuples(st.just("interruption")),
)


@given(st.sampled_from(CONTAINERS), st.integers(0, 0xFFFFFFFF), st.lists(SENT, max_size=60))
@settings(max_examples=150, deadline=None)
def test_anything(container: Container, begin: int, sent: Sequence[tuple[Any, ...]]) -> None:
    """Whatever is sent is refused or taken: segments last a while, and in a run of them all is one after the other."""
    encoder = Encoder(container, audio=aac.CONFIG)
    time = begin
    for what, *about in [("picture", 0, flv_units(KEY), True, 0), *sent]:
        with suppress(FlvRefused):
            if what in ("picture", "sound"):
                time = time + about[0] & 0xFFFFFFFF
            if what == "picture":
                _, data, is_key, offset = about
                encoder.picture(time, data, is_key=is_key, offset=offset)
            elif what == "sound":
                encoder.sound(time, data=about[1])
            elif what == "video header":
                encoder.video_header(about[0])
            elif what == "audio header":
                encoder.audio_header(about[0])
            elif what == "text":
                encoder.packager.take_text(about[0])
            else:
                encoder.interrupt()
    encoder.interrupt()
    assert all(segment.duration is not None and segment.duration > 0 for segment in encoder.segments)
    assert encoder.breaks[0]
    assert times(encoder) == sorted(set(times(encoder)))
    for run in runs(encoder.segments):
        check = check_packets if container == "ts" else check_fragments
        check([piece for segment in run for piece in segment.pieces])


def sound_alone() -> Encoder:
    """Return an encoder that sends sound alone."""
    encoder = Encoder("mp4", video=None)
    encoder.packager = Packager("mp4", lambda: NOW, has_pictures=False)
    encoder.audio_header(aac.CONFIG)
    return encoder


def test_sound_alone() -> None:
    """Segments of sound alone are cut by time, follow each other, and decode."""
    encoder = sound_alone()
    encoder.sound(*(number * 1024 // 48 for number in range(100)))
    encoder.interrupt()
    assert encoder.breaks == [True, False, False]
    assert [each for each in encoder.durations if each] == pytest.approx([0.9, 0.9, 0.31], abs=0.03)
    its = decoded(data=encoder.data)
    assert (its.pictures, its.sound, len(its.frames)) == ([], "48000 stereo", 100)


def test_sound_alone_in_another_form() -> None:
    """Where the form of the sound is another, a segment begins that follows on nothing, and each decodes for itself."""
    encoder = sound_alone()
    encoder.sound(0, 21, 43)
    encoder.audio_header(MONO)
    encoder.sound(64, 87, 110, data=MONO_SILENCE)
    encoder.interrupt()
    assert encoder.breaks == [True, True]
    forms = [decoded(data=each.initialization + each.data).sound for each in encoder.segments]
    assert forms == ["48000 stereo", "44100 mono"]


def runs(found: list[Segment]) -> list[list[Segment]]:
    """Return segments in runs without a break."""
    made: list[list[Segment]] = []
    for segment in found:
        if segment.is_break:
            made.append([])
        made[-1].append(segment)
    return made


def check_packets(pieces: list[bytes]) -> None:
    """Check that packets are counted on, and that sound never goes back."""
    data = b"".join(pieces)
    for wanted in (0, PMT, VIDEO, AUDIO, METADATA):
        counters = [packet.counter for packet in packets(data) if packet.pid == wanted]
        assert counters == [number % 16 for number in range(len(counters))]
    begins = [at for at, _ in samples(data, AUDIO)]
    assert begins == sorted(begins)


def check_fragments(pieces: list[bytes]) -> None:
    """Check that pictures have no gaps, and that sound does not overlap."""
    made = fragments(b"".join(pieces))
    assert [each.number for each in made] == [*range(1, len(made) + 1)]
    for number, may_wait in ((1, False), (2, True)):
        tracks = [each.tracks[number] for each in made if number in each.tracks]
        for track, after in pairwise(tracks):
            end = track.begin + sum(sample.duration for sample in track.samples)
            assert end == after.begin or (may_wait and end < after.begin)
