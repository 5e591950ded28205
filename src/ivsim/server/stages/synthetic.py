"""Media of participants who have no client: a test picture and silence, for those who are subscribed to them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ...media import h264, picture, simulation
from ...media.picture import Scene
from . import rtp
from .forwarding import Publication
from .rtp import Packet
from .sdp import Codec

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...ivsrealtime.participants import Participant

_VIDEO = Codec(96, "h264", "H264/90000", "packetization-mode=1;profile-level-id=42e01f")
_AUDIO = Codec(97, "opus", "opus/48000/2")

_LARGEST = 640, 360
_FRAMERATE = 15
_TICKS, _RATE = 90_000, 48_000

_SILENCE, _A_SILENCE = b"\xf8\xff\xfe", 0.02
"""Nothing to hear, in Opus, and the seconds that it lasts."""

_MOST = 1150
"""The most bytes of a picture in a packet."""


class Synthetic:
    """What is seen and heard of a participant: a picture with its name, of 640x360 at most, and silence.

    It plays from its making on, until `stop()`, and begins anew with a key frame when one is wanted.
    """

    def __init__(self, participant: Participant, now: Callable[[], float]) -> None:
        self.media = Publication(lambda: None, now)
        self._now = now
        self._wants_key = True
        self._first, self._coded = 0, list[bytes]()
        self._numbers = {"video": 0, "audio": 0}
        self._form = None
        if participant.video:
            sent = participant.video[0]
            share = min(1, _LARGEST[0] / sent.width, _LARGEST[1] / sent.height)
            size = round(sent.width * share), round(sent.height * share)
            self._form = simulation.form(*size, _FRAMERATE, "avc1.42E01F")
            self.media.add("video", _VIDEO, self)
        if participant.audio:
            self.media.add("audio", _AUDIO, self)
        name = participant.user_id or participant.participant_id
        self._scene = Scene(name, participant.participant_id, "live", datetime.now(timezone.utc))
        self._playing = asyncio.get_running_loop().create_task(self._play())

    async def send(self, data: bytes) -> None:
        """Be told what subscribers want."""
        if any(isinstance(each, rtp.KeyFrameWanted) for each in rtp.feedback(data)):
            self._wants_key = True

    def stop(self) -> None:
        """Play no more."""
        self._playing.cancel()

    async def _play(self) -> None:
        began, frame, sounds = self._now(), 0, 0
        while True:
            if self._form is not None:
                for payload, is_last in self._payloads(frame):
                    await self._put("video", payload, frame * _TICKS // _FRAMERATE, is_last=is_last)
            frame += 1
            while self.media.track("audio") is not None and sounds * _A_SILENCE < frame / _FRAMERATE:
                await self._put("audio", _SILENCE, round(sounds * _A_SILENCE * _RATE), is_last=False)
                sounds += 1
            await asyncio.sleep(max(began + frame / _FRAMERATE - self._now(), 0))

    async def _put(self, kind: str, payload: bytes, timestamp: int, *, is_last: bool) -> None:
        codec = _VIDEO if kind == "video" else _AUDIO
        number = self._numbers[kind] = (self._numbers[kind] + 1) & 0xFFFF
        packet = Packet(codec.payload_type, is_last, number, timestamp & 0xFFFFFFFF, codec.payload_type, {}, payload)
        await self.media.take_rtp(rtp.written(packet))

    def _payloads(self, frame: int) -> Iterator[tuple[bytes, bool]]:
        """Yield the payloads of a picture, and whether each is the last."""
        assert self._form, "there is a picture"
        if self._wants_key or frame - self._first == len(self._coded):
            self._wants_key, self._first = False, frame
            drawn = picture.frames(
                self._form, self._scene, frame, _FRAMERATE, offset=timedelta(), number=frame % 65_536
            )
            self._coded = list(drawn)
        at = frame - self._first
        units = [*(h264.parameter_sets(self._form) if at == 0 else ()), self._coded[at]]
        payloads = [each for unit in units for each in _packed(unit)]
        for place, payload in enumerate(payloads):
            yield payload, place == len(payloads) - 1


def _packed(unit: bytes) -> list[bytes]:
    """Return a NAL unit in payloads: itself, or parts of it where it is too long for a packet (FU-A)."""
    if len(unit) <= _MOST:
        return [unit]
    parts = [unit[at : at + _MOST] for at in range(1, len(unit), _MOST)]
    heads = [0x80, *[0] * (len(parts) - 2), 0x40]
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 0x1F
    return [struct.pack("BB", indicator, head | kind) + part for head, part in zip(heads, parts, strict=True)]
