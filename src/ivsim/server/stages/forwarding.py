"""Forwarding: what a client publishes goes to those who are subscribed to it, packet by packet, as it came.

Nothing is mixed or decoded. A subscriber gets the packets under a source and a payload type of its own; sequence
numbers and timestamps are the publisher's, shifted where the layer changes.

Of a picture that is sent in several layers (simulcast) everybody gets the same: the largest that still comes. It is
changed at a key frame, which is asked for.
"""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ...ivsrealtime.tracks import MOST_BITRATE
from . import rtp
from .rtp import Packet, Report

if TYPE_CHECKING:
    from ...media.flv import VideoFormat
    from .sdp import Codec

MOST_LAYERS = 6
"""The sources of which a track is taken: three layers, each of which may begin anew."""

_MOST_KEPT = 512
"""Packets that are kept of a track, for those who miss one: about two seconds of a picture."""

_MOST_MISSING = 64
"""Packets between two that come, which are asked for one by one; behind a longer gap a key frame is."""

_SILENCE = 1.0
"""Seconds without a packet after which a layer has ended, for the choice among them."""

_BETWEEN_REQUESTS = 0.3
"""The least seconds between two requests to a publisher for a key frame, however many subscribers ask for it."""

RATES = {"video": 90_000, "audio": 48_000}


class Connection(Protocol):
    """The way to a client."""

    async def send(self, data: bytes) -> None:
        """Send a packet."""


class Receiver(Protocol):
    """Who gets a track as it is forwarded."""

    async def send(self, packet: Packet) -> None:
        """Get a packet."""

    async def report(self, report: Report) -> None:
        """Get a sender's report."""


class Layer:
    """One source of a track, as it comes: its only one, or one layer of its picture."""

    def __init__(self, source: int, now: float) -> None:
        self.source = source
        self.heard = now
        self.octets = 0
        self.form: VideoFormat | None = None
        self.highest: int | None = None
        self.report: tuple[Report, float] | None = None
        self.asked = now - _SILENCE  # long ago
        self.is_wanted = False
        """True where a key frame is to be asked for, as soon as that may be done again."""

    @property
    def pixels(self) -> int:
        """The size of its pictures; 0 as long as none is known."""
        return self.form.width * self.form.height if self.form else 0


class Track:
    """A sound or a picture that a client publishes by a connection. `now` tells the time in seconds.

    What is to be asked of the client waits for `flush()`.
    """

    def __init__(self, kind: str, codec: Codec, connection: Connection, now: Callable[[], float]) -> None:
        self.kind = kind
        self.codec = codec
        self.layers: dict[int, Layer] = {}
        self.legs: list[Receiver] = []
        self.has_b_frames = False
        self.now = now
        self._connection = connection
        self._requests: list[bytes] = []
        self._own_source = random.getrandbits(32)
        self._shown: Layer | None = None
        self._sequence_shift = self._timestamp_shift = 0
        self._last = (0, 0, 0.0)
        self._kept: OrderedDict[int, Packet] = OrderedDict()

    @property
    def forms(self) -> list[VideoFormat]:
        """The forms of the pictures that come, one for each layer."""
        return [each.form for each in self.layers.values() if each.form and self._is_alive(each)]

    @property
    def known(self) -> object:
        """What is known of it: something else when there is news."""
        return self.has_b_frames, *(each.pixels for each in self.layers.values())

    def take(self, packet: Packet) -> Packet | None:
        """Take a packet, and return it as subscribers get it; None where it is of a layer that they do not get."""
        now = self.now()
        layer = self.layers.get(packet.source)
        if layer is None:
            if len(self.layers) == MOST_LAYERS:
                return None
            layer = self.layers[packet.source] = Layer(packet.source, now)
        layer.heard = now
        layer.octets += len(packet.payload)
        self._count(layer, packet.sequence)
        if self.kind == "video":
            self._look(layer, packet)
        if not self._is_shown(layer, packet):
            return None
        sequence = (packet.sequence + self._sequence_shift) & 0xFFFF
        timestamp = (packet.timestamp + self._timestamp_shift) & 0xFFFFFFFF
        if (sequence - self._last[0]) & 0xFFFF < 0x8000 or not self._kept:
            self._last = sequence, timestamp, now
        shown = packet._replace(sequence=sequence, timestamp=timestamp)
        self._kept[sequence] = shown
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return shown

    def kept(self, sequence: int) -> Packet | None:
        """Return a packet that subscribers got not long ago."""
        return self._kept.get(sequence)

    def take_report(self, report: Report) -> Report | None:
        """Take a sender's report, and return it as it is for subscribers; None where they do not get this source."""
        layer = self.layers.get(report.source)
        if layer is None:
            return None
        layer.report = report, self.now()
        if layer is not self._shown:
            return None
        return report._replace(timestamp=(report.timestamp + self._timestamp_shift) & 0xFFFFFFFF)

    def ask_for_key_frame(self) -> None:
        """Ask the publisher for a key frame of what is shown, or a little later if that was done just now."""
        if self._shown is not None and self.kind == "video":
            self._ask(self._shown)

    async def flush(self) -> None:
        """Send what is to be asked of the publisher."""
        for layer in self.layers.values():
            if layer.is_wanted:
                self._ask(layer)
        requests, self._requests = self._requests, []
        for each in requests:
            await self._connection.send(each)

    async def report(self) -> None:
        """Tell the publisher what came, and how much may come."""
        now = self.now()
        for layer in self.layers.values():
            if layer.highest is not None and self._is_alive(layer):
                clock, delay = (layer.report[0].clock, now - layer.report[1]) if layer.report else (b"", 0.0)
                data = rtp.receiver_report(self._own_source, layer.source, layer.highest, clock, delay)
                await self._connection.send(data)
        if self.kind == "video" and self.layers:
            await self._connection.send(rtp.bitrate_limit(self._own_source, MOST_BITRATE, list(self.layers)))

    def _is_alive(self, layer: Layer) -> bool:
        return self.now() - layer.heard < _SILENCE

    def _count(self, layer: Layer, sequence: int) -> None:
        """Note the sequence number of a packet, and ask for those that were to come before it."""
        if layer.highest is None:
            layer.highest = sequence
            return
        ahead = (sequence - layer.highest) & 0xFFFF
        if not 0 < ahead < 0x8000:
            return
        missing = [(layer.highest + each) & 0xFFFF for each in range(1, ahead)]
        layer.highest += ahead
        if self.kind == "video" and len(missing) > _MOST_MISSING:
            self._ask(layer)
        elif self.kind == "video" and missing:
            self._requests.append(rtp.retransmission_request(self._own_source, layer.source, missing))

    def _look(self, layer: Layer, packet: Packet) -> None:
        layer.form = rtp.video_format_in(packet.payload) or layer.form
        self.has_b_frames = self.has_b_frames or rtp.has_b_slice(packet.payload)
        if layer.form is None:
            self._ask(layer)

    def _is_shown(self, layer: Layer, packet: Packet) -> bool:
        """Return whether a packet is of the layer that is shown, or the first of the one that is from now on."""
        shown = self._shown
        if shown is None:
            self._shown = layer
        elif layer is not shown:
            if layer.pixels <= shown.pixels and self._is_alive(shown):
                return False
            if self.kind == "video" and not rtp.begins_key_frame(packet.payload):
                self._ask(layer)
                return False
            self._change_to(layer, packet)
        return True

    def _change_to(self, layer: Layer, packet: Packet) -> None:
        """Show another layer, whose packets follow those of the one before."""
        sequence, timestamp, at = self._last
        elapsed = max(round((self.now() - at) * RATES[self.kind]), 1)
        self._shown = layer
        self._sequence_shift = sequence + 1 - packet.sequence
        self._timestamp_shift = timestamp + elapsed - packet.timestamp
        self._kept.clear()

    def _ask(self, layer: Layer) -> None:
        now = self.now()
        layer.is_wanted = now - layer.asked < _BETWEEN_REQUESTS
        if not layer.is_wanted:
            layer.asked = now
            self._requests.append(rtp.key_frame_request(self._own_source, layer.source))


