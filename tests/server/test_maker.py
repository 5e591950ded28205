from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from pickle import PicklingError
from typing import Any

import pytest

from ivsim.server import maker
from ivsim.server.maker import Maker, MakingFailed
from ivsim.wire.http import Recipe

from .waiting import pour

RANDOM = Recipe(os.urandom, (16,))
"""Makes something else each time, which no real recipe does: so it shows whether it was made again."""


def run(use: Callable[[Maker], Awaitable[None]]) -> None:
    """Use a maker in an event loop, and close it."""

    async def main() -> None:
        maker = Maker()
        try:
            await use(maker)
        finally:
            await maker.close()

    asyncio.run(main())


def test_made_once() -> None:
    """Who asks for the same at the same time or later gets the same; other recipes make something else."""

    async def use(maker: Maker) -> None:
        first, second, other = await asyncio.gather(
            maker.make(RANDOM), maker.make(RANDOM), maker.make(Recipe(os.urandom, (17,)))
        )
        assert first == second == await maker.make(RANDOM)
        assert (len(first), len(other)) == (16, 17)

    run(use)


def test_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was asked for last is kept, up to so many bytes; the rest is made again when it is wanted."""
    monkeypatch.setattr(maker, "_MOST_KEPT", 300)
    first, second, third = (Recipe(os.urandom, (size,)) for size in (100, 101, 102))

    async def use(maker: Maker) -> None:
        before = [await maker.make(recipe) for recipe in (first, second, first, third)]
        assert await maker.make(first) == before[0]
        assert await maker.make(second) != before[1]

    run(use)


def test_too_large_to_keep(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than all that is kept is made, and not kept."""
    monkeypatch.setattr(maker, "_MOST_KEPT", 15)

    async def use(maker: Maker) -> None:
        assert await maker.make(RANDOM) != await maker.make(RANDOM)

    run(use)


def test_large() -> None:
    """A body of many megabytes comes whole."""

    async def use(maker: Maker) -> None:
        assert await maker.make(Recipe(bytes, (30_000_000,))) == bytes(30_000_000)

    run(use)


def test_nobody_waits(tmp_path: Path) -> None:
    """What nobody waits for any more when its turn comes is not made; what is begun is, and is there for the next."""
    fifo, folder = tmp_path / "fifo", tmp_path / "folder"
    os.mkfifo(fifo)
    waits: Any = Recipe(Path.read_bytes, (fifo,))
    effect: Any = Recipe(os.mkdir, (folder,))  # type: ignore[arg-type]

    async def use(maker: Maker) -> None:
        begun, *others, last = (asyncio.create_task(maker.make(each)) for each in (waits, effect, effect, RANDOM))
        descriptor = await asyncio.to_thread(pour, fifo)  # it is being made, and the others stand in line
        for task in (begun, *others):
            task.cancel()
        await asyncio.wait({begun, *others})
        again = asyncio.create_task(maker.make(waits))
        os.write(descriptor, b"media")
        os.close(descriptor)
        assert len(await last) == 16
        assert not folder.exists()
        assert await again == await maker.make(waits) == b"media"

    run(use)


def test_one_of_two_leaves(tmp_path: Path) -> None:
    """When one of several who wait for the same leaves, the others get it."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    async def use(maker: Maker) -> None:
        first = asyncio.create_task(maker.make(Recipe(Path.read_bytes, (fifo,))))
        leaving, staying = [asyncio.create_task(maker.make(RANDOM)) for _ in range(2)]
        descriptor = await asyncio.to_thread(pour, fifo)
        leaving.cancel()
        await asyncio.wait({leaving})
        os.close(descriptor)
        assert await first == b""
        assert len(await staying) == 16

    run(use)


def test_what_goes_wrong() -> None:
    """What goes wrong is told to all who wait, with the traceback, and tried again for the next."""

    async def use(maker: Maker) -> None:
        bad = Recipe(bytes.fromhex, ("zz",))
        for error in await asyncio.gather(maker.make(bad), maker.make(bad), return_exceptions=True):
            assert isinstance(error, MakingFailed)
            assert "ValueError: non-hexadecimal" in str(error)
        with pytest.raises(MakingFailed, match="non-hexadecimal"):
            await maker.make(bad)
        with pytest.raises((PicklingError, AttributeError), match="lambda"):  # the latter on Python 3.13 and before
            await maker.make(Recipe(lambda: b""))
        assert len(await maker.make(RANDOM)) == 16

    run(use)


def test_the_process_ends() -> None:
    """When the process ends that makes it, this is told, and the next body is made by another."""

    async def use(maker: Maker) -> None:
        with pytest.raises(MakingFailed, match="ended, with status 3"):
            await maker.make(Recipe(os._exit, (3,)))
        assert len(await maker.make(RANDOM)) == 16
        pid = int(await maker.make(Recipe(_pid)))
        os.kill(pid, 9)
        with pytest.raises(MakingFailed, match="ended, with status -9"):
            await maker.make(Recipe(bytes))
        assert await maker.make(Recipe(bytes)) == b""

    run(use)


def _pid() -> bytes:
    return str(os.getpid()).encode()


def test_close(tmp_path: Path) -> None:
    """To close ends the process, whatever it is at, and the waiting; where there is none, there is nothing to end."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    async def use(maker: Maker) -> None:
        pid = int(await maker.make(Recipe(_pid)))
        tasks = [asyncio.create_task(maker.make(each)) for each in (Recipe(Path.read_bytes, (fifo,)), RANDOM)]
        descriptor = await asyncio.to_thread(pour, fifo)
        await maker.close()
        await asyncio.wait(tasks)
        os.close(descriptor)
        assert [task.cancelled() for task in tasks] == [True, True]
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)

    async def nothing(_: Maker) -> None:
        """Make nothing."""

    run(use)
    run(nothing)
