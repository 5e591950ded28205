"""What tokens of stages say, and who signed them: this service, or a back end with a key of its own.

Sources: *Distribute Participant Tokens* in the IVS Real-Time User Guide, and tokens in public code; docs/fidelity.md
lists what is assumed.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core import keys
from ._service import MOST_ATTRIBUTE_BYTES, byte_size

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

ALGORITHM = "ES384"

OWN_ALGORITHM = "KMS"
"""The algorithm in the header of the tokens that the service makes."""

OWN_VERSION = "0.0"
VERSION = "1.0"
"""The version of tokens that a back end signs."""

LONGEST = timedelta(days=14)
"""The longest validity of a participant token."""

LONGEST_CONNECTION = timedelta(weeks=4)
"""The longest validity of a connection token."""

PARTICIPANT_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")

LONGEST_USER_ID = 128

_ALLOWED = {"PUBLISH": "allow_publish", "SUBSCRIBE": "allow_subscribe"}

_LAST = 253_402_300_799
"""The end of the year 9999, in seconds since 1970; there are no later times."""

_HALF = 48
"""The bytes in either number of a signature on the curve P-384."""


class TokenRefused(ValueError):
    """A token admits to nothing. `code` is the name that AWS's clients have for the reason."""

    def __init__(self, code: str, rule: str) -> None:
        super().__init__(f"{code}: {rule}")
        self.code = code
        self.rule = rule


class Claims(NamedTuple):
    """The claims of a participant token; times are in seconds since 1970."""

    expires: int
    issued: int
    token_id: str
    """The participant's id."""
    stage_arn: str
    events_url: str
    whip_url: str
    user_id: str | None
    attributes: dict[str, str] | None
    capabilities: tuple[str, ...]
    is_own: bool = True
    """True for a token that the service has made, false for one that a back end signed."""

    @property
    def addresses(self) -> tuple[str, str]:
        """Where its client hears of the stage, and where it sends and receives media."""
        return self.events_url, self.whip_url


class ConnectionClaims(NamedTuple):
    """The claims of a connection token, which a back end signs for an account and a region."""

    expires: int
    issued: int
    token_id: str
    account: str
    region: str
    events_url: str


def sign(secret: bytes, claims: Claims) -> str:
    """Return the token that the service makes of claims.

    AWS signs with a key that nobody else has, so that nobody can check it. Here it is a MAC in the signature's form:
    the same seed makes the same token, and who has the secret can check it.
    """
    return _signed(secret, {"alg": OWN_ALGORITHM, "typ": "JWT"}, _payload(claims, OWN_VERSION))


def with_addresses(secret: bytes, token: str, *, events_url: str, whip_url: str) -> str:
    """Return a token that the service has made as it would be with other addresses in it; any other text as it is."""
    signed, _, signature = token.rpartition(".")
    if not token.isascii() or not hmac.compare_digest(signature, _own_signature(secret, signed)):
        return token
    header, payload = _parts(token)
    return _signed(secret, header, {**payload, "events_url": events_url, "whip_url": whip_url})


def topic_of(token: str) -> str | None:
    """Return the id of the stage that a token, which may be anybody's, says it is for; None where it says nothing."""
    try:
        topic = _parts(token)[1].get("topic")
    except TokenRefused:
        return None
    return topic if isinstance(topic, str) else None


def sign_with(key: EllipticCurvePrivateKey, public_key_arn: str, claims: Claims) -> str:
    """Return the token that a back end makes of claims, with a key whose public half was imported."""
    import jwt  # noqa: PLC0415 - only here, and it imports cryptography

    return jwt.encode(_payload(claims, VERSION), key, algorithm=ALGORITHM, headers={"kid": public_key_arn})


def read(token: str, *, secret: bytes, public_key: Callable[[str], str | None], now: float) -> Claims:
    """Return the claims of a token that this service has signed, or a key that `public_key` returns for its ARN.

    Raises TokenRefused with TOKEN_MALFORMED for one that is none, or that nobody has signed who may, and with
    TOKEN_EXPIRED for one that was good until before `now`.
    """
    header, claims = _parts(token)
    if header.get("alg") == OWN_ALGORITHM:
        signed, _, signature = token.rpartition(".")
        version, is_signed = OWN_VERSION, hmac.compare_digest(signature, _own_signature(secret, signed))
    else:
        version, is_signed = VERSION, _is_signed(token, header, public_key)
    if not is_signed:
        raise _malformed("nobody has signed it who may")
    _check(claims, _RULES if version == OWN_VERSION else _BACK_ENDS_RULES, version, LONGEST, now)
    if claims["resource"].rpartition("/")[2] != claims["topic"]:
        raise _malformed("topic is not the stage of resource")
    return Claims(
        claims["exp"],
        claims["iat"],
        claims["jti"],
        claims["resource"],
        claims["events_url"],
        claims["whip_url"],
        claims.get("user_id"),
        claims.get("attributes"),
        tuple(each for each, name in _ALLOWED.items() if claims["capabilities"].get(name) is True),
        is_own=version == OWN_VERSION,
    )


