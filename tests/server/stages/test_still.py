"""One picture of what somebody publishes, put together of packets, or drawn."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence

import pytest

from ivsim import Emulator
from ivsim.media import h264
from ivsim.media.h264 import Format
from ivsim.server.stages import rtp, still
from ivsim.server.stages.forwarding import Publication
from ivsim.server.stages.rtp import Packet
from ivsim.server.stages.sdp import Codec
from ivsim.server.stages.synthetic import _packed

from .conftest import Stage
from .test_forwarding import Connection, wanted

av = pytest.importorskip("av", reason="PyAV is not installed")

FORM = Format(640, 360, 15, "avc1.42E01F")
SEQUENCE, PICTURE = h264.parameter_sets(FORM)
DRAWN = [h264.macroblock((at * 37 + each * 11) % 200 for each in range(16)) for at in range(FORM.columns * FORM.rows)]
KEY = h264.key_frame(FORM, DRAWN, 0)
STAP = b"\x18" + b"".join(len(each).to_bytes(2, "big") + each for each in (SEQUENCE, PICTURE))
OTHER = b"\x41\x9a\0"


class Sender:
    """One who sends pictures without a network."""

    def __init__(self, kind: str = "video") -> None:
        self.connection = Connection()
        self.now = 100.0
        self.media = Publication(lambda: None, lambda: self.now)
        self.media.add(kind, Codec(102, "h264", "H264/90000"), self.connection)
        self.number = self.pictures = 0

    async def send(self, *payloads: bytes, lost: int | None = None, is_whole: bool = True) -> None:
        """Send the packets of a picture, but for one that is lost; without its end unless it `is_whole`."""
        self.pictures += 1
        for place, payload in enumerate(payloads):
            self.number += 1
            is_last = is_whole and place == len(payloads) - 1
            if place != lost:
                packet = Packet(102, is_last, self.number, 3000 * self.pictures, 1, {}, payload)
                await self.media.take_rtp(rtp.written(packet))


def pictures(file: bytes | None) -> list[tuple[int, int]]:
    """Return the sizes of the pictures in a file, as FFmpeg decodes it."""
    assert file is not None
    with av.open(io.BytesIO(file)) as container:
        return [(each.width, each.height) for each in container.decode(video=0)]


def seen(*sent: Sequence[bytes]) -> bytes | None:
    """Return what is taken of somebody who sends these pictures, in packets."""

    async def take() -> bytes | None:
        sender = Sender()
        taking = asyncio.create_task(still.taken(sender.media))
        await asyncio.sleep(0)
        for payloads in sent:
            await sender.send(*payloads)
        file = await taking
        await sender.send(OTHER)
        assert sender.media.track("video").legs == []  # type: ignore[union-attr]
        return file

    return asyncio.run(take())


PARTS = _packed(KEY)


@pytest.mark.parametrize("sets", [(STAP,), (SEQUENCE, PICTURE)], ids=["together", "each"])
def test_taken(sets: tuple[bytes, ...]) -> None:
    """A key frame in several packets is a file that a player shows, however its parameter sets come."""
    assert len(PARTS) > 2
    assert pictures(seen([OTHER], [*sets, *PARTS], [OTHER])) == [(640, 360)]


def test_asked_for() -> None:
    """Who publishes is asked for a key frame, and what it tells of its clock is no picture."""

    async def take() -> None:
        sender = Sender()
        await sender.send(OTHER)
        taking = asyncio.create_task(still.taken(sender.media))
        await asyncio.sleep(0)
        sender.connection.take()
        await sender.media.flush()
        sender.now += 1  # as it was asked just now
        await sender.media.flush()
        assert wanted(sender.connection.take()) == [1]
        await sender.send(OTHER)
        await sender.media.take_rtcp(rtp.sender_report(1, bytes(8), 0, 1, 1, "a"))
        await sender.send(STAP, *PARTS)
        assert pictures(await taking) == [(640, 360)]

    asyncio.run(take())


@pytest.mark.parametrize("late", [1, 2, 3])
def test_late(late: int) -> None:
    """A packet that comes late, as it was sent again, is put in its place."""

    async def take() -> None:
        sender = Sender()
        taking = asyncio.create_task(still.taken(sender.media))
        await asyncio.sleep(0)
        await sender.send(STAP, *PARTS, lost=late)
        assert not taking.done()
        sender.number = late
        await sender.send([STAP, *PARTS][late], is_whole=False)
        assert pictures(await taking) == [(640, 360)]

    asyncio.run(take())


@pytest.mark.parametrize(
    "sent",
    [
        (),
        ([OTHER],),
        ([SEQUENCE, *PARTS],),
        ([PICTURE, *PARTS],),
        ([STAP, OTHER],),
        ([b"\x67\x42", PICTURE, *PARTS],),
        ([b"\x7c\x05", b""],),
    ],
)
def test_none_comes(monkeypatch: pytest.MonkeyPatch, sent: tuple[Sequence[bytes], ...]) -> None:
    """Where no key frame comes in time, or none that can be shown, there is no picture."""
    monkeypatch.setattr("ivsim.server.stages.still.PATIENCE", 0.05)
    assert seen(*sent) is None


def test_sound_alone() -> None:
    """Of one who sends sound alone there is no picture."""

    async def take() -> bytes | None:
        return await still.taken(Sender("audio").media)

    assert asyncio.run(take()) is None


def test_drawn(sim: Emulator, stage: Stage) -> None:
    """Who has no client is drawn, in the shape of what is sent."""
    host = sim.stages.join(stage.arn)
    for given, size in (({}, (320, 180)), ({"width": 360, "height": 640}, (100, 180))):
        host.publish(video=given)
        record = host.participant
        assert record is not None
        assert pictures(still.drawn(record)) == [size]
        host.unpublish()
