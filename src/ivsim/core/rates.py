"""Calls and messages per second, over the last second of the clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from ..wire.errors import ThrottlingException
from .clock import Clock

_A_SECOND = 1_000_000
"""One second, in microseconds."""

_FEW = 1_000
"""The number of counts that are kept before the idle ones are looked for and dropped."""


class Rates:
    """The documented rates, over the last second of the clock; for calls, off unless `rate_limits=True`.

    On a frozen clock the second never ends: advance it. Text of the error: observed for PutMetadata (docs/fidelity.md).
    """

    def __init__(self, clock: Clock, *, enforced: bool) -> None:
        self._clock = clock
        self.enforced = enforced
        """True when calls are checked, and not only messages."""
        self._seen: dict[tuple[str, str, str], deque[int]] = {}
        self._most = _FEW

    def check(self, action: str, rates: Mapping[str, int], region: str) -> None:
        """Count a call of `action` ("ivs:PutMetadata") against resources: the account, and a channel say.

        Raises ThrottlingException, and counts nothing, when it is more in a second than the rate of one of them.
        """
        resource = self._exceeded(action, rates, region)
        if resource is not None:
            raise ThrottlingException(
                f"Operation: {action} exceeded call rate: {rates[resource]} for resource: {resource}",
                resource=resource,
                limit=rates[resource],
            )

    def admit(self, action: str, rates: Mapping[str, int], region: str) -> bool:
        """Count an action, whether or not calls are checked; return False, and count nothing, for one too many."""
        return self._exceeded(action, rates, region) is None

    def _exceeded(self, action: str, rates: Mapping[str, int], region: str) -> str | None:
        """Return the first resource whose rate an action would exceed; without one, count it and return None."""
        now = self._clock.microseconds()
        if len(self._seen) > self._most:
            self._drop_idle(now)
        counts = []
        for resource, rate in rates.items():
            seen = self._seen.setdefault((action, resource, region), deque())
            while seen and seen[0] <= now - _A_SECOND:
                seen.popleft()
            while seen and seen[-1] > now:  # the clock was set back
                seen.pop()
            if len(seen) >= rate:
                return resource
            counts.append(seen)
        for seen in counts:
            seen.append(now)
        return None

    def _drop_idle(self, now: int) -> None:
        """Forget the counts of resources without an action in the last second, as connections come and go."""
        self._seen = {key: seen for key, seen in self._seen.items() if seen and seen[-1] > now - _A_SECOND}
        self._most = max(2 * len(self._seen), _FEW)

    def clear(self) -> None:
        """Forget the calls counted so far."""
        self._seen.clear()

    def snapshot(self) -> Any:
        """Return what `restore()` needs to have the calls counted that were counted until now."""
        return [(key, list(seen)) for key, seen in self._seen.items()]

    def restore(self, state: Any) -> None:
        """Count the calls that had been counted when the snapshot was taken."""
        self._seen = {key: deque(seen) for key, seen in state}
