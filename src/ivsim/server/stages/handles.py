"""Handles: the media of all clients, by what they are for, looked after until they end."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..tasks import Tasks

if TYPE_CHECKING:
    from ...ivsrealtime.live_participant import Key
    from ...ivsrealtime.live_stages import Stages
    from .media import Handle

_log = logging.getLogger("ivsim.stages")

_MOST_ENDED = 256
"""The connections that have ended, not by a DELETE, of which it is known that there were."""

_LOOK, _REPORT = 0.1, 1.0
"""The seconds between two looks at the stages, and between two reports to publishers."""


class Handles:
    """The handles of a server, each with an id. There is one for each `key` at most.

    `ended` is told of each that has ended and has no successor; `each_second` is called so often, from the first on.
    """

    def __init__(self, stages: Stages, ended: Callable[[Handle], object], each_second: Callable[[], object]) -> None:
        self._stages = stages
        self._loop = asyncio.get_running_loop()
        self._ended, self._each_second = ended, each_second
        self._by_id: dict[str, Handle] = {}
        self._ids: dict[tuple[str, ...], str] = {}
        self._counts: Counter[Key] = Counter()
        self._over: deque[str] = deque(maxlen=_MOST_ENDED)
        self._rounds: asyncio.Task[None] | None = None
        self._ending = Tasks()
        self.is_closed = False

    def __iter__(self) -> Iterator[Handle]:
        return iter(list(self._by_id.values()))

    def add(self, handle: Handle) -> str:
        """Look after a handle, until it ends; return its id."""
        id_ = secrets.token_hex(16)
        self._by_id[id_] = handle
        self._ids[handle.key] = id_
        self._counts[handle.participant.key] += 1
        self._stages.hold(handle.participant, handle.remote_id)
        handle.when_over(lambda: self._end_soon(id_))
        if self._rounds is None:
            self._rounds = self._loop.create_task(self._make_rounds())
        return id_

    def get(self, id_: str) -> Handle | None:
        """Return a handle; None where there is none of that id, or not any more."""
        return self._by_id.get(id_)

    def of(self, key: tuple[str, ...]) -> Handle | None:
        """Return the handle for something."""
        id_ = self._ids.get(key)
        return None if id_ is None else self._by_id[id_]

    def has_any_of(self, participant: Key) -> bool:
        """Return whether a participant has a connection."""
        return self._counts[participant] > 0

    def was(self, id_: str) -> bool:
        """Return whether a handle has ended by itself, once: its client lets go of it a moment later."""
        is_known = id_ in self._over
        if is_known:
            self._over.remove(id_)
        return is_known

    async def end(self, id_: str) -> None:
        """End a handle."""
        handle = await self._end(id_)
        if handle is not None:
            self._ended(handle)

    async def make_way(self, key: tuple[str, ...]) -> None:
        """End the connection of a client that has lost it, perhaps, and comes again for the same."""
        while (id_ := self._ids.get(key)) is not None:
            self._over.append(id_)
            await self._end(id_)

    async def aclose(self) -> None:
        """End all, and take none any more."""
        self.is_closed = True
        if self._rounds is not None:
            self._rounds.cancel()
        for id_ in list(self._by_id):
            self._end_soon(id_)
        await self._ending.wait()

    def _end_soon(self, id_: str) -> None:
        if id_ in self._by_id and id_ not in self._over:
            self._over.append(id_)
            self._ending.begin(self.end(id_))

    async def _end(self, id_: str) -> Handle | None:
        """End a handle, and return it; None where it has ended."""
        handle = self._by_id.pop(id_, None)
        if handle is not None:
            del self._ids[handle.key]
            self._counts.subtract([handle.participant.key])
            if not self._counts[handle.participant.key]:
                del self._counts[handle.participant.key]
            self._stages.release(handle.participant, handle.remote_id)
            await handle.end()
        return handle

    async def _make_rounds(self) -> None:
        reported = self._loop.time()
        while True:
            await asyncio.sleep(_LOOK)
            is_time = self._loop.time() - reported >= _REPORT
            reported = self._loop.time() if is_time else reported
            await self._make_round(reports=is_time)
            if is_time:
                self._each_second()

    async def _make_round(self, *, reports: bool) -> None:
        for each in self:
            try:
                each.look()
                await each.go_on(reports=reports)
            except Exception:  # noqa: BLE001 - the others have their turn all the same
                _log.exception("a bug in ivsim at %r; please report it", each)
