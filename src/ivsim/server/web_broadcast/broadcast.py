"""One browser that goes live: from its offer of WebRTC to the end of its stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from ...media.avc import PictureTags
from ...media.flv import FlvRefused, Tag
from ..live.incoming import Incoming, IncomingRefused
from ..live.rtmp import Media
from ..sound import OpusToAac
from ..stages.access_units import AccessUnits
from ..stages.forwarding import RATES, Publication
from ..stages.sdp import Chosen
from ..stages.taps import Taps
from ..stages.times import Times
from ..stages.webrtc import Connection

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivs.live_stream import Admission
    from ..stages.rtp import Packet
    from ..stages.sdp import Codec

    Put = Callable[[Literal["audio", "video"], int, Tag], None]

_log = logging.getLogger("ivsim.ingest")

_LOOK, _LOOKS_TO_REPORT, _LOOKS_TO_KEY = 0.1, 10, 20
"""Seconds from one look to the next, and the looks after which a report is due, and a key frame: browsers send one only
when they are asked, and segments begin with them."""

SILENCE = 6.0
"""Seconds without a packet after which a browser has gone: one whose page is closed says nothing. All others send
reports, whatever is muted."""


class Broadcast:
    """A browser's connection. `chosen` are the codecs that are taken, by section of the offer, each with its kind.

    `said` is what the browser says of its media, as `Incoming` has it. `over` is called when it is to end.
    """

    def __init__(
        self,
        emulator: Emulator,
        admission: Admission,
        said: Mapping[str, Any],
        chosen: Mapping[str, tuple[str, Codec]],
        over: Callable[[Broadcast], object],
    ) -> None:
        loop = asyncio.get_running_loop()
        self._now = loop.time
        self._heard: float | None = None
        self.chosen = {mid: Chosen(codec) for mid, (_, codec) in chosen.items()}
        self._over = over
        self._incoming = Incoming(emulator, admission, "WebRTC", said, self._finish)
        self._publication = Publication(lambda: None, loop.time)
        self.connection = Connection(self._take_rtp, self._take_rtcp, lambda: None, self._finish)
        for kind, codec in chosen.values():
            self._publication.add(kind, codec, self.connection)
        self._pictures, self._sound = _Pictures(self._put), _Sound(self._put)
        self._taps = Taps(self._take)
        self._taps.follow(self._publication)
        self._rounds = loop.create_task(self._make_rounds())

    async def aclose(self, *, is_last: bool = False) -> None:
        """End the stream and the connection; as the last of a server that stops, forget the media too."""
        self._rounds.cancel()
        self._incoming.end()
        if is_last:
            self._incoming.forget()
        await self.connection.close()

    def _finish(self) -> None:
        over, self._over = self._over, lambda _: None
        over(self)

    async def _take_rtp(self, data: bytes) -> None:
        self._heard = self._now()
        await self._publication.take_rtp(data)

    async def _take_rtcp(self, data: bytes) -> None:
        self._heard = self._now()
        await self._publication.take_rtcp(data)

    def _take(self, kind: str, packet: Packet) -> None:
        way = self._pictures if kind == "video" else self._sound
        way.take(packet, round(self._publication.seconds * 1000))

    def _put(self, kind: Literal["audio", "video"], time: int, tag: Tag) -> None:
        try:
            self._incoming.take(Media(kind, time, tag.data), tag)
        except (FlvRefused, IncomingRefused) as refused:
            _log.warning("a browser is refused: %s", refused)
            self._finish()

    async def _make_rounds(self) -> None:
        """Ask the browser for key frames and for what is missing, tell it what came, and see whether it is there."""
        number = 0
        while True:
            number += 1
            await asyncio.sleep(_LOOK)
            if self._pictures.wants_key or number % _LOOKS_TO_KEY == 0:
                self._taps.ask_for_key_frame()
            await self._publication.flush()
            if number % _LOOKS_TO_REPORT == 0:
                await self._publication.report()
            if self._heard is not None and self._now() - self._heard > SILENCE:
                self._finish()


class _Pictures:
    """The pictures: put together from packets, with the form of those that follow in front where that is another."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._units = AccessUnits()
        self._times = Times(RATES["video"])
        self._tags = PictureTags()

    @property
    def wants_key(self) -> bool:
        """True while nothing can be shown before a key frame comes."""
        return self._units.wants_key

    def take(self, packet: Packet, arrived: int) -> None:
        """Take a packet that has arrived at a time in milliseconds."""
        for unit in self._units.take(packet):
            time = self._times.at(unit.timestamp, arrived)
            for tag in self._tags.of(unit.units, is_key=unit.is_key):
                self._put("video", time, tag)


class _Sound:
    """The sound, in the codec that viewers of a channel get."""

    def __init__(self, put: Put) -> None:
        self._put = put
        self._times = Times(RATES["audio"])
        self._encoder = OpusToAac()
        self._is_told = False

    def take(self, packet: Packet, arrived: int) -> None:
        """Take a packet that has arrived at a time in milliseconds."""
        at = self._times.at(packet.timestamp, arrived)
        if not self._is_told:
            self._is_told = True
            self._put("audio", at, Tag(True, False, self._encoder.config))
        for time, frame in self._encoder.take(packet.payload, at):
            self._put("audio", time, Tag(False, False, frame))
