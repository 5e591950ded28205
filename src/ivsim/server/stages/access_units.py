"""Access units: pictures in H.264, put together from packets of RTP (RFC 6184), as a decoder takes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from . import rtp

if TYPE_CHECKING:
    from .rtp import Packet

_MOST_WAITING, _MOST_PICTURES = 64, 3
"""Packets, and the pictures that they are of, that wait for one before them, which may be sent again; then it is given
up."""

_IDR, _FU_A = 5, 28
_FIRST, _LAST = 0x80, 0x40


class AccessUnit(NamedTuple):
    """A picture, by its NAL units. One that `is_key` needs no other. Its time is in ticks of RTP, 90 000 a second."""

    units: tuple[bytes, ...]
    is_key: bool
    timestamp: int


class AccessUnits:
    """Puts packets in their order, and what is in them together.

    Where one is lost, pictures are left out until a key frame: `wants_key` is True as long as one is waited for.
    """

    def __init__(self) -> None:
        self.wants_key = True
        self._next: int | None = None
        self._waiting: dict[int, Packet] = {}
        self._units: list[bytes] = []
        self._part: bytearray | None = None
        self._is_whole = True

    def take(self, packet: Packet) -> Iterator[AccessUnit]:
        """Take a packet; yield the pictures that are whole by it."""
        if self._next is None:
            self._next = packet.sequence
        if (packet.sequence - self._next) & 0xFFFF >= 0x8000:
            return  # it is late, and was given up
        self._waiting[packet.sequence] = packet
        pictures = {each.timestamp for each in self._waiting.values()}
        if len(self._waiting) > _MOST_WAITING or len(pictures) > _MOST_PICTURES:
            first = self._next
            self._next = min(self._waiting, key=lambda each: (each - first) & 0xFFFF)
            self._is_whole, self.wants_key = False, True
        while self._next in self._waiting:
            yield from self._unpack(self._waiting.pop(self._next))
            self._next = (self._next + 1) & 0xFFFF

    def _unpack(self, packet: Packet) -> Iterator[AccessUnit]:
        payload = packet.payload
        if payload and payload[0] & 0x1F == _FU_A:
            self._take_part(payload)
        else:
            self._units += rtp.units(payload)
        if packet.is_marked:
            is_key = any(each[0] & 0x1F == _IDR for each in self._units)
            unit = AccessUnit(tuple(self._units), is_key, packet.timestamp)
            is_good = self._is_whole and unit.units and (unit.is_key or not self.wants_key)
            self._units, self._part, self._is_whole = [], None, True
            if is_good:
                self.wants_key = False
                yield unit

    def _take_part(self, payload: bytes) -> None:
        """Take a part of a NAL unit that has several packets."""
        if len(payload) < 2:
            return
        if payload[1] & _FIRST:
            self._part = bytearray([payload[0] & 0xE0 | payload[1] & 0x1F])
        if self._part is None:
            self._is_whole = False  # its beginning was lost
            return
        self._part += payload[2:]
        if payload[1] & _LAST:
            self._units.append(bytes(self._part))
            self._part = None
