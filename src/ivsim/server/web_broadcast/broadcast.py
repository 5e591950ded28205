"""One browser that goes live: from its offer of WebRTC to the end of its stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...media.flv import FlvRefused
from ..live.incoming import Incoming, IncomingRefused
from ..live.rtmp import Media
from ..sound import OpusToAac
from ..stages.forwarding import Publication
from ..stages.sdp import Chosen
from ..stages.tags import Tags
from ..stages.taps import Taps
from ..stages.webrtc import Connection

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivs.live_stream import Admission
    from ..stages.rtp import Packet
    from ..stages.sdp import Codec

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
        self._tags = Tags(OpusToAac())
        self._taps = Taps(self._take, self._tags.take_report)
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
        try:
            for time, tag in self._tags.take(kind, packet, round(self._publication.seconds * 1000)):
                self._incoming.take(Media("video" if kind == "video" else "audio", time, tag.data), tag)
        except (FlvRefused, IncomingRefused) as refused:
            _log.warning("a browser is refused: %s", refused)
            self._finish()

    async def _make_rounds(self) -> None:
        """Ask the browser for key frames and for what is missing, tell it what came, and see whether it is there."""
        number = 0
        while True:
            number += 1
            await asyncio.sleep(_LOOK)
            if self._tags.wants_key or number % _LOOKS_TO_KEY == 0:
                self._taps.ask_for_key_frame()
            await self._publication.flush()
            if number % _LOOKS_TO_REPORT == 0:
                await self._publication.report()
            if self._heard is not None and self._now() - self._heard > SILENCE:
                self._finish()
