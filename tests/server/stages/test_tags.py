"""What a packager gets of packets: pictures and sound, in step by the clock of who sends them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ivsim.media import h264
from ivsim.media.flv import Tag
from ivsim.media.h264 import Format
from ivsim.server.stages.rtp import Packet, Report
from ivsim.server.stages.tags import Tags

SETS = tuple(h264.parameter_sets(Format(64, 32, 10, "avc1.42E01F")))
KEY, OTHER = (*SETS, b"\x65key"), (b"\x41other",)


class Sound:
    """What makes AAC of packets, here without a codec: a frame for each, which says the same."""

    config = b"\x11\x90"

    def take(self, payload: bytes, at: int) -> Iterator[tuple[int, bytes]]:
        """Return a frame."""
        yield at, payload


class Sender:
    """Somebody whose pictures come so many milliseconds later than the sound of the same moment."""

    def __init__(self, late: int, sound: Any = None) -> None:
        self.tags = Tags(sound)
        self.late = late
        self._count = 0

    def picture(self, at: int, units: tuple[bytes, ...] = OTHER) -> list[tuple[int, Tag]]:
        """Send the picture of a moment."""
        self._count += 1
        payload = b"\x18" + b"".join(len(each).to_bytes(2, "big") + each for each in units)
        return list(self.tags.take("video", Packet(96, True, self._count, at * 90, 1, {}, payload), at + self.late))

    def sound(self, at: int) -> list[tuple[int, Tag]]:
        """Send the sound of a moment."""
        return list(self.tags.take("audio", Packet(111, False, 0, at * 48, 2, {}, b"sound"), at))

    def tell(self, at: int, *kinds: str, clock: int | None = None) -> None:
        """Send reports of a moment."""
        moment = (at if clock is None else clock) * (1 << 32) // 1000 + 1
        for kind in kinds or ("audio", "video"):
            rate = {"audio": 48, "video": 90}[kind]
            self.tags.take_report(kind, Report(1, moment.to_bytes(8, "big"), at * rate))


def times(tags: list[tuple[int, Tag]]) -> list[int]:
    """Return the times of tags that are no headers."""
    return [time for time, tag in tags if not tag.is_header]


def test_tags() -> None:
    """Before the first of each kind comes what a decoder has to know; pictures have their NAL units, sound is AAC."""
    its = Sender(0, Sound())
    assert its.tags.header == Tag(True, False, b"\x11\x90")
    assert its.picture(0) == []
    (at, header), (_, key) = its.picture(100, KEY)
    assert (at, header.is_header, key) == (100, True, Tag(False, True, b"\0\0\0\4\x65key"))
    assert not its.tags.wants_key
    assert its.picture(200) == [(200, Tag(False, False, b"\0\0\0\6\x41other"))]
    assert its.sound(100) == [(100, Tag(True, False, b"\x11\x90")), (100, Tag(False, False, b"sound"))]
    assert its.sound(120) == [(120, Tag(False, False, b"sound"))]


def test_without_sound() -> None:
    """Where no sound is wanted there is none."""
    its = Sender(0)
    assert (its.tags.header, its.sound(0)) == (None, [])


def test_what_is_refused() -> None:
    """Who refuses what a decoder has to know gets neither the picture of that, nor another before a key frame."""
    its = Sender(0)
    given = []
    payload = b"\x18" + b"".join(len(each).to_bytes(2, "big") + each for each in KEY)
    for each in its.tags.take("video", Packet(96, True, 0, 0, 1, {}, payload), 0):
        given.append(each)
        its.tags.wait_for_key()
    assert [tag.is_header for _, tag in given] == [True]
    assert its.picture(100) == []
    assert [tag.is_header for _, tag in its.picture(200, KEY)] == [False]


@pytest.mark.parametrize("late", [400, 50, -400])
def test_in_step(late: int) -> None:
    """Pictures that come late, as they are large, or early are together with the sound of their moment."""
    its = Sender(late, Sound())
    its.picture(1000, KEY)
    its.sound(1000)
    its.tell(1000)
    assert times(its.picture(1100)) == times(its.sound(1100)) == [1100 + max(late, 0)]
    its.tell(2000)
    assert times(its.picture(2000)) == times(its.sound(2000)) == [2000 + max(late, 0)]


def test_a_little_apart() -> None:
    """What is apart by less than anybody notices stays so, and times do not jump."""
    its = Sender(30, Sound())
    its.picture(1000, KEY)
    its.sound(1000)
    its.tell(1000)
    assert (times(its.picture(1100)), times(its.sound(1100))) == ([1130], [1100])


@pytest.mark.parametrize("kinds", [("audio",), ("video",)])
def test_half_told(kinds: tuple[str, ...]) -> None:
    """As long as it is told of one kind alone, or before anything has come, what has come first counts."""
    its = Sender(400, Sound())
    its.tell(1000)
    its.picture(1000, KEY)
    its.sound(1000)
    its.tell(1000, *kinds)
    assert (times(its.picture(1100)), times(its.sound(1100))) == ([1500], [1100])


def test_a_clock_that_is_none() -> None:
    """A sender without a clock, or with one for each kind, is taken at what comes."""
    its = Sender(400, Sound())
    its.picture(1000, KEY)
    its.sound(1000)
    for moment in (b"\0" * 8, (77 << 32).to_bytes(8, "big")):
        its.tags.take_report("audio", Report(1, moment, 48_000))
        its.tell(1000, "video")
        assert (times(its.picture(1100)), times(its.sound(1100))) == ([1500], [1100])


def test_begun_anew() -> None:
    """Where timestamps begin anew, what was told before does not count."""
    its = Sender(0, Sound())
    its.picture(1000, KEY)
    its.sound(1000)
    its.tell(1000)
    its.late = 20_000
    assert times(its.picture(1100)) == [21_100]
    its.tell(1100, "audio")
    assert times(its.sound(1120)) == [1120]


def test_a_busy_sender() -> None:
    """Now and then a sender looks at its clock late; times stay as they are, and do not run away."""
    its = Sender(0, Sound())
    its.picture(1000, KEY)
    its.sound(1000)
    its.tell(1000)
    for at in range(2000, 60_000, 1000):
        its.tell(at, "audio", clock=at + at // 1000 % 5 * 100)
        its.tell(at, "video", clock=at + at // 1000 % 3 * 100)
        assert times(its.picture(at)) == times(its.sound(at)) == [at]
