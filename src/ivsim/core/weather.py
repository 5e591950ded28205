"""Weather: what becomes of events on their way from a service to whoever hears of them.

EventBridge promises little for the events of IVS: they are best effort, so some are lost, come twice, late or in
another order. Source: *Using Amazon EventBridge with IVS Low-Latency Streaming*, IVS User Guide.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from . import patterns
from .arguments import ValueRefused
from .journal import Journal
from .log import Log
from .unknown import unknown

Event = dict[str, Any]
Way = Literal["lost", "doubled", "delayed", "swapped"]

_A_DAY = 24 * 60 * 60
_LATE = 60
"""The longest delay of weather by seed, in seconds."""
_ONE_IN = 8
"""Weather by seed disturbs one event in so many."""


class Arrived(Log[Event]):
    """The events that arrived, in the order in which they did, and those who hear of them."""

    def add(self, event: Event) -> None:
        """Let an event arrive, in a transaction."""
        self._add(event)
        self._journal.note_undo(self._entries.pop)


class Disturbance(NamedTuple):
    """What a test wants to become of events; `left` is how many more, None for all of them."""

    way: Way
    pattern: Mapping[str, Any]
    left: int | None
    seconds: float


class Weather:
    """What is to become of events, and what arrived."""

    def __init__(self, journal: Journal, seed: int | str | None) -> None:
        self.arrived = Arrived(journal, "event")
        self._journal = journal
        self._seed = seed
        self._random = random.Random(seed)
        self._wanted: list[Disturbance] = []
        self._held: list[Event] = []

    def disturb(self, way: Way, pattern: Mapping[str, Any] | None, times: int | None, seconds: float) -> None:
        """Want something of the next events; see `Events.disturb()`, which this is."""
        if way not in get_args(Way):
            raise ValueRefused("way", unknown("way", str(way), get_args(Way)))
        if times is not None and (type(times) is not int or times < 1):
            raise ValueRefused("times", f"{times!r} is neither a whole number from 1 on nor None")
        if type(seconds) not in (int, float) or not 0 < seconds <= _A_DAY:
            raise ValueRefused("seconds", f"{seconds!r} is not a number above 0, of at most a day")
        wanted = {} if pattern is None else patterns.check("pattern", pattern)
        self._wanted.append(Disturbance(way, wanted, times, seconds))

    def take(self, event: Event) -> list[tuple[float, Event]]:
        """Return what arrives because of an event, in a transaction: events, and in how many seconds each."""
        way, seconds = self._fate(event)
        if way == "swapped":
            self._hold([*self._held, event])
            return []
        arriving = {"lost": [], "doubled": [(0.0, event), (0.0, event)], "delayed": [(seconds, event)]}.get(
            way, [(0.0, event)]
        )
        if way in ("", "doubled"):  # one has arrived before those that waited for it
            arriving += [(0.0, held) for held in self._held]
            self._hold([])
        return arriving

    def clear(self) -> None:
        """Forget what arrived and what is wanted; weather by seed begins anew."""
        self.arrived.clear()
        self._wanted, self._held = [], []
        self._random.seed(self._seed)

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make it as it is now."""
        return self.arrived.snapshot(), list(self._wanted), list(self._held), self._random.getstate()

    def restore(self, state: Any) -> None:
        """Make it as it was when the snapshot was taken."""
        arrived, wanted, held, numbers = state
        self.arrived.restore(arrived)
        self._wanted, self._held = list(wanted), list(held)
        self._random.setstate(numbers)

    def _fate(self, event: Event) -> tuple[str, float]:
        """Return what becomes of an event, "" for nothing, and the seconds of a delay."""
        for index, wanted in enumerate(self._wanted):
            if patterns.matches(wanted.pattern, event):
                self._count(index)
                return wanted.way, wanted.seconds
        if self._seed is None or self._random.randrange(_ONE_IN):
            return "", 0
        return self._random.choice(get_args(Way)), self._random.randint(1, _LATE)

    def _count(self, index: int) -> None:
        """Count a disturbance that has come; if the transaction is taken back, it has not."""
        before = self._wanted
        left = before[index].left
        if left is not None:
            rest = [before[index]._replace(left=left - 1)] if left > 1 else []
            self._wanted = [*before[:index], *rest, *before[index + 1 :]]
            self._journal.note_undo(lambda: setattr(self, "_wanted", before))

    def _hold(self, events: list[Event]) -> None:
        before, self._held = self._held, events
        self._journal.note_undo(lambda: setattr(self, "_held", before))
