"""Media of participants who have no client: a test picture and a tone, for those who are subscribed to them."""

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

    from ...ivsrealtime.live_participant import LiveParticipant
    from ...ivsrealtime.participants import Participant
    from ...media.h264 import Format

_VIDEO = Codec(96, "h264", "H264/90000", "packetization-mode=1;profile-level-id=42e01f")
_AUDIO = Codec(97, "opus", "opus/48000/2")

_LARGEST = 640, 360
_FRAMERATE = 15
_TICKS, _RATE = 90_000, 48_000

_SILENCE, _SOUNDS = b"\xf8\xff\xfe", 50
"""Nothing to hear, in Opus, and the packets of sound in a second."""

_BLACK = 16
_FROM_1900 = 2_208_988_800
"""The seconds until 1970 since the year in which RTCP's time begins."""

_MOST = 1150
"""The most bytes of a picture in a packet."""


class Synthetic:
    """What is seen and heard of a participant: a picture with its name, of 640x360 at most, and a beep each second.

    It plays from its making on, until `stop()`, and begins anew with a key frame when one is wanted. While the
    participant is muted there is silence, and while its picture is stopped that is black: a page sends the same.
    """

    def __init__(self, participant: LiveParticipant, record: Participant, now: Callable[[], float]) -> None:
        self.media = Publication(lambda: None, now)
        self._participant = participant
        self._now = now
        self._wants_key = True
        self._is_stopped = False
        self._first, self._coded = 0, list[bytes]()
        self._numbers = {"video": 0, "audio": 0}
        self._form: Format | None = None
        if record.video:
            sent = record.video[0]
            share = min(1, _LARGEST[0] / sent.width, _LARGEST[1] / sent.height)
            size = round(sent.width * share), round(sent.height * share)
            self._form = simulation.form(*size, _FRAMERATE, "avc1.42E01F")
            self.media.add("video", _VIDEO, self)
        self._has_sound = bool(record.audio)
        if self._has_sound:
            self.media.add("audio", _AUDIO, self)
        name = record.user_id or record.participant_id
        self._scene = Scene(name, record.participant_id, "live", datetime.now(timezone.utc))
        self._playing = asyncio.get_running_loop().create_task(self._play())

    async def send(self, data: bytes) -> None:
        """Be told what subscribers want."""
        if any(isinstance(each, rtp.KeyFrameWanted) for each in rtp.feedback(data)):
            self._wants_key = True

    def stop(self) -> None:
        """Play no more."""
        self._playing.cancel()

    async def _play(self) -> None:
        beeps = await asyncio.to_thread(_beeps, self._participant.participant_id) if self._has_sound else ()
        began, frame, sounds = self._now(), 0, 0
        while True:
            record = self._participant.participant
            if self._form is not None:
                is_stopped = record is not None and record.video_stopped
                for payload, is_last in self._payloads(self._form, frame, is_stopped=is_stopped):
                    await self._put("video", payload, frame * _TICKS // _FRAMERATE, is_last=is_last)
            frame += 1
            is_muted = record is not None and record.audio_muted
            while self._has_sound and sounds * _FRAMERATE < frame * _SOUNDS:
                sound = _SILENCE if is_muted else beeps[sounds % _SOUNDS]
                await self._put("audio", sound, sounds * _RATE // _SOUNDS, is_last=False)
                sounds += 1
            if frame % _FRAMERATE == 0:
                await self._tell(frame // _FRAMERATE)
            await asyncio.sleep(max(began + frame / _FRAMERATE - self._now(), 0))

    async def _put(self, kind: str, payload: bytes, timestamp: int, *, is_last: bool) -> None:
        codec = _VIDEO if kind == "video" else _AUDIO
        number = self._numbers[kind] = (self._numbers[kind] + 1) & 0xFFFF
        packet = Packet(codec.payload_type, is_last, number, timestamp & 0xFFFFFFFF, codec.payload_type, {}, payload)
        await self.media.take_rtp(rtp.written(packet))

    async def _tell(self, seconds: int) -> None:
        """Report which timestamps belong to so many seconds, so that beeps are heard as the seconds change."""
        clock = struct.pack("!II", _FROM_1900 + int(self._scene.began.timestamp()) + seconds & 0xFFFFFFFF, 0)
        for codec, rate in ((_VIDEO, _TICKS), (_AUDIO, _RATE)):
            timestamp = seconds * rate & 0xFFFFFFFF
            await self.media.take_rtcp(rtp.sender_report(codec.payload_type, clock, timestamp, 0, 0, ""))

    def _payloads(self, form: Format, frame: int, *, is_stopped: bool) -> Iterator[tuple[bytes, bool]]:
        """Yield the payloads of a picture, and whether each is the last."""
        if self._wants_key or frame - self._first == len(self._coded) or is_stopped != self._is_stopped:
            self._wants_key, self._is_stopped, self._first = False, is_stopped, frame
            number = frame % 65_536
            shown = picture.frames(form, self._scene, frame, _FRAMERATE, offset=timedelta(), number=number)
            self._coded = list(_black(form, number) if is_stopped else shown)
        at = frame - self._first
        units = [*(h264.parameter_sets(form) if at == 0 else ()), self._coded[at]]
        payloads = [each for unit in units for each in _packed(unit)]
        for place, payload in enumerate(payloads):
            yield payload, place == len(payloads) - 1


def _beeps(participant_id: str) -> tuple[bytes, ...]:
    """Return what is heard of a participant in a second."""
    from . import tone  # noqa: PLC0415 - it needs the extra, and so does whoever listens

    return tone.beeps(tone.pitch(participant_id))


def _black(form: Format, number: int) -> Iterator[bytes]:
    """Yield a second of black pictures; `number` is as for those that show something."""
    black = [h264.macroblock([_BLACK] * 16)] * (form.columns * form.rows)
    yield h264.key_frame(form, black, number)
    for at in range(1, _FRAMERATE):
        yield h264.frame(form, black, (), at)


def _packed(unit: bytes) -> list[bytes]:
    """Return a NAL unit in payloads: itself, or parts of it where it is too long for a packet (FU-A)."""
    if len(unit) <= _MOST:
        return [unit]
    parts = [unit[at : at + _MOST] for at in range(1, len(unit), _MOST)]
    heads = [0x80, *[0] * (len(parts) - 2), 0x40]
    indicator, kind = unit[0] & 0xE0 | 28, unit[0] & 0x1F
    return [struct.pack("BB", indicator, head | kind) + part for head, part in zip(heads, parts, strict=True)]
