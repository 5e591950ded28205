"""Refusals: why somebody may not do something on a stage."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ._service import Context

PUBLISH, SUBSCRIBE = "PUBLISH", "SUBSCRIBE"

INSUFFICIENT_CAPABILITIES = "INSUFFICIENT_CAPABILITIES"


class Refusal(NamedTuple):
    """Why a participant may not do something: the code that its client or an event has for it, and the rule."""

    code: str
    rule: str


def by_capability(granted: Collection[str], capability: str) -> Refusal | None:
    """Return why somebody who lacks a capability is refused, None where it is granted."""
    if capability in granted:
        return None
    return Refusal(INSUFFICIENT_CAPABILITIES, f"the token lacks the capability {capability}")


def by_quota(ctx: Context, quota: str, used: int) -> Refusal | None:
    """Return why one more is refused, None while a quota allows it."""
    limit = ctx.quota(quota)
    return Refusal("QUOTA_EXCEEDED", f"Quota exceeded: {quota}, limit: {limit}") if used >= limit else None
