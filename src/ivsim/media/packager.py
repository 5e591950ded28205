"""The packager: it cuts what an encoder pushes into the segments that viewers get, as it comes. Nothing is transcoded.

Segments begin with key frames. Times of an encoder have 32 bits and begin anew when that is over, or when it wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias

from . import aac, flv, fmp4, id3, mpegts
from .flv import AudioFormat, FlvRefused, Tag, VideoFormat
from .h264 import DELIMITER, START_CODE

Container: TypeAlias = Literal["ts", "mp4"]

SHORTEST = 0.9
"""The least seconds of a segment, where key frames come one after the other."""

LONGEST = 20.0
"""The most seconds of a segment: when no key frame comes, one begins without."""

_MOST_BACK, _MOST_AHEAD = -1000, 10_000
"""Milliseconds by which a time may differ from the one before it, of sound or pictures; else an encoder's clock was set
anew."""

_MOST_DRIFT = 0.03
"""Seconds by which sound may be where it was not expected. Encoders round its times; players hear that."""

_FRAME = 21
"""Milliseconds of a frame of sound, as one whose end is not known."""

_TICKS = mpegts.TICKS // 1000
"""The ticks of a millisecond."""

_CHUNK = mpegts.TICKS // 5
"""The ticks of pictures that share a fragment of MP4."""

_ACCESS_UNIT_DELIMITER = 9


class Began(NamedTuple):
    """A segment has begun: whether it follows the one before without a seam, and what fragments need before it."""

    is_break: bool
    initialization: bytes


class Ended(NamedTuple):
    """The segment is whole, and lasts so many seconds."""

    duration: float


Output: TypeAlias = Began | bytes | Ended
"""What comes of media: the beginning of a segment, more of it, or its end."""


class Packager:
    """Makes segments of one encoder's media. `now` tells the time in seconds, as the tags in segments tell viewers.

    Segments of sound alone, which are of MP4, are cut wherever it is time.
    """

    def __init__(self, container: Container, now: Callable[[], float], *, has_pictures: bool = True) -> None:
        self._container = container
        self._has_pictures = has_pictures
        self._now = now
        self.video_format: VideoFormat | None = None
        """The form of the pictures, None until the encoder has said it."""
        self.audio_format: AudioFormat | None = None
        """The form of the sound; None until the encoder has said it, and when it sends none."""
        self._record = self._config = b""
        self._writer: _TransportStream | _Fragments | None = None
        self._is_seam_due = True  # at the next key frame
        self._heard: int | None = None
        self.time = -_MOST_BACK  # so that what is of a little earlier has a time too
        """The time of what came last, in milliseconds, which go on whatever the encoder's do."""
        self._step = 33
        self._begun: int | None = None
        self._last_picture = 0
        self._elapsed = 0
        self._sound_at = 0
        self._texts: list[str] = []

    def take_video(self, time: int, tag: Tag) -> Iterator[Output]:
        """Take a picture at a time in milliseconds, or the form of those that follow. Raises FlvRefused."""
        if not tag.data:
            return
        if tag.is_header:
            if tag.data != self._record:
                flv.parameter_sets(tag.data)  # refused now, rather than when they are written
                self.video_format, self._record, self._is_seam_due = flv.video_format(tag.data), tag.data, True
            return
        if self.video_format is None:
            return
        units = list(_units(tag.data, 1 + (self._record[4] & 3)))
        yield from self._advance(time)
        at = max(self.time, self._last_picture + 1)  # pictures are decoded one after the other
        is_cut = self._begun is not None and self._is_to_be_cut(at - self._begun, is_key=tag.is_key)
        if self._begun is not None:
            self._step = at - self._last_picture
        if is_cut:
            yield from self._end(at)
        if self._begun is None:
            if not (tag.is_key or is_cut):
                return
            yield from self._begin(at, is_key=tag.is_key)
        assert self._writer is not None, "a segment has begun"
        self._last_picture = at
        for text in self._texts:
            yield self._writer.tag(at * _TICKS, id3.tag(text, id3.METADATA))
        self._texts.clear()
        yield self._writer.picture(at * _TICKS, tag.offset * _TICKS, units, is_key=tag.is_key)

    def take_audio(self, time: int, tag: Tag) -> Iterator[Output]:
        """Take a frame of sound at a time in milliseconds, or the form of those that follow. Raises FlvRefused."""
        if not tag.data:
            return
        if tag.is_header:
            if tag.data != self._config:
                self.audio_format, self._config, self._is_seam_due = flv.audio_format(tag.data), tag.data, True
            return
        if self.audio_format is None:
            return
        if len(tag.data) > aac.MOST_BYTES:
            raise FlvRefused(f"a frame of sound has {len(tag.data)} bytes, and AAC's have at most {aac.MOST_BYTES}")
        yield from self._advance(time)
        if not self._has_pictures:
            yield from self._cut_sound()
        elif self._begun is not None and self.time - self._last_picture >= LONGEST * 1000:
            yield from self.interrupt()  # as pictures have stopped, and only they end segments
        if self._begun is None or self._writer is None or self._writer.audio != self.audio_format:
            return
        rate = self.audio_format.sample_rate
        told = self.time * rate // 1000
        if self._sound_at - told > _MOST_DRIFT * rate:
            return  # there is sound at that time already
        if told - self._sound_at > _MOST_DRIFT * rate:
            self._sound_at = told
        yield self._writer.sound(self._sound_at, tag.data)
        self._sound_at += aac.SAMPLES

    def take_text(self, text: str) -> None:
        """Put a text of PutMetadata in front of the next picture."""
        self._texts.append(text)

    def interrupt(self) -> Iterator[Output]:
        """End the segment, as nothing follows it, or nothing that goes with it. The next begins with a key frame."""
        if self._begun is not None:
            yield from self._end(self._last_picture + self._step)
        self._is_seam_due = True

    def _advance(self, time: int) -> Iterator[Output]:
        """Go on to a time; where it does not follow on the one before, interrupt."""
        before = time if self._heard is None else self._heard
        step = (time - before + (1 << 31) & 0xFFFFFFFF) - (1 << 31)
        self._heard = time
        if _MOST_BACK <= step <= _MOST_AHEAD:
            self.time += step
        else:
            yield from self.interrupt()
            self.time = self._last_picture + self._step

    def _is_to_be_cut(self, milliseconds: int, *, is_key: bool) -> bool:
        """Return whether the segment, which has lasted so long, ends before a picture."""
        seconds = milliseconds / 1000
        return seconds >= LONGEST or (is_key and (self._is_seam_due or seconds >= SHORTEST))

    def _cut_sound(self) -> Iterator[Output]:
        """Begin a segment before a frame of sound, where it is time for that."""
        if self._begun is not None and (self._is_seam_due or self.time - self._begun >= SHORTEST * 1000):
            yield from self._end(self.time)
        if self._begun is None:
            yield from self._begin(self.time, is_key=True)
        self._last_picture, self._step = self.time, _FRAME

    def _begin(self, at: int, *, is_key: bool) -> Iterator[Output]:
        """Begin a segment, with the tag of the transcoder that each has in life."""
        is_break = self._is_seam_due and is_key  # what is of a new form cannot be seen before
        if is_break:
            self._is_seam_due = False
            make = _TransportStream if self._container == "ts" else _Fragments
            self._writer = make(self.video_format, self._record, self.audio_format, self._config)
            self._sound_at = 0
        assert self._writer is not None, "it was made with the first key frame"
        self._begun = at
        yield Began(is_break, self._writer.initialization)
        own = id3.latency_tag(self._elapsed / 1000, int(self._now() * 1000))
        yield self._writer.begin() + self._writer.tag(at * _TICKS, own)

    def _end(self, at: int) -> Iterator[Output]:
        assert self._writer is not None, "a segment has begun"
        assert self._begun is not None, "a segment has begun"
        yield self._writer.end(at * _TICKS)
        duration = at - self._begun
        self._elapsed += duration
        self._begun = None
        yield Ended(duration / 1000)


