"""Event patterns: EventBridge's language for saying which events are wanted.

Written here because no package on PyPI has the language, and moto's `EventPattern` is not there at run time, lets an
unknown operator match everything, checks no operand and does not look into arrays of objects. Sources: *Comparison
operators for use in event patterns in Amazon EventBridge*, EventBridge User Guide; the README of aws/event-ruler, the
library that EventBridge matches with.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cache, partial
from typing import Any

from .arguments import TypeRefused, ValueRefused
from .unknown import unknown

_LIMIT = 5.0e9
"""Numbers beyond this, either way, are not compared."""


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Return whether an event is one that a pattern, which `check()` has let through, wants.

    Every field of the pattern has to be met, each by one of its values. Of an array in the event one element has to
    meet them; of an array of objects one object has to meet all that the pattern says of it.
    """
    return _meets(pattern, event, [event])


def check(name: str, pattern: object) -> Mapping[str, Any]:
    """Return a copy of a pattern in which there is nothing wrong.

    Raises TypeError for what is no mapping, and ValueError, naming the argument, the field and the rule, for a pattern
    that EventBridge would not take.
    """
    if not isinstance(pattern, Mapping):
        raise TypeRefused(name, f"{pattern!r} is not an event pattern, which is a dict")
    try:
        _check_object("", pattern)
    except _Wrong as wrong:
        raise ValueRefused(name, str(wrong)) from None
    return deepcopy(pattern)


class _Wrong(Exception):
    """Something in a pattern is not as it has to be; the text says where and what."""

    def __init__(self, place: str, rule: str) -> None:
        super().__init__(f"{place}: {rule}" if place else rule)


# Matching. The objects at one place are several where the event has them in an array.


def _meets(pattern: Mapping[str, Any], node: Mapping[str, Any], siblings: list[Mapping[str, Any]]) -> bool:
    return all(_meets_field(key, rule, node, siblings) for key, rule in pattern.items())


def _meets_field(key: str, rule: Any, node: Mapping[str, Any], siblings: list[Mapping[str, Any]]) -> bool:
    if key == "$or":
        return any(_meets(choice, node, siblings) for choice in rule)
    if isinstance(rule, Mapping):  # where there is no object, nothing in it exists, which may be what is wanted
        below = _objects([sibling.get(key) for sibling in siblings])
        return any(_meets(rule, child, below) for child in _objects([node.get(key)]) or [{}])
    values = _values(node[key]) if key in node else []
    for wanted in rule:
        if wanted == {"exists": False}:  # in no element of an array, where the object is one
            if not any(_values(sibling[key]) for sibling in siblings if key in sibling):
                return True
        elif wanted == {"exists": True}:
            if values:
                return True
        elif any(_is_wanted(wanted, value) for value in values):
            return True
    return False


def _objects(found: Iterable[Any]) -> list[Mapping[str, Any]]:
    """Return the objects among what was found, those in arrays too."""
    objects: list[Mapping[str, Any]] = []
    for each in found:
        if isinstance(each, Mapping):
            objects.append(each)
        elif isinstance(each, list):
            objects.extend(_objects(each))
    return objects


def _values(found: Any) -> list[Any]:
    """Return the values in a field: itself, or those in its array; an object is none."""
    if isinstance(found, list):
        return [value for each in found for value in _values(each)]
    return [] if isinstance(found, Mapping) else [found]


