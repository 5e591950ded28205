"""A saved state: the document that a file holds, read, checked, and made into the parts of a state again.

Records are read by msgspec, as their classes declare them; nothing here knows a record or a table. The classes are
found by walking the modules of each service's package: the one place where `core` reaches into a service, by name.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from importlib import import_module
from inspect import signature
from itertools import pairwise
from typing import Annotated, Any, TypedDict, TypeVar

import msgspec
from msgspec import Meta, Struct

from .._version import __version__
from .calls import Call
from .clock import Clock, ClockState
from .faults import Fault
from .ids import Ids, IdsState
from .journal import Journal
from .service import Service
from .state import State
from .stores import Row
from .unknown import unknown

FORMAT = "ivsim"


VERSION = 1
"""The version of the format. A new field or table does not change it: what a file lacks has its default."""


_PLAIN = (str, int, float, bool, bytes, datetime, dict, list, tuple)
"""The types that a record without a class of its own may have."""


_Count = Annotated[int, Meta(ge=0)]


T = TypeVar("T")


Services = Mapping[str, Service[Any]]


class UnreadableState(ValueError):
    """A file is not a state that this version of ivsim can load: damaged, of something else, or newer.

    The text names the file, the place in it and the rule.
    """


@dataclass(frozen=True, slots=True)
class _Fault(Fault):
    """A fault that a file can keep."""

    left: Annotated[int, Meta(ge=1)] | None
    when: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class SavedTable:
    """A table of a store, with the name of its records' class."""

    records: str
    last_serial: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class SavedSeries:
    """A series of a store, with the name of its records' class, and each key's number of its first record."""

    records: str
    by_key: dict[str, list[Any]]
    first: dict[str, _Count] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SavedStore:
    """The saved store of a service in an account and region."""

    service: str
    account: str
    region: str
    tables: dict[str, SavedTable]
    series: dict[str, SavedSeries]


_Event = TypedDict(
    "_Event",
    {
        "version": str,
        "id": str,
        "detail-type": str,
        "source": str,
        "account": str,
        "time": str,
        "region": str,
        "resources": list[str],
        "detail": dict[str, Any],
    },
)


@dataclass(frozen=True, slots=True)
class Document:
    """The file."""

    format: str
    version: int
    release: str
    clock: ClockState
    quotas: dict[str, _Count]
    faults: list[_Fault]
    latencies: dict[str, Annotated[float, Meta(ge=0)]]
    rates: list[tuple[tuple[str, str, str], list[int]]]
    stores: list[SavedStore]
    ids: IdsState
    events: list[_Event]
    calls: list[Call]
    first_event: _Count = 0
    first_call: _Count = 0
    webhooks: dict[str, str] = field(default_factory=dict)


def read(text: bytes, state: State, services: Services) -> dict[str, Any]:
    """Return the parts of a state, whole and checked. Raises ValueError that names the place and the rule."""
    try:
        given = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"this is not JSON: {error}" if text else "the file is empty") from None
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise ValueError(f"this is not a state that ivsim saved: it has no `format` {FORMAT!r}")
    if given.get("version") != VERSION:
        raise ValueError(
            f"ivsim {given.get('release')} wrote it in version {given.get('version')!r} of the format; "
            f"ivsim {__version__} reads version {VERSION}"
        )
    document = _convert(given, Document, "$")
    _check_clock(document.clock, services)
    _check_ids(document.ids)
    _check_names("$.quotas", "quota", document.quotas, state.quotas)
    _check_names("$.latencies", "operation", document.latencies, state.faults.errors_of)
    for index, fault in enumerate(document.faults):
        for operation in fault.operations:
            place = f"$.faults[{index}]"
            _check_names(place, "operation", [operation], state.faults.errors_of)
            _check_names(place, f"error of {operation}", [fault.error_code], state.faults.errors_of[operation])
    stores: dict[tuple[str, str, str], Any] = {}
    for index, store in enumerate(document.stores):
        key = (store.service, store.account, store.region)
        if key in stores:
            raise ValueError(f"$.stores[{index}]: {' '.join(key)} is there twice")
        stores[key] = _restored_store(store, services, f"$.stores[{index}]")
    return {
        "clock": document.clock,
        "ids": document.ids,
        "quotas": document.quotas,
        "faults": (document.faults, document.latencies),
        "rates": document.rates,
        "webhooks": document.webhooks,
        "stores": stores,
        "calls": (document.calls, document.first_call),
        "events": (document.events, document.first_event),
    }


def _restored_store(saved: SavedStore, services: Services, place: str) -> Any:
    _check_names(f"{place}.service", "service", [saved.service], services)
    service = services[saved.service]
    kinds, blank = _kinds(service), service.make_store(Journal())
    _check_names(f"{place}.tables", "table", saved.tables, blank.tables)
    _check_names(f"{place}.series", "series", saved.series, blank.series)
    return (
        {name: _restored_table(table, kinds, f"{place}.tables.{name}") for name, table in saved.tables.items()},
        {name: _restored_series(some, kinds, f"{place}.series.{name}") for name, some in saved.series.items()},
    )


