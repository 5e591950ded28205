"""The emulator's clock: real time by default, and the test's to stop and to move."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from .journal import Journal

_END = datetime(9999, 1, 1, tzinfo=timezone.utc).timestamp()


class Task(NamedTuple):
    """Something a service does on its own in one account and region: a function of its, by name, and what with."""

    service: str
    account: str
    region: str
    name: str
    arguments: tuple[Any, ...]


class Timer(NamedTuple):
    """A task due at a time (seconds since the epoch); `serial` keeps those of one moment in order."""

    at: float
    serial: int
    task: Task


@dataclass(frozen=True, slots=True)
class ClockState:
    """What a clock remembers: its distance from the system's, where it stands if it is frozen, and what is to come."""

    offset: float
    frozen: float | None
    next_serial: int
    timers: list[Timer]


class Clock:
    """Time as the emulated services see it.

    It runs with the system's clock, so freezegun and time-machine move it too. What the services do on their own (a
    recording configuration becoming ACTIVE) happens when the clock reaches it: during `advance()`, or at the next call,
    each thing at its own time and with its events told before the next.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.perform: Callable[[Task], None]
        """What does a task that is due; the dispatcher puts itself here."""
        self._acting: float | None = None
        self._offset = 0.0
        self._frozen: float | None = None
        self._timers: list[Timer] = []
        self._next_serial = 0

    def time(self) -> float:
        """Return the time in seconds since the epoch."""
        if self._acting is not None:
            return self._acting
        return time.time() + self._offset if self._frozen is None else self._frozen

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.time(), timezone.utc)

    def freeze(self, at: datetime | None = None) -> None:
        """Stop the clock, here or `at` a moment; from then on only `advance()` moves it.

        Raises ValueError when `at` has no time zone: whose noon it is decides what expires.
        """
        if at is not None and at.tzinfo is None:
            raise ValueError(f"at: {at!r} has no time zone; give it one, for example tzinfo=timezone.utc")
        with self._journal:
            self._frozen = self.time() if at is None else at.timestamp()
        self.run_due()

    def unfreeze(self) -> None:
        """Let a frozen clock run again, from the time it shows."""
        with self._journal:
            self._offset, self._frozen = self.time() - time.time(), None

    def advance(self, duration: float | timedelta) -> None:
        """Move the clock forward by seconds or a timedelta; what falls due on the way happens in order, at its time.

        Raises ValueError for a negative duration, as time does not go back, and for one beyond the year 9999.
        """
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
        with self._journal:
            until = self.time() + seconds
            if not seconds >= 0 or until >= _END:
                raise ValueError(f"duration: {duration!r} is not a number of seconds from 0 to the year 9999")
        while self._step(until, move=True):
            pass
        with self._journal:
            self._set(max(until, self.time()))

    def after(self, seconds: float, task: Task) -> None:
        """Have something happen in so many seconds; taken back with the transaction that asked for it."""
        timer = Timer(self.time() + seconds, self._next_serial, task)
        self._next_serial += 1
        heapq.heappush(self._timers, timer)
        self._journal.note(lambda: self._drop(timer))

    def run_due(self) -> None:
        """Let happen what the clock has reached on its own."""
        while self._timers and self._step(self.time(), move=False):
            pass

    @contextmanager
    def acting(self, at: float) -> Iterator[None]:
        """Show a time for as long as something is done that belongs to it; to be used inside a transaction."""
        self._acting, before = at, self._acting
        try:
            yield
        finally:
            self._acting = before

    def clear(self) -> None:
        """Forget what was to happen. The time stays."""
        self._timers.clear()

    def snapshot(self) -> ClockState:
        """Return what `restore()` needs to make the clock as it is now; timers are in the order in which they fire."""
        return ClockState(self._offset, self._frozen, self._next_serial, sorted(self._timers))

    def restore(self, state: ClockState) -> None:
        """Make the clock as it was when the snapshot was taken."""
        self._offset, self._frozen, self._next_serial = state.offset, state.frozen, state.next_serial
        self._timers[:] = state.timers

    def _step(self, until: float, *, move: bool) -> bool:
        """Do the next task that is due by a time, at its time; `move` takes the clock there. Return whether one was."""
        with self._journal:
            if not self._timers or self._timers[0].at > until:
                return False
            timer = self._pop()
            if move:
                self._set(max(timer.at, self.time()))
            with self.acting(min(timer.at, self.time())):
                self.perform(timer.task)
            return True

    def _set(self, to: float) -> None:
        if self._frozen is None:
            self._offset += to - self.time()
        else:
            self._frozen = to

    def _pop(self) -> Timer:
        timer = heapq.heappop(self._timers)
        self._journal.note(lambda: heapq.heappush(self._timers, timer))
        return timer

    def _drop(self, timer: Timer) -> None:
        self._timers.remove(timer)
        heapq.heapify(self._timers)
