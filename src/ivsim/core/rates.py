"""Calls per second, for those who want to be throttled."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..wire.errors import ThrottlingException
from .clock import Clock


class Rates:
    """The documented rates, over the last second of the clock; off unless the emulator has `rate_limits=True`.

    A frozen clock never forgives: advance it. Text of the error: observed for PutMetadata (docs/fidelity.md).
    """

    def __init__(self, clock: Clock, *, enforced: bool) -> None:
        self._clock = clock
        self._enforced = enforced
        self._seen: dict[tuple[str, str, str], deque[float]] = {}

    def check(self, action: str, rate: int, *, resource: str, region: str) -> None:
        """Count a call of `action` ("ivs:PutMetadata") against a `resource`, the account or a channel, in a region.

        Raises ThrottlingException when that is more than `rate` in a second.
        """
        if not self._enforced:
            return
        now = self._clock.time()
        seen = self._seen.setdefault((action, resource, region), deque())
        while seen and seen[0] <= now - 1:
            seen.popleft()
        if len(seen) >= rate:
            raise ThrottlingException(
                f"Operation: {action} exceeded call rate: {rate} for resource: {resource}",
                resource=resource,
                limit=rate,
            )
        seen.append(now)

    def clear(self) -> None:
        """Forget the calls counted so far."""
        self._seen.clear()

    def snapshot(self) -> Any:
        """Return what `restore()` needs to have the calls counted that were counted until now."""
        return [(key, list(seen)) for key, seen in self._seen.items()]

    def restore(self, state: Any) -> None:
        """Count the calls that had been counted when the snapshot was taken."""
        self._seen = {key: deque(seen) for key, seen in state}
