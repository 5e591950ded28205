"""Tags: what somebody publishes, as a packager takes it. Pictures stay as they are; sound becomes AAC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ...media.avc import PictureTags
from ...media.flv import Tag
from .access_units import AccessUnits
from .forwarding import RATES
from .times import Times, bring_together

if TYPE_CHECKING:
    from ..sound import OpusToAac
    from .rtp import Packet, Report


class Tags:
    """Makes tags with times in milliseconds. Without `sound` there are none of sound.

    A track begins when its first packet has arrived; once the sender has told of its clock, that decides what belongs
    together.
    """

    def __init__(self, sound: OpusToAac | None) -> None:
        self._sound = sound
        self._is_told = False
        self._units = AccessUnits()
        self._pictures = PictureTags()
        self._times = {kind: Times(rate) for kind, rate in RATES.items()}

    @property
    def header(self) -> Tag | None:
        """What a decoder of the sound has to know; None where there is no sound."""
        return Tag(True, False, self._sound.config) if self._sound is not None else None

    @property
    def wants_key(self) -> bool:
        """True while nothing can be shown before a key frame comes."""
        return self._units.wants_key

    def wait_for_key(self) -> None:
        """Leave out pictures until a key frame comes."""
        self._units.wants_key = True

    def take(self, kind: str, packet: Packet, arrived: int) -> Iterator[tuple[int, Tag]]:
        """Take a packet that has arrived at a time; yield the tags that are whole by it, each with its time."""
        return self._of_picture(packet, arrived) if kind == "video" else self._of_sound(packet, arrived)

    def take_report(self, kind: str, report: Report) -> None:
        """Take what the sender tells of the clock of its sound, or of its pictures."""
        self._times[kind].take_report(report)
        bring_together(*self._times.values())

    def _of_picture(self, packet: Packet, arrived: int) -> Iterator[tuple[int, Tag]]:
        for unit in self._units.take(packet):
            time = self._times["video"].at(unit.timestamp, arrived)
            for tag in self._pictures.of(unit.units, is_key=unit.is_key):
                yield time, tag
                if self.wants_key:
                    break  # as it was refused

    def _of_sound(self, packet: Packet, arrived: int) -> Iterator[tuple[int, Tag]]:
        if self._sound is None:
            return
        at = self._times["audio"].at(packet.timestamp, arrived)
        if self.header is not None and not self._is_told:
            self._is_told = True
            yield at, self.header
        for time, data in self._sound.take(packet.payload, at):
            yield time, Tag(False, False, data)
