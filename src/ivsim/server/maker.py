"""Bodies that take long to make, made beside the event loop."""

from __future__ import annotations

import asyncio
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from ..wire.http import Recipe
from ..worker import ANSWERED, ASKED

_MOST_KEPT = 32 * 1024 * 1024
"""Bytes of bodies that are kept: for a minute or so, the segments of some live channels."""

_MOST_READ = 4 * 1024 * 1024
"""Bytes that may come from the process before they are read on."""

# It finds what this process finds. With `os.nice` calls would go first, but on a busy machine nothing would be made.
_PROGRAM = """
import sys
sys.path[:] = {path!r}
from ivsim.worker import work
work(sys.stdin.buffer, sys.stdout.buffer)
"""


class MakingFailed(Exception):
    """A body could not be made. The text has the traceback from the process that tried, if there is one."""


class Maker:
    """Makes what recipes are for, one body after the other, in a process of its own, and keeps the newest.

    A process, because what is made in Python would hold the interpreter in a thread too, and the event loop would wait
    for it several times a call. It begins with the first recipe. There is one, so that a crowd of viewers takes one
    processor at most, and waits in a line; those of the same segment wait for one and the same making of it, and who
    comes later finds it kept.
    """

    def __init__(self) -> None:
        self._jobs: dict[Recipe, _Job] = {}
        self._kept = _Kept(_MOST_KEPT)
        self._turn = asyncio.Lock()
        self._process: Process | None = None

    async def make(self, recipe: Recipe) -> bytes:
        """Return the body. When all who wait for it are cancelled before it is begun, it is not made.

        Raises MakingFailed; and what pickle does, for a recipe that cannot be told to another process.
        """
        body = self._kept.get(recipe)
        if body is not None:
            return body
        job = self._jobs.get(recipe)
        if job is None:
            job = self._jobs[recipe] = _Job(partial(self._make, recipe))
        job.waiting += 1
        try:
            return await asyncio.shield(job.task)
        finally:
            job.waiting -= 1
            if not job.waiting and not job.is_begun:
                job.task.cancel()
                del self._jobs[recipe]

    async def close(self) -> None:
        """Make nothing more, and end the process, whatever it is at."""
        for job in self._jobs.values():
            job.task.cancel()
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def _make(self, recipe: Recipe, job: _Job) -> bytes:
        async with self._turn:
            job.is_begun = True
            try:
                body = await self._ask(recipe)
            finally:
                del self._jobs[recipe]
            self._kept.put(recipe, body)
            return body

    async def _ask(self, recipe: Recipe) -> bytes:
        pickled = pickle.dumps(recipe)
        if self._process is None:
            program = _PROGRAM.format(path=sys.path)
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-c", program),
                stdin=PIPE,
                stdout=PIPE,
                limit=_MOST_READ,
                start_new_session=True,  # Ctrl-C is not meant for it
            )
        asked, answers = self._process.stdin, self._process.stdout
        assert asked, "it is a pipe"
        assert answers, "and so is this"
        try:
            asked.write(ASKED.pack(len(pickled)) + pickled)
            await asked.drain()
            is_body, length = ANSWERED.unpack(await answers.readexactly(ANSWERED.size))
            answer = await answers.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            status, self._process = await self._process.wait(), None  # the next one has a process again
            raise MakingFailed(f"the process that makes media ended, with status {status}") from None
        if not is_body:
            raise MakingFailed(answer.decode())
        return answer


class _Job:
    """A body that is wanted, and by how many."""

    def __init__(self, make: Callable[[_Job], Coroutine[Any, Any, bytes]]) -> None:
        self.waiting = 0
        self.is_begun = False
        self.task = asyncio.create_task(make(self))


class _Kept:
    """The bodies asked for last, up to so many bytes together."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._bodies: OrderedDict[Recipe, bytes] = OrderedDict()

    def get(self, recipe: Recipe) -> bytes | None:
        """Return what a recipe made, if it is here."""
        body = self._bodies.get(recipe)
        if body is not None:
            self._bodies.move_to_end(recipe)
        return body

    def put(self, recipe: Recipe, body: bytes) -> None:
        """Keep what a recipe made, in the place of what nobody has asked for the longest."""
        self._bodies[recipe] = body
        self._bytes += len(body)
        while self._bytes > self._most_bytes:
            _, dropped = self._bodies.popitem(last=False)
            self._bytes -= len(dropped)
