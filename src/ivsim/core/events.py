"""EventBridge events: the services' messages to the world, as dicts in AWS's exact shape."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timezone
from typing import Any

from ..wire.serialize import iso8601
from . import patterns
from .arguments import ValueRefused
from .callbacks import check_callback
from .ids import Ids
from .journal import Journal
from .log import Log
from .unknown import unknown
from .weather import Disturbance, Disturbed, Event, Way, Weather


class Events(Log[Event]):
    """Every event that happened so far, oldest first. A list to read, and something to subscribe to.

    `arrived` has those that arrived, in the order in which they did: the same ones, unless `disturb()` or the option
    `event_weather` wants something else. `disturbed` has the events that did not.

    Each event is a plain dict, as EventBridge would hand it to a Lambda function. Source: *Using Amazon EventBridge
    with IVS Low-Latency Streaming*, IVS User Guide.
    """

    def __init__(self, journal: Journal, ids: Ids, detail_types: Collection[str], weather: Weather) -> None:
        super().__init__(journal, "event")
        self._weather = weather
        self.failures: list[tuple[Event, Exception]] = weather.arrived.failures
        """The events on which subscribers failed, each with its exception; a test can assert that there are none."""
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

    @property
    def arrived(self) -> Log[Event]:
        """The events that arrived at subscribers and buses, in that order, twice where they came twice.

        It is a log as `sim.events` is, to read and to subscribe to.
        """
        return self._weather.arrived

    @property
    def disturbed(self) -> Log[Disturbed]:
        """The events that were lost, doubled, delayed or swapped, as they happened, each with its `way`."""
        return self._weather.disturbed

    @property
    def weather(self) -> int | str | None:
        """The seed of the option `event_weather`, None for fair weather; set it, and the weather begins anew.

        Raises TypeError for what is neither a whole number, text nor None.
        """
        return self._weather.seed

    @weather.setter
    def weather(self, seed: int | str | None) -> None:
        self._weather.seed = seed

    @property
    def disturbances(self) -> list[Disturbance]:
        """What `disturb()` still wants of events to come, oldest first."""
        return self._weather.wanted

    def clear_disturbances(self) -> None:
        """Forget what `disturb()` wants of events to come. What is late, or waits for another, arrives all the same."""
        self._weather.want_nothing()

    def disturb(
        self, way: Way, *, pattern: Mapping[str, Any] | None = None, times: int | None = 1, seconds: float = 30
    ) -> None:
        """Let the next `times` events that match an event pattern not arrive as they should.

        - `way`: "lost", "doubled", "delayed", or "swapped", which comes after the next event that arrives.
        - `pattern`: an event pattern, as a rule of EventBridge has it; None for all events.
        - `times`: how many events; None for every one until a reset.
        - `seconds`: by how much of the emulator's clock a delayed event is late.

        It concerns subscribers, buses and `arrived`. The events happen all the same, and keep their time. Of several
        wishes that fit an event the oldest counts.

        Raises ValueError for another way, for `times` below 1, for `seconds` that are not above 0 or more than a day,
        and for a pattern that EventBridge would refuse; TypeError for a pattern that is no mapping.
        """
        self._weather.disturb(way, pattern, times, seconds)

    def subscribe(
        self, callback: Callable[[Event], object], *, pattern: Mapping[str, Any] | None = None
    ) -> Callable[[], None]:
        """Hand each event that arrives from now on to a function; return a function that ends the subscription.

        With `pattern`, an event pattern as a rule of EventBridge has it, the function gets only events that match. It
        is called when the call that caused the event is done, so it may call the API itself, with one argument, a copy
        of its own. An exception in it is reported in the log (`ivsim.events`) and in `failures`, and breaks nothing.

        Raises TypeError for a function that cannot be called with one argument, a coroutine function, and a pattern
        that is no mapping; ValueError for a pattern that EventBridge would refuse.
        """
        if pattern is None:
            return self.arrived.subscribe(callback)
        check_callback("callback", callback, "event")
        wanted = patterns.check("pattern", pattern)

        def hand_over(event: Event) -> None:
            if patterns.matches(wanted, event):
                callback(event)

        return self.arrived.subscribe(hand_over)

    def emit(
        self,
        detail_type: str,
        source: str,
        account: str,
        region: str,
        at: int,
        resources: list[str],
        detail: Mapping[str, Any],
    ) -> Event:
        """Record an event, and return it; what becomes of it is for the weather to say."""
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
        return event
