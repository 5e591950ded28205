"""Server-side validation of an input against its shape, and the texts of its problems.

botocore checks little before it sends: maxima, patterns, enums and list sizes are the server's to check. The texts are
Smithy's, as AWS's newer services send them; IVS's own were not found anywhere (docs/fidelity.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timezone
from functools import cache, lru_cache
from math import isfinite
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, Shape, StructureShape
from dateutil.parser import isoparse

Place = tuple[Any, "str | int"] | None
"""A value's place: its parent's place and its key there; None for the input as a whole."""


class Problem(NamedTuple):
    """One broken rule: the member's path, as the wire spells it, and the rule."""

    path: tuple[str | int, ...]
    rule: str

    @property
    def field(self) -> str:
        """The path in one word: `viewerSessions.0.viewerId`."""
        return ".".join(map(str, self.path))


Check = Callable[[Any, Place, list[Problem]], object]
"""A function that appends a Problem for each rule that a value breaks.

A value that breaks its limit of size is not checked further: the answer would grow with it, and a pattern may take
quadratic time.
"""

_ISO_8601 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_INTEGER_BITS = {"integer": 31, "long": 63}


def smithy_text(problems: Iterable[Problem]) -> str:
    """Return one sentence for all problems, in the words of AWS's Smithy servers."""
    said = [
        f"Value at '/{'/'.join(map(str, each.path))}' failed to satisfy constraint: {each.rule}" for each in problems
    ]
    return f"{len(said)} validation error{'s' if len(said) > 1 else ''} detected: {'; '.join(said)}"


def request_member_text(problems: Iterable[Problem]) -> str:
    """Return the problems in the words that IVS Chat was seen to use for a review handler."""
    return "; ".join(
        f"Request member: {each.field} failed to satisfy the constraints: {each.rule}" for each in problems
    )


def check(shape: Shape | None, *, strict: bool) -> Check:
    """Return the check for a shape. Without `strict` it checks required members and types, and no constraint."""
    if shape is None:
        return _anything
    if isinstance(shape, StructureShape):
        return _structure(shape, strict)
    if isinstance(shape, ListShape):
        return _list(shape, strict)
    if isinstance(shape, MapShape):
        return _map(shape, strict)
    return _SCALARS[shape.type_name](shape, strict)


def _anything(_value: Any, _place: Place, _problems: list[Problem]) -> bool:
    """Accept anything: the input of an operation that takes none, and a size without bounds."""
    return True


def _report(problems: list[Problem], place: Place, rule: str) -> None:
    path: list[str | int] = []
    while place is not None:
        place, key = place
        path.append(key)
    problems.append(Problem(tuple(reversed(path)), rule))


def _structure(shape: StructureShape, strict: bool) -> Check:
    required = tuple(shape.required_members)
    checks = {name: check(member, strict=strict) for name, member in shape.members.items()}
    union = strict and shape.is_tagged_union

    def structure(value: Any, place: Place, problems: list[Problem]) -> None:
        if type(value) is not dict:
            _report(problems, place, "Member must be a structure")
            return
        for name in required:
            if value.get(name) is None:
                _report(problems, (place, name), "Member must not be null")
        for name, given in value.items():
            if given is not None and name in checks:
                checks[name](given, (place, name), problems)
        if union and sum(value.get(name) is not None for name in checks) != 1:
            _report(problems, place, f"Exactly one of [{', '.join(checks)}] must be set")

    return structure


def _list(shape: ListShape, strict: bool) -> Check:
    item = check(shape.member, strict=strict)
    size = _bounds(shape, strict, "have length")

    def list_(value: Any, place: Place, problems: list[Problem]) -> None:
        if type(value) is not list:
            _report(problems, place, "Member must be a list")
            return
        if size(len(value), place, problems):
            for index, each in enumerate(value):
                item(each, (place, index), problems)

    return list_


