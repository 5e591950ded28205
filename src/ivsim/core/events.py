"""EventBridge events: the services' messages to the world, as dicts in AWS's exact shape."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timezone
from typing import Any

from ..wire.serialize import iso8601
from .arguments import ValueRefused
from .ids import Ids
from .journal import Journal
from .log import Log
from .unknown import unknown

Event = dict[str, Any]


class Events(Log[Event]):
    """Every event so far, oldest first. A list to read, and something to subscribe to.

    Each event is a plain dict, as EventBridge would hand it to a Lambda function. Source: *Using Amazon EventBridge
    with IVS Low-Latency Streaming*, IVS User Guide.
    """

    def __init__(self, journal: Journal, ids: Ids, detail_types: Collection[str]) -> None:
        super().__init__(journal, "event")
        self._detail_types = detail_types
        self._ids = ids
        self.latest = 0
        """The time of the last event, in microseconds since the epoch."""

    def of(self, detail_type: str) -> list[Event]:
        """Return the events of one `detail-type`, for example "IVS Stream State Change", oldest first.

        Raises ValueError for a type that no service has.
        """
        return list(filter(self.is_of(detail_type), self))

    def is_of(self, detail_type: str) -> Callable[[Event], bool]:
        """Return a predicate for the events that `of()` returns. Raises ValueError as `of()` does."""
        if detail_type not in self._detail_types:
            raise ValueRefused("detail_type", unknown("detail type", str(detail_type), self._detail_types))
        return lambda event: bool(event["detail-type"] == detail_type)

    def emit(
        self,
        detail_type: str,
        *,
        source: str,
        account: str,
        region: str,
        at: int,
        resources: list[str],
        detail: Mapping[str, Any],
    ) -> None:
        """Record an event; subscribers get it when the transaction it belongs to is through."""
        event = {
            "version": "0",
            "id": self._ids.uuid(),
            "detail-type": detail_type,
            "source": source,
            "account": account,
            "time": iso8601(datetime.fromtimestamp(at // 1_000_000, timezone.utc), "seconds"),
            "region": region,
            "resources": resources,
            "detail": dict(detail),
        }
        self.latest = at
        self._add(event)
        self._journal.note_undo(self._entries.pop)
