"""Playback tokens: the signed claims with which a viewer gets to see a private channel, and who may believe them.

Sources: *Generate and Sign IVS Playback Tokens*, *Server-Side Ad Insertion* and *Service Quotas* in the IVS User Guide;
the texts of refusals are those of Go's JWT library, of which one sample is known. docs/fidelity.md lists what is
assumed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .._service import service
from ..ingest.renditions import HEIGHTS

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

TOKEN_SIZE = service.quota("Playback token size", 2048)

ALGORITHM = "ES384"

MOST_SECONDS = 600
"""The longest time to `exp` in a token that names a viewer or is good for one use."""

MOST_STRICT_ORIGINS = 5
MOST_PLAYER_PARAMS_BYTES = 1000

CHANNEL_ARN = "aws:channel-arn"
EXPIRES = "exp"
ORIGINS = "aws:access-control-allow-origin"
STRICT_ORIGINS = "aws:strict-origin-enforcement"
SINGLE_USE = "aws:single-use-uuid"
VIEWER_ID = "aws:viewer-id"
VIEWER_SESSION_VERSION = "aws:viewer-session-version"
MAXIMUM_RESOLUTION = "aws:maximum-resolution"
ADS_OPT_OUT = "aws:ads-opt-out"
ADS_PLAYER_PARAMS = "aws:ads-player-params"
ADS_PLAYBACK_CONFIG_NAME = "aws:ads-playback-config-name"
ADS_REPORTING_MODE = "aws:ads-reporting-mode"

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class ClaimRefused(ValueError):
    """A claim breaks a rule. It carries the name of the claim and the rule."""

    def __init__(self, claim: str, rule: str) -> None:
        super().__init__(f"{claim} {rule}")
        self.claim = claim
        self.rule = rule


class ClaimTypeRefused(ClaimRefused):
    """A claim is of another type."""


class TokenRefused(ValueError):
    """A token does not admit to the channel."""


class _Rule(NamedTuple):
    kind: type
    holds: Callable[[Any], object] = lambda _: True
    text: str = ""


def _is_small(params: dict[Any, Any]) -> bool:
    texts = [*params, *params.values()]
    if not all(isinstance(text, str) for text in texts):
        return False
    return sum(len(text.encode(errors="surrogatepass")) for text in texts) <= MOST_PLAYER_PARAMS_BYTES


def _is_unicode(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


_RULES: Mapping[str, _Rule] = {
    CHANNEL_ARN: _Rule(str),
    EXPIRES: _Rule(int),
    ORIGINS: _Rule(str),
    STRICT_ORIGINS: _Rule(bool),
    SINGLE_USE: _Rule(str, _UUID.fullmatch, "is not a UUID"),
    VIEWER_ID: _Rule(str, lambda value: 1 <= len(value) <= 40, "has not 1 to 40 characters"),
    VIEWER_SESSION_VERSION: _Rule(int, lambda value: -(2**63) <= value < 2**63, "has more than 64 bits"),
    MAXIMUM_RESOLUTION: _Rule(str, HEIGHTS.__contains__, f"is none of {', '.join(HEIGHTS)}"),
    ADS_OPT_OUT: _Rule(bool),
    ADS_PLAYER_PARAMS: _Rule(dict, _is_small, f"is not of strings with at most {MOST_PLAYER_PARAMS_BYTES} bytes"),
    ADS_PLAYBACK_CONFIG_NAME: _Rule(str),
    ADS_REPORTING_MODE: _Rule(str, ("CLIENT", "SERVER").__contains__, "is neither CLIENT nor SERVER"),
}
_REQUIRED = (CHANNEL_ARN, EXPIRES)
_SECONDS_A_YEAR = 31_556_952  # whole, because no float holds some claims

_TYPES = {str: "a string", int: "a whole number", bool: "a boolean", dict: "an object"}


def check(claims: Mapping[str, Any], now: float) -> None:
    """Raise ClaimRefused unless the known claims are as the playback edge wants them at a time."""
    for name in _REQUIRED:
        if name not in claims:
            raise ClaimRefused(name, "is missing")
    for name, rule in _RULES.items():
        if name in claims:
            if type(claims[name]) is not rule.kind:
                raise ClaimTypeRefused(name, f"is not {_TYPES[rule.kind]}")
            if not rule.holds(claims[name]):
                raise ClaimRefused(name, rule.text)
            if not _is_unicode(claims[name]):
                raise ClaimRefused(name, "has half of a surrogate pair")
    if VIEWER_SESSION_VERSION in claims and VIEWER_ID not in claims:
        raise ClaimRefused(VIEWER_SESSION_VERSION, f"is of no use without {VIEWER_ID}")
    if claims.get(STRICT_ORIGINS) and len(origins(claims)) > MOST_STRICT_ORIGINS:
        raise ClaimRefused(ORIGINS, f"has more than {MOST_STRICT_ORIGINS} origins, to be enforced strictly")
    for name in (VIEWER_ID, SINGLE_USE):
        if name in claims and claims[EXPIRES] > now + MOST_SECONDS:
            raise ClaimRefused(EXPIRES, f"is more than 10 minutes away, which it must not be with {name}")


def origins(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the origins that claims allow; none for any."""
    return tuple(filter(None, map(str.strip, claims.get(ORIGINS, "").split(","))))


