"""Rules as they are given, in a file or by a test, and what of that is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import msgspec

from ...core import patterns
from ...core.arguments import ValueRefused
from ...core.unknown import unknown
from ..posting import is_url
from .targets import ENDPOINT_VARIABLES, AnyTarget, EventBridgeTarget, HttpTarget, LambdaTarget, SqsTarget

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

_MOST_IN_GROUP_ID = 100
"""Source: the model of EventBridge, MessageGroupId."""


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
    return Rule(name, pattern, _target(target))


def _target(given: object) -> AnyTarget:
    if not isinstance(given, Mapping):
        raise ValueRefused("target", f"{given!r} is not an object")
    name = given.get("type")
    if not isinstance(name, str):
        raise ValueRefused("target.type", f"it has to be one of {', '.join(map(repr, _TARGETS))}")
    if name not in _TARGETS:
        raise ValueRefused("target.type", unknown("type of target", name, _TARGETS))
    kind = _TARGETS[name]
    named = {} if "endpoint" in given else _named_endpoint(kind)
    members = _members("target.", {**named, **{key: value for key, value in given.items() if key != "type"}}, kind)
    for member, value in members.items():
        if not isinstance(value, str):
            raise ValueRefused(f"target.{member}", f"{value!r} is not text")
        if member.lower().endswith(("url", "endpoint")):
            _check_url(f"target.{member}", value)
    if kind is SqsTarget:
        _check_group(members["queueUrl"], members.get("messageGroupId"))
    target: AnyTarget = msgspec.convert({"type": name, **members}, kind)
    return target


def _check_url(place: str, url: str) -> None:
    if not is_url(url):
        raise ValueRefused(place, f"{url!r} is not an http or https URL, without a user name in it")


def _check_group(queue_url: str, group_id: str | None) -> None:
    if group_id is None:
        if urlsplit(queue_url).path.rstrip("/").endswith(".fifo"):
            raise ValueRefused("target.messageGroupId", "it is missing, and a queue whose name ends in .fifo needs it")
    elif not 1 <= len(group_id) <= _MOST_IN_GROUP_ID:
        raise ValueRefused("target.messageGroupId", f"{group_id!r} is not text of 1 to {_MOST_IN_GROUP_ID} characters")


def _named_endpoint(kind: type[AnyTarget]) -> dict[str, str]:
    """Return the endpoint that the environment names for a target, as a member; none where it names none."""
    for variable in ENDPOINT_VARIABLES.get(kind, ()):
        if url := os.environ.get(variable):
            _check_url(variable, url)
            return {"endpoint": url}
    return {}


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
            others = ENDPOINT_VARIABLES.get(kind, ()) if name == "endpoint" else ()
            unset = f", and neither {' nor '.join(others)} is set" if others else ""
            raise ValueRefused(f"{place}{name}", f"this member is missing{unset}")
    return given
