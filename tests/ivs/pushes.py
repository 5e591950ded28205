"""Pushes without a server: what a test says that an encoder has sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

from ivsim import Emulator, LiveStream
from ivsim.ivs.ingest.encoders import ingest
from ivsim.ivs.ingest.pushes import Cuts
from ivsim.recordings.pushed import PushedSegment


async def growing(*parts: bytes) -> AsyncIterator[bytes]:
    """Return what grows, part by part."""
    for part in parts:
        yield part


class Sent:
    """The media of a push, as a server has them: its whole segments are what a test adds."""

    measured = None

    def __init__(self) -> None:
        self.cuts = Cuts()
        self.bodies: list[bytes] = []

    def initialization(self, number: int) -> bytes | None:
        """Return one initialization for each stretch."""
        return b"init %d" % max((0, *(each for each in self.cuts.breaks if each <= number)))

    def segment(self, number: int) -> bytes | AsyncIterator[bytes] | None:
        """Return a segment: the one after those that are whole grows."""
        if number == len(self.bodies):
            return growing(b"some")
        return self.bodies[number] if number < len(self.bodies) else None

    async def once_playable(self, make: Callable[[], bytes]) -> AsyncIterator[bytes]:
        """Return it at once, as nothing is waited for in process."""
        yield make()


class Pushed:
    """A push, live on a channel; segments are added, and recorded, as time goes by."""

    def __init__(self, sim: Emulator, created: Any, **sent: Any) -> None:
        self.sim = sim
        self.media = Sent()
        admission = sim.streams.admit(created["streamKey"]["value"])
        self.live: LiveStream = admission.push(ingest("OBS", sent.get("video"), sent.get("audio")), self.media)

    def add(self, *durations: float, is_break: bool = False) -> Pushed:
        """Send segments, the first after a break or not; the clock goes with them."""
        for seconds in durations:
            cuts, at = self.media.cuts, self.sim.clock.now()
            number = cuts.begun
            cuts.begin_next(at, is_break=is_break)
            self.sim.clock.advance(timedelta(seconds=seconds))
            cuts.end(seconds)
            body = b"segment %d;" % number
            self.media.bodies.append(body)
            initialization = self.media.initialization(number) or b""
            self.live.record(PushedSegment(at, seconds, body, initialization, is_break))
            is_break = False
        return self
