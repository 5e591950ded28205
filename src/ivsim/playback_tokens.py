"""Playback tokens as an application's back end issues them: for tests, in place of that back end."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import signing
from .core import arns
from .core.arguments import TypeRefused, ValueRefused
from .ivs.playback import tokens

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_PARAMETERS = {
    tokens.EXPIRES: "expires_in",
    tokens.ORIGINS: "origins",
    tokens.SINGLE_USE: "single_use",
}
"""The names of parameters, by the claims whose own names differ."""

_MOST_BYTES = 2048


def playback_token(
    private_key: str | bytes | EllipticCurvePrivateKey,
    channel_arn: str,
    *,
    expires_in: float | timedelta = 300,
    viewer_id: str | None = None,
    viewer_session_version: int | None = None,
    origins: str | Iterable[str] | None = None,
    strict_origin_enforcement: bool | None = None,
    single_use: bool | str = False,
    maximum_resolution: str | None = None,
    ads_opt_out: bool | None = None,
    ads_player_params: Mapping[str, str] | None = None,
    ads_playback_config_name: str | None = None,
    ads_reporting_mode: str | None = None,
    now: datetime | None = None,
) -> str:
    """Return a playback token: what admits a viewer to a private channel, as the value of `token` in its playback URL.

    - `private_key`: a PEM, or a key of the cryptography library, on the curve P-384. The public half is imported with
      ImportPlaybackKeyPair.
    - `expires_in`: seconds or a timedelta in which playback has to start, counted from `now`; by default that is the
      time of the active mock, or the system's when there is none.
    - `viewer_id`, `viewer_session_version`: by what the viewer's sessions can be revoked.
    - `origins`: sites on which it may be played, such as "https://*.example.com"; `strict_origin_enforcement` asks for
      one in each request.
    - `single_use`: True for a token that is good for one request, or the UUID that makes it so.
    - `maximum_resolution`: "SD", "HD" or "FULL_HD".
    - `ads_…`: what the claims of the same names mean for server-side ad insertion.

    What is not given is not in the token. Source: *Generate and Sign IVS Playback Tokens*, IVS User Guide.

    Raises ValueError, with the name of the argument, for what the playback edge would refuse; TypeError for an argument
    of another type. For a token that is to be refused, give a `now` that is long ago, or another key.
    """
    key = signing.key(private_key)
    given: object = channel_arn
    if not isinstance(given, str):
        raise TypeRefused("channel_arn", f"{channel_arn!r} is not a string")
    arn = arns.parse(channel_arn)
    if arn is None or arn.resource_type != "channel":
        raise ValueRefused("channel_arn", f"{channel_arn!r} is not the ARN of a channel")
    moment = signing.moment(now)
    claims = {
        tokens.CHANNEL_ARN: channel_arn,
        tokens.EXPIRES: int(moment + signing.seconds(expires_in)),
        tokens.ORIGINS: _origins(origins),
        tokens.STRICT_ORIGINS: strict_origin_enforcement,
        tokens.SINGLE_USE: str(uuid.uuid4()) if single_use is True else single_use or None,
        tokens.VIEWER_ID: viewer_id,
        tokens.VIEWER_SESSION_VERSION: viewer_session_version,
        tokens.MAXIMUM_RESOLUTION: maximum_resolution,
        tokens.ADS_OPT_OUT: ads_opt_out,
        tokens.ADS_PLAYER_PARAMS: _plain(ads_player_params),
        tokens.ADS_PLAYBACK_CONFIG_NAME: ads_playback_config_name,
        tokens.ADS_REPORTING_MODE: ads_reporting_mode,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    try:
        tokens.check(claims, moment)
    except tokens.ClaimRefused as refused:
        error = TypeRefused if isinstance(refused, tokens.ClaimTypeRefused) else ValueRefused
        parameter = _parameter(refused.claim)
        value = expires_in if refused.claim == tokens.EXPIRES else claims[refused.claim]
        raise error(parameter, f"{value!r} {refused.rule}") from None
    import jwt  # noqa: PLC0415 - only here, and it imports cryptography

    token = jwt.encode(claims, key, algorithm=tokens.ALGORITHM)
    if len(token) > _MOST_BYTES:
        longest = max(claims, key=lambda claim: len(str(claims[claim])))
        raise ValueRefused(_parameter(longest), f"the token has {len(token)} bytes, more than {_MOST_BYTES}")
    return token


def _parameter(claim: str) -> str:
    """Return the name of the parameter for a claim."""
    return _PARAMETERS.get(claim, claim.removeprefix("aws:").replace("-", "_"))


def _origins(origins: Any) -> Any:
    if isinstance(origins, Iterable) and not isinstance(origins, (str, bytes)):
        origins = list(origins)
        if all(isinstance(origin, str) for origin in origins):
            return ",".join(origins)
    return origins  # a string as it is, and what is none for the rule that says so


def _plain(params: Any) -> Any:
    return dict(params) if isinstance(params, Mapping) else params
