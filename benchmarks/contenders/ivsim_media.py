"""ivsim on a port, with live channels whose segments take long to make."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from time import thread_time
from typing import Any
from unittest.mock import patch

from ivsim import Emulator, Request
from ivsim.ivs.playback.urls import opaque
from ivsim.media import simulation

MAKING = 0.050
"""Seconds of work that a segment takes."""

_WATCHED = 3_600
"""Seconds for which every channel has been live: all of that can still be asked for."""

_MAKE = simulation.transport_stream

_SECONDS = 2
"""How long a segment is."""


class Contender:
    """The server, in a thread, with segments that are slow."""

    def serve(self, channels: int) -> tuple[str, list[list[str]]]:
        """Begin; return the URL, and for each channel the targets of all its segments, no two of which are alike."""
        sim = Emulator()
        sim.clock.freeze(datetime(2030, 1, 1, tzinfo=timezone.utc))
        targets = slow_channels(sim, channels)
        self._server = sim.serve()
        return self._server.url, targets

    def close(self) -> None:
        """End."""
        self._server.close()


def slow_channels(sim: Emulator, count: int) -> list[list[str]]:
    """Make channels that have been live for long; return for each the targets of all its segments, which are slow."""
    patch.object(simulation, "transport_stream", slow_segment).start()
    sessions = []
    for _ in range(count):
        channel = json.loads(sim.handle(Request("POST", "/CreateChannel", {}, b"{}")).body)["channel"]
        sim.streams.start(channel["arn"])
        session = sim.playback.request(channel["arn"]).viewer_session
        assert session is not None
        sessions.append(session)
        sim.clock.advance(_SECONDS / count)
    sim.clock.advance(_WATCHED)
    numbers = range(_WATCHED // _SECONDS)
    return [
        [f"/v1/segment/{opaque(session.stream_id, 0, number)}.ts?dna={session.id}" for number in numbers]
        for session in sessions
    ]


def slow_segment(*arguments: Any) -> bytes:
    """Make a segment by work that holds the interpreter, as a picture made in Python would."""
    end, number = thread_time() + MAKING, 0
    while thread_time() < end:
        for _ in range(100):
            number = (number * 31 + 7) & 0xFFFF
    return _MAKE(None, *arguments[1:])  # sound alone, which costs nothing
