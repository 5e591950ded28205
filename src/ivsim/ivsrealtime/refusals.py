"""Refusals: why somebody may not do something on a stage, by the rules or because a test wants it."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ._service import Context, service

PUBLISH, SUBSCRIBE = "PUBLISH", "SUBSCRIBE"

INSUFFICIENT_CAPABILITIES = "INSUFFICIENT_CAPABILITIES"

_WHO = "stage_arn", "participant_id", "user_id"

JOINING = service.incident(
    "StageJoin",
    "TOKEN_MALFORMED",
    "TOKEN_EXPIRED",
    "TOKEN_NOT_ALLOWED",
    "STAGE_AT_CAPACITY",
    "STAGE_DELETED",
    "PARTICIPANT_DISCONNECTED",
    "INTERNAL_SERVER_EXCEPTION",
    about=_WHO,
)
"""Somebody joins; the codes are those of AWS's clients."""

PUBLISHING = service.incident(
    "StagePublish",
    INSUFFICIENT_CAPABILITIES,
    "QUOTA_EXCEEDED",
    "INVALID_INPUT",
    "INTERNAL_SERVER_EXCEPTION",
    about=_WHO,
)
"""Somebody offers to publish; the codes are those of the API's events."""

SUBSCRIBING = service.incident(
    "StageSubscribe",
    INSUFFICIENT_CAPABILITIES,
    "QUOTA_EXCEEDED",
    "PUBLISHER_NOT_FOUND",
    "INTERNAL_SERVER_EXCEPTION",
    about=(*_WHO, "remote_participant_id"),
)

PINGING = service.incident("StagePing", "NoAnswer", about=_WHO)
"""A client asks over the events WebSocket whether somebody is there."""


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


def by_fault(ctx: Context, incident: str, **about: str) -> Refusal | None:
    """Return why something is refused that a test wants to be, None where none does."""
    fault = ctx.strike(incident, **about)
    return Refusal(fault.error_code, fault.message or "a test wants it to be refused") if fault else None
