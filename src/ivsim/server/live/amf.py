"""AMF0, in which RTMP has its commands: values to bytes and back.

Source: Adobe, *Action Message Format -- AMF 0*, 2007, by whose section 2 the markers go.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import TypeAlias

Value: TypeAlias = "float | bool | str | dict[str, Value] | list[Value] | None"
"""A value: numbers are floats, objects and arrays with names are dicts, a date is its milliseconds."""

_NUMBER, _BOOLEAN, _STRING, _OBJECT, _NULL, _UNDEFINED, _ECMA_ARRAY = 0, 1, 2, 3, 5, 6, 8
_END, _STRICT_ARRAY, _DATE, _LONG_STRING = 9, 10, 11, 12

_MOST_NESTED = 16
"""Objects in objects; encoders send one or two."""


class AmfRefused(ValueError):
    """Bytes that are no AMF0, or have what no encoder sends."""


def encode(*values: Value) -> bytes:
    """Return values as bytes, one after the other."""
    return b"".join(map(_encoded, values))


def decode(data: bytes) -> list[Value]:
    """Return the values in some bytes. Raises AmfRefused."""
    try:
        return list(_values(_Reader(data)))
    except (struct.error, IndexError):
        raise AmfRefused("the bytes end within a value") from None


def _encoded(value: Value) -> bytes:
    if value is None:
        return bytes([_NULL])
    if isinstance(value, bool):
        return bytes([_BOOLEAN, value])
    if isinstance(value, (int, float)):
        return struct.pack(">Bd", _NUMBER, value)
    if isinstance(value, str):
        return bytes([_STRING]) + _text(value)
    if isinstance(value, list):
        return struct.pack(">BI", _STRICT_ARRAY, len(value)) + encode(*value)
    members = b"".join(_text(name) + _encoded(each) for name, each in value.items())
    return bytes([_OBJECT]) + members + bytes([0, 0, _END])


def _text(text: str) -> bytes:
    data = text.encode()[:0xFFFF]
    return struct.pack(">H", len(data)) + data


class _Reader:
    """The bytes that are still to be read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        """Return so many bytes. Raises IndexError where there are fewer."""
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise IndexError
        self.at += count
        return taken

    def number(self, form: str) -> int:
        """Return a whole number."""
        (found,) = struct.unpack(form, self.take(struct.calcsize(form)))
        return int(found)

    def text(self, form: str = ">H") -> str:
        """Return a text with its length before it."""
        return self.take(self.number(form)).decode("utf-8", "replace")


def _values(reader: _Reader) -> Iterator[Value]:
    while reader.at < len(reader.data):
        yield _value(reader, 0)


def _value(reader: _Reader, depth: int) -> Value:
    if depth > _MOST_NESTED:
        raise AmfRefused(f"values are nested more than {_MOST_NESTED} deep")
    marker = reader.number(">B")
    if marker == _STRICT_ARRAY:
        return [_value(reader, depth + 1) for _ in range(reader.number(">I"))]
    if marker in (_OBJECT, _ECMA_ARRAY):
        if marker == _ECMA_ARRAY:
            reader.take(4)  # how many there are, which encoders get wrong
        return _members(reader, depth + 1)
    if marker not in _PLAIN:
        raise AmfRefused(f"there is no value with the marker {marker}")
    return _PLAIN[marker](reader)


def _double(reader: _Reader) -> float:
    (number,) = struct.unpack(">d", reader.take(8))
    return float(number)


def _date(reader: _Reader) -> float:
    milliseconds = _double(reader)
    reader.take(2)  # a time zone, which is always 0
    return milliseconds


_PLAIN: dict[int, Callable[[_Reader], Value]] = {
    _NUMBER: _double,
    _BOOLEAN: lambda reader: reader.take(1) != b"\0",
    _STRING: _Reader.text,
    _LONG_STRING: lambda reader: reader.text(">I"),
    _NULL: lambda _reader: None,
    _UNDEFINED: lambda _reader: None,
    _DATE: _date,
}
"""How values are read that have no others in them, by their markers."""


def _members(reader: _Reader, depth: int) -> dict[str, Value]:
    members: dict[str, Value] = {}
    while True:
        name = reader.text()
        if not name and reader.data[reader.at] == _END:
            reader.take(1)
            return members
        members[name] = _value(reader, depth)
