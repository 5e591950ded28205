"""Serialization: from a handler's result to the bytes of the body.

The output shape takes from a record just the members it has, so one record serves a resource, its summary and its
snapshot; None means absent, and absent stays absent.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from json.encoder import encode_basestring
from typing import Any, Literal

from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

TimeFormat = Literal["seconds", "milliseconds"]
"""The precision to which a service cuts its ISO 8601 timestamps; no model says it."""

Serializer = Callable[[Any], bytes]
_Writer = Callable[[Any], str]

MOST_KEPT = 4096
"""The number of records of a shape whose text is kept; past it the keeping begins anew."""

_kept: list[dict[int, tuple[object, str]]] = []

_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, check_circular=False).encode

GO_ESCAPES = str.maketrans({character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"})
"""The characters that Go's JSON escapes and others do not; the services that viewers reach seem to be written in Go."""

_SIMPLE: dict[str, _Writer] = {
    "map": lambda value: _json(value) if value else "{}",  # tags, and mostly none
    "string": encode_basestring,
    "boolean": lambda value: "true" if value else "false",
    "integer": int.__repr__,
    "long": int.__repr__,
}


def serializer(shape: StructureShape | None, time_format: TimeFormat) -> Serializer:
    """Return a function that writes a body of this shape; a shape without members has an empty body, as in IVS."""
    if shape is None or not shape.members:
        return lambda _value: b""
    write = _structure(shape, time_format)
    return lambda value: write(value).encode()


def forget() -> None:
    """Forget the texts of all records, and so the records."""
    for kept in _kept:
        kept.clear()


def iso8601(moment: datetime, time_format: TimeFormat) -> str:
    """Return an aware datetime as the wire has it: UTC, `Z`, cut to the service's precision."""
    return moment.astimezone(timezone.utc).isoformat(timespec=time_format)[:-6] + "Z"


def _writer(shape: Shape, time_format: TimeFormat) -> _Writer:
    if isinstance(shape, StructureShape):
        return _structure(shape, time_format)
    if isinstance(shape, ListShape):
        item = _writer(shape.member, time_format)
        return lambda value: f"[{','.join(map(item, value))}]"
    if shape.type_name == "timestamp":
        return lambda value: f'"{iso8601(value, time_format)}"'
    return _SIMPLE.get(shape.type_name, _json)


def _structure(shape: StructureShape, time_format: TimeFormat) -> _Writer:
    """Return a function that writes dicts with Python names, and records.

    Records are frozen, so the text of one is made once and kept, for the record itself and no other. A list of a
    hundred, asked for again, costs little more than joining a hundred texts.
    """
    members = [
        (xform_name(name), f"{encode_basestring(name)}:", _writer(member, time_format))
        for name, member in shape.members.items()
        if "location" not in member.serialization
    ]
    kept: dict[int, tuple[object, str]] = {}
    _kept.append(kept)

    def text_of(value: Any, read: Callable[[Any, str, None], Any]) -> str:
        parts = []
        for python_name, name, write_member in members:
            member = read(value, python_name, None)
            if member is not None:
                parts.append(name + write_member(member))
        return f"{{{','.join(parts)}}}"

    def write(value: Any) -> str:
        if type(value) is dict:
            return text_of(value, dict.get)
        known = kept.get(id(value))
        if known is None:
            if len(kept) >= MOST_KEPT:
                kept.clear()
            known = kept[id(value)] = value, text_of(value, getattr)  # with the record, so that its id stays its own
        return known[1]

    return write
