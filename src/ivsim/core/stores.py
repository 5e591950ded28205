"""Tables of frozen records, in one store per service, account and region."""

from __future__ import annotations

import logging
from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, NamedTuple, TypeVar, overload

from msgspec.structs import replace

from ..wire.errors import ResourceNotFoundException
from .journal import Journal

R = TypeVar("R")
D = TypeVar("D")
S = TypeVar("S", bound="Store")


class Row(NamedTuple):
    """A record's place in its table. Serials grow, so they order rows and let a page resume where another ended."""

    serial: int
    key: str
    record: Any


_serial = attrgetter("serial")
_log = logging.getLogger("ivsim.states")


class Table(Generic[R]):
    """Records by key, in the order in which they were added or last moved to the end.

    Records are frozen: a change puts another in the place of the old one. Every write goes through the journal.
    """

    def __init__(self, resource_type: str, journal: Journal) -> None:
        self.resource_type = resource_type
        self._journal = journal
        self._rows: dict[str, Row] = {}
        self._order: list[Row] = []
        self._last_serial = 0

    def __getitem__(self, key: str) -> R:
        """Return a record. Raises ResourceNotFoundException, the answer to a key that nothing has."""
        try:
            record: R = self._rows[key].record
        except KeyError:
            raise ResourceNotFoundException(f"Resource: {key} not found", resource=key) from None
        return record

    @overload
    def get(self, key: str) -> R | None: ...
    @overload
    def get(self, key: str, default: D) -> R | D: ...
    def get(self, key: str, default: D | None = None) -> R | D | None:
        """Return a record, or the default."""
        row = self._rows.get(key)
        return default if row is None else row.record

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def values(self) -> Iterator[R]:
        """Return the records in order."""
        return (row.record for row in self._order)

    def newest_first(self) -> Iterator[R]:
        """Return the records in the opposite order."""
        return (row.record for row in reversed(self._order))

    def __setitem__(self, key: str, record: R) -> None:
        """Put a record in its place; a new key goes to the end."""
        old = self._rows.get(key)
        self._swap(old, Row(self._next_serial() if old is None else old.serial, key, record))

    def move_to_end(self, key: str) -> None:
        """Make a record the last one, as an update does in lists that are ordered by time of update."""
        row = self._rows[key]
        self._swap(row, row._replace(serial=self._next_serial()))

    def become(self, key: str, state: str, **changes: object) -> R:
        """Let a record reach a state, with other changes, and tell of it in the log; return the record."""
        record: R = replace(self[key], state=state, **changes)  # type: ignore[type-var]
        self[key] = record
        _log.debug("%s is %s", key, state)
        return record

    def __delitem__(self, key: str) -> None:
        """Remove a record. Raises ResourceNotFoundException when nothing has the key."""
        self[key]
        self._swap(self._rows[key], None)

    def drop(self, keys: Collection[str]) -> None:
        """Remove many records at once; not in a transaction that may be taken back."""
        if keys:
            self._order = [row for row in self._order if row.key not in keys]
            self._rows = {row.key: row for row in self._order}

    def rows_after(
        self, serial: int | None, *, newest_first: bool = False, among: Sequence[str] | None = None
    ) -> Iterator[Row]:
        """Return the rows that follow a serial in one direction or the other; None stands before the first.

        `among`, keys in the order of the table, leaves only the rows with these, without a look at the others.
        """
        rows: Sequence[Any] = self._order if among is None else among
        row_of: Callable[[Any], Row] = (lambda row: row) if among is None else self._rows.__getitem__

        def place(serial: int) -> int:
            return bisect_left(rows, serial, key=lambda each: row_of(each).serial)

        if newest_first:
            start = len(rows) if serial is None else place(serial)
            return (row_of(rows[index]) for index in range(start - 1, -1, -1))
        start = 0 if serial is None else place(serial + 1)
        return (row_of(rows[index]) for index in range(start, len(rows)))

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the table as it is now."""
        return list(self._order), self._last_serial

    def restore(self, state: Any) -> None:
        """Make the table as it was when the snapshot was taken."""
        rows, self._last_serial = state
        self._rows, self._order = {row.key: row for row in rows}, list(rows)

    def _next_serial(self) -> int:
        self._last_serial += 1
        return self._last_serial

    def _swap(self, old: Row | None, new: Row | None) -> None:
        """Put `new` where `old` was; one of them may be None. Its own undoing is the same with the two exchanged."""
        if old is not None and new is not None and old.serial == new.serial:
            self._order[bisect_left(self._order, old.serial, key=_serial)] = new
            self._rows[new.key] = new
        else:
            if old is not None:
                del self._order[bisect_left(self._order, old.serial, key=_serial)]
                del self._rows[old.key]
            if new is not None:
                if not self._order or self._order[-1].serial < new.serial:
                    self._order.append(new)
                else:
                    insort(self._order, new, key=_serial)
                self._rows[new.key] = new
        self._journal.note_undo(lambda: self._swap(new, old))


class Series(Generic[R]):
    """Records by key, many for each, that are only ever added to: what was said in a room, say.

    Whoever remembers a place in it counts from the first record that there ever was, as the oldest may be dropped.
    """

    def __init__(self, name: str, journal: Journal) -> None:
        self.name = name
        self._journal = journal
        self._records: dict[str, list[R]] = {}
        self._first: dict[str, int] = {}

    def __getitem__(self, key: str) -> Sequence[R]:
        """Return the records of a key, oldest first; none for a key that has none. The view grows with the series."""
        return self._records.get(key, ())

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._records))

    def first(self, key: str) -> int:
        """Return the place of the first record of a key that is still there: how many were dropped."""
        return self._first.get(key, 0)

    def end(self, key: str) -> int:
        """Return the place that the next record of a key will have: how many there ever were."""
        return self.first(key) + len(self[key])

    def part(self, key: str, start: int, end: int | None = None) -> Sequence[R]:
        """Return the records of a key from one place up to, not with, another, as far as they are still there."""
        first = self.first(key)
        return self[key][max(start - first, 0) : None if end is None else max(end - first, 0)]

    def append(self, key: str, record: R) -> None:
        """Add a record to those of a key."""
        records = self._records.setdefault(key, [])
        records.append(record)
        self._journal.note_undo(records.pop)

    def drop_before(self, key: str, place: int) -> None:
        """Remove the records of a key before a place; not in a transaction that may be taken back."""
        number = place - self.first(key)
        if number > 0:
            del self._records[key][:number]
            self._first[key] = place

    def drop(self, keys: Collection[str]) -> None:
        """Remove all records of some keys, which nobody will ask for again; likewise."""
        for key in keys:
            self._records.pop(key, None)
            self._first.pop(key, None)

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the series as it is now."""
        return {key: list(records) for key, records in self._records.items() if records}, dict(self._first)

    def restore(self, state: Any) -> None:
        """Make the series as it was when the snapshot was taken."""
        records, first = state
        self._records = {key: list(its) for key, its in records.items()}
        self._first = dict(first)


