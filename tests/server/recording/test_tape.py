"""What becomes of packets on a tape: segments, cut where files are to begin, with what is wrong left out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from ivsim.media import h264
from ivsim.media.h264 import Format
from ivsim.media.picture import Scene, frames
from ivsim.recordings.pushed import PushedSegment
from ivsim.server.recording.tape import Tape
from ivsim.server.stages.rtp import Packet, Report

from ...decoding import decoded

FORM = Format(64, 32, 10, "avc1.42E01F")
NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


class Sound:
    """What makes AAC of packets, here without a codec: a frame of nothing for each."""

    config = bytes.fromhex("1190")

    def take(self, payload: bytes, at: int) -> Iterator[tuple[int, bytes]]:
        """Return a frame, unless the packet says otherwise."""
        if payload == b"bug":
            raise ZeroDivisionError
        yield at, bytes.fromhex("21000000001c")


class Sender:
    """Somebody who sends ten pictures a second, and sound beside them; the clock goes with that."""

    def __init__(self) -> None:
        self.now = NOON
        self.tape = Tape(lambda: self.now)
        self.milliseconds = 0
        self.late = 0
        self._sequence = 0

    def begin(self, sound: Any = None, *, has_pictures: bool = True) -> None:
        self.tape.begin(sound, has_pictures=has_pictures, seconds_per_file=2)

    def wait(self, seconds: float) -> None:
        self.milliseconds += int(seconds * 1000)
        self.now += timedelta(seconds=seconds)

    def picture(self, *, is_key: bool = False, form: Format = FORM, units: tuple[bytes, ...] = ()) -> None:
        """Send a picture, a tenth of a second after the one before."""
        scene = Scene("ada", "32p", "live", NOON)
        coded = list(frames(form, scene, 0, 2, offset=timedelta(), number=self._sequence))
        sent = units or ((*h264.parameter_sets(form), coded[0]) if is_key else (coded[1],))
        payload = b"\x18" + b"".join(len(each).to_bytes(2, "big") + each for each in sent)
        packet = Packet(96, True, self._sequence, self.milliseconds * 90, 1, {}, payload)
        self.tape.put("video", packet, self.milliseconds + self.late)
        self._sequence += 1
        self.tape.work()
        self.wait(0.1)

    def pictures(self, count: int, **form: Any) -> None:
        """Send pictures, the first of which is a key frame."""
        for number in range(count):
            self.picture(is_key=not number, **form)

    def sound(self, count: int, payload: bytes = b"sound") -> None:
        """Send sound, a packet every 20 milliseconds."""
        for _ in range(count):
            packet = Packet(111, False, 0, self.milliseconds * 48, 2, {}, payload)
            self.tape.put("audio", packet, self.milliseconds)
            self.wait(0.02)


def about(segments: list[PushedSegment]) -> list[tuple[float, float, bool]]:
    """Return when segments begin, how long they are, and whether they follow on nothing."""
    return [((each.at - NOON).total_seconds(), each.seconds, each.is_break) for each in segments]


def test_segments() -> None:
    """A segment is whole with the next key frame, or at the end, and all of them decode."""
    its = Sender()
    its.begin()
    its.pictures(20)
    assert not its.tape.work()
    its.pictures(5)
    first = its.tape.take()
    assert its.tape.take() == []
    rest = its.tape.end()
    assert about(first + rest) == [(0, 2, True), (2, 0.5, False)]
    assert {each.initialization for each in first + rest} == {first[0].initialization}
    media = first[0].initialization + b"".join(each.body for each in first + rest)
    assert len(decoded(data=media).pictures) == 25
    assert its.tape.end() == []


def test_before_and_after() -> None:
    """What comes before it is known what is wanted is left out, and so is what comes after the end."""
    its = Sender()
    its.pictures(5)
    assert not its.tape.work()
    assert not its.tape.wants_key
    assert its.tape.end() == []
    its.begin()
    its.pictures(5)
    its.tape.end()
    its.pictures(20)
    assert its.tape.end() == []


def test_wants_key() -> None:
    """A key frame is wanted at first, and when what was recorded makes a file; what makes less does not."""
    its = Sender()
    its.begin()
    assert its.tape.wants_key
    wanted = []
    for number in range(50):
        its.picture(is_key=number in (0, 12, 30))
        wanted.append(its.tape.wants_key)
    assert wanted == [20 <= number < 30 for number in range(50)]
    its.tape.take()


def test_sound_beside() -> None:
    """Sound is in the segments of the pictures, from the first of them on."""
    its = Sender()
    its.begin(Sound())
    its.sound(10)
    its.picture(is_key=True)
    its.sound(50)
    (made,) = its.tape.end()
    media = decoded(data=made.initialization + made.body)
    assert (len(media.pictures), media.sound) == (1, "48000 stereo")
    assert media.frames[0] >= media.pictures[0]


def test_sound_alone() -> None:
    """Sound alone is cut by time, without a key frame that nobody sends; pictures are passed over."""
    its = Sender()
    its.begin(Sound(), has_pictures=False)
    its.sound(100)
    its.pictures(1)
    assert not its.tape.wants_key
    its.sound(10)
    made = its.tape.end()
    assert len(made) == 3
    assert [each.is_break for each in made] == [True, False, False]
    assert sum(each.seconds for each in made) == pytest.approx(2.3, abs=0.03)
    media = decoded(data=made[0].initialization + b"".join(each.body for each in made))
    assert (media.pictures, media.sound) == ([], "48000 stereo")


def test_another_publication() -> None:
    """What is recorded of another publication follows on nothing; the segment before is whole."""
    its = Sender()
    its.begin(Sound())
    its.pictures(5)
    its.wait(30)
    its.begin()
    its.pictures(5)
    assert about(its.tape.end()) == [(0, 0.5, True), (30.5, 0.5, True)]


def test_clock() -> None:
    """A segment begins where the one before ends, unless the clock says something very different; none goes back."""
    its = Sender()
    its.begin()
    for moved in (0, 0, 0.5, 100, -150):
        its.now += timedelta(seconds=moved)
        its.picture(is_key=True)
        for _ in range(9):
            its.picture()
    made = [at for at, *_ in about(its.tape.end())]
    assert made == [0, 1, 2, pytest.approx(103.5), pytest.approx(103.5)]


def test_refused() -> None:
    """Of pictures whose form cannot be read nothing is recorded, and a key frame is wanted, which may be better."""
    its = Sender()
    its.begin()
    its.picture(units=(b"\x67\x42", b"\x68", b"\x65broken"))
    assert its.tape.wants_key
    its.pictures(5)
    assert about(its.tape.end()) == [(0.1, 0.5, True)]


def test_bug(caplog: pytest.LogCaptureFixture) -> None:
    """A bug of ours in the sound is logged as one, and the pictures go on."""
    caplog.set_level(logging.ERROR)
    its = Sender()
    its.begin(Sound())
    its.pictures(2)
    its.sound(1, b"bug")
    its.sound(5)
    its.pictures(10)
    its.pictures(1)
    assert [seconds for _, seconds, _ in about(its.tape.end())] == [pytest.approx(1.32), 0.1]
    assert [each.exc_info[0] for each in caplog.records if each.exc_info] == [ZeroDivisionError]
    assert "goes on without audio" in caplog.text


def test_no_sound_is_sent() -> None:
    """Without anything to make sound of, packets of sound are passed over."""
    its = Sender()
    its.begin()
    its.sound(5)
    its.pictures(3)
    assert [seconds for _, seconds, _ in about(its.tape.end())] == [0.3]


def test_clock_of_the_sender() -> None:
    """Pictures that came late are recorded beside the sound of the same moment, as the sender tells of both."""
    its = Sender()
    its.begin(Sound())

    def tell(milliseconds: int) -> None:
        clock = (milliseconds * (1 << 32) // 1000 + 1).to_bytes(8, "big")
        for kind, rate in (("video", 90), ("audio", 48)):
            timestamp = milliseconds * rate
            its.tape.put(kind, Report(1, clock, timestamp), its.milliseconds)

    its.late = 400
    its.pictures(1)
    its.sound(5)
    tell(its.milliseconds)
    its.pictures(9)
    its.sound(50)
    (made,) = its.tape.end()
    media = decoded(data=made.initialization + made.body)
    gap = max(float(after - before) for before, after in pairwise(media.frames))
    assert gap == pytest.approx(0.4 + 0.9, abs=0.05)