class Publication:
    """What one client publishes. `news` is called when something is known of it that was not."""

    def __init__(self, news: Callable[[], object], now: Callable[[], float]) -> None:
        self._news = news
        self._now = now
        self._tracks: dict[int, Track] = {}
        self._began: float | None = None
        self._known: dict[Track, object] = {}
        self._counted = (now(), 0)
        self.bitrate = 0
        """Bits a second of the picture, all its layers together, as it was in the last seconds."""

    def add(self, kind: str, codec: Codec, connection: Connection) -> None:
        """Expect a track, by a connection."""
        self._tracks[codec.payload_type] = Track(kind, codec, connection, self._now)

    @property
    def tracks(self) -> list[Track]:
        """The tracks that are expected."""
        return list(self._tracks.values())

    def track(self, kind: str) -> Track | None:
        """Return the track of a kind, None where there is none."""
        return next((each for each in self._tracks.values() if each.kind == kind), None)

    def has(self, kind: str) -> bool:
        """Return whether something of a kind comes."""
        track = self.track(kind)
        return track is not None and bool(track.layers)

    @property
    def seconds(self) -> float:
        """The seconds since the first packet came; 0 before."""
        return 0.0 if self._began is None else self._now() - self._began

    async def take_rtp(self, data: bytes) -> None:
        """Take a packet, and send it on to all who are subscribed."""
        try:
            packet = rtp.read(data)
        except ValueError:
            return
        track = self._tracks.get(packet.payload_type)
        if track is None:
            return
        if self._began is None:
            self._began = self._now()
        shown = track.take(packet)
        if shown is not None:
            for leg in tuple(track.legs):
                await leg.send(shown)
        await track.flush()
        if track.known != self._known.get(track):
            self._known[track] = track.known
            self._news()

    async def take_rtcp(self, data: bytes) -> None:
        """Take what the publisher tells of its media."""
        for each in rtp.feedback(data):
            if isinstance(each, Report):
                for track in self._tracks.values():
                    report = track.take_report(each)
                    if report is not None:
                        for leg in tuple(track.legs):
                            await leg.report(report)

    async def report(self) -> None:
        """Tell the publisher what came, as is done every second, and measure it."""
        now, octets = self._now(), sum(each.octets for each in self._layers("video"))
        before, counted = self._counted
        if now - before >= 2:
            self.bitrate, self._counted = round((octets - counted) * 8 / (now - before)), (now, octets)
        for track in self._tracks.values():
            await track.report()

    async def flush(self) -> None:
        """Ask the publisher for what could not be asked for before."""
        for track in self._tracks.values():
            await track.flush()

    def _layers(self, kind: str) -> list[Layer]:
        track = self.track(kind)
        return list(track.layers.values()) if track else []
