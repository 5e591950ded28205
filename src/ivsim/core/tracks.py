"""Tracks as a test tells of them: the members of each that differ from the usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from botocore import xform_name
from msgspec import Struct
from msgspec.structs import replace

from .arguments import TypeRefused, ValueRefused
from .broadcasting import Tracks
from .unknown import unknown

T = TypeVar("T", bound=Struct)

_MOST = 2**31 - 1
"""The greatest number that an encoder may report."""


def listed(kind: str, given: Tracks) -> Sequence[Mapping[str, Any]]:
    """Return the members given for each track of a kind. Raises TypeError for what is neither one track nor several."""
    each: Any = [given or {}] if given is None or isinstance(given, Mapping) else given
    if not isinstance(each, Sequence) or isinstance(each, str) or not all(isinstance(one, Mapping) for one in each):
        raise TypeRefused(kind, f"{given!r} is neither a dict of members nor a list of them")
    return each


def told(kind: str, default: T, given: Mapping[str, Any]) -> T:
    """Return a track with the members that differ from a default's.

    Raises ValueError for a number below 1 or too great; TypeError for a member that a track does not have, or has
    twice, or that is of another type.
    """
    known = default.__struct_fields__
    changes: dict[str, Any] = {}
    for name, value in given.items():
        member = xform_name(str(name))
        if member not in known:
            raise TypeRefused(kind, unknown("member", str(name), known))
        if member in changes:
            raise TypeRefused(kind, f"{member} is given twice")
        wanted = type(getattr(default, member))
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise TypeRefused(kind, f"{member}: {value!r} is not of type {wanted.__name__}")
        if wanted in (int, float) and not 1 <= value <= _MOST:
            raise ValueRefused(kind, f"{member}: {value!r} is not a number from 1 to {_MOST}")
        changes[member] = wanted(value)
    return replace(default, **changes)
