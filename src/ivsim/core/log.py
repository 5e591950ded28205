"""Logs: lists that grow, that users read, and that tell of new entries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar, overload

from .arguments import LookupRefused, ValueRefused
from .callbacks import check_callback
from .journal import Journal

T = TypeVar("T")

_log = logging.getLogger("ivsim.events")


class PlaceRefused(LookupRefused):
    """A place is asked for after which entries are forgotten, or that the log never reached."""


@dataclass(frozen=True)
class LogPage(Generic[T]):
    """A part of a log, oldest first, and the places from which `Log.page()` goes on."""

    entries: list[T]
    """The entries of this part."""
    before: int | None
    """The value of `before` that gets older entries; None when there are none."""
    after: int
    """The value of `after` that gets newer entries: those that are there, or those to come."""


class Log(Sequence[T]):
    """A log of entries, oldest first: to count, to index, to slice, to walk through, and to subscribe to."""

    def __init__(self, journal: Journal, what: str) -> None:
        self.failures: list[tuple[T, Exception]] = []
        """The entries on which subscribers failed, each with its exception; a test can assert that there are none."""
        self._journal = journal
        self._what = what
        self._entries: list[T] = []
        self.first: int = 0
        """The number of entries before the first one kept: they were cleared away, or exceeded `history`."""
        self._subscribers: dict[object, Callable[[T], object]] = {}

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._entries))  # what comes in the meantime is not walked through

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._entries!r})"

    @property
    def end(self) -> int:
        """The number of all entries ever, gone ones included."""
        return self.first + len(self._entries)

    def since(self, position: int, most: int) -> list[T]:
        """Return up to `most` entries after the first `position` that there ever were, without forgotten ones."""
        with self._journal:  # what is not through yet may be taken back
            start = max(position - self.first, 0)
            return self._entries[start : start + most]

    def page(
        self,
        *,
        after: int | None = None,
        before: int | None = None,
        limit: int | None = None,
        is_wanted: Callable[[T], bool] = lambda _: True,
    ) -> LogPage[T]:
        """Return a part of the log, oldest first: the newest `limit` entries, or those next to a place.

        A place is how many entries there ever were up to it, forgotten ones too; so the first that ever was has 1, and
        0 comes before it. `after` asks for the oldest entries after a place, `before` for the newest before it, and
        `is_wanted` for those alone for which it is true. `limit` is how many at most, None all.

        Raises PlaceRefused, a LookupError, for a place after which entries are forgotten (0 begins with the oldest that
        is there), and for one that the log has not come to; ValueError for a number that is not whole or too small, and
        for both places at once.
        """
        for name, value, least in (("limit", limit, 1), ("after", after, 0), ("before", before, 1)):
            if value is not None and (type(value) is not int or value < least):
                raise ValueRefused(name, f"{value!r} is not a whole number from {least} on")
        if after is not None and before is not None:
            raise ValueRefused("before", "it is given beside `after`, and only one of them can be")
        most = len(self._entries) if limit is None else limit
        with self._journal:  # what is not through yet may be taken back
            if after is not None:
                return self._after(self._place("after", after), most, is_wanted)
            return self._before(self.end if before is None else self._place("before", before) - 1, most, is_wanted)

    def subscribe(self, callback: Callable[[T], object]) -> Callable[[], None]:
        """Hand every later entry to a function, in order; return a function that ends the subscription.

        The function is called when the call that caused the entry is done, so it may call the API itself. It gets a
        copy of its own. An exception in it is reported in the log (`ivsim.events`) and in `failures`, and breaks
        nothing. Raises TypeError for a function that cannot be called with one argument, and for a coroutine function.
        """
        check_callback("callback", callback, self._what)
        subscription = object()
        self._subscribers[subscription] = callback

        def unsubscribe() -> None:
            self._subscribers.pop(subscription, None)

        return unsubscribe

    def clear(self) -> None:
        """Forget all entries and failures. Subscriptions stay."""
        self.first = self.end
        self._entries.clear()
        self.failures.clear()

    def drop_oldest(self, most: int) -> None:
        """Forget all but the newest so many entries and failures."""
        self.first += max(len(self._entries) - most, 0)
        del self._entries[:-most]
        del self.failures[:-most]

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the log as it is now: what is in it, and who subscribes."""
        return (list(self._entries), self.first), dict(self._subscribers)

    def restore(self, state: Any) -> None:
        """Make the log as it was when the snapshot was taken."""
        (self._entries[:], self.first), subscribers = state
        self._subscribers = dict(subscribers)

    def _place(self, name: str, place: int) -> int:
        """Return a place from which entries can be read. Raises PlaceRefused."""
        if name == "after" and 0 < place < self.first:
            raise PlaceRefused(
                name,
                f"of the {self._what}s after {place} those up to {self.first} are forgotten; 0 begins with the oldest",
            )
        if place > self.end + (name == "before"):
            raise PlaceRefused(
                name, f"there have been {self.end} {self._what}s, not {place}; perhaps another state was loaded"
            )
        return max(place, self.first + (name == "before"))

    def _after(self, start: int, most: int, is_wanted: Callable[[T], bool]) -> LogPage[T]:
        entries: list[T] = []
        place = start
        while place < self.end and len(entries) < most:
            entry = self._entries[place - self.first]
            place += 1
            if is_wanted(entry):
                entries.append(entry)
        return LogPage(entries, start + 1 if start > self.first else None, place)

    def _before(self, end: int, most: int, is_wanted: Callable[[T], bool]) -> LogPage[T]:
        entries: list[T] = []
        place = end
        while place > self.first and len(entries) < most:
            place -= 1
            entry = self._entries[place - self.first]
            if is_wanted(entry):
                entries.append(entry)
        return LogPage(entries[::-1], place + 1 if place > self.first else None, end)

    def _add(self, entry: T) -> None:
        """Add an entry, in a transaction; subscribers get it when that is through."""
        self._entries.append(entry)
        self._journal.note_log()
        if self._subscribers:
            self._journal.afterwards(partial(self._deliver, entry))

    def _deliver(self, entry: T) -> None:
        """Hand an entry to the subscribers."""
        for subscription, subscriber in list(self._subscribers.items()):
            if subscription in self._subscribers:  # nobody ended it while others were told
                try:
                    subscriber(deepcopy(entry))
                except Exception as error:  # noqa: BLE001 - whatever it is, it is the subscriber's
                    self.failures.append((entry, error))
                    _log.exception("a subscriber failed on the %s %s", self._what, entry)
