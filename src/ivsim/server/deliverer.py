"""Deliveries to other services, made beside the event loop."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.deliveries import Delivery
    from ..emulator import Emulator

_log = logging.getLogger("ivsim.server")


class Deliverer:
    """Makes the deliveries of an emulator's event loop, the one that runs where this is made, in a thread of its own.

    The thread begins with the first delivery, and there is one, as deliveries are made one after the other.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._thread = ThreadPoolExecutor(1, "ivsim deliveries")
        self._end = emulator.deliver_aside(self._make)
        self._latest: ContextVar[Future[None] | None] = ContextVar("latest", default=None)

    async def finish(self) -> None:
        """Wait until everything is delivered that the running asyncio task handed over."""
        latest = self._latest.get()
        if latest is not None:
            await asyncio.shield(asyncio.wrap_future(latest))  # it is made whoever waits

    async def aclose(self) -> None:
        """Take no more, and wait until everything is delivered."""
        self._end()
        await asyncio.to_thread(self._thread.shutdown)

    def _make(self, delivery: Delivery) -> None:
        self._latest.set(self._thread.submit(_make_and_tell, delivery))


def _make_and_tell(delivery: Delivery) -> None:
    try:
        delivery()
    except Exception:  # noqa: BLE001 - nobody else would hear of it
        _log.exception("a bug in ivsim in a delivery; please report it")