def _restored_table(saved: SavedTable, kinds: Mapping[str, Any], place: str) -> tuple[list[Row], int]:
    serials = [*(row.serial for row in saved.rows), saved.last_serial + 1]
    if any(earlier >= later for earlier, later in pairwise(serials)):
        raise ValueError(f"{place}: serials do not grow from row to row up to `last_serial`")
    if len({row.key for row in saved.rows}) < len(saved.rows):
        raise ValueError(f"{place}: a key is there twice")
    if not saved.rows:
        return [], saved.last_serial
    _check_names(f"{place}.records", "record", [saved.records], kinds)
    kind = kinds[saved.records]
    rows = _convert(saved.rows, list[tuple[int, str, kind]], f"{place}.rows")  # type: ignore[valid-type]
    return [Row(*row) for row in rows], saved.last_serial


def _restored_series(
    saved: SavedSeries, kinds: Mapping[str, Any], place: str
) -> tuple[dict[str, list[Any]], dict[str, int]]:
    _check_names(f"{place}.records", "record", [saved.records], kinds)
    kind = kinds[saved.records]
    records = {
        key: _convert(its, list[kind], f"{place}.by_key[{key!r}]")  # type: ignore[valid-type]
        for key, its in saved.by_key.items()
    }
    return records, saved.first


@cache
def _kinds(service: Service[Any]) -> Mapping[str, Any]:
    """Return, by name, the classes that the records of a service can have: those in its package, and plain types."""
    kinds: dict[str, Any] = {plain.__name__: plain for plain in _PLAIN}
    package = import_module(service.make_store.__module__.rpartition(".")[0])
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for each in vars(import_module(module.name)).values():
            if isinstance(each, type) and issubclass(each, (Struct, tuple)):
                kinds[each.__name__] = each
    return kinds


def _check_clock(clock: ClockState, services: Services) -> None:
    scratch = Clock(Journal(), lambda _: None)
    scratch.restore(clock)
    for at in (scratch.microseconds(), *(timer.at for timer in clock.timers)):
        try:
            datetime.fromtimestamp(at // 1_000_000, timezone.utc)
        except (ValueError, OverflowError, OSError):
            raise ValueError(f"$.clock: {at} is not a time in microseconds since 1970") from None
    for index, (earlier, later) in enumerate(pairwise(clock.timers)):
        if (earlier.at, earlier.serial) >= (later.at, later.serial):
            raise ValueError(f"$.clock.timers[{index + 1}]: timers are not in the order in which they fire")
    for index, timer in enumerate(clock.timers):
        place, task = f"$.clock.timers[{index}]", timer.task
        if timer.serial >= clock.next_serial:
            raise ValueError(f"{place}: the serial is not below `next_serial`")
        _check_names(place, "service", [task.service], services)
        tasks = services[task.service].tasks
        _check_names(place, "task", [task.name], tasks)
        try:
            signature(tasks[task.name]).bind(None, *task.arguments)
        except TypeError as error:
            raise ValueError(f"{place}: {task.name}: {error}") from None


def _check_ids(ids: IdsState) -> None:
    try:
        Ids().restore(ids)
    except ValueError as error:
        raise ValueError(f"$.ids: {error}") from None


def _check_names(place: str, what: str, names: Iterable[str], known: Iterable[str]) -> None:
    for name in names:
        if name not in known:
            raise ValueError(f"{place}: {unknown(what, name, known)}")


def _convert(given: Any, kind: type[T], place: str) -> T:
    """Convert what was read to its type before it was saved. Raises ValueError that names the place and the rule."""
    try:
        value = msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        rule, _, at = str(error).partition(" - at `$")
        raise ValueError(f"{place}{at.rstrip('`')}: {rule}") from None
    _check_nothing_is_lost(given, msgspec.to_builtins(value, builtin_types=(datetime,), str_keys=True), place)
    return value


def _check_nothing_is_lost(given: Any, kept: Any, place: str) -> None:
    """Refuse what msgspec lets pass: members that a class does not have, and times without a zone."""
    pending = [(given, kept, place)]  # rather than a recursion: what a call was sent may be as deep as JSON can be
    while pending:
        given, kept, place = pending.pop()
        if isinstance(kept, dict):
            for name, value in given.items():
                if name not in kept:
                    raise ValueError(f"{place}.{name}: {unknown('member', name, kept)}")
                pending.append((value, kept[name], f"{place}.{name}"))
        elif isinstance(kept, (list, tuple)):
            pending += [
                (value, its, f"{place}[{index}]") for index, (value, its) in enumerate(zip(given, kept, strict=False))
            ]
        elif isinstance(kept, datetime) and kept.tzinfo is None:
            raise ValueError(f"{place}: {given!r} has no time zone")