def verify(
    token: str, *, keys: Iterable[EllipticCurvePublicKey], channel_arn: str, now: float, most_bytes: int
) -> dict[str, Any]:
    """Return the claims of a token that one of the keys has signed; raise TokenRefused when it does not admit."""
    from jwt import InvalidTokenError, PyJWS  # noqa: PLC0415 - only here, and it imports cryptography

    if token.count(".") != 2:
        raise TokenRefused("token contains an invalid number of segments")
    if len(token) > most_bytes:
        raise TokenRefused(f"token is larger than {most_bytes} bytes")
    try:
        parts = PyJWS().decode_complete(token.encode("ascii"), options={"verify_signature": False})
        claims = json.loads(parts["payload"])
    except (InvalidTokenError, ValueError, RecursionError):
        raise TokenRefused("token is malformed") from None
    if not isinstance(claims, dict):
        raise TokenRefused("token is malformed")
    algorithm = parts["header"].get("alg", "(alg)")
    if algorithm != ALGORITHM:
        raise TokenRefused(f"signing method {algorithm} is invalid")
    if not any(_is_signed(token, key) for key in keys):
        raise TokenRefused("crypto/ecdsa: verification error")
    try:
        check(claims, now)
    except ClaimRefused as refused:
        raise TokenRefused(str(refused)) from None
    if int(now) > claims[EXPIRES]:
        raise TokenRefused("token is expired")
    if claims[CHANNEL_ARN] != channel_arn:
        raise TokenRefused(f"{CHANNEL_ARN} is another channel's")
    return claims


def mistakes(
    claims: Mapping[str, Any], channel_arn: str, origin: str | None, now: float
) -> Iterator[tuple[tuple[str, str], str]]:
    """Yield cause and text of each hint about claims that admit a viewer, but mean something else than was meant."""
    expires = claims[EXPIRES]
    if expires > now + 100 * _SECONDS_A_YEAR:
        text = f"a playback token for {channel_arn} has {EXPIRES} {expires}, which is in the year "
        text += f"{1970 + expires // _SECONDS_A_YEAR}: it is in seconds, and this looks like milliseconds"
        yield (EXPIRES, channel_arn), text
    if origin is not None and ORIGINS not in claims:
        text = f"a page of {origin} played {channel_arn} with a token without {ORIGINS}: "
        yield (ORIGINS, channel_arn), text + "pages of any other origin may play with it too"


def _is_signed(token: str, key: EllipticCurvePublicKey) -> bool:
    from jwt import InvalidSignatureError, PyJWS  # noqa: PLC0415

    try:
        PyJWS().decode_complete(token, key, algorithms=[ALGORITHM])
    except InvalidSignatureError:
        return False
    return True
