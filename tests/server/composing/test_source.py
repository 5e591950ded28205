"""What is decoded of one who publishes, as it comes: pictures, and sound with gaps."""

from __future__ import annotations

from array import array
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ivsim.media import h264
from ivsim.media.h264 import Format
from ivsim.media.picture import Scene, frames
from ivsim.server.stages.rtp import Packet

av = pytest.importorskip("av", reason="aiortc is not installed")
source = pytest.importorskip("ivsim.server.composing.source", reason="aiortc is not installed")

FORM = Format(64, 32, 15, "avc1.42E01F")


def picture(sequence: int) -> Packet:
    """Return a key frame in a packet."""
    scene = Scene("ada", "32p", "live", datetime(2026, 1, 1, tzinfo=timezone.utc))
    coded = next(iter(frames(FORM, scene, 0, 1, offset=timedelta(), number=sequence)))
    units = [*h264.parameter_sets(FORM), coded]
    payload = b"\x18" + b"".join(len(each).to_bytes(2, "big") + each for each in units)
    return Packet(96, True, sequence, 0, 1, {}, payload)


def sounds(count: int) -> list[Packet]:
    """Return so many packets of sound, each of 20 milliseconds."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    payloads: list[bytes] = []
    while len(payloads) < count:
        frame = av.AudioFrame("s16", "mono", 960)
        frame.planes[0].update(array("h", [4000, -4000] * 480).tobytes())
        frame.sample_rate = 48_000
        payloads += [bytes(each) for each in encoder.encode(frame)]
    return [Packet(111, False, number, 0, 2, {}, each) for number, each in enumerate(payloads)]


def heard(its: Any, packets: list[Packet], samples: int = 960) -> bool:
    """Let packets come, and return whether something is heard then."""
    for each in packets:
        its.take("audio", each)
    its.decode()
    found = its.sound(samples)
    assert found is None or found.samples == samples
    return found is not None


def test_picture() -> None:
    """The newest picture is shown; what cannot be decoded does no harm, and a key frame is wanted."""
    its = source.Source()
    assert its.wants_key
    its.take("video", picture(1))
    its.decode()
    assert (its.picture.width, its.picture.height) == (64, 32)
    assert not its.wants_key
    shown = its.picture
    its.take("video", Packet(96, True, 2, 0, 1, {}, b"\x65broken"))
    its.decode()
    assert its.picture is shown
    its.take("video", picture(3))
    its.decode()
    assert its.picture is not shown


def test_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder that refuses a picture is asked again at the next key frame."""
    its = source.Source()
    its.take("video", Packet(96, True, 1, 0, 1, {}, b"\x67\xff"))
    its.take("audio", Packet(111, False, 1, 0, 2, {}, b""))
    its.take("audio", Packet(111, False, 2, 0, 2, {}, b"\xff\xff\xff"))
    its.decode()
    assert its.wants_key
    assert its.picture is None
    assert its.sound(960) is None


def test_sound() -> None:
    """Sound is heard once there is a little of it, goes on without a gap, and begins again after one."""
    its, packets = source.Source(), sounds(20)
    assert not heard(its, packets[:3])
    assert heard(its, packets[3:5])
    assert [heard(its, []) for _ in range(5)] == [True, True, True, True, False][:5]
    assert not heard(its, packets[5:7])
    assert heard(its, packets[7:10])


def test_late_sound() -> None:
    """Sound that piles up is left out up to the newest: nobody is heard half a second late."""
    its = source.Source()
    assert heard(its, sounds(60))
    assert sum(heard(its, []) for _ in range(60)) <= 4


def test_burst() -> None:
    """Sound that came in a burst, after a gap, is not heard later than it is seen for good."""
    its, packets = source.Source(), sounds(120)
    assert heard(its, packets[:10])
    while heard(its, []):
        pass
    assert heard(its, packets[10:30])
    left = []
    for each in packets[30:]:
        assert heard(its, [each])
        left.append(its._heard.samples / 48)
    assert left[0] > 300
    assert 50 <= left[-1] <= 80


def test_steady() -> None:
    """Sound that comes as it is heard is left as it is."""
    its, packets = source.Source(), sounds(120)
    assert heard(its, packets[:7])
    assert all(heard(its, [each]) for each in packets[7:])
    assert its._heard.samples == pytest.approx(6 * 960, abs=400)
