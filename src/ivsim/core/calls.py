"""Every API call so far, for tests that ask what the code under test did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .log import Log


class Call(NamedTuple):
    """One API call, as it was answered.

    `service` and `operation` are empty when the request meant none. `params` are the input's members as boto3
    takes them; `status` is the HTTP status, `error` the error code or None.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    account: str
    region: str
    status: int
    error: str | None


class Calls(Log[Call]):
    """Every call so far, oldest first; refused ones and retries are there too."""

    def record(self, call: Call) -> None:
        """Add a call."""
        self._entries.append(call)

    def of(self, operation: str) -> list[Call]:
        """Return the calls of one operation, for example "CreateChannel", oldest first."""
        return [call for call in self if call.operation == operation]