def read_connection(token: str, *, public_key: Callable[[str], str | None], now: float) -> ConnectionClaims:
    """Return the claims of a connection token, revoked or not. Raises TokenRefused as `read()` does."""
    header, claims = _parts(token)
    if not _is_signed(token, header, public_key):
        raise _malformed("nobody has signed it who may")
    _check(claims, _CONNECTION_RULES, VERSION, LONGEST_CONNECTION, now)
    return ConnectionClaims(*(claims[name] for name in _CONNECTION_RULES))


def _payload(claims: Claims, version: str) -> dict[str, Any]:
    """Return claims as a token has them, in the order of the service's own."""
    payload = {
        "exp": claims.expires,
        "iat": claims.issued,
        "jti": claims.token_id,
        "resource": claims.stage_arn,
        "topic": claims.stage_arn.rpartition("/")[2],
        "events_url": claims.events_url,
        "whip_url": claims.whip_url,
        "user_id": claims.user_id,
        "attributes": claims.attributes,
        "capabilities": {_ALLOWED[each]: True for each in _ALLOWED if each in claims.capabilities},
        "version": version,
    }
    return {name: value for name, value in payload.items() if value is not None}


def _check(
    claims: Mapping[str, Any], rules: Mapping[str, Callable[[Any], bool]], version: str, longest: timedelta, now: float
) -> None:
    """Refuse claims that break a rule, are of another version, or are good for too long or not any more."""
    for name, is_good in rules.items():
        if not is_good(claims.get(name)):
            raise _malformed(f"{name} is {claims.get(name)!r}")
    if claims.get("version") != version:
        raise _malformed(f"version is {claims.get('version')!r}, not {version!r}")
    if claims["exp"] - claims["iat"] > longest.total_seconds():
        raise _malformed(f"exp is more than {longest.days} days after iat")
    if claims["exp"] <= now:
        raise TokenRefused("TOKEN_EXPIRED", "exp is in the past")


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and payload of a token."""
    try:
        header, payload, _ = token.encode("ascii").split(b".")
        parts = [json.loads(base64.b64decode(part + b"==", b"-_")) for part in (header, payload)]
        json.dumps(parts, ensure_ascii=False).encode()  # half a surrogate pair is no character
    except (ValueError, RecursionError):
        raise _malformed("it is no JWT") from None
    if not all(isinstance(part, dict) for part in parts):
        raise _malformed("header or payload is no object")
    return parts[0], parts[1]


def _is_signed(token: str, header: Mapping[str, Any], public_key: Callable[[str], str | None]) -> bool:
    from jwt import InvalidTokenError, PyJWS  # noqa: PLC0415 - only here, and it imports cryptography

    kid = header.get("kid")
    material = public_key(kid) if isinstance(kid, str) else None
    key = keys.public_key(material) if material else None
    if key is None:
        return False
    try:
        PyJWS().decode_complete(token, key, algorithms=[ALGORITHM])
    except InvalidTokenError:
        return False
    return True


def _signed(secret: bytes, header: dict[str, Any], payload: dict[str, Any]) -> str:
    signed = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (header, payload))
    return f"{signed}.{_own_signature(secret, signed)}"


def _own_signature(secret: bytes, signed: str) -> str:
    """Return a MAC that looks like a signature: two numbers in DER."""
    numbers = b""
    for name in (b"r", b"s"):
        number = int.from_bytes(hmac.digest(secret, b"participant token " + name + signed.encode(), "sha384"), "big")
        number |= 1 << (8 * _HALF - 9)  # never so small that it is shorter
        encoded = number.to_bytes(number.bit_length() // 8 + 1, "big")
        numbers += bytes((2, len(encoded))) + encoded
    return _base64(bytes((0x30, len(numbers))) + numbers)


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _malformed(rule: str) -> TokenRefused:
    return TokenRefused("TOKEN_MALFORMED", rule)


def _is_time(value: object) -> bool:
    return type(value) is int and 0 <= value <= _LAST


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _is_id(value: object) -> bool:
    return isinstance(value, str) and PARTICIPANT_ID.fullmatch(value) is not None


def _is_user_id(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= LONGEST_USER_ID)


def _are_small_texts(value: Any) -> bool:
    return _are_texts(value) and byte_size(value or {}) <= MOST_ATTRIBUTE_BYTES


def _are_texts(value: object) -> bool:
    return value is None or (isinstance(value, dict) and all(isinstance(each, str) for each in value.values()))


_RULES: Mapping[str, Callable[[Any], bool]] = {
    "exp": _is_time,
    "iat": _is_time,
    "jti": _is_text,
    "resource": _is_text,
    "topic": _is_text,
    "events_url": _is_text,
    "whip_url": _is_text,
    "user_id": lambda value: value is None or isinstance(value, str),
    "attributes": _are_texts,
    "capabilities": lambda value: isinstance(value, dict),
}

_BACK_ENDS_RULES = {**_RULES, "jti": _is_id, "user_id": _is_user_id, "attributes": _are_small_texts}
"""The rules for a token that no operation has checked before it was signed."""

_CONNECTION_RULES: Mapping[str, Callable[[Any], bool]] = {
    "exp": _is_time,
    "iat": _is_time,
    "jti": _is_id,
    "account_id": _is_text,
    "region": _is_text,
    "events_url": _is_text,
}
