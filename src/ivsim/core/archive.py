"""Saving and loading: an emulator's state written to a file, and read back.

The file is JSON: the name and version of the format, the release that wrote it, and the parts as their snapshots are.
Records are written and read by msgspec, as their classes declare them; nothing here knows a record or a table. Floats
and random states come back bit by bit, and two files of the same state are the same bytes.

Writing is three steps, so that a server need not stand still for it. `take_snapshot()` is a matter of moments, and has
to be done while nothing changes; `encode()` may be left to another thread, which gets the text in pieces and lets
others go on between them; `write()` replaces the file as a whole.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import msgspec

from .._version import __version__
from .saved import FORMAT, VERSION, Document, SavedSeries, SavedStore, SavedTable, Services, UnreadableState, read
from .state import State

_RECORDS_A_PIECE = 200
"""The number of records in a piece: a millisecond or so of encoding."""


def save(state: State, path: str | os.PathLike[str]) -> None:
    """Write a state to a file, which is replaced as a whole. Raises ValueError for a fault that a file cannot keep."""
    replace_file(path, msgspec.json.format(dumps(state)) + b"\n")


def load(state: State, services: Services, path: str | os.PathLike[str]) -> None:
    """Replace this state by the one in a file. Raises UnreadableState, and then nothing has changed."""
    loads(state, services, Path(path).read_bytes(), os.fspath(path))


def dumps(state: State) -> bytes:
    """Return what `save()` would write, but on one line. Raises ValueError for a fault that a file cannot keep."""
    return b"".join(encode(take_snapshot(state)))


def loads(state: State, services: Services, text: bytes, source: str) -> None:
    """Replace this state by a saved one. Raises UnreadableState, and then nothing has changed.

    `source` is its name in the error: that of the file.
    """
    try:
        parts = read(text, state, services)
    except ValueError as error:
        raise UnreadableState(f"{source}: {error}") from None
    except RecursionError:
        raise UnreadableState(f"{source}: it is nested too deeply") from None
    with state.journal:
        for service, account, region in parts["stores"]:
            state.stores.get(service, account, region, services[service].make_store)
        state.weather.clear()  # it is kept in no file
        _, events_subscribers = state.events.snapshot()
        _, calls_subscribers = state.calls.snapshot()
        logs = {"events": (parts["events"], events_subscribers), "calls": (parts["calls"], calls_subscribers)}
        state.restore({**parts, **logs})


def take_snapshot(state: State) -> dict[str, Any]:
    """Return a snapshot of a state, for `encode()`. Records are frozen, so the snapshot does not change."""
    with state.journal:
        return {**state.snapshot(), "ids": state.ids.snapshot()}


def encode(parts: Mapping[str, Any]) -> Iterator[bytes]:
    """Yield the JSON of a snapshot, piece by piece. Raises ValueError for a fault that a file cannot keep."""
    faults, latencies = parts["faults"]
    (events, first_event), _ = parts["events"]  # the subscribers are not the state's
    (calls, first_call), _ = parts["calls"]
    for fault in faults:
        if not _comes_back(fault.when):
            whose = " and ".join(fault.operations)
            raise ValueError(f"the fault of {whose} cannot be saved: its `when`, {fault.when!r}, is not plain JSON")
    yield from _pieces(
        Document(
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


def replace_file(path: str | os.PathLike[str], text: bytes) -> None:
    """Put a text in the place of a file, which stays as it was if that fails; a pipe or a device is written to.

    Raises OSError as writing does.
    """
    target = Path(os.path.realpath(path))
    if target.exists() and not target.is_file():
        Path(path).write_bytes(text)
        return
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target))  # not of the temporary file
    write(target, [text], target.with_name(f".{target.name}.{secrets.token_hex(4)}"))


def write(target: Path, pieces: Iterable[bytes], temporary: Path) -> None:
    """Replace a file as a whole: its new content is written under another name, and flushed, before it gets its own."""
    try:
        with temporary.open("wb") as file:
            file.write(b"".join(pieces))  # each write would be a turn for another, busy thread
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _pieces(value: Any) -> Iterator[bytes]:
    """Yield the JSON of a value in pieces of a few records: msgspec lets no other thread run while it writes one."""
    if isinstance(value, (Document, SavedStore, SavedTable, SavedSeries)):
        value = {name: getattr(value, name) for name in value.__dataclass_fields__}
    if isinstance(value, dict):
        yield b"{"
        for index, (name, its) in enumerate(value.items()):
            yield (b"," if index else b"") + msgspec.json.encode(name) + b":"
            yield from _pieces(its)
        yield b"}"
    elif isinstance(value, list) and value and isinstance(value[0], SavedStore):
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


def _saved_stores(stores: Mapping[tuple[str, str, str], Any]) -> Iterable[SavedStore]:
    for (service, account, region), (tables, series) in sorted(stores.items(), key=itemgetter(0)):
        store = SavedStore(
            service,
            account,
            region,
            {
                name: SavedTable(_kind_of(row.record for row in rows), last_serial, rows)
                for name, (rows, last_serial) in tables.items()
                if last_serial
            },
            {
                name: SavedSeries(_kind_of(record for records in by_key.values() for record in records), by_key, first)
                for name, (by_key, first) in series.items()
                if by_key
            },
        )
        if store.tables or store.series:  # a look into a store makes one
            yield store


def _kind_of(records: Iterable[Any]) -> str:
    """Return the name of the class that all records of a table have; an empty text when there are none."""
    (name,) = {type(record).__name__ for record in records} or {""}
    return name


def _comes_back(value: object) -> bool:
    try:
        return bool(msgspec.json.decode(msgspec.json.encode(value)) == value)
    except (TypeError, ValueError):
        return False