def _is_wanted(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        ((name, operand),) = wanted.items()
        return _OPERATORS[name](operand, value)
    return type(wanted) is type(value) and bool(wanted == value)  # 1, 1.0 and true are three values


def _has_affix(has: Callable[[str, str], bool], operand: Any, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    if isinstance(operand, Mapping):
        return has(value.lower(), operand["equals-ignore-case"].lower())
    return has(value, operand)


def _is_in_any_case(operand: str, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == operand.lower()


def _is_like(operand: str, value: Any) -> bool:
    return isinstance(value, str) and _expression(operand).fullmatch(value) is not None


def _is_none_of(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        ((name, operand),) = operand.items()
        return not any(_OPERATORS[name](each, value) for each in _listed(operand))
    return not any(_is_wanted(each, value) for each in _listed(operand))


def _is_within(operand: list[Any], value: Any) -> bool:
    if not _is_number(value) or abs(value) > _LIMIT:
        return False
    return all(_COMPARISONS[sign](value, limit) for sign, limit in zip(operand[::2], operand[1::2], strict=True))


def _is_in_network(operand: str, value: Any) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in ipaddress.ip_network(operand, strict=False)
    except ValueError:
        return False


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@cache
def _expression(wildcard: str) -> re.Pattern[str]:
    r"""Return what a wildcard stands for: `*` is any text, `\*` and `\\` are the characters themselves."""
    parts = re.findall(r"\\.|[^\\]", wildcard, re.DOTALL)
    return re.compile("".join(".*" if part == "*" else re.escape(part[-1]) for part in parts), re.DOTALL)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "prefix": partial(_has_affix, str.startswith),
    "suffix": partial(_has_affix, str.endswith),
    "equals-ignore-case": _is_in_any_case,
    "wildcard": _is_like,
    "anything-but": _is_none_of,
    "numeric": _is_within,
    "cidr": _is_in_network,
}
"""Whether a value is what each operator wants; `exists` is about the field, and not about its values."""


# Checking.


def _check_object(place: str, pattern: Mapping[Any, Any]) -> None:
    if not pattern:
        raise _Wrong(place, "it is empty, and has to name a field")
    for key, rule in pattern.items():
        if not isinstance(key, str):
            raise _Wrong(place, f"{key!r} is no field, whose name is text")
        _check_field(f"{place}.{key}" if place else key, key, rule)


def _check_field(place: str, key: str, rule: Any) -> None:
    if key == "$or":
        if not isinstance(rule, list) or len(rule) < 2 or not all(isinstance(choice, Mapping) for choice in rule):
            raise _Wrong(place, f"{rule!r} is not a list of two or more patterns")
        for number, choice in enumerate(rule):
            _check_object(f"{place}[{number}]", choice)
    elif isinstance(rule, Mapping):
        _check_object(place, rule)
    elif not isinstance(rule, list) or not rule:
        raise _Wrong(place, f"{rule!r} is neither a list of values, of which there is one, nor an object")
    else:
        for wanted in rule:
            _check_value(place, wanted)


def _check_value(place: str, wanted: Any) -> None:
    if isinstance(wanted, Mapping):
        if len(wanted) != 1:
            raise _Wrong(place, f"{wanted!r} has to have one operator")
        ((name, operand),) = wanted.items()
        if name not in _CHECKS:
            raise _Wrong(place, unknown("operator", str(name), _CHECKS))
        _CHECKS[name](f"{place}.{name}", operand)
    elif not (wanted is None or isinstance(wanted, (str, bool)) or _is_number(wanted)):
        raise _Wrong(place, f"{wanted!r} is not text, a number, a truth value, None or an operator")


def _check_affix(place: str, operand: Any) -> None:
    if isinstance(operand, Mapping):
        if list(operand) != ["equals-ignore-case"]:
            raise _Wrong(place, f"{operand!r} is neither text nor an object with 'equals-ignore-case' alone")
        operand, place = operand["equals-ignore-case"], f"{place}.equals-ignore-case"
    _check_text(place, operand)


def _check_text(place: str, operand: Any) -> None:
    if not isinstance(operand, str):
        raise _Wrong(place, f"{operand!r} is not text")


def _check_wildcard(place: str, operand: Any) -> None:
    _check_text(place, operand)
    if re.fullmatch(r"(?:\\[\\*]|[^\\])*", operand, re.DOTALL) is None:
        raise _Wrong(place, f"{operand!r} has a backslash before something other than '*' and a backslash")
    if "**" in re.sub(r"\\.", "", operand, flags=re.DOTALL):
        raise _Wrong(place, f"{operand!r} has two wildcards side by side")


def _check_anything_but(place: str, operand: Any) -> None:
    if isinstance(operand, Mapping):
        if len(operand) != 1 or not operand.keys() <= _NEGATED.keys():
            raise _Wrong(place, f"{operand!r} has to have one of {', '.join(map(repr, sorted(_NEGATED)))}")
        ((name, negated),) = operand.items()
        for each in _listed(negated) or [negated]:
            _NEGATED[name](f"{place}.{name}", each)
    elif not _listed(operand) or not (
        all(isinstance(each, str) for each in _listed(operand)) or all(map(_is_number, _listed(operand)))
    ):
        raise _Wrong(place, f"{operand!r} is neither text nor a number, nor a list of either")


def _check_numeric(place: str, operand: Any) -> None:
    if not isinstance(operand, list) or len(operand) not in (2, 4) or not all(map(_is_number, operand[1::2])):
        raise _Wrong(place, f"{operand!r} is not a list of a comparison and a number, or of two of each")
    for sign in operand[::2]:
        if sign not in tuple(_COMPARISONS):
            raise _Wrong(place, unknown("comparison", str(sign), _COMPARISONS))
    if any(abs(limit) > _LIMIT for limit in operand[1::2]):
        raise _Wrong(place, f"{operand!r} has a number that is not from -5e9 to 5e9")
    if len(operand) == 4 and not (operand[0] in (">", ">=") and operand[2] in ("<", "<=") and operand[1] < operand[3]):
        raise _Wrong(place, f"{operand!r} is no range, which is '>' or '>=', its lower end, '<' or '<=', its upper end")


def _check_exists(place: str, operand: Any) -> None:
    if not isinstance(operand, bool):
        raise _Wrong(place, f"{operand!r} is neither True nor False")


def _check_cidr(place: str, operand: Any) -> None:
    _check_text(place, operand)
    try:
        ipaddress.ip_network(operand, strict=False)
    except ValueError:
        raise _Wrong(place, f"{operand!r} is not a range of addresses such as '10.0.0.0/24'") from None
    if "/" not in operand:
        raise _Wrong(place, f"{operand!r} does not say how long the range's prefix is, as '10.0.0.0/24' does")


def _listed(operand: Any) -> list[Any]:
    return operand if isinstance(operand, list) else [operand]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_NEGATED: dict[str, Callable[[str, Any], None]] = {
    "prefix": _check_text,
    "suffix": _check_text,
    "equals-ignore-case": _check_text,
    "wildcard": _check_wildcard,
}
"""What may be negated with `anything-but`, beside values, and the check of one operand."""

_CHECKS: dict[str, Callable[[str, Any], None]] = {
    "prefix": _check_affix,
    "suffix": _check_affix,
    "equals-ignore-case": _check_text,
    "wildcard": _check_wildcard,
    "anything-but": _check_anything_but,
    "numeric": _check_numeric,
    "cidr": _check_cidr,
    "exists": _check_exists,
}
"""The check of each operator's operand."""
