"""Rules as they are given, in a file or by a test, and what of that is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from ...core import patterns
from ...core.arguments import ValueRefused
from ...core.unknown import unknown
from ..posting import is_url
from .targets import AnyTarget, EventBridgeTarget, HttpTarget, LambdaTarget, SqsTarget

GivenRules: TypeAlias = "str | os.PathLike[str] | Sequence[Mapping[str, Any]]"
"""A JSON file, or what would be in it."""

_TARGETS: dict[str, type[AnyTarget]] = {
    "eventbridge": EventBridgeTarget,
    "http": HttpTarget,
    "lambda": LambdaTarget,
    "sqs": SqsTarget,
}

_NAME = re.compile(r"[.\-_A-Za-z0-9]{1,64}")
"""Source: the model of EventBridge, RuleName."""


class Rule(msgspec.Struct, frozen=True):
    """A rule: the events that match its pattern go to its target."""

    name: str
    pattern: Mapping[str, Any]
    target: AnyTarget


def read(given: GivenRules) -> list[Rule]:
    """Return the rules. Raises OSError for a file that cannot be read; ValueRefused for one that is wrong.

    The text of that names the file, the rule, the member and what it has to be.
    """
    place, rules = "rules", given
    if isinstance(given, (str, os.PathLike)):
        place = os.fspath(given)
        try:
            rules = msgspec.json.decode(Path(given).read_bytes())
        except OSError as error:
            raise OSError(f"the rules in {place} cannot be read: {error.strerror}") from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ValueRefused("rules", f"it is not JSON: {error}", place) from None
    try:
        return _rules(rules)
    except (ValueError, TypeError) as error:  # what is refused of a pattern may be either
        raise ValueRefused("rules", str(error), place) from None


def _rules(given: object) -> list[Rule]:
    if not isinstance(given, Sequence) or isinstance(given, (str, bytes)):
        raise TypeError("there is no list of rules")
    rules: list[Rule] = []
    for number, each in enumerate(given, 1):
        name = each.get("name") if isinstance(each, Mapping) else None
        place = f"rule {number}" if name is None else f"rule {number}, {name!r}"
        try:
            rule = _rule(each)
            if any(rule.name == other.name for other in rules):
                raise ValueRefused("name", "another rule has it")
        except (ValueError, TypeError) as error:
            raise ValueRefused(place, str(error)) from None
        rules.append(rule)
    return rules


def _rule(given: object) -> Rule:
    members = _members("", given, Rule)
    name, target = members["name"], members["target"]
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueRefused("name", f"{name!r} is not text of 1 to 64 letters, digits and . - _")
    pattern = patterns.check("pattern", members["pattern"])
    if not isinstance(target, Mapping):
        raise ValueRefused("target", f"{target!r} is not an object")
    kind = target.get("type")
    if not isinstance(kind, str):
        raise ValueRefused("target.type", f"it has to be one of {', '.join(map(repr, _TARGETS))}")
    if kind not in _TARGETS:
        raise ValueRefused("target.type", unknown("type of target", kind, _TARGETS))
    chosen = _members("target.", {key: value for key, value in target.items() if key != "type"}, _TARGETS[kind])
    for member, value in chosen.items():
        if not isinstance(value, str):
            raise ValueRefused(f"target.{member}", f"{value!r} is not text")
        if member.lower().endswith(("url", "endpoint")) and not is_url(value):
            raise ValueRefused(f"target.{member}", f"{value!r} is not an http or https URL, without a user name in it")
    return Rule(name, pattern, msgspec.convert({"type": kind, **chosen}, AnyTarget))


def _members(place: str, given: object, kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    """Return the members of an object. Raises ValueRefused for one that is missing, or that there is not."""
    if not isinstance(given, Mapping):
        raise ValueRefused(place or "the rule", f"{given!r} is not an object")
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in given:
        if name not in fields:
            raise ValueRefused(f"{place}{name}", unknown("member", str(name), fields))
    for name, field in fields.items():
        if field.required and name not in given:
            raise ValueRefused(f"{place}{name}", "this member is missing")
    return given