class Store:
    """The tables of one service in one account and region. A service declares its own as attributes.

    A record is frozen, and a dict or a list in one is never changed either: its text is kept and shared.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    @cached_property
    def tables(self) -> dict[str, Table[Any]]:
        """The tables by the resource type of the ARNs that are their keys."""
        return {table.resource_type: table for table in vars(self).values() if isinstance(table, Table)}

    @cached_property
    def series(self) -> dict[str, Series[Any]]:
        """The series by name."""
        return {series.name: series for series in vars(self).values() if isinstance(series, Series)}

    def clear(self) -> None:
        """Empty it. Tables stay, so whoever holds one sees it empty."""
        for table in self.tables.values():
            table.restore(([], 0))
        for series in self.series.values():
            series.restore(({}, {}))

    @property
    def is_new(self) -> bool:
        """True when nothing was ever put in."""
        records = (its for series in self.series.values() for its in series._records.values())
        return not any(table._last_serial for table in self.tables.values()) and not any(records)

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the store as it is now."""
        return (
            {name: table.snapshot() for name, table in self.tables.items()},
            {name: series.snapshot() for name, series in self.series.items()},
        )

    def restore(self, state: Any) -> None:
        """Make the store as it was when the snapshot was taken."""
        tables, series = state
        for name, its_state in tables.items():
            self.tables[name].restore(its_state)
        for name, its_state in series.items():
            self.series[name].restore(its_state)


class Stores:
    """Every store of an emulator, made on first use."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._stores: dict[tuple[str, str, str], Store] = {}
        self._makers: dict[str, Callable[[Journal], Store]] = {}

    def get(self, service: str, account: str, region: str, make: Callable[[Journal], S]) -> S:
        """Return the store of a service in an account and region."""
        self._makers[service] = make
        return self._stores.setdefault((service, account, region), make(self._journal))  # type: ignore[return-value]

    def drop(self, service: str, account: str, region: str) -> None:
        """Forget a store that is new; who asks for it gets another."""
        del self._stores[service, account, region]

    def places(self, service: str) -> list[tuple[str, str]]:
        """Return where a service has a store, as (account, region)."""
        return [(account, region) for its, account, region in self._stores if its == service]

    def clear(self) -> None:
        """Empty every store. Stores and tables stay, so whoever holds one sees it empty."""
        for store in self._stores.values():
            store.clear()

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make every store as it is now."""
        return {key: store.snapshot() for key, store in self._stores.items()}

    def restore(self, state: Any) -> None:
        """Make every store as it was when the snapshot was taken; one that is younger is emptied."""
        self.clear()
        for (service, account, region), its_state in state.items():
            self.get(service, account, region, self._makers[service]).restore(its_state)
