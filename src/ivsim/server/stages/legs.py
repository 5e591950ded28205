"""Legs: what one subscriber gets of one who publishes, and what it asks for."""

from __future__ import annotations

import random
import secrets
from typing import TYPE_CHECKING

from . import rtp
from .forwarding import RATES
from .rtp import KeyFrameWanted, Missing, Packet, Report

if TYPE_CHECKING:
    from .forwarding import Connection, Publication, Track
    from .sdp import Codec


class Leg:
    """A track on its way to one subscriber: the same packets, under a source and a payload type of its own.

    Packets of another track in its place follow those of the one before.
    """

    def __init__(self, connection: Connection, codec: Codec, cname: str) -> None:
        self.source = random.getrandbits(32)
        self.track: Track | None = None
        self._connection = connection
        self._payload_type = codec.payload_type
        self._cname = cname
        self._packets = self._octets = 0
        self._shift = 0, 0
        self._last: Packet | None = None
        self._ended: float | None = None

    def begin(self, track: Track) -> None:
        """Let a track go to the subscriber."""
        self.track = track
        track.legs.append(self)
        track.ask_for_key_frame()

    def end(self) -> None:
        """Let it go there no more."""
        if self.track is not None:
            self.track.legs.remove(self)
            self._ended, self.track = self.track.now(), None

    async def send(self, packet: Packet) -> None:
        """Send a packet on."""
        if self._last is None or self._ended is not None:
            self._begin_with(packet)
        elif packet.sequence - self._last.sequence & 0xFFFF < 0x8000:
            self._last = packet
        await self._send(packet)

    async def report(self, report: Report) -> None:
        """Send a sender's report on, by which sound and picture are shown at the same time."""
        if self._packets:
            timestamp = report.timestamp + self._shift[1] & 0xFFFFFFFF
            counted = self._packets, self._octets
            data = rtp.sender_report(self.source, report.clock, timestamp, *counted, self._cname)
            await self._connection.send(data)

    async def answer(self, wanted: KeyFrameWanted | Missing) -> None:
        """Give the subscriber what it misses."""
        if self.track is None:
            return
        if isinstance(wanted, KeyFrameWanted):
            self.track.ask_for_key_frame()
            await self.track.flush()
            return
        numbers = (each - self._shift[0] & 0xFFFF for each in wanted.sequences)
        for packet in filter(None, map(self.track.kept, numbers)):
            await self._send(packet)

    def _begin_with(self, packet: Packet) -> None:
        """Begin with the first packet of a track."""
        if self._last is not None and self._ended is not None and self.track is not None:
            elapsed = max(round((self.track.now() - self._ended) * RATES[self.track.kind]), 1)
            self._shift = (
                self._last.sequence + self._shift[0] + 1 - packet.sequence,
                self._last.timestamp + self._shift[1] + elapsed - packet.timestamp,
            )
        self._last, self._ended = packet, None

    async def _send(self, packet: Packet) -> None:
        self._packets += 1
        self._octets += len(packet.payload)
        await self._connection.send(rtp.written(packet, self._payload_type, self.source, self._shift))


class Subscription:
    """What one subscriber gets of one publisher."""

    def __init__(self) -> None:
        self.cname = secrets.token_hex(8)
        self._legs: dict[str, Leg] = {}

    def add(self, kind: str, codec: Codec, connection: Connection) -> Leg:
        """Add the way of a track of a kind, by a connection."""
        leg = self._legs[kind] = Leg(connection, codec, self.cname)
        return leg

    def attach(self, publication: Publication) -> None:
        """Let what is published go to the subscriber from now on, in the place of what did so.

        A key frame is asked for at the next `flush()`.
        """
        self.detach()
        for kind, leg in self._legs.items():
            track = publication.track(kind)
            if track is not None:
                leg.begin(track)

    def detach(self) -> None:
        """Let nothing go to the subscriber any more."""
        for leg in self._legs.values():
            leg.end()

    async def take_rtp(self, data: bytes) -> None:
        """Take nothing: a subscriber sends no media."""

    async def take_rtcp(self, data: bytes) -> None:
        """Take what the subscriber wants."""
        legs = {leg.source: leg for leg in self._legs.values()}
        for each in rtp.feedback(data):
            if not isinstance(each, Report) and each.source in legs:
                await legs[each.source].answer(each)
