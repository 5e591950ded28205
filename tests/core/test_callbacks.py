"""Functions that users hand in are looked at when they do."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator


def test_subscriber_that_cannot_be(sim: Emulator) -> None:
    """What cannot be called with a call is refused."""
    with pytest.raises(TypeError, match="cannot be called with the call alone"):
        sim.calls.subscribe(lambda: None)  # type: ignore[arg-type, misc]


def test_what_cannot_subscribe(sim: Emulator) -> None:
    """What nobody could call, or await, is refused."""

    async def handler(event: dict[str, Any]) -> None:
        raise AssertionError(event)

    for callback, text in (
        (None, "None is not a function"),
        (handler, "is a coroutine function"),
        (lambda event, context: (event, context), "cannot be called with the event alone"),
    ):
        with pytest.raises(TypeError, match=f"callback: .*{text}"):
            sim.events.subscribe(callback)  # type: ignore[arg-type]
    sim.events.subscribe(dict.fromkeys)  # of what is not written in Python it may not be known
