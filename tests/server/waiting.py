"""How tests wait for what another thread, process or machine does."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

DEADLINE = 60
"""Seconds after which what was waited for will not come."""


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def pour(fifo: Path) -> int:
    """Open a named pipe that somebody is about to read, and return the descriptor to write to."""
    opened: list[int] = []

    def is_open() -> bool:
        with suppress(OSError):  # as long as nobody reads
            opened.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    until(is_open)
    return opened[0]
