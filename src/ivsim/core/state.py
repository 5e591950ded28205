"""Everything an emulator remembers, and the transaction over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from .broadcasting import Broadcaster
from .calls import Calls
from .clock import Clock, Task
from .deliveries import Courier, Deliveries
from .events import Events
from .faults import Faults
from .hints import Hints
from .ids import Ids
from .journal import Journal
from .last import Last
from .names import Names
from .options import Options
from .outbox import Bus, Outbox
from .quotas import Quotas
from .rates import Rates
from .stores import Stores
from .weather import Event, Weather
from .webhooks import Webhooks

_KEPT = ("clock", "quotas", "faults", "rates", "webhooks", "stores", "calls", "events", "weather")
"""The parts in a snapshot. Ids are not among them, because none may come twice."""


class _Watcher(NamedTuple):
    """Somebody who waits for something to change; see `State.watch()`."""

    note_change: Callable[[str], object]
    read: Callable[[], object]


class State:
    """The parts of one emulator, and the options it was made with.

    `perform` does a task that is due, `courier` carries to other services of AWS, and `bus` takes events; each of
    the two is None where nobody does.
    """

    broadcaster: Broadcaster
    """The one who takes what a service broadcasts on channels of another; put in by who makes that."""

    def __init__(
        self,
        options: Options,
        names: Names,
        *,
        perform: Callable[[Task], object],
        courier: Courier | None,
        bus: Bus | None,
    ) -> None:
        self.options = options
        self.couriers = Last(courier)
        self.recorders: Last[Callable[[str], Any]] = Last()
        """Who records what people send: told the id of a recording, it returns the tape."""
        self.deliveries = Deliveries()
        self.generation = 0
        """Grows when everything is replaced, so that what comes back late knows it is not wanted any more."""
        self.journal = Journal()
        self._watchers: list[_Watcher] = []
        self.ids = Ids(options.seed)
        self.clock = Clock(self.journal, perform)
        self.stores = Stores(self.journal)
        self.weather = Weather(self.journal, options.event_weather)
        self.events = Events(self.journal, self.ids, names.detail_types, self.weather)
        self.outbox = Outbox(self.journal, self.deliveries, bus)
        self.calls = Calls(self.journal, names.operations)
        self.hints = Hints(self.journal, self.clock)
        self.faults = Faults(names.errors_of, names.parameters_of)
        self.quotas = Quotas(names.quotas)
        self.rates = Rates(self.clock, enforced=options.rate_limits)
        self.webhooks = Webhooks()

    @property
    def courier(self) -> Courier | None:
        """Who carries what goes to other services; None where nobody does."""
        return self.couriers.one

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Change state as a whole, after what was due: when the block raises, nothing has happened."""
        self.clock.run_due()
        with self.journal:
            yield

    @property
    def version(self) -> object:
        """A value that changes whenever `snapshot()` would."""
        with self.journal:
            logs = [(log.first, len(log)) for log in (self.calls, self.events)]
            parts = [getattr(self, name).snapshot() for name in ("quotas", "faults", "webhooks")]
            return self.journal.changes, self.generation, self.clock.setting, *logs, *parts

    @property
    def resources_version(self) -> object:
        """A value that changes whenever reading resources could give something else. Calls on record are no resources.

        The day is in it, because sessions can no longer be looked up after weeks, without anything happening.
        """
        return self.journal.changes, self.generation, self.clock.setting, self.clock.now().toordinal()

    def watch(
        self, note_change: Callable[[str], object], read: Callable[[], object] = lambda: None
    ) -> Callable[[], None]:
        """Call `note_change` with the ARN or id of what changes, or "" when everything does, until told to stop.

        Returns the function that stops it. `note_change` is called at once, by the thread that makes the change, and
        the transaction may still be taken back. So it should only take a note, and read the state later, inside a
        transaction. `read` is called when it has to read now, because what happened will be forgotten.
        """
        watcher = _Watcher(note_change, read)

        def end() -> None:
            with self.journal:
                self._watchers.remove(watcher)

        with self.journal:
            self._watchers.append(watcher)
        return end

    def send(self, event: Event, later: Callable[[float, Event], object]) -> None:
        """Have an event arrive as the weather is; `later` has one arrive in some seconds. Only inside a transaction."""
        for delay, arriving in self.weather.take(event):
            if delay:
                later(delay, arriving)
            else:
                self._arrive(arriving)

    def send_late(self, event: Event) -> None:
        """Have an event arrive that was delayed. Only inside a transaction."""
        for arriving in self.weather.take_late(event):
            self._arrive(arriving)

    def touch(self, key: str) -> None:
        """Tell those who watch what changes. Only inside a transaction."""
        for watcher in self._watchers:
            watcher.note_change(key)

    def forgets(self) -> None:
        """Let watchers read what is about to be forgotten. Only inside a transaction that has changed nothing yet."""
        for watcher in self._watchers:
            watcher.read()

    def reset(self) -> None:
        """Empty everything that calls or tests put in. Clock, quotas, webhooks and subscriptions stay as set."""
        with self.journal:
            self.forgets()
            for name in ("stores", "events", "weather", "calls", "hints", "faults", "rates", "clock"):
                getattr(self, name).clear()
            self._begin_anew()

    def snapshot(self) -> dict[str, Any]:
        """Return, by part, what `restore()` needs to bring all this back. Records are frozen, so it costs little."""
        with self.journal:
            return {name: getattr(self, name).snapshot() for name in _KEPT}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Make the parts as they were when the snapshot was taken."""
        with self.journal:
            self.forgets()
            for name, its_state in state.items():
                getattr(self, name).restore(its_state)
            self._begin_anew()

    def _arrive(self, event: Event) -> None:
        """Hand an event to all who hear of events."""
        self.weather.arrived.add(event)
        self.outbox.add(event)

    def _begin_anew(self) -> None:
        self.generation += 1
        self.journal.forget()
        self.outbox.clear()
        self.touch("")
