"""Tasks that go on by themselves, in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks(set[asyncio.Task[None]]):
    """What has begun and is not done: an event loop does not keep its tasks, so they are kept here for so long."""

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let some work go on by itself."""
        task = asyncio.get_running_loop().create_task(work)
        self.add(task)
        task.add_done_callback(self.discard)

    async def wait(self) -> None:
        """Wait until all are done, however they end."""
        if self:
            await asyncio.wait(self)
