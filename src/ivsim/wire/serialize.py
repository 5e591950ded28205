"""Serialization: from a handler's result to the bytes of the body.

The output shape takes from a record just the members it has, so one record serves a resource, its summary and its
snapshot; None means absent, and absent stays absent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from operator import attrgetter
from typing import Any, Literal

from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape
from msgspec import Raw, defstruct
from msgspec.json import Encoder

TimeFormat = Literal["seconds", "milliseconds"]
"""The precision to which a service cuts its ISO 8601 timestamps; no model says it."""

Serializer = Callable[[Any], bytes]
_Converter = Callable[[Any], Any]
_Reader = Callable[[Any], Any]

MOST_KEPT = 4096
"""The number of records of a shape whose text is kept; when it is reached, all are dropped."""

_kept: list[dict[int, tuple[object, Raw]]] = []

_json: Callable[[Any], bytes] = Encoder().encode

GO_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})
"""The characters that Go's JSON escapes and others do not; the services that viewers reach seem to be written in Go."""


def serializer(shape: StructureShape | None, time_format: TimeFormat) -> Serializer:
    """Return a function that writes a body of this shape; a shape without members has an empty body, as in IVS."""
    if shape is None or not shape.members:
        return lambda _value: b""
    convert = _structure(shape, time_format)
    return lambda value: _json(convert(value))


def header_reader(shape: StructureShape | None) -> Callable[[Any], dict[str, str]]:
    """Return a function that takes the members of this shape that travel as headers, from a dict with Python names."""
    members = [
        (xform_name(name), member.serialization["name"])
        for name, member in (shape.members.items() if shape else ())
        if member.serialization.get("location") == "header"
    ]
    if not members:
        return lambda _value: {}
    return lambda value: {header: value[name] for name, header in members if name in value}


def forget() -> None:
    """Forget the texts of all records, and so the records."""
    for kept in _kept:
        kept.clear()


def iso8601(moment: datetime, time_format: TimeFormat) -> str:
    """Return an aware datetime as the wire has it: UTC, `Z`, cut to the service's precision."""
    return moment.astimezone(timezone.utc).isoformat(timespec=time_format)[:-6] + "Z"


def _converter(shape: Shape, time_format: TimeFormat) -> _Converter | None:
    """Return a function that makes a value one of JSON's; None where it is one already."""
    if isinstance(shape, StructureShape):
        return _structure(shape, time_format)
    if isinstance(shape, ListShape):
        item = _converter(shape.member, time_format)
        return (lambda values: [item(each) for each in values]) if item else None
    if shape.type_name == "timestamp":
        return lambda moment: iso8601(moment, time_format)
    return None


def _structure(shape: StructureShape, time_format: TimeFormat) -> _Converter:
    """Return a function that converts dicts with Python names, and records.

    Records are frozen, so the text of one is made once and kept, for the record itself and no other. A list of a
    hundred, asked for again, costs little more than joining a hundred texts.
    """
    members = [
        (xform_name(name), name, _converter(member, time_format))
        for name, member in shape.members.items()
        if "location" not in member.serialization
    ]
    kept: dict[int, tuple[object, Raw]] = {}
    _kept.append(kept)
    readers: dict[type, _Reader] = {}

    def convert(value: Any) -> Any:
        if type(value) is dict:
            return {
                name: member if convert_member is None else convert_member(member)
                for python_name, name, convert_member in members
                if (member := value.get(python_name)) is not None
            }
        known = kept.get(id(value))
        if known is None:
            reader = readers.get(type(value))
            if reader is None:
                reader = readers[type(value)] = _reader(type(value), members)
            if len(kept) >= MOST_KEPT:
                kept.clear()
            known = kept[id(value)] = value, Raw(_json(reader(value)))  # with the record, so that its id stays its own
        return known[1]

    return convert


def _reader(kind: type, members: list[tuple[str, str, _Converter | None]]) -> _Reader:
    """Return a function that reads from a record, all at once, the members that its class has.

    They come as a Struct, which leaves out those that are None as it is written.
    """
    there = [member for member in members if hasattr(kind, member[0])]
    names = [f"member{place}" for place in range(len(there))]  # their own may be words of Python's
    text = defstruct(
        kind.__name__,
        [(name, Any, None) for name in names],
        rename=dict(zip(names, [name for _, name, _ in there], strict=True)),
        omit_defaults=True,
    )
    read = attrgetter(*(python_name for python_name, _, _ in there), "__class__")
    converters = [(place, convert) for place, (_, _, convert) in enumerate(there) if convert is not None]

    def reader(record: Any) -> Any:
        values = list(read(record))
        del values[-1]  # the class is one more, so that it is always several
        for place, convert in converters:
            if values[place] is not None:
                values[place] = convert(values[place])
        return text(*values)

    return reader
