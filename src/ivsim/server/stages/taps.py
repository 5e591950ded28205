"""Taps: what a participant publishes is taken here, beside the legs to those who are subscribed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .forwarding import Publication, Track
    from .rtp import Packet, Report


class Taps:
    """The way of what one participant publishes to `take`, which is told each packet's kind, "audio" or "video".

    `take_report` gets what the sender tells of its clock.
    """

    def __init__(
        self,
        take: Callable[[str, Packet], object],
        take_report: Callable[[str, Report], object] = lambda _, __: None,
    ) -> None:
        self._take = take
        self._take_report = take_report
        self._publication: Publication | None = None
        self._taps: list[tuple[Track, _Tap]] = []

    def follow(self, publication: Publication | None) -> bool:
        """Take what is published now; return whether that is something else than before."""
        if publication is self._publication:
            return False
        self.end()
        self._publication = publication
        for track in publication.tracks if publication else ():
            tap = _Tap(track.kind, self._take, self._take_report)
            track.legs.append(tap)
            self._taps.append((track, tap))
        return True

    def ask_for_key_frame(self) -> None:
        """Ask the publisher for a key frame."""
        for track, _ in self._taps:
            track.ask_for_key_frame()

    def end(self) -> None:
        """Take nothing any more."""
        for track, tap in self._taps:
            track.legs.remove(tap)
        self._taps.clear()
        self._publication = None


class _Tap:
    """The end of one track."""

    def __init__(
        self, kind: str, take: Callable[[str, Packet], object], take_report: Callable[[str, Report], object]
    ) -> None:
        self._kind = kind
        self._take = take
        self._take_report = take_report

    async def send(self, packet: Packet) -> None:
        """Take a packet."""
        self._take(self._kind, packet)

    async def report(self, report: Report) -> None:
        """Take a report."""
        self._take_report(self._kind, report)
