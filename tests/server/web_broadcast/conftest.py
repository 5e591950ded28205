"""What the tests of broadcasts from a browser share: a server, a channel, and what stands for a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ..live.conftest import created, watch

if TYPE_CHECKING:
    from .pages import Page

    Broadcast = Callable[..., Page]

__all__ = ["created", "watch"]  # fixtures


@pytest.fixture
def server(sim: Emulator) -> Iterator[Server]:
    """The emulator `sim` on a port."""
    with sim.serve() as server:
        yield server


@pytest.fixture
def broadcast(server: Server, created: Any) -> Iterator[Broadcast]:
    """A function that broadcasts to the channel, with its key unless it is given another, and returns the page."""
    from .pages import Page

    pages = []

    def broadcast(*tracks: Any, key: str = "", **members: Any) -> Page:
        page = Page(server.url, key or created["streamKey"]["value"], *tracks, **members)
        pages.append(page)
        return page

    yield broadcast
    for each in pages:
        each.close()
