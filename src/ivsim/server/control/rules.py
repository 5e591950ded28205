"""Rules, and what has become of their events."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request

from ...emulator import Emulator
from ..rules.rules import Rules
from ..rules.targets import AnyTarget
from .endpoints import endpoint


class UndeliveredEvent(msgspec.Struct):
    """An event that did not arrive after so many attempts, and the reason of the last."""

    event: dict[str, Any]
    attempts: int
    reason: str


class RuleState(msgspec.Struct, rename="camel"):
    """A rule: how many events its target has, how many wait, and the newest of those that did not arrive.

    `lastFailure` is what was said at the last attempt that did not succeed; such an event may have arrived since.
    """

    name: str
    pattern: dict[str, Any]
    target: AnyTarget
    delivered: int
    waiting: int
    last_failure: str | None
    undelivered: list[UndeliveredEvent]


@endpoint("GET", "/rules")
def list_rules(sim: Emulator, request: Request) -> list[RuleState]:  # noqa: ARG001 - as every endpoint
    """Return the rules that the server was started with, and what has become of their events since the last reset."""
    rules: Rules = request.scope["ivsim.rules"]
    return [
        RuleState(
            status.rule.name,
            dict(status.rule.pattern),
            status.rule.target,
            status.delivered,
            status.waiting,
            status.last_failure,
            [UndeliveredEvent(*each) for each in status.undelivered],
        )
        for status in rules.statuses
    ]
