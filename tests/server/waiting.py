"""How tests wait for what another thread, process or machine does."""

from __future__ import annotations

import time
from collections.abc import Callable

DEADLINE = 20
"""Seconds after which what was waited for will not come."""


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
