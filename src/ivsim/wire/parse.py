"""Parsing: from a request to an operation's input, first as it was sent, then under Python names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import parse_qsl

import msgspec
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape
from dateutil.parser import isoparse

Converter = Callable[[Any], Any]


_DEEPEST = 100
"""The deepest nesting of JSON; no operation's input comes near, and much deeper values cannot be copied or saved."""


class BodyRefused(Exception):
    """A body is not a JSON object in UTF-8, or is nested too deeply."""


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are Python's idea of JSON


_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode
_decode_strictly = msgspec.json.Decoder().decode


def body_members(body: bytes) -> dict[str, Any]:
    """Return the members of a JSON object, an empty body counting as one without any. Raises BodyRefused."""
    if not body or body == b"{}":
        return {}
    try:
        members = _decoded(body)
    except (ValueError, RecursionError) as error:
        raise BodyRefused from error
    if type(members) is not dict or is_deep(body, members):
        raise BodyRefused
    return members


def _decoded(body: bytes) -> Any:
    """Decode JSON: with msgspec, five times as fast as json; with json when msgspec refuses, as json takes more."""
    try:
        return _decode_strictly(body)
    except msgspec.DecodeError:
        members = _decode(body.decode())
        json.dumps(members, ensure_ascii=False).encode()  # half a surrogate pair is no character
        return members


def is_deep(text: bytes, value: Any) -> bool:
    """Return whether JSON is nested deeper than anybody needs; `value` is what the text says."""
    if len(text) <= _DEEPEST or text.count(b"[") + text.count(b"{") <= _DEEPEST:
        return False
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, (dict, list)) for each in level)


def located_members(shape: StructureShape | None, path_members: Mapping[str, str], query: str) -> dict[str, Any]:
    """Return the members that travel outside the body: in the path, or in the query string."""
    members: dict[str, Any] = dict(path_members)
    if query and shape is not None:
        pairs = parse_qsl(query, keep_blank_values=True)
        for name, member in shape.members.items():
            if member.serialization.get("location") == "querystring":
                given = [value for key, value in pairs if key == member.serialization.get("name", name)]
                if given:
                    members[name] = given if isinstance(member, ListShape) else given[0]
    return members


def converter(shape: Shape | None) -> Converter | None:
    """Return a function that turns a valid value into the one handlers get; None when the value stays as it is.

    Structures become dicts with Python names, without members that are null or that the model does not know (AWS
    ignores both); timestamps become aware datetimes. Lists and maps are copied, so that nobody else holds what a
    record does.
    """
    if isinstance(shape, StructureShape):
        return _structure(shape)
    if isinstance(shape, ListShape):
        item = converter(shape.member)
        return (lambda value: [item(each) for each in value]) if item else list
    if isinstance(shape, MapShape):
        return dict
    if shape is not None and shape.type_name == "timestamp":
        return cast("Converter", isoparse)
    return None


def _structure(shape: StructureShape) -> Converter:
    members = {name: (xform_name(name), converter(member)) for name, member in shape.members.items()}

    def convert(value: dict[str, Any]) -> dict[str, Any]:
        converted = {}
        for name, given in value.items():
            known = members.get(name)
            if known is not None and given is not None:
                python_name, convert_member = known
                converted[python_name] = convert_member(given) if convert_member else given
        return converted

    return convert
