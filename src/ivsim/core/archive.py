"""An emulator's state as a file, and back.

The file is JSON: the name and version of the format, the release that wrote it, and the parts as their snapshots are.
Records are written and read by msgspec, as their classes declare them; nothing here knows a record or a table. Floats
and random states come back bit by bit, and two files of the same state are the same bytes.

Writing is three steps, so that a server need not stand still for it: to `take()` a snapshot is a matter of moments and
has to be done while nothing changes; to `encode()` it may be left to another thread, which gets it in pieces and lets
others go on between them; to `write()` them replaces the file as a whole.
"""

from __future__ import annotations

import errno
import os
import pkgutil
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cache
from importlib import import_module
from inspect import signature
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any, TypedDict, TypeVar

import msgspec
from msgspec import Meta

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
"""Of the format. A field or a table more is not a new version: what a file lacks has its default."""

_PLAIN = (str, int, float, bool, bytes, datetime, dict, list, tuple)
"""What a record may be that has no class of its own."""

_RECORDS_A_PIECE = 200
"""A millisecond or so of encoding."""

_Count = Annotated[int, Meta(ge=0)]

T = TypeVar("T")
Services = Mapping[str, Service[Any]]


class UnreadableState(ValueError):  # noqa: N818 - what the file is, whoever is to blame
    """A file is not a state that this version of ivsim can load: damaged, of something else, or newer."""


@dataclass(frozen=True, slots=True)
class _Fault(Fault):
    """A fault that a file can keep."""

    left: Annotated[int, Meta(ge=1)] | None
    when: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Table:
    records: str
    last_serial: int
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class _Series:
    records: str
    by_key: dict[str, list[Any]]
    first: dict[str, _Count] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Store:
    service: str
    account: str
    region: str
    tables: dict[str, _Table]
    series: dict[str, _Series]


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
class _Document:
    """The file."""

    format: str
    version: int
    release: str
    clock: ClockState
    quotas: dict[str, _Count]
    faults: list[_Fault]
    latencies: dict[str, Annotated[float, Meta(ge=0)]]
    rates: list[tuple[tuple[str, str, str], list[int]]]
    stores: list[_Store]
    ids: IdsState
    events: list[_Event]
    calls: list[Call]
    first_event: _Count = 0
    first_call: _Count = 0
    webhooks: dict[str, str] = field(default_factory=dict)


def save(state: State, path: str | os.PathLike[str]) -> None:
    """Write a state to a file, which is replaced as a whole. Raises ValueError for what a file cannot keep."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target))  # not of the temporary file
    text = msgspec.json.format(dumps(state)) + b"\n"
    write(target, [text], target.with_name(f".{target.name}.{secrets.token_hex(4)}"))


def load(state: State, services: Services, path: str | os.PathLike[str]) -> None:
    """Put the state in a file in the place of this one. Raises UnreadableState, and nothing has changed."""
    loads(state, services, Path(path).read_bytes(), os.fspath(path))


def dumps(state: State) -> bytes:
    """Return a state as a file has it, on one line. Raises ValueError for what a file cannot keep."""
    return b"".join(encode(take(state)))


def loads(state: State, services: Services, text: bytes, source: str) -> None:
    """Put a state that was saved in the place of this one. Raises UnreadableState, and nothing has changed.

    `source` is what the error calls it: the name of the file.
    """
    try:
        parts = _read(text, state, services)
    except (ValueError, RecursionError) as error:
        raise UnreadableState(f"{source}: {error}") from None
    with state.journal:
        for service, account, region in parts["stores"]:
            state.stores.get(service, account, region, services[service].make_store)
        _, events_subscribers = state.events.snapshot()
        _, calls_subscribers = state.calls.snapshot()
        logs = {"events": (parts["events"], events_subscribers), "calls": (parts["calls"], calls_subscribers)}
        state.restore({**parts, **logs})


def take(state: State) -> dict[str, Any]:
    """Return what a state is now, for `encode()`; records are frozen, so it stays that."""
    with state.journal:
        return {**state.snapshot(), "ids": state.ids.snapshot()}


def encode(parts: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield, piece by piece, the JSON of what was taken. Raises ValueError for what a file cannot keep."""
    faults, latencies = parts["faults"]
    (events, first_event), _ = parts["events"]  # the subscribers are not the state's
    (calls, first_call), _ = parts["calls"]
    for fault in faults:
        if not _comes_back(fault.when):
            whose = " and ".join(fault.operations)
            raise ValueError(f"the fault of {whose} cannot be saved: its `when`, {fault.when!r}, is not plain JSON")
    yield from _pieces(
        _Document(
            format=FORMAT,
            version=VERSION,
            release=__version__,
            clock=parts["clock"],
            quotas=parts["quotas"],
            faults=faults,
            latencies=latencies,
            rates=parts["rates"],
            stores=list(_saved_stores(parts["stores"])),
            ids=parts["ids"],
            events=events,
            calls=calls,
            first_event=first_event,
            first_call=first_call,
            webhooks=parts["webhooks"],
        )
    )


