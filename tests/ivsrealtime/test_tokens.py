from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim.ivsrealtime.tokens import Claims, ConnectionClaims, TokenRefused, read, read_connection, sign, with_addresses

SECRET = b"secret"
NOW = 1_795_262_400
STAGE = "arn:aws:ivs:us-east-1:123456789012:stage/AbCdEf123456"
KID = "arn:aws:ivs:us-east-1:123456789012:public-key/AbCdEf123456"

KEY = ec.generate_private_key(ec.SECP384R1())
PEM = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

CLAIMS = Claims(
    expires=NOW + 60,
    issued=NOW,
    token_id="ann",
    stage_arn=STAGE,
    events_url="wss://global.events.live-video.net",
    whip_url="https://x.global-bm.whip.live-video.net",
    user_id="u",
    attributes={"a": "b"},
    capabilities=("PUBLISH", "SUBSCRIBE"),
)

SELF_SIGNED = {
    "exp": CLAIMS.expires,
    "iat": CLAIMS.issued,
    "jti": CLAIMS.token_id,
    "resource": STAGE,
    "topic": "AbCdEf123456",
    "events_url": CLAIMS.events_url,
    "whip_url": CLAIMS.whip_url,
    "user_id": "u",
    "attributes": {"a": "b"},
    "capabilities": {"allow_publish": True, "allow_subscribe": True},
    "version": "1.0",
}


