"""A stage with as many clients as two cores carry: nobody misses a second."""

from __future__ import annotations

from contextlib import closing

import pytest

from ivsim.ivsrealtime.participants import Client
from ivsim.server.run import Server

from ..waiting import until
from .conftest import Stage

pytest.importorskip("aiortc", reason="aiortc is not installed")

from benchmarks.contenders.stage_clients import Contender

PUBLISHERS, SUBSCRIBERS, BITRATE = 2, 20, 500_000


def test_no_second_is_lost(stage: Stage, server: Server) -> None:
    """Two publish, twenty are subscribed, and each of these gets something of every second."""
    people = []
    for number in range(PUBLISHERS + SUBSCRIBERS):
        token = stage.token(f"p{number}")
        people.append((stage.sim.stages.let_in(token, Client()).participant_id, token))
    with closing(Contender()) as clients:
        clients.publish(server.url, people[:PUBLISHERS], BITRATE)
        until(lambda: sum(each.is_publishing for each in stage.sim.stages.participants) == PUBLISHERS)
        clients.subscribe(server.url, people[PUBLISHERS:], people[:PUBLISHERS])
        clients.forget()
        until(lambda: min(map(len, clients._seconds)) >= 5)
        assert clients.missed() == [0] * SUBSCRIBERS
