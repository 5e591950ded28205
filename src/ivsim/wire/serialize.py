"""From what a handler returned to the bytes of the body.

The output shape takes from a record just the members it has, so one record serves a resource, its summary and its
snapshot; None means absent, and absent stays absent.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, Literal

from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

TimeFormat = Literal["seconds", "milliseconds"]
"""To what a service cuts its ISO 8601 timestamps; no model says it."""

Serializer = Callable[[Any], bytes]
_Writer = Callable[[Any], Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def serializer(shape: StructureShape | None, time_format: TimeFormat) -> Serializer:
    """Return what writes a body of this shape. A shape without members has an empty body, as IVS answers there."""
    if shape is None or not shape.members:
        return lambda _value: b""
    write = _structure(shape, time_format)
    return lambda value: _encode(write(value)).encode()


def iso8601(moment: datetime, time_format: TimeFormat) -> str:
    """Return an aware datetime as the wire has it: UTC, `Z`, cut to the service's precision."""
    return moment.astimezone(timezone.utc).isoformat(timespec=time_format)[:-6] + "Z"


def _writer(shape: Shape, time_format: TimeFormat) -> _Writer | None:
    if isinstance(shape, StructureShape):
        return _structure(shape, time_format)
    if isinstance(shape, ListShape):
        item = _writer(shape.member, time_format)
        return (lambda value: [item(each) for each in value]) if item else None
    if shape.type_name == "timestamp":
        return lambda value: iso8601(value, time_format)
    return None


def _structure(shape: StructureShape, time_format: TimeFormat) -> _Writer:
    members = [
        (xform_name(name), name, _writer(member, time_format))
        for name, member in shape.members.items()
        if "location" not in member.serialization
    ]

    def write(value: Any) -> dict[str, Any]:
        given = type(value) is dict
        body = {}
        for python_name, name, write_member in members:
            member = value.get(python_name) if given else getattr(value, python_name, None)
            if member is not None:
                body[name] = write_member(member) if write_member else member
        return body

    return write
