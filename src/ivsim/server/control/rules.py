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


class RetriedEvent(msgspec.Struct):
    """An event that is sent again in some seconds, after so many attempts, and the reason of the last."""

    event: dict[str, Any]
    attempts: int
    reason: str
    seconds: float


class RuleState(msgspec.Struct, rename="camel"):
    """A rule: how many events its target has, how many wait, and which did not arrive.

    Of those that wait `retrying` has the next 100 that are sent again, and `undelivered` the newest 100 that are not.
    `lastFailure` is what was said at the last attempt that did not succeed; such an event may have arrived since.
    """

    name: str
    pattern: dict[str, Any]
    target: AnyTarget
    delivered: int
    waiting: int
    last_failure: str | None
    retrying: list[RetriedEvent]
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
            [RetriedEvent(*each) for each in status.retrying],
            [UndeliveredEvent(*each) for each in status.undelivered],
        )
        for status in rules.statuses
    ]
