"""URLs that stand for Lambda functions, as an emulator keeps them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ivsim import Emulator

KEPT = "arn:aws:lambda:us-east-1:123456789012:function:kept"
TRIED = "arn:aws:lambda:us-east-1:123456789012:function:tried"


def test_taken_back(sim: Emulator) -> None:
    """What is set, altered or deleted in an isolated block is as before afterwards."""
    webhooks = sim.chat.webhooks
    webhooks[KEPT] = "http://localhost:1/kept"
    changes: list[Callable[[], object]] = [
        lambda: webhooks.update({TRIED: "http://localhost:1/tried"}),
        lambda: webhooks.update({KEPT: "http://localhost:1/altered"}),
        webhooks.clear,
    ]
    for change in changes:
        with sim.isolated():
            change()
            assert webhooks != {KEPT: "http://localhost:1/kept"}
        assert sim.chat.webhooks is webhooks
        assert webhooks == {KEPT: "http://localhost:1/kept"}


@pytest.mark.parametrize("url", ["http://localhost:1/kept", ""])
def test_saved(sim: Emulator, url: str) -> None:
    """A file keeps them, and a load has them in the place of what was there."""
    sim.chat.webhooks[KEPT] = url
    other = Emulator()
    other.chat.webhooks[TRIED] = "http://localhost:1/tried"
    other.loads(sim.dumps())
    assert other.chat.webhooks == {KEPT: url}
