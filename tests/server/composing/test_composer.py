"""When the composer composes, and when it does not."""

from __future__ import annotations

import asyncio

import pytest

from ivsim import Emulator
from ivsim.server.composing import composer as composer_module
from ivsim.server.composing.composer import Composer
from ivsim.server.live.window import Window

from ..asked import Asked


def test_undone(sim: Emulator) -> None:
    """A stream that was begun in a transaction that failed is not missed."""
    pytest.importorskip("aiortc", reason="aiortc is not installed")
    asked = Asked(sim)

    async def compose() -> None:
        composer = Composer(asked, None)  # type: ignore[arg-type]
        assert asked.ask
        assert isinstance(asked.ask("st-undone"), Window)
        await asyncio.sleep(0)
        await composer.aclose()
        assert asked.ask is None

    asyncio.run(compose())


def test_without_the_extra(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what decodes media, nothing is taken to be composed."""
    monkeypatch.setattr(composer_module, "find_spec", lambda _: None)
    asked = Asked(sim)

    async def compose() -> None:
        composer = Composer(asked, None)  # type: ignore[arg-type]
        assert asked.ask is None
        await composer.aclose()

    asyncio.run(compose())
