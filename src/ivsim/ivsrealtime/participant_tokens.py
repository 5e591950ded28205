"""Participant tokens: with one of them somebody joins a stage. They are made here or by a back end, and not kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from ..core.arguments import TypeRefused, ValueRefused, check_text
from ..core.unknown import unknown
from . import tokens
from ._service import MOST_ATTRIBUTE_BYTES, Context, byte_size, check_attributes, service
from .endpoints import endpoints_of

DEFAULT_MINUTES = 720

MOST_MINUTES = 20_160
"""The longest validity, where constraints go unchecked too: longer ones end beyond the last date."""

CAPABILITIES = ("PUBLISH", "SUBSCRIBE")


class ParticipantToken(Struct, frozen=True):
    """A token as it is answered, once; nobody can ask for it again."""

    participant_id: str
    token: str
    user_id: str | None
    attributes: dict[str, str] | None
    duration: int
    capabilities: tuple[str, ...]
    expiration_time: datetime


@service.operation(rate=50)
def create_participant_token(
    ctx: Context,
    stage_arn: str,
    *,
    duration: int | None = None,
    user_id: str | None = None,
    attributes: dict[str, str] | None = None,
    capabilities: list[str] | None = None,
) -> dict[str, object]:
    ctx.store.stages[stage_arn]
    asked = {"duration": duration, "user_id": user_id, "attributes": attributes, "capabilities": capabilities}
    check_attributes(ctx, attributes, "attributes")
    return {"participant_token": issue(ctx, stage_arn, asked)}


def wanted(
    user_id: str, attributes: Mapping[str, str] | None, capabilities: Sequence[str] = CAPABILITIES
) -> dict[str, Any]:
    """Return what a test wants a token to say of somebody, as `issue()` takes it.

    Raises ValueError, with the name of the argument, for a capability that does not exist, for a user id of more than
    128 characters and for attributes above 1 KB; TypeError for an argument of another type.
    """
    given: Any = attributes or {}
    pairs = given.items() if isinstance(given, Mapping) else [(None, None)]
    if not all(isinstance(each, str) for pair in pairs for each in pair):
        raise TypeRefused("attributes", f"{attributes!r} is not a dict from str to str")
    if byte_size(given) > MOST_ATTRIBUTE_BYTES:
        raise ValueRefused("attributes", f"they have {byte_size(given)} bytes, more than {MOST_ATTRIBUTE_BYTES}")
    names: Any = capabilities
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeRefused("capabilities", f"{names!r} is not a list of capabilities")
    for each in names:
        if each not in CAPABILITIES:
            raise ValueRefused("capabilities", unknown("capability", str(each), CAPABILITIES))
    if len(check_text("user_id", user_id)) > tokens.LONGEST_USER_ID:
        raise ValueRefused("user_id", f"it has {len(user_id)} characters, more than {tokens.LONGEST_USER_ID}")
    return {
        "user_id": user_id or None,
        "attributes": dict(given) or None,
        "capabilities": tuple(names),
    }


def issue(ctx: Context, stage_arn: str, asked: dict[str, Any]) -> ParticipantToken:
    """Return a new token for a stage, as a request wants it."""
    minutes = asked.get("duration")
    minutes = DEFAULT_MINUTES if minutes is None else min(max(minutes, 0), MOST_MINUTES)
    capabilities = tuple(asked.get("capabilities") or CAPABILITIES)
    now = ctx.now.replace(microsecond=0)
    expires = now + timedelta(minutes=minutes)
    participant_id = ctx.ids.alphanumeric(12)
    endpoints = endpoints_of(stage_arn)
    claims = tokens.Claims(
        expires=int(expires.timestamp()),
        issued=int(now.timestamp()),
        token_id=participant_id,
        stage_arn=stage_arn,
        events_url=endpoints["events"],
        whip_url=endpoints["whip"],
        user_id=asked.get("user_id"),
        attributes=asked.get("attributes"),
        capabilities=capabilities,
    )
    return ParticipantToken(
        participant_id=participant_id,
        token=tokens.sign(ctx.ids.secret, claims),
        user_id=claims.user_id,
        attributes=claims.attributes,
        duration=minutes,
        capabilities=capabilities,
        expiration_time=expires,
    )
