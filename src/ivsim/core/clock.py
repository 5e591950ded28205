"""The emulator's clock: real time by default, and the test's to stop and to move."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

from msgspec import Struct

from .arguments import TypeRefused, ValueRefused
from .journal import Journal

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
_END = (datetime(9999, 1, 1, tzinfo=timezone.utc) - _EPOCH) // _MICROSECOND


class Task(NamedTuple):
    """A task that a service does on its own in one account and region: the name of a function, and its arguments."""

    service: str
    account: str
    region: str
    name: str
    arguments: tuple[Any, ...]


class Timer(NamedTuple):
    """A task due at a time (microseconds since the epoch); `serial` keeps those of one moment in order."""

    at: int
    serial: int
    task: Task


class ClockState(Struct, frozen=True):
    """The state of a clock: its distance from the system's, where it stands if it is frozen, and its coming tasks."""

    offset: int
    frozen: int | None
    next_serial: int
    timers: list[Timer]


class _Acting(NamedTuple):
    """The time that a thread sees while it does a task that is due at that time."""

    thread: int
    at: int


class Clock:
    """Time as the emulated services see it, in whole microseconds, so that many small steps add up.

    It runs with the system's clock, so freezegun and time-machine move it too. Things that the services do on their own
    (a recording configuration becoming ACTIVE) happen when the clock reaches their time: during `advance()`, or at the
    next call, each at its own time and with its events told before the next.
    """

    def __init__(self, journal: Journal, perform: Callable[[Task], object]) -> None:
        self._journal = journal
        self.perform = perform
        """The function that does a task that is due."""
        self._acting: _Acting | None = None
        self._offset = 0
        self._frozen: int | None = None
        self._timers: list[Timer] = []
        self._next_serial = 0

    def time(self) -> float:
        """Return the time in seconds since the epoch."""
        return self.microseconds() / 1_000_000

    def microseconds(self) -> int:
        """Return the time in microseconds since the epoch."""
        acting, frozen = self._acting, self._frozen
        if acting is not None and acting.thread == threading.get_ident():
            return acting.at
        return time.time_ns() // 1000 + self._offset if frozen is None else frozen

    def now(self) -> datetime:
        """Return the time as an aware datetime in UTC."""
        return _EPOCH + timedelta(microseconds=self.microseconds())

    @property
    def setting(self) -> tuple[int, int | None]:
        """The clock's setting, in microseconds: its distance from the system's clock, and where it stands if frozen."""
        return self._offset, self._frozen

    @property
    def is_frozen(self) -> bool:
        """True while only `advance()` moves it."""
        return self._frozen is not None

    def freeze(self, at: datetime | None = None) -> None:
        """Stop the clock, here or `at` a moment; from then on only `advance()` moves it.

        Raises TypeError for an `at` that is not a datetime; ValueError for one without a time zone, which could be
        several moments, and for one before the year 1970 or beyond 9998.
        """
        if at is not None and not isinstance(at, datetime):
            raise TypeRefused("at", f"{at!r} is not a datetime")
        if at is not None and at.tzinfo is None:
            raise ValueRefused("at", f"{at!r} has no time zone; give it one, for example tzinfo=timezone.utc")
        with self._journal:
            there = self.microseconds() if at is None else (at - _EPOCH) // _MICROSECOND
            if not 0 <= there < _END:
                raise ValueRefused("at", f"{at!r} is not from the year 1970 to 9998")
            self._frozen = there
        self.run_due()

    def unfreeze(self) -> None:
        """Let a frozen clock run again, from the time it shows."""
        with self._journal:
            self._offset, self._frozen = self.microseconds() - time.time_ns() // 1000, None

    def advance(self, duration: float | timedelta) -> None:
        """Move the clock forward by seconds or a timedelta; what falls due on the way happens in order, at its time.

        Raises TypeError for a duration of another type; ValueError for a negative one, as time does not go back, and
        for one that ends beyond the year 9998.
        """
        given: object = duration
        if isinstance(given, timedelta):
            more = given // _MICROSECOND
        elif isinstance(given, (int, float)) and not isinstance(given, bool):
            more = round(given * 1_000_000) if 0 <= given < _END else -1
        else:
            raise TypeRefused("duration", f"{duration!r} is neither a number of seconds nor a timedelta")
        with self._journal:
            until = self.microseconds() + more
            if more < 0 or until >= _END:
                raise ValueRefused("duration", f"{duration!r} is not a number of seconds from 0 to the year 9999")
        while self._step(until):
            pass
        with self._journal:
            self._set(max(until, self.microseconds()))

    def after(self, seconds: float, task: Task) -> None:
        """Schedule a task in so many seconds. If the transaction is taken back, so is the task."""
        timer = Timer(self.microseconds() + round(seconds * 1_000_000), self._next_serial, task)
        self._next_serial += 1
        heapq.heappush(self._timers, timer)
        self._journal.note_undo(lambda: self._drop(timer))

    def run_due(self) -> None:
        """Do all tasks that the clock has reached by itself."""
        while self._timers and self._step():
            pass

    @contextmanager
    def acting(self, at: int) -> Iterator[None]:
        """Show this thread a time, in microseconds, while it does a task of that time; only inside a transaction."""
        self._acting, before = _Acting(threading.get_ident(), at), self._acting
        try:
            yield
        finally:
            self._acting = before

    def cancel(self, is_unwanted: Callable[[Task], bool]) -> None:
        """Forget some of the tasks to come."""
        self._timers[:] = [timer for timer in self._timers if not is_unwanted(timer.task)]
        heapq.heapify(self._timers)

    def clear(self) -> None:
        """Forget all tasks to come. The time stays."""
        self._timers.clear()

    def snapshot(self) -> ClockState:
        """Return what `restore()` needs to make the clock as it is now; timers are in the order in which they fire."""
        return ClockState(self._offset, self._frozen, self._next_serial, sorted(self._timers))

    def restore(self, state: ClockState) -> None:
        """Make the clock as it was when the snapshot was taken."""
        self._offset, self._frozen, self._next_serial = state.offset, state.frozen, state.next_serial
        self._timers[:] = state.timers

    def _step(self, until: int | None = None) -> bool:
        """Do the next task that is due now, or by a time to which the clock is moving. Return whether there was one."""
        with self._journal:
            now = self.microseconds()
            if not self._timers or self._timers[0].at > (now if until is None else until):
                return False
            timer = self._pop()
            if timer.at > now:
                self._set(timer.at)
            with self.acting(timer.at):
                self.perform(timer.task)
            return True

    def _set(self, to: int) -> None:
        if self._frozen is None:
            self._offset += to - self.microseconds()
        else:
            self._frozen = to

    def _pop(self) -> Timer:
        timer = heapq.heappop(self._timers)
        self._journal.note_undo(lambda: heapq.heappush(self._timers, timer))
        return timer

    def _drop(self, timer: Timer) -> None:
        self._timers.remove(timer)
        heapq.heapify(self._timers)
