"""The composer: compositions of stages on which there are real people go to their channels with real media.

All others are drawn, which costs nothing until somebody looks.
"""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..live.window import Window
from ..tasks import Tasks

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ..stages.whip import Whip
    from .composing import Composing

_log = logging.getLogger("ivsim.stages")

_LOOK = 0.2
"""The seconds between two looks at who is to be seen."""


class Composer:
    """Everything that is composed on a server. It belongs to the event loop in which it is made.

    Without the extra `webrtc` it does nothing: there are no real people then.
    """

    def __init__(self, emulator: Emulator, whip: Whip) -> None:
        self._emulator = emulator
        self._whip = whip
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._tasks = Tasks()
        self._stop_taking = emulator.compose_by(self._take) if find_spec("aiortc") else lambda: None

    async def aclose(self) -> None:
        """End everything, because the server stops."""
        self._stop_taking()
        self._over.set()
        await self._tasks.wait()

    def _take(self, stream_id: str) -> Window:
        """Compose for a stream that begins: in a transaction, and in any thread."""
        self._loop.call_soon_threadsafe(self._begin, stream_id)
        return Window()

    def _begin(self, stream_id: str) -> None:
        self._tasks.begin(self._compose(stream_id))

    async def _compose(self, stream_id: str) -> None:
        """Compose until the stream has ended."""
        module = await asyncio.to_thread(import_module, f"{__package__}.composing")  # PyAV takes a while
        try:
            stream = self._emulator.streams.find(stream_id)
        except LookupError:
            return  # what began it was undone
        composing: Composing = module.Composing(self._emulator, stream, self._whip.media_of)
        try:
            while not (composing.is_over or self._over.is_set()):
                composing.look()
                await asyncio.sleep(_LOOK)
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug in ivsim while %s was composed; please report it", stream.channel_arn)
        await composing.aclose()