def signed(kid: Any = KID, key: Any = KEY, algorithm: str = "ES384", **claims: Any) -> str:
    """Return a token as a back end signs it; a claim that is None is left out."""
    payload = {name: value for name, value in {**SELF_SIGNED, **claims}.items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


def read_at(token: str, now: float = NOW, secret: bytes = SECRET) -> Claims:
    return read(token, secret=secret, public_key={KID: PEM}.get, now=now)


def refusal(token: str, now: float = NOW, secret: bytes = SECRET) -> str:
    """Return the code with which a token is refused."""
    with pytest.raises(TokenRefused) as refused:
        read_at(token, now, secret)
    assert str(refused.value).startswith(f"{refused.value.code}: ")
    return refused.value.code


def spoilt(token: str, part: int, change: Callable[[Any], Any]) -> str:
    """Return a token with a part changed, and the signature as it was."""
    parts = token.split(".")
    changed = json.dumps(change(json.loads(urlsafe_b64decode(parts[part] + "=="))))
    parts[part] = urlsafe_b64encode(changed.encode()).decode().rstrip("=")
    return ".".join(parts)


@pytest.mark.parametrize(
    "claims", [CLAIMS, CLAIMS._replace(user_id=None, attributes=None, capabilities=("SUBSCRIBE",))], ids=["all", "few"]
)
def test_own(claims: Claims) -> None:
    """A token that the service made says what it was made of, to whoever has its secret."""
    token = sign(SECRET, claims)
    assert token == sign(SECRET, claims)
    assert read_at(token) == claims
    assert refusal(token, secret=b"other") == "TOKEN_MALFORMED"


def test_signature_lengths() -> None:
    """A signature has 102 to 104 bytes, as AWS's have, and all of these lengths occur."""
    tokens = [sign(SECRET, CLAIMS._replace(token_id=str(number))) for number in range(50)]
    assert {len(urlsafe_b64decode(token.rpartition(".")[2] + "==")) for token in tokens} == {102, 103, 104}


def test_own_but_changed() -> None:
    """A token that somebody changed is nobody's."""
    token = sign(SECRET, CLAIMS)
    assert refusal(spoilt(token, 1, lambda claims: {**claims, "jti": "bob"})) == "TOKEN_MALFORMED"
    assert refusal(token[:-4] + "AAAA") == "TOKEN_MALFORMED"


def test_other_addresses() -> None:
    """A token of the service's with other addresses is as good, and says all else as before; others' stay."""
    token = sign(SECRET, CLAIMS)
    own: Any = {"events_url": "ws://x", "whip_url": "http://x"}
    assert read_at(with_addresses(SECRET, token, **own)) == CLAIMS._replace(**own)
    for text in ("", "token", "é.b.c", "a.b.\ud800", f"{token}x", sign(b"another", CLAIMS), signed()):
        assert with_addresses(SECRET, text, **own) == text


def test_self_signed() -> None:
    """A token that a back end signed with an imported key is as good as the service's."""
    assert read_at(signed()) == CLAIMS._replace(is_own=False)
    bare = CLAIMS._replace(user_id=None, attributes=None, is_own=False)
    assert read_at(signed(user_id=None, attributes=None)) == bare


def test_largest() -> None:
    """An id has 64 characters at most, a user id 128, and attributes have 1 KB in all, as where the service signs."""
    most: Any = {"user_id": "é" * 128, "attributes": {"é": "x" * 1022}}
    read_back = read_at(signed(jti="a_B-9" + "x" * 59, **most))
    assert len(read_back.token_id) == 64
    assert (read_back.user_id, read_back.attributes) == (most["user_id"], most["attributes"])


@pytest.mark.parametrize("capabilities", [{"allow_publish": False, "allow_subscribe": True}, {"allow_subscribe": True}])
def test_not_granted(capabilities: dict[str, bool]) -> None:
    """A capability that is false is not granted, as if it were absent."""
    assert read_at(signed(capabilities=capabilities)).capabilities == ("SUBSCRIBE",)


def test_expired() -> None:
    """A token is good until just before `exp`."""
    for token in (sign(SECRET, CLAIMS), signed()):
        read_at(token, NOW + 59.9)
        assert refusal(token, NOW + 60) == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    "claims",
    [
        *({name: None} for name in SELF_SIGNED if name not in ("user_id", "attributes")),
        {"exp": NOW + 0.5},
        {"exp": 253_402_300_800, "iat": 253_402_300_799},
        {"iat": -1},
        {"user_id": "\ud800"},
        {"user_id": "u" * 129},
        {"attributes": {"é": "x" * 1023}},
        *({"jti": text} for text in ("two words", "a/b", "é", "line\n", "x" * 65)),
        {"iat": "1"},
        {"jti": ""},
        {"user_id": 1},
        {"attributes": {"a": 1}},
        {"attributes": "a"},
        {"capabilities": ["allow_publish"]},
        {"version": "0.0"},
        {"topic": "another"},
        {"exp": NOW + 14 * 24 * 60 * 60 + 1},
    ],
    ids=str,
)
def test_claims_that_do_not_hold(claims: dict[str, Any]) -> None:
    """A claim that is missing, of another type, or does not fit the others is refused."""
    assert refusal(signed(**claims)) == "TOKEN_MALFORMED"


def test_longest() -> None:
    """A token may be good for fourteen days."""
    assert read_at(signed(exp=NOW + 14 * 24 * 60 * 60)).expires == NOW + 14 * 24 * 60 * 60


@pytest.mark.parametrize(
    "token",
    [
        signed(kid=None),
        signed(kid=KID + "x"),
        signed(key=ec.generate_private_key(ec.SECP384R1())),
        signed(key="a secret that is long enough for this algorithm", algorithm="HS256"),
    ],
    ids=["no key", "unknown key", "another key", "another algorithm"],
)
def test_nobodys(token: str) -> None:
    """A token that no imported key has signed is refused."""
    assert refusal(token) == "TOKEN_MALFORMED"


