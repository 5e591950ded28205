"""Calls and messages per second, over the last second of the clock."""

from __future__ import annotations

from collections import deque
from typing import Any

from ..wire.errors import ThrottlingException
from .clock import Clock

_A_SECOND = 1 - 1e-5
"""The clock is a float: who keeps to a rate exactly, by steps of a tenth of a second, shall not be one too many."""


class Rates:
    """The documented rates, over the last second of the clock; for calls, off unless `rate_limits=True`.

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
        if self._enforced and not self.admit(action, rate, resource=resource, region=region):
            raise ThrottlingException(
                f"Operation: {action} exceeded call rate: {rate} for resource: {resource}",
                resource=resource,
                limit=rate,
            )

    def admit(self, action: str, rate: int, *, resource: str, region: str) -> bool:
        """Count an action, limited or not as calls are; return False, and do not count it, when it is one too many."""
        now = self._clock.time()
        seen = self._seen.setdefault((action, resource, region), deque())
        while seen and seen[0] <= now - _A_SECOND:
            seen.popleft()
        if len(seen) >= rate:
            return False
        seen.append(now)
        return True

    def clear(self) -> None:
        """Forget the calls counted so far."""
        self._seen.clear()

    def snapshot(self) -> Any:
        """Return what `restore()` needs to have the calls counted that were counted until now."""
        return [(key, list(seen)) for key, seen in self._seen.items()]

    def restore(self, state: Any) -> None:
        """Count the calls that had been counted when the snapshot was taken."""
        self._seen = {key: deque(seen) for key, seen in state}