def _map(shape: MapShape, strict: bool) -> Check:
    key_check, value_check = check(shape.key, strict=strict), check(shape.value, strict=strict)
    size = _bounds(shape, strict, "have length")

    def map_(value: Any, place: Place, problems: list[Problem]) -> None:
        if type(value) is not dict:
            _report(problems, place, "Member must be a map")
            return
        if size(len(value), place, problems):
            for key, each in value.items():
                key_check(key, (place, key), problems)
                value_check(each, (place, key), problems)

    return map_


def _string(shape: Shape, strict: bool) -> Check:
    size = _bounds(shape, strict, "have length")
    pattern = shape.metadata.get("pattern") if strict else None
    matches = _full_match(pattern) if pattern else None
    enum = tuple(shape.metadata.get("enum", ())) if strict else ()

    def string(value: Any, place: Place, problems: list[Problem]) -> None:
        if type(value) is not str:
            _report(problems, place, "Member must be a string")
            return
        if size(len(value), place, problems) and matches is not None and not matches(value):
            _report(problems, place, f"Member must satisfy regular expression pattern: {pattern}")
        if enum and value not in enum:
            _report(problems, place, f"Member must satisfy enum value set: [{', '.join(filter(None, enum))}]")

    return string


def _integer(shape: Shape, strict: bool) -> Check:
    limit = 1 << _INTEGER_BITS[shape.type_name]
    size = _bounds(shape, strict, "be")

    def integer(value: Any, place: Place, problems: list[Problem]) -> None:
        if type(value) is not int or not -limit <= value < limit:
            _report(problems, place, f"Member must be a whole number of {limit.bit_length()} bits")
            return
        size(value, place, problems)

    return integer


def _float(shape: Shape, strict: bool) -> Check:
    size = _bounds(shape, strict, "be")

    def float_(value: Any, place: Place, problems: list[Problem]) -> None:
        if type(value) not in (int, float) or not isfinite(value):
            _report(problems, place, "Member must be a number")
            return
        size(value, place, problems)

    return float_


def _boolean(_shape: Shape, _strict: bool) -> Check:
    def boolean(value: Any, place: Place, problems: list[Problem]) -> None:
        if type(value) is not bool:
            _report(problems, place, "Member must be a boolean")

    return boolean


def _timestamp(_shape: Shape, _strict: bool) -> Check:
    def timestamp(value: Any, place: Place, problems: list[Problem]) -> None:
        try:
            fits = type(value) is str and _ISO_8601.fullmatch(value) and isoparse(value).astimezone(timezone.utc)
        except (ValueError, OverflowError):
            fits = None
        if not fits:
            _report(problems, place, "Member must be a timestamp in ISO 8601 with its offset")

    return timestamp


_SCALARS: dict[str, Callable[[Shape, bool], Check]] = {
    "string": _string,
    "integer": _integer,
    "long": _integer,
    "float": _float,
    "boolean": _boolean,
    "timestamp": _timestamp,
}


def _bounds(shape: Shape, strict: bool, verb: str) -> Callable[[int, Place, list[Problem]], bool]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if not strict or (low is None and high is None):
        return _anything
    if low is None:
        rule = f"Member must {verb} less than or equal to {high}"
    elif high is None:
        rule = f"Member must {verb} greater than or equal to {low}"
    else:
        rule = f"Member must {verb} between {low} and {high}, inclusive"
    at_least = float("-inf") if low is None else low
    at_most = float("inf") if high is None else high

    def bounds(size: Any, place: Place, problems: list[Problem]) -> bool:
        if at_least <= size <= at_most:
            return True
        _report(problems, place, rule)
        return False

    return bounds


@cache
def _full_match(pattern: str) -> Callable[[str], object]:
    if r"\p" in pattern:
        return lru_cache(maxsize=4096)(lambda text: _with_properties(pattern).fullmatch(text) is not None)
    return re.compile(pattern).fullmatch


@cache
def _with_properties(pattern: str) -> Any:
    """Return a compiled pattern with Unicode properties, which only tags have; it is compiled when first used."""
    import regex  # noqa: PLC0415 - costs as much as all the rest

    return regex.compile(pattern)
