"""What is sent for participants who have no client, packet by packet."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from ivsim import LiveParticipant
from ivsim.server.stages import rtp
from ivsim.server.stages.legs import Subscription
from ivsim.server.stages.rtp import Packet
from ivsim.server.stages.synthetic import Synthetic

from .conftest import Stage
from .test_forwarding import THEIR_H264, THEIR_OPUS, Connection

pytest.importorskip("av", reason="aiortc is not installed")

from ivsim.server.stages import tone

SILENCE = b"\xf8\xff\xfe"


def seen(
    ada: LiveParticipant, frames: int, ask: Callable[[Synthetic], Coroutine[Any, Any, object]] | None = None
) -> list[bytes]:
    """Return what a subscriber gets of one who publishes, in so many frames; some time passes at once.

    After the third frame somebody may `ask` for something.
    """
    record = ada.participant
    assert record is not None
    viewer = Connection()

    async def watch() -> None:
        now = 0.0

        def time() -> float:
            nonlocal now
            now += 1 / 30  # it is asked for twice a frame, and more
            return now

        synthetic = Synthetic(ada, record, time)
        subscription = Subscription()
        subscription.add("video", THEIR_H264, viewer)
        subscription.add("audio", THEIR_OPUS, viewer)
        subscription.attach(synthetic.media)
        while len(_pictures(viewer.sent)) < frames:
            await asyncio.sleep(0)
            if ask is not None and len(_pictures(viewer.sent)) == 3:
                await ask(synthetic)
        synthetic.stop()

    asyncio.run(watch())
    return viewer.sent


def publishing(stage: Stage) -> LiveParticipant:
    """Return somebody who publishes 1280x720."""
    ada = stage.sim.stages.join(stage.token("ada"))
    ada.publish()
    return ada


def media(sent: list[bytes], payload_type: int) -> list[Packet]:
    """Return the packets of a kind."""
    return [rtp.read(each) for each in sent if each[1] & 0x7F == payload_type]


def _pictures(sent: list[bytes]) -> list[bytes]:
    """Return the last packets of pictures."""
    return [each for each in sent if each[1] == 0x80 | THEIR_H264.payload_type]


def test_picture(stage: Stage) -> None:
    """A picture is 640x360 at most; a key frame, in parts where it is long, comes each second."""
    packets = media(seen(publishing(stage), 20), THEIR_H264.payload_type)
    forms = [form for each in packets if (form := rtp.video_format_in(each.payload)) is not None]
    assert [(each.width, each.height, each.codec) for each in forms] == [(640, 360, "avc1.42E01F")] * 2
    parts = [each.payload[1] for each in packets if each.payload[0] & 0x1F == 28]
    assert parts[0] == 0x85
    assert 0x45 in parts
    assert max(len(each.payload) for each in packets) <= 1200
    assert [each.sequence for each in packets] == list(range(1, len(packets) + 1))
    assert not any(rtp.has_b_slice(each.payload) for each in packets)


def test_tone(stage: Stage) -> None:
    """A sound comes every 20 milliseconds: the participant's tone, which begins anew as the picture's second does."""
    ada = publishing(stage)
    sounds = media(seen(ada, 20), THEIR_OPUS.payload_type)
    beeps = tone.beeps(tone.pitch(ada.participant_id))
    assert [each.payload for each in sounds[:60]] == [*beeps, *beeps[:10]]
    assert [each.timestamp for each in sounds[:60]] == list(range(0, 60 * 960, 960))


def test_muted(stage: Stage) -> None:
    """One who is muted is silent, from the next picture on, until that is taken back; its picture goes on."""
    ada = publishing(stage)
    ada.mute()
    sent = seen(ada, 3)
    assert {each.payload for each in media(sent, THEIR_OPUS.payload_type)} == {SILENCE}
    assert len(_pictures(sent)) == 3

    async def unmute(_: Synthetic) -> None:
        ada.mute(audio=False)

    payloads = [each.payload for each in media(seen(ada, 6, unmute), THEIR_OPUS.payload_type)]
    beeps = tone.beeps(tone.pitch(ada.participant_id))
    assert (payloads[:7], payloads[-3:]) == ([SILENCE] * 7, list(beeps[len(payloads) - 3 : len(payloads)]))


def test_stopped(stage: Stage) -> None:
    """One whose picture is stopped is black from a key frame on, and seen again from the next; its sound goes on."""
    ada = publishing(stage)
    ada.mute(audio=False, video=True)

    async def go_on(_: Synthetic) -> None:
        ada.mute(audio=False, video=False)

    sent = seen(ada, 20, go_on)
    units = [each.payload for each in media(sent, THEIR_H264.payload_type)]
    keys = [at for at, each in enumerate(units) if rtp.video_format_in(each) is not None]
    assert [unit[0] & 0x1F for unit in units[:5]] == [7, 8, 5, 1, 1]  # a key frame in one packet, and two as it
    assert keys[:2] == [0, 5]
    assert SILENCE not in [each.payload for each in media(sent, THEIR_OPUS.payload_type)]


def test_reports(stage: Stage) -> None:
    """Each second it is told which timestamps of picture and sound belong together."""
    sent = seen(publishing(stage), 33)
    reports = [struct.unpack_from("!QI", each, 8) for each in sent if each[1] == rtp.SENDER_REPORT]
    assert [timestamp for _, timestamp in reports] == [90_000, 48_000, 180_000, 96_000]
    assert [clock - reports[0][0] for clock, _ in reports] == [0, 0, 1 << 32, 1 << 32]


def test_key_frame_that_is_wanted(stage: Stage) -> None:
    """A key frame comes with the next picture when one is wanted."""

    async def ask(synthetic: Synthetic) -> None:
        await synthetic.send(rtp.receiver_report(1, 96, 0, b"", 0.0))
        await synthetic.send(rtp.key_frame_request(1, 96))

    packets = media(seen(publishing(stage), 6, ask), THEIR_H264.payload_type)
    assert sum(rtp.video_format_in(each.payload) is not None for each in packets) >= 2
