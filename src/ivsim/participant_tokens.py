"""Participant tokens of stages as an application's back end signs them: for tests, in place of that back end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from secrets import choice
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any

from . import signing
from .core import arns
from .core.arguments import ValueRefused, check_text
from .ivsrealtime import endpoints, participant_tokens, tokens

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey


def participant_token(
    private_key: str | bytes | EllipticCurvePrivateKey,
    public_key_arn: str,
    stage_arn: str,
    *,
    participant_id: str | None = None,
    user_id: str = "",
    attributes: Mapping[str, str] | None = None,
    capabilities: Sequence[str] = participant_tokens.CAPABILITIES,
    expires_in: float | timedelta = timedelta(minutes=participant_tokens.DEFAULT_MINUTES),
    now: datetime | None = None,
    stage_endpoints: Mapping[str, str] | None = None,
) -> str:
    """Return a participant token that a back end has signed: with it somebody joins a stage, and tokens are exchanged.

    - `private_key`: a PEM, or a key of the cryptography library, on the curve P-384. The public half is imported with
      ImportPublicKey, whose answer has its ARN, `public_key_arn`.
    - `participant_id`: 1 to 64 letters, digits, `_` and `-`; without it the token has a new one.
    - `user_id`, `attributes`: what CreateParticipantToken takes.
    - `capabilities`: "PUBLISH" and "SUBSCRIBE", one of them, or none; both unless given.
    - `expires_in`: seconds or a timedelta, 14 days at most, 12 hours unless given, counted from `now`; by default that
      is the time of the active mock, or the system's when there is none.
    - `stage_endpoints`: the stage's `endpoints`, as a server's GetStage answers them, whose addresses are its own. By
      default they are AWS's.

    Source: *Distribute Participant Tokens*, IVS Real-Time User Guide.

    Raises ValueError, with the name of the argument, for what a stage would refuse; TypeError for an argument of
    another type. For a token that is to be refused, give a `now` that is long ago, or another key.
    """
    key = signing.key(private_key)
    places = set()
    for name, given, kind in (("public_key_arn", public_key_arn, "public-key"), ("stage_arn", stage_arn, "stage")):
        arn = arns.parse(check_text(name, given))
        if arn is None or arn.resource_type != kind:
            raise ValueRefused(name, f"{given!r} is not the ARN of a {kind.replace('-', ' ')}")
        places.add((arn.account, arn.region))
    if len(places) > 1:
        raise ValueRefused("public_key_arn", "the key is not of the stage's account and region")
    if participant_id is not None and not tokens.PARTICIPANT_ID.fullmatch(check_text("participant_id", participant_id)):
        raise ValueRefused("participant_id", f"{participant_id!r} is not 1 to 64 letters, digits, '_' and '-'")
    lifetime = signing.seconds(expires_in)
    if lifetime > tokens.LONGEST.total_seconds():
        raise ValueRefused("expires_in", f"{expires_in!r} is more than {tokens.LONGEST.days} days")
    moment = signing.moment(now)
    addresses: Any = endpoints.endpoints_of(stage_arn) if stage_endpoints is None else stage_endpoints
    for name in ("events", "whip"):
        if not isinstance(addresses, Mapping) or not isinstance(addresses.get(name), str) or not addresses[name]:
            raise ValueRefused("stage_endpoints", f"{stage_endpoints!r} has no address {name!r}")
    claims = tokens.Claims(
        expires=int(moment + lifetime),
        issued=int(moment),
        token_id=participant_id or "".join(choice(ascii_letters + digits) for _ in range(12)),
        stage_arn=stage_arn,
        events_url=addresses["events"],
        whip_url=addresses["whip"],
        **participant_tokens.wanted(user_id, attributes, capabilities),
    )
    return tokens.sign_with(key, public_key_arn, claims)
