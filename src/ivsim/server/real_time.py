"""The time of the world, whatever stands for that of tests."""

from __future__ import annotations

import time


def now() -> float:
    """Return seconds that only become more: real ones, even when freezegun stops those of `time`."""
    return time.clock_gettime(time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.monotonic()
