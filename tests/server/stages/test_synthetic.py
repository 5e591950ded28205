"""What is sent for participants who have no client, packet by packet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from ivsim.ivsrealtime.participants import Participant
from ivsim.server.stages import rtp
from ivsim.server.stages.forwarding import Subscription
from ivsim.server.stages.rtp import Packet
from ivsim.server.stages.synthetic import Synthetic

from .conftest import Stage
from .test_forwarding import THEIR_H264, THEIR_OPUS, Connection


def seen(
    stage: Stage, frames: int, ask: Callable[[Synthetic], Coroutine[Any, Any, object]] | None = None
) -> list[Packet]:
    """Return what a subscriber gets of one who publishes 1280x720, in so many frames; some time passes at once."""
    record = _publishing(stage)
    viewer = Connection()

    async def watch() -> None:
        now = 0.0

        def time() -> float:
            nonlocal now
            now += 1 / 30  # it is asked for twice a frame, and more
            return now

        synthetic = Synthetic(record, time)
        subscription = Subscription()
        subscription.add("video", THEIR_H264, viewer)
        subscription.add("audio", THEIR_OPUS, viewer)
        subscription.attach(synthetic.media)
        while len(_pictures(viewer)) < frames:
            await asyncio.sleep(0)
            if ask is not None and len(_pictures(viewer)) == 3:
                await ask(synthetic)
        synthetic.stop()

    asyncio.run(watch())
    return viewer.media()


def _publishing(stage: Stage) -> Participant:
    ada = stage.sim.stages.join(stage.token("ada"))
    ada.publish()
    record = ada.participant
    assert record is not None
    return record


def _pictures(viewer: Connection) -> list[bytes]:
    """Return the last packets of pictures that came."""
    return [each for each in viewer.sent if each[1] == 0x80 | THEIR_H264.payload_type]


def test_picture(stage: Stage) -> None:
    """A picture is 640x360 at most; a key frame, in parts where it is long, comes each second."""
    packets = [each for each in seen(stage, 20) if each.payload_type == THEIR_H264.payload_type]
    forms = [form for each in packets if (form := rtp.video_format_in(each.payload)) is not None]
    assert [(each.width, each.height, each.codec) for each in forms] == [(640, 360, "avc1.42E01F")] * 2
    parts = [each.payload[1] for each in packets if each.payload[0] & 0x1F == 28]
    assert parts[0] == 0x85
    assert 0x45 in parts
    assert max(len(each.payload) for each in packets) <= 1200
    assert [each.sequence for each in packets] == list(range(1, len(packets) + 1))
    assert not any(rtp.has_b_slice(each.payload) for each in packets)


def test_silence(stage: Stage) -> None:
    """A sound comes every 20 milliseconds, and is silence."""
    sounds = [each for each in seen(stage, 3) if each.payload_type == THEIR_OPUS.payload_type]
    assert {each.payload for each in sounds} == {b"\xf8\xff\xfe"}
    assert [each.timestamp for each in sounds][:3] == [0, 960, 1920]


def test_key_frame_that_is_wanted(stage: Stage) -> None:
    """A key frame comes with the next picture when one is wanted."""

    async def ask(synthetic: Synthetic) -> None:
        await synthetic.send(rtp.receiver_report(1, 96, 0, b"", 0.0))
        await synthetic.send(rtp.key_frame_request(1, 96))

    packets = seen(stage, 6, ask)
    assert sum(rtp.video_format_in(each.payload) is not None for each in packets) >= 2
