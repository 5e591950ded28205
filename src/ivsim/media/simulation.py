"""The media of a simulated broadcast: what a player gets of one rendition, made when it is asked for.

All is a function of its arguments, so the same segment has the same bytes whoever asks for it, and whenever.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from . import aac, fmp4, h264, id3, jpeg, mpegts, picture
from .h264 import Format
from .picture import Scene

_FRAMES_TOGETHER = 8
"""Frames of sound that share a packet of the elementary stream."""


_LARGEST, _FASTEST = 4096, 120
"""The most pixels in a row or column, and frames a second, that are drawn; an encoder may say that it sends more."""

_DRAWN = re.compile(r"avc1\.(42|4D|64)[0-9A-F]{4}")
"""The codecs in which pictures are drawn, profiles Baseline, Main and High. What is said to be another is Main."""

_MAIN = "avc1.4D401F"


class Part(NamedTuple):
    """A part of a broadcast: its number, where it begins in seconds of what there was to see, and how long it lasts.

    `gap` is how much later by the clock it is than these seconds tell, in seconds, because ingest was interrupted.
    Where it `is_still`, all of it shows its first picture, which is made in a small part of the time.
    """

    number: int
    elapsed: float
    duration: float
    gap: float = 0.0
    is_still: bool = False


def form(width: int, height: int, framerate: int, codec: str = _MAIN) -> Format:
    """Return the form that is nearest to what is asked for, of those that can be drawn."""
    width, height = (min(max(size // 2 * 2, 2), _LARGEST) for size in (width, height))
    return Format(width, height, min(max(framerate, 1), _FASTEST), codec if _DRAWN.fullmatch(codec) else _MAIN)


def transport_stream(form: Format | None, scene: Scene, part: Part) -> bytes:
    """Return a part of a rendition as a segment of a transport stream; `form` is None for sound alone."""
    video: list[mpegts.Sample] = []
    if form is not None:
        parameters = [h264.DELIMITER, *h264.parameter_sets(form)]
        for number, unit in _pictures(form, scene, part):
            units = [h264.DELIMITER, unit] if video else [*parameters, unit]
            data = b"".join(h264.START_CODE + each for each in units)
            video.append(mpegts.Sample(number * mpegts.TICKS // form.framerate, data))
    numbers = _frames_of_sound(part)
    audio = [
        mpegts.Sample(
            first * aac.SAMPLES * mpegts.TICKS // aac.RATE,
            aac.adts(aac.SILENCE) * min(_FRAMES_TOGETHER, numbers.stop - first),
        )
        for first in numbers[::_FRAMES_TOGETHER]
    ]
    metadata = [mpegts.Sample(round(at * mpegts.TICKS), tag) for at, tag in _tags(scene, part)]
    return mpegts.segment(part.number, video=video, audio=audio, metadata=metadata)


def initialization(form: Format | None) -> bytes:
    """Return what is read before the fragments of a rendition."""
    pictures = form and fmp4.Pictures(form.width, form.height, h264.configuration(form))
    return fmp4.initialization(pictures, fmp4.Sound(aac.RATE, 2, aac.CONFIG))


def fragment(form: Format | None, scene: Scene, part: Part) -> bytes:
    """Return a part of a rendition as a fragment of MP4, which `initialization(form)` is read before."""
    video = None
    if form is not None:
        shown = _span(part, form.framerate)
        times = [number * fmp4.TIMESCALE // form.framerate for number in range(shown.start, shown.stop + 1)]
        samples = [
            fmp4.Sample(after - at, struct.pack(">I", len(unit)) + unit, is_key=at == times[0])
            for (_, unit), (at, after) in zip(_pictures(form, scene, part), pairwise(times), strict=True)
        ]
        video = fmp4.Track(times[0], samples)
    numbers = _frames_of_sound(part)
    audio = fmp4.Track(numbers.start * aac.SAMPLES, [fmp4.Sample(aac.SAMPLES, aac.SILENCE)] * len(numbers))
    events = [fmp4.Event(round(at * fmp4.TIMESCALE), tag) for at, tag in _tags(scene, part)]
    return fmp4.fragment(part.number + 1, video=video, audio=audio, events=events)


def thumbnail(form: Format, scene: Scene, seconds: float, gap: float) -> bytes:
    """Return the picture that is shown at a time since the broadcast began, as JPEG; `gap` is that of a Part."""
    return jpeg.encode(form, picture.still(form, scene, seconds, offset=timedelta(seconds=gap)))


def _pictures(form: Format, scene: Scene, part: Part) -> Iterator[tuple[int, bytes]]:
    """Return the pictures of a part, each with its number since the stream began."""
    numbers = _span(part, form.framerate)
    units = picture.frames(
        form,
        scene,
        numbers.start,
        len(numbers),
        offset=timedelta(seconds=part.gap),
        number=part.number,
        is_still=part.is_still,
    )
    return zip(numbers, units, strict=True)


def _frames_of_sound(part: Part) -> range:
    return _span(part, aac.RATE / aac.SAMPLES)


def _span(part: Part, rate: float) -> range:
    """Return the numbers of what begins in a part, where so much of it begins each second."""
    return range(*(math.ceil(round(at * rate, 6)) for at in (part.elapsed, part.elapsed + part.duration)))


def _tags(scene: Scene, part: Part) -> Iterator[tuple[float, bytes]]:
    """Return the transcoder's own tag, as each segment begins with one in life, and the texts of PutMetadata."""
    moment = scene.began.timestamp() + part.elapsed + part.gap
    yield part.elapsed, id3.latency_tag(part.elapsed, int(moment * 1000))
    for at, text in scene.texts:
        if part.elapsed <= at < part.elapsed + part.duration:
            yield at, id3.tag(text, id3.METADATA)
