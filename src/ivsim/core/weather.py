"""Weather: what becomes of events on their way from a service to whoever hears of them.

EventBridge promises little for the events of IVS: they are best effort, so some are lost, come twice, late or in
another order. Source: *Using Amazon EventBridge with IVS Low-Latency Streaming*, IVS User Guide.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from . import patterns
from .arguments import ValueRefused, check_seed
from .journal import Journal
from .log import Log
from .unknown import unknown

Event = dict[str, Any]
Way = Literal["lost", "doubled", "delayed", "swapped"]

T = TypeVar("T")

_A_DAY = 24 * 60 * 60
_LATE = 60
"""The longest delay of weather by seed, in seconds."""
_ONE_IN = 8
"""Weather by seed disturbs one event in so many."""


class WeatherLog(Log[T]):
    """A log of what becomes of events."""

    def add(self, entry: T) -> None:
        """Add an entry, in a transaction."""
        self._add(entry)
        self._journal.note_undo(self._entries.pop)


class Disturbance(NamedTuple):
    """What `Events.disturb()` still wants of events to come."""

    way: Way
    """What becomes of them: "lost", "doubled", "delayed" or "swapped"."""
    pattern: Mapping[str, Any]
    """The event pattern that they match, `{}` for all events."""
    left: int | None
    """The number of events that it still concerns, None for all."""
    seconds: float
    """By how much of the clock delayed ones are late."""


class Disturbed(NamedTuple):
    """An event that did not arrive once, at once and in order."""

    way: Way
    """What became of it: "lost", "doubled", "delayed" or "swapped"."""
    seconds: float
    """By how much of the clock it is late when delayed, else 0."""
    event: Event
    """The event, as it is in `sim.events`."""


class Weather:
    """What is to become of events, what became of them, and which arrived."""

    def __init__(self, journal: Journal, seed: int | str | None) -> None:
        self.arrived: WeatherLog[Event] = WeatherLog(journal, "event")
        self.disturbed: WeatherLog[Disturbed] = WeatherLog(journal, "event")
        self._journal = journal
        self._seed = seed
        self._random = _numbers(seed)
        self._wanted: list[Disturbance] = []
        self._held: list[Event] = []

    @property
    def seed(self) -> int | str | None:
        """The seed of weather by seed, None where there is none."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | str | None) -> None:
        check_seed("weather", seed)
        with self._journal:
            self._seed, self._random = seed, _numbers(seed)

    @property
    def wanted(self) -> list[Disturbance]:
        """What is wanted of events to come, oldest first."""
        return list(self._wanted)

    def disturb(self, way: Way, pattern: Mapping[str, Any] | None, times: int | None, seconds: float) -> None:
        """Want something of the next events; see `Events.disturb()`, which this is."""
        if way not in get_args(Way):
            raise ValueRefused("way", unknown("way", str(way), get_args(Way)))
        if times is not None and (type(times) is not int or times < 1):
            raise ValueRefused("times", f"{times!r} is neither a whole number from 1 on nor None")
        if type(seconds) not in (int, float) or not 0 < seconds <= _A_DAY:
            raise ValueRefused("seconds", f"{seconds!r} is not a number above 0, of at most a day")
        wanted = {} if pattern is None else patterns.check("pattern", pattern)
        with self._journal:
            self._wanted = [*self._wanted, Disturbance(way, wanted, times, seconds)]

    def want_nothing(self) -> None:
        """Want nothing of events to come any more."""
        with self._journal:
            self._wanted = []

    def take(self, event: Event) -> list[tuple[float, Event]]:
        """Return what arrives because of an event, in a transaction: events, and in how many seconds each."""
        disturbed = self._fate(event)
        if disturbed is None:
            return [(0.0, each) for each in [event, *self._waited()]]
        self.disturbed.add(disturbed)
        way, seconds, _ = disturbed
        if way == "swapped":
            self._hold([*self._held, event])
        if way == "delayed":
            return [(seconds, event)]
        return [(0.0, each) for each in [event, event, *self._waited()]] if way == "doubled" else []

    def take_late(self, event: Event) -> list[Event]:
        """Return what arrives now that a delayed event does, in a transaction."""
        return [event, *self._waited()]

    def clear(self) -> None:
        """Forget what arrived and what is wanted; weather by seed begins anew."""
        self.arrived.clear()
        self.disturbed.clear()
        self._wanted, self._held = [], []
        self._random = _numbers(self._seed)

    def drop_oldest(self, most: int) -> None:
        """Forget all but the newest so many events."""
        self.arrived.drop_oldest(most)
        self.disturbed.drop_oldest(most)

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make it as it is now."""
        logs = self.arrived.snapshot(), self.disturbed.snapshot()
        return logs, self._wanted, self._held, self._seed, self._random and self._random.getstate()

    def restore(self, state: Any) -> None:
        """Make it as it was when the snapshot was taken."""
        (arrived, disturbed), self._wanted, self._held, self._seed, numbers = state
        self.arrived.restore(arrived)
        self.disturbed.restore(disturbed)
        self._random = _numbers(self._seed)
        if self._random is not None:
            self._random.setstate(numbers)

    def _fate(self, event: Event) -> Disturbed | None:
        """Return how an event is disturbed, None where it is not."""
        for index, wanted in enumerate(self._wanted):
            if patterns.matches(wanted.pattern, event):
                self._count(index)
                return Disturbed(wanted.way, wanted.seconds if wanted.way == "delayed" else 0, event)
        if self._random is None or self._random.randrange(_ONE_IN):
            return None
        way, seconds = self._random.choice(get_args(Way)), self._random.randint(1, _LATE)
        return Disturbed(way, seconds if way == "delayed" else 0, event)

    def _count(self, index: int) -> None:
        """Count a disturbance that has come; if the transaction is taken back, it has not."""
        before = self._wanted
        left = before[index].left
        if left is not None:
            rest = [before[index]._replace(left=left - 1)] if left > 1 else []
            self._wanted = [*before[:index], *rest, *before[index + 1 :]]
            self._journal.note_undo(lambda: setattr(self, "_wanted", before))

    def _waited(self) -> list[Event]:
        """Return the events that waited for another to arrive, which has now."""
        waited = self._held
        if waited:
            self._hold([])
        return waited

    def _hold(self, events: list[Event]) -> None:
        before, self._held = self._held, events
        self._journal.note_undo(lambda: setattr(self, "_held", before))


def _numbers(seed: int | str | None) -> random.Random | None:
    """Return random numbers, for which the shell and a test mean the same by 7; in fair weather none are needed."""
    return None if seed is None else random.Random(str(seed))