def test_odd_kid() -> None:
    """A key's name that is none is refused as an unknown one is."""
    assert refusal(spoilt(signed(), 0, lambda header: {**header, "kid": 1})) == "TOKEN_MALFORMED"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b",
        "a.b.c.d",
        "ä.b.c",
        "bm90IEpTT04.e30.x",
        spoilt(signed(), 0, lambda _: []),
        spoilt(signed(), 1, lambda _: "claims"),
        f"{urlsafe_b64encode(b'[' * 99_999).decode()}.e30.x",
    ],
    ids=["nothing", "two", "four", "umlaut", "no JSON", "list", "text", "deep"],
)
def test_no_token(token: str) -> None:
    """What is no JWT is refused, whatever it is."""
    assert refusal(token) == "TOKEN_MALFORMED"


CONNECTION = {
    "exp": NOW + 60,
    "iat": NOW,
    "jti": "connection",
    "account_id": "123456789012",
    "region": "us-east-1",
    "events_url": CLAIMS.events_url,
    "version": "1.0",
}


def connection(key: Any = KEY, **claims: Any) -> str:
    """Return a connection token; a claim that is None is left out."""
    payload = {name: value for name, value in {**CONNECTION, **claims}.items() if value is not None}
    return jwt.encode(payload, key, algorithm="ES384", headers={"kid": KID})


def test_connection() -> None:
    """A connection token that a back end signed is good for an account and a region, for four weeks at most."""
    read_back = read_connection(connection(), public_key={KID: PEM}.get, now=NOW)
    assert read_back == ConnectionClaims(NOW + 60, NOW, "connection", "123456789012", "us-east-1", CLAIMS.events_url)
    longest = connection(exp=NOW + 28 * 24 * 60 * 60)
    assert read_connection(longest, public_key={KID: PEM}.get, now=NOW).token_id == "connection"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        *((connection(**{name: None}), "TOKEN_MALFORMED") for name in CONNECTION),
        (connection(exp=NOW + 28 * 24 * 60 * 60 + 1), "TOKEN_MALFORMED"),
        (connection(jti="two words"), "TOKEN_MALFORMED"),
        (connection(key=ec.generate_private_key(ec.SECP384R1())), "TOKEN_MALFORMED"),
        (signed(), "TOKEN_MALFORMED"),
        (sign(SECRET, CLAIMS), "TOKEN_MALFORMED"),
        (connection(exp=NOW), "TOKEN_EXPIRED"),
    ],
    ids=[*CONNECTION, "too long", "no id", "another key", "participant", "the service's", "expired"],
)
def test_connections_that_are_refused(token: str, code: str) -> None:
    """A connection token lacks no claim, is not too long, is signed by an imported key, and is no participant's."""
    with pytest.raises(TokenRefused) as refused:
        read_connection(token, public_key={KID: PEM}.get, now=NOW)
    assert refused.value.code == code


TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)
PART = st.text(max_size=8) | JSON.map(lambda value: urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("="))


@settings(deadline=None)
@given(token=st.text() | st.lists(PART, max_size=4).map(".".join))
def test_any_text(token: str) -> None:
    """Whatever text is no token, as a token of either kind: it is refused as that, and nothing else goes wrong."""
    assert refusal(token) == "TOKEN_MALFORMED"
    with pytest.raises(TokenRefused, match="TOKEN_MALFORMED"):
        read_connection(token, public_key={KID: PEM}.get, now=NOW)


@settings(deadline=None)
@given(claims=st.dictionaries(st.sampled_from(sorted(SELF_SIGNED)), JSON, min_size=1, max_size=3))
def test_any_claims(claims: dict[str, Any]) -> None:
    """Whatever a back end signs, it is read as it is, or refused."""
    said = {**SELF_SIGNED, **claims}
    with suppress(TokenRefused):
        found = read_at(jwt.encode(said, KEY, algorithm="ES384", headers={"kid": KID}))
        assert (found.expires, found.issued, found.token_id) == (said["exp"], said["iat"], said["jti"])
        assert (found.user_id, found.attributes) == (said["user_id"], said["attributes"])
        assert set(found.capabilities) <= {"PUBLISH", "SUBSCRIBE"}
        assert json.dumps(found, ensure_ascii=False).encode()
