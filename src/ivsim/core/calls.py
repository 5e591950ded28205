"""Every API call so far, for tests that ask what the code under test did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from .arguments import ValueRefused
from .journal import Journal
from .log import Log
from .unknown import unknown


class Call(NamedTuple):
    """One API call, as it was answered.

    `service` ("ivs") and `operation` ("CreateChannel") are empty when the request meant none. `params` are the input's
    members as boto3 takes them. `account` and `region` are those that it was for. `status` is the HTTP status, `error`
    the error code or None. `at` is when it was answered, by the emulator's clock; None in a state that an older ivsim
    saved.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    account: str
    region: str
    status: int
    error: str | None
    at: datetime | None = None


class Calls(Log[Call]):
    """Every call so far, oldest first; refused ones and retries are there too."""

    def __init__(self, journal: Journal, operations: Mapping[str, str]) -> None:
        super().__init__(journal, "call")
        self._operations = operations

    def record(self, call: Call) -> None:
        """Add a call, in the same transaction as its answer."""
        self._add(call)

    def of(self, operation: str) -> list[Call]:
        """Return the calls of one operation, "CreateChannel" or "create_channel" say, oldest first.

        Raises ValueError for an operation that does not exist.
        """
        return list(filter(self.is_of(operation), self))

    def is_of(self, operation: str) -> Callable[[Call], bool]:
        """Return a predicate for the calls that `of()` returns. Raises ValueError as `of()` does."""
        name = self._operations.get(str(operation).replace("_", "").lower())
        if name is None:
            raise ValueRefused("operation", unknown("operation", str(operation), self._operations.values()))
        return lambda call: call.operation == name
