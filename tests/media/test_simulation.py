"""The media of a simulated broadcast, part by part."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from itertools import accumulate, pairwise

import pytest

from ivsim.media import id3, simulation
from ivsim.media.h264 import Format
from ivsim.media.mpegts import TICKS
from ivsim.media.picture import Scene
from ivsim.media.simulation import Part

from ..decoding import decoded, grey, reading
from .containers import AUDIO, METADATA, VIDEO, boxes_at, samples, text_of

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
SCENE = Scene("show", "180p30", "live", NOON, ((0.5, "one"), (1.0, "two"), (2.5, "three")))
FORM = Format(320, 180, 30, "avc1.4D401F")
LENGTHS = [1.0, 0.37, 2.001, 0.5, 1.129]
WRAP = 1 << 33


def parts(*lengths: float, begin: float = 0.0) -> list[Part]:
    """Return parts of these lengths, one after the other."""
    begins = accumulate(lengths, initial=begin)
    return [Part(number, at, length) for number, (at, length) in enumerate(zip(begins, lengths, strict=False))]


@pytest.mark.parametrize("container", ["TS", "MP4"])
def test_parts_join(container: str) -> None:
    """Parts of any length follow each other without a seam: no frame is missing, none is there twice."""
    if container == "TS":
        data = b"".join(simulation.transport_stream(FORM, SCENE, part) for part in parts(*LENGTHS))
    else:
        fragments = (simulation.fragment(FORM, SCENE, part) for part in parts(*LENGTHS))
        data = simulation.initialization(FORM) + b"".join(fragments)
    its = decoded(data=data)
    assert len(its.pictures) == 150
    assert len(its.frames) == pytest.approx(5 * 48_000 / 1024, abs=1)
    for times, step in ((its.pictures, 1 / 30), (its.frames, 1024 / 48_000)):
        assert all(abs(float(after - before) - step) < 1e-4 for before, after in pairwise(times))
    shown = [reading(each, 320, 180) for each in grey("-", data, 320, 180)]
    assert shown == [(180, 30, "live", round(number * 1000 / 30)) for number in range(150)]


@pytest.mark.parametrize("framerate", [7, 24, 30, 59])
def test_fragments_last_until_the_next(framerate: int) -> None:
    """The pictures of a fragment last until those of the next begin, also where a frame is no whole number of ticks."""
    form, ends = FORM._replace(framerate=framerate), [0]
    for part in parts(*LENGTHS):
        video = boxes_at(simulation.fragment(form, SCENE, part), "moof", "traf")[0]
        (begin,) = (int.from_bytes(box[4:], "big") for box in boxes_at(video, "tfdt"))
        (shown,) = (box[12:] for box in boxes_at(video, "trun"))
        assert begin == ends[-1]
        ends.append(begin + sum(int.from_bytes(shown[at : at + 4], "big") for at in range(0, len(shown), 12)))


@pytest.mark.parametrize("begin", [24 * 3600.0, WRAP / TICKS - 3])
def test_days(begin: float) -> None:
    """Times run on for a day and beyond, when the clock of 33 bits begins anew."""
    data = [simulation.transport_stream(FORM, SCENE, part) for part in parts(2.0, 2.0, begin=begin)]
    for pid, step in ((VIDEO, TICKS / 30), (AUDIO, 8 * 1024 * TICKS / 48_000)):
        times = [at for segment in data for at, _ in samples(segment, pid)]
        steps = [(after - before) % WRAP for before, after in pairwise(times)]
        assert max(steps) <= step + 1
    first = samples(data[0], VIDEO)[0][0]
    assert first == (round(begin * 30) * TICKS // 30 + TICKS) % WRAP
    assert len(decoded(data=b"".join(data)).pictures) == 120


def test_tags() -> None:
    """Each part begins with the transcoder's own tag, and has the texts of its time at their times."""
    first, second = (simulation.transport_stream(FORM, SCENE, part) for part in parts(2.0, 2.0))
    (at, own), *texts = samples(first, METADATA)
    description, text = text_of(own)
    assert (at, description) == (TICKS, "segmentmetadata")
    assert json.loads(text)["transc_s"] == int(NOON.timestamp() * 1000)
    told = [(at / TICKS - 1, *text_of(tag)) for at, tag in texts]
    assert told == [(0.5, id3.METADATA, "one"), (1.0, id3.METADATA, "two")]
    assert [text_of(tag)[1] for _, tag in samples(second, METADATA)[1:]] == ["three"]


def test_sound_alone() -> None:
    """Sound without pictures decodes as well, in both containers."""
    streams = b"".join(simulation.transport_stream(None, SCENE, part) for part in parts(2.0, 2.0))
    fragments = b"".join(simulation.fragment(None, SCENE, part) for part in parts(2.0, 2.0))
    for data in (streams, simulation.initialization(None) + fragments):
        its = decoded(data=data)
        assert (its.size, its.sound) == ("", "48000 stereo")
        assert len(its.frames) == 188


@pytest.mark.parametrize("begin", [0.0, 10.0])
def test_still(begin: float) -> None:
    """A still part shows its first picture throughout, with all frames there are."""
    (part,) = parts(2.0, begin=begin)
    shown = grey("-", simulation.transport_stream(FORM, SCENE, part._replace(is_still=True)), 320, 180)
    assert len(shown) == 60
    assert len(set(shown)) == 1
    assert reading(shown[0], 320, 180) == (180, 30, "live", begin * 1000)


def test_gap() -> None:
    """The time of day is later by the gap, the time of the stream is not."""
    late = Part(0, 2.0, 0.1, gap=60.0)
    (own, *_) = samples(simulation.transport_stream(FORM, SCENE, late), METADATA)
    assert json.loads(text_of(own[1])[1])["transc_s"] == int((NOON.timestamp() + 62) * 1000)
    pictures = [
        grey("-", simulation.transport_stream(FORM, SCENE, each), 320, 180)[0] for each in (late, late._replace(gap=0))
    ]
    assert pictures[0] != pictures[1]
    assert reading(pictures[0], 320, 180) == reading(pictures[1], 320, 180)


@pytest.mark.parametrize(
    ("asked", "drawn"),
    [
        ((1280, 720, 30, "avc1.4D401F"), (1280, 720, 30, "avc1.4D401F")),
        ((853, 481, 60, "avc1.640028"), (852, 480, 60, "avc1.640028")),
        ((1, 1, 0, "avc1.42C01E"), (2, 2, 1, "avc1.42C01E")),
        ((7680, 4320, 240, "hvc1.1.6.L93.B0"), (4096, 4096, 120, "avc1.4D401F")),
        ((640, 360, 30, "avc1.58401F"), (640, 360, 30, "avc1.4D401F")),
    ],
    ids=["as it is", "odd", "smallest", "largest", "another profile"],
)
def test_nearest_form(asked: tuple[int, int, int, str], drawn: tuple[int, int, int, str]) -> None:
    """What cannot be drawn as an encoder says becomes the nearest that can."""
    assert simulation.form(*asked) == Format(*drawn)