def write(target: Path, pieces: Iterable[bytes], temporary: Path) -> None:
    """Replace a file as a whole: what it shall be is written under another name, and flushed, before it has its own."""
    try:
        with temporary.open("wb") as file:
            file.write(b"".join(pieces))  # each write would be a turn for another, busy thread
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _pieces(value: Any) -> Iterator[bytes]:
    """Yield the JSON of a value in pieces of a few records each, for msgspec lets no other thread run meanwhile."""
    if isinstance(value, (_Document, _Store, _Table, _Series)):
        value = {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        yield b"{"
        for index, (name, its) in enumerate(value.items()):
            yield (b"," if index else b"") + msgspec.json.encode(name) + b":"
            yield from _pieces(its)
        yield b"}"
    elif isinstance(value, list) and value and isinstance(value[0], _Store):
        yield b"["
        for index, store in enumerate(value):
            yield b"," if index else b""
            yield from _pieces(store)
        yield b"]"
    elif isinstance(value, list):
        yield b"["
        for start in range(0, len(value), _RECORDS_A_PIECE):
            yield (b"," if start else b"") + msgspec.json.encode(value[start : start + _RECORDS_A_PIECE])[1:-1]
        yield b"]"
    else:
        yield msgspec.json.encode(value)


def _saved_stores(stores: Mapping[tuple[str, str, str], Any]) -> Iterable[_Store]:
    for (service, account, region), (tables, series) in sorted(stores.items(), key=itemgetter(0)):
        store = _Store(
            service,
            account,
            region,
            {
                name: _Table(_kind_of(row.record for row in rows), last_serial, rows)
                for name, (rows, last_serial) in tables.items()
                if last_serial
            },
            {
                name: _Series(_kind_of(record for records in by_key.values() for record in records), by_key, first)
                for name, (by_key, first) in series.items()
                if by_key
            },
        )
        if store.tables or store.series:  # a look into a store makes one
            yield store


def _kind_of(records: Iterable[Any]) -> str:
    """Return the name of the class of a table's records, which is one for all; no name for no records."""
    (name,) = {type(record).__name__ for record in records} or {""}
    return name


def _comes_back(value: object) -> bool:
    try:
        return bool(msgspec.json.decode(msgspec.json.encode(value)) == value)
    except (TypeError, ValueError):
        return False


def _read(text: bytes, state: State, services: Services) -> dict[str, Any]:
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
    document = _convert(given, _Document, "$")
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


def _restored_store(saved: _Store, services: Services, place: str) -> Any:
    _check_names(f"{place}.service", "service", [saved.service], services)
    service = services[saved.service]
    kinds, blank = _kinds(service), service.make_store(Journal())
    _check_names(f"{place}.tables", "table", saved.tables, blank.tables)
    _check_names(f"{place}.series", "series", saved.series, blank.series)
    return (
        {name: _restored_table(table, kinds, f"{place}.tables.{name}") for name, table in saved.tables.items()},
        {name: _restored_series(some, kinds, f"{place}.series.{name}") for name, some in saved.series.items()},
    )


def _restored_table(saved: _Table, kinds: Mapping[str, Any], place: str) -> tuple[list[Row], int]:
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
    saved: _Series, kinds: Mapping[str, Any], place: str
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
    """Return, by name, what the records of a service can be: the data classes and named tuples of its package."""
    kinds: dict[str, Any] = {plain.__name__: plain for plain in _PLAIN}
    package = import_module(service.make_store.__module__.rpartition(".")[0])
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for each in vars(import_module(module.name)).values():
            if isinstance(each, type) and (hasattr(each, "__dataclass_fields__") or hasattr(each, "_fields")):
                kinds[each.__name__] = each
    return kinds


def _check_clock(clock: ClockState, services: Services) -> None:
    scratch = Clock(Journal())
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
    """Return what was read as what it was before, or raise ValueError that names the place and the rule."""
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