class _TransportStream:
    """The media in a transport stream."""

    initialization = b""

    def __init__(self, _video: VideoFormat | None, record: bytes, audio: AudioFormat | None, _config: bytes) -> None:
        self.audio = audio
        self._parameters = [DELIMITER, *flv.parameter_sets(record)]
        self._stream = mpegts.Writer()

    def begin(self) -> bytes:
        return self._stream.begin(has_video=True, has_audio=self.audio is not None)

    def picture(self, ticks: int, offset: int, units: Sequence[bytes], *, is_key: bool) -> bytes:
        before = self._parameters if is_key else [DELIMITER]
        units = [*before, *(unit for unit in units if unit[0] & 31 != _ACCESS_UNIT_DELIMITER)]
        data = START_CODE + START_CODE.join(units)
        return self._stream.video(mpegts.Sample(ticks, data, offset), is_key=is_key)

    def sound(self, place: int, frame: bytes) -> bytes:
        audio = self.audio
        assert audio is not None, "there is sound"
        data = aac.adts(frame, kind=audio.kind, rate_index=audio.rate_index, channels=audio.channels)
        return self._stream.audio(mpegts.Sample(place * mpegts.TICKS // audio.sample_rate, data))

    def tag(self, ticks: int, tag: bytes) -> bytes:
        return self._stream.metadata(mpegts.Sample(ticks, tag))

    def end(self, _ticks: int) -> bytes:
        return b""


class _Fragments:
    """The media in fragments of MP4, several in a segment, so that it grows."""

    def __init__(self, video: VideoFormat | None, record: bytes, audio: AudioFormat | None, config: bytes) -> None:
        self.audio = audio
        pictures = None
        if video is not None:
            record = record[:4] + bytes([record[4] | 3]) + record[5:]  # lengths have 4 bytes here, whatever they had
            pictures = fmp4.Pictures(video.width, video.height, record)
        self.initialization = fmp4.initialization(
            pictures,
            fmp4.Sound(audio.sample_rate, audio.channels, config) if audio else None,
        )
        self._number = 0
        self._pictures: list[tuple[int, fmp4.Sample]] = []
        self._sound: list[tuple[int, bytes]] = []
        self._events: list[fmp4.Event] = []

    def begin(self) -> bytes:
        return b""

    def picture(self, ticks: int, offset: int, units: Sequence[bytes], *, is_key: bool) -> bytes:
        is_full = self._pictures and ticks - self._pictures[0][0] >= _CHUNK
        grown = self.end(ticks) if is_full else b""
        data = b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
        self._pictures.append((ticks, fmp4.Sample(0, data, offset, is_key)))
        return grown

    def sound(self, place: int, frame: bytes) -> bytes:
        self._sound.append((place, frame))
        return b""

    def tag(self, ticks: int, tag: bytes) -> bytes:
        self._events.append(fmp4.Event(ticks, tag))
        return b""

    def end(self, ticks: int) -> bytes:
        """Return a fragment of what there is; its last picture lasts until a time."""
        pictures = None
        if self._pictures:
            times = [*(at for at, _ in self._pictures), ticks]
            samples = [
                sample._replace(duration=after - at)
                for (_, sample), (at, after) in zip(self._pictures, pairwise(times), strict=True)
            ]
            pictures = fmp4.Track(times[0], samples)
        sound = None
        if self._sound:
            places = [place for place, _ in self._sound]
            lengths = [after - place for place, after in pairwise([*places, places[-1] + aac.SAMPLES])]
            samples = [fmp4.Sample(length, frame) for length, (_, frame) in zip(lengths, self._sound, strict=True)]
            sound = fmp4.Track(places[0], samples)
        self._number += 1
        made = fmp4.fragment(self._number, video=pictures, audio=sound, events=self._events)
        self._pictures, self._sound, self._events = [], [], []
        return made


def _units(data: bytes, size: int) -> Iterator[bytes]:
    """Return the NAL units of a picture, each of which has its length before it in so many bytes."""
    at = 0
    while at < len(data):
        begin = at + size
        at = begin + int.from_bytes(data[at:begin], "big")
        if not begin < at <= len(data):
            raise FlvRefused("a picture is not as long as it says")
        yield data[begin:at]
