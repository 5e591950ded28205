"""What the tests of pushes share: a server with a port for encoders, a channel, and encoders that push to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ..control_client import call
from .publisher import Encoder
from .viewer import Viewer

Encode = Callable[..., Encoder]
Watch = Callable[..., Viewer]

CONTAINERS = ["TS", pytest.param("FRAGMENTED_MP4", marks=pytest.mark.needs("CreateChannel.containerFormat"))]
"""The containers in which viewers get media."""


def containing(container: str) -> dict[str, str]:
    """Return the members by which a channel has a container; an older botocore does not know of them."""
    return {} if container == "TS" else {"containerFormat": container}


@pytest.fixture
def server(sim: Emulator) -> Iterator[Server]:
    """The emulator `sim` on a port, with one for encoders."""
    with sim.serve(rtmp_port=0) as server:
        yield server


@pytest.fixture
def created(sim: Emulator) -> Any:
    """A channel and its stream key."""
    return call(sim, "CreateChannel", name="show")


@pytest.fixture
def encode(server: Server) -> Iterator[Encode]:
    """A function that connects an encoder with a stream key."""
    with ExitStack() as connected:
        yield lambda key, **options: connected.enter_context(Encoder(f"{server.rtmp_url}{key}", **options))


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    """A function that returns a viewer of what CreateChannel answered."""
    with ExitStack() as connected:
        yield lambda made, **query: connected.enter_context(Viewer(server, made["channel"]["playbackUrl"], **query))


def told(sim: Emulator) -> list[str]:
    """Return the names of the events so far."""
    return [event["detail"].get("event_name") or event["detail"]["limit_name"] for event in sim.events]


def shown(sim: Emulator, made: Any) -> Any:
    """Return what GetStreamSession says of the newest session of a channel."""
    return call(sim, "GetStreamSession", channelArn=made["channel"]["arn"])["streamSession"]


def whole(sim: Emulator) -> int:
    """Return how many segments of the one live push are whole."""
    (live,) = sim.streams.live
    assert live.pushed is not None
    return live.pushed.cuts.count
