"""EventBridge events: what the services told the world, as dicts in AWS's exact shape."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from datetime import datetime, timezone
from functools import partial
from typing import Any

from ..wire.serialize import iso8601
from .callbacks import check_callback
from .ids import Ids
from .journal import Journal
from .log import Log
from .unknown import unknown

Event = dict[str, Any]
Subscriber = Callable[[Event], object]

_log = logging.getLogger("ivsim.events")


class Events(Log[Event]):
    """Every event so far, oldest first. A list to read, and something to subscribe to.

    Each event is a plain dict, as EventBridge would hand it to a Lambda function. Source: *Using Amazon EventBridge
    with IVS Low-Latency Streaming*, IVS User Guide.
    """

    def __init__(self, journal: Journal, ids: Ids, detail_types: Collection[str]) -> None:
        super().__init__()
        self.failures: list[tuple[Event, Exception]] = []
        """What subscribers failed on, and how: for a test to assert that there is nothing."""
        self._detail_types = detail_types
        self._journal = journal
        self._ids = ids
        self._subscribers: dict[object, Subscriber] = {}
        self.latest = 0
        """When the last event happened, in microseconds since the epoch."""

    def of(self, detail_type: str) -> list[Event]:
        """Return the events of one `detail-type`, for example "IVS Stream State Change", oldest first.

        Raises ValueError for a type that no service has.
        """
        if detail_type not in self._detail_types:
            raise ValueError(f"detail_type: {unknown('detail type', str(detail_type), self._detail_types)}")
        return [event for event in self if event["detail-type"] == detail_type]

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Have every later event handed to a function, in order; return what ends the subscription.

        It is called after the call that caused the event is done, so it may call the API itself, and with a copy of its
        own. One that raises is reported in the log (`ivsim.events`) and in `failures`, and breaks nothing. Raises
        TypeError for what cannot be called with the event alone, and for a coroutine function.
        """
        check_callback("callback", callback, "event")
        subscription = object()
        self._subscribers[subscription] = callback

        def unsubscribe() -> None:
            self._subscribers.pop(subscription, None)

        return unsubscribe

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
        self._entries.append(event)
        self._journal.note(self._entries.pop)
        self._journal.afterwards(partial(self._deliver, event))

    def clear(self) -> None:
        """Forget the events, and what failed. Subscriptions stay."""
        super().clear()
        self.failures.clear()

    def drop_oldest(self, most: int) -> None:
        """Forget all but the newest so many, and of what failed too."""
        super().drop_oldest(most)
        del self.failures[:-most]

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the events as they are now."""
        return super().snapshot(), dict(self._subscribers)

    def restore(self, state: Any) -> None:
        """Make the events as they were when the snapshot was taken."""
        events, subscribers = state
        super().restore(events)
        self._subscribers = dict(subscribers)

    def _deliver(self, event: Event) -> None:
        """Hand an event to the subscribers."""
        for subscription, subscriber in list(self._subscribers.items()):
            if subscription in self._subscribers:  # nobody ended it while others were told
                try:
                    subscriber(deepcopy(event))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is the subscriber's
                    self.failures.append((event, error))
                    _log.exception("a subscriber failed on %s %s", event["detail-type"], event["id"])
