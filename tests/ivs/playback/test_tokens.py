"""Tokens for private channels: each claim kept and broken, and what else a token can be."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import m3u8
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm

from ivsim import Emulator

from ...calling import call, send, signed
from ..conftest import NOW, Channel, import_key, variant_urls

UUID = "0b2b4a34-6a2b-4d8c-8a55-3d6f1f2f4c11"
FIVE = "https://a.com,https://b.com,https://c.com,https://d.com,https://e.com"


def error(answer: Any) -> str:
    """Return why a token did not admit."""
    assert answer.status == 403
    assert answer.viewer_session is None
    [refusal] = json.loads(answer.body)
    assert refusal["error_code"] == "invalid_playback_auth_token"
    assert refusal["type"] == "error"
    return str(refusal["error"])


def raw(*parts: object) -> str:
    """Return a token of parts that are what they are."""
    texts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    return ".".join(base64.urlsafe_b64encode(text).decode().rstrip("=") for text in texts)


def test_as_published(private: Channel) -> None:
    """Without a token the answer is the one that was published, byte for byte but for error and player."""
    path = private.url.partition(".net")[2]
    answer = private.sim.playback.request(f"{private.url}?player_version=1.13.0")
    assert answer.status == 403
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body == (
        rf'[{{"url":"{path}?pbac=true\u0026pbar=true\u0026pblm=LOW\u0026player_version=1.13.0",'
        '"error":"token contains an invalid number of segments","error_code":"invalid_playback_auth_token",'
        '"type":"error"}]'
    )
    assert private.sim.playback.request(f"{private.url}?player_version=1.13.0", token="x").body == answer.body


def test_a_valid_token(private: Channel) -> None:
    """The token of a URL, or the one that takes its place, admits to the channel; no URL carries it on."""
    token = private.token()
    answer = private.watch(token=token)
    assert answer.viewer_session is not None
    assert answer.viewer_session.viewer_id is None
    assert token not in answer.body
    assert private.sim.playback.request(f"{private.url}?token={token}").status == 200
    assert private.sim.playback.request(f"{private.url}?token=x&token=y", token=token).status == 200
    assert error(private.sim.playback.request(f"{private.url}?token={token}", token="x"))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW},
        {"exp": NOW * 1000},
        {"access_control_allow_origin": "https://a.com, https://*.b.com"},
        {"access_control_allow_origin": f"{FIVE},https://f.com"},
        {"access_control_allow_origin": FIVE, "strict_origin_enforcement": True},
        {"strict_origin_enforcement": True},
        {"strict_origin_enforcement": False},
        {"single_use_uuid": UUID},
        {"single_use_uuid": UUID, "exp": NOW + 600},
        {"viewer_id": "v"},
        {"viewer_id": "v" * 40, "viewer_session_version": 2**63 - 1, "exp": NOW + 600},
        {"maximum_resolution": "SD"},
        {"ads_opt_out": True},
        {"ads_player_params": {"a": "b" * 999}},
        {"ads_playback_config_name": "main"},
        {"ads_reporting_mode": "CLIENT"},
        {"iat": "yesterday", "anything": None},
    ],
    ids=str,
)
def test_claims_kept(private: Channel, claims: dict[str, Any]) -> None:
    """Claims that are as they have to be admit, and claims that nobody knows are not looked at."""
    assert private.watch(token=private.token(**claims), origin="https://a.com").status == 200


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"channel_arn": ...}, "aws:channel-arn is missing"),
        ({"channel_arn": 5}, "aws:channel-arn is not a string"),
        ({"channel_arn": "arn:aws:ivs:us-east-1:123456789012:channel/x"}, "aws:channel-arn is another channel's"),
        ({"exp": ...}, "exp is missing"),
        ({"exp": NOW - 1}, "token is expired"),
        ({"exp": float(NOW + 1)}, "exp is not a whole number"),
        ({"exp": str(NOW + 1)}, "exp is not a whole number"),
        ({"exp": True}, "exp is not a whole number"),
        ({"access_control_allow_origin": ["https://a.com"]}, "aws:access-control-allow-origin is not a string"),
        ({"access_control_allow_origin": "https://b.com"}, "origin is not allowed"),
        (
            {"access_control_allow_origin": f"{FIVE},https://f.com", "strict_origin_enforcement": True},
            "aws:access-control-allow-origin has more than 5 origins, to be enforced strictly",
        ),
        ({"strict_origin_enforcement": "true"}, "aws:strict-origin-enforcement is not a boolean"),
        ({"single_use_uuid": "once"}, "aws:single-use-uuid is not a UUID"),
        ({"single_use_uuid": None}, "aws:single-use-uuid is not a string"),
        (
            {"single_use_uuid": UUID, "exp": NOW + 601},
            "exp is more than 10 minutes away, which it must not be with aws:single-use-uuid",
        ),
        ({"viewer_id": ""}, "aws:viewer-id has not 1 to 40 characters"),
        ({"viewer_id": "v" * 41}, "aws:viewer-id has not 1 to 40 characters"),
        (
            {"viewer_id": "v", "exp": NOW + 601},
            "exp is more than 10 minutes away, which it must not be with aws:viewer-id",
        ),
        ({"viewer_id": "\ud800"}, "aws:viewer-id has half of a surrogate pair"),
        ({"ads_player_params": {"a": "\udfff"}}, "aws:ads-player-params has half of a surrogate pair"),
        ({"viewer_session_version": 1}, "aws:viewer-session-version is of no use without aws:viewer-id"),
        ({"viewer_id": "v", "viewer_session_version": "1"}, "aws:viewer-session-version is not a whole number"),
        ({"viewer_id": "v", "viewer_session_version": 2**63}, "aws:viewer-session-version has more than 64 bits"),
        ({"maximum_resolution": "4K"}, "aws:maximum-resolution is none of SD, HD, FULL_HD"),
        ({"ads_opt_out": 1}, "aws:ads-opt-out is not a boolean"),
        ({"ads_player_params": "a=b"}, "aws:ads-player-params is not an object"),
        ({"ads_player_params": {"a": 1}}, "aws:ads-player-params is not of strings with at most 1000 bytes"),
        ({"ads_player_params": {"a": "b" * 1000}}, "aws:ads-player-params is not of strings with at most 1000 bytes"),
        ({"ads_playback_config_name": 1}, "aws:ads-playback-config-name is not a string"),
        ({"ads_reporting_mode": "BOTH"}, "aws:ads-reporting-mode is neither CLIENT nor SERVER"),
    ],
    ids=str,
)
def test_claims_broken(private: Channel, claims: dict[str, Any], expected: str) -> None:
    """Claims that are not as they have to be are refused by name."""
    assert error(private.watch(token=private.token(**claims), origin="https://a.com")) == expected


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("", "token contains an invalid number of segments"),
        ("a.b.c.d", "token contains an invalid number of segments"),
        ("a.b.c", "token is malformed"),
        ("ä.b.c", "token is malformed"),
        (raw({"alg": "ES384"}, b"\xff", b""), "token is malformed"),
        (raw({"alg": "ES384"}, [], b""), "token is malformed"),
        (raw([], {}, b""), "token is malformed"),
        (raw({"alg": "ES384"}, b"[" * 1200, b""), "token is malformed"),
        (raw(b"[" * 1200, {}, b""), "token is malformed"),
        (raw({"alg": "none"}, {}, b""), "signing method none is invalid"),
        (raw({}, {}, b""), "signing method (alg) is invalid"),
        (raw({"alg": "ES384"}, {}, b""), "crypto/ecdsa: verification error"),
        (raw({"alg": "ES384"}, {}, b"x" * 96), "crypto/ecdsa: verification error"),
    ],
    ids=str,
)
def test_no_tokens(private: Channel, token: str, expected: str) -> None:
    """What is no token, or not signed, is refused, whatever it is."""
    assert error(private.watch(token=token)) == expected


def test_other_algorithms(private: Channel) -> None:
    """A signature of another algorithm is refused, be it ever so valid."""
    other = ec.generate_private_key(ec.SECP256R1())
    assert error(private.watch(token=private.token(key=other, algorithm="ES256"))) == "signing method ES256 is invalid"
    secret = jwt.encode({}, "s" * 32, algorithm="HS256")
    assert error(private.watch(token=secret)) == "signing method HS256 is invalid"


NAMES = [
    *(
        "exp",
        "iat",
        "nbf",
        "aud",
        "aws:channel-arn",
        "aws:access-control-allow-origin",
        "aws:strict-origin-enforcement",
    ),
    *("aws:single-use-uuid", "aws:viewer-id", "aws:viewer-session-version", "aws:maximum-resolution"),
    *("aws:ads-opt-out", "aws:ads-player-params", "aws:ads-playback-config-name", "aws:ads-reporting-mode"),
]
LIKELY = st.sampled_from([NOW, NOW + 600, NOW + 601, 2**63, -1, "*", "https://a.com", UUID, "HD", "SERVER", "\ud800"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=41) | LIKELY,
    lambda each: st.lists(each, max_size=2) | st.dictionaries(st.text(max_size=3), each, max_size=2),
    max_leaves=4,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    claims=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
    headers=st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "zip"]), VALUES, max_size=1),
    origin=st.none() | st.just("https://a.com"),
)
def test_odd_claims(private: Channel, claims: Any, headers: Any, origin: str | None) -> None:
    """Whatever a signed token says, it admits or is refused as any other."""
    told = {"aws:channel-arn": private.arn, "exp": NOW + 300, **claims}
    signed_text = raw({"alg": "ES384", **headers}, told)
    signature = ECAlgorithm(ECAlgorithm.SHA384).sign(signed_text.encode(), private.private_key)
    token = f"{signed_text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    answer = private.watch(token=token, origin=origin)
    if answer.status != 200:
        assert error(answer)


def test_size(private: Channel) -> None:
    """A token of more than 2 KB is refused; the quota can be changed."""
    origins = ",".join(f"https://{number}.example.com" for number in range(70))
    token = private.token(access_control_allow_origin=origins)
    assert len(token) > 2048
    assert error(private.watch(token=token)) == "token is larger than 2048 bytes"
    private.sim.quotas["Playback token size"] = len(token)
    assert private.watch(token=token).status == 200


def test_expiry(private: Channel) -> None:
    """A token expires on the emulator's clock; who watches by then goes on."""
    token = private.token()
    variant = variant_urls(private.watch(token=token))[0]
    private.sim.clock.advance(301)
    assert error(private.watch(token=token)) == "token is expired"
    assert private.sim.playback.request(variant).status == 200


def test_the_last_second(private: Channel) -> None:
    """A token admits until the second of its `exp` is over."""
    token = private.token(exp=NOW + 1)
    private.sim.clock.advance(1.9)
    assert private.watch(token=token).status == 200
    private.sim.clock.advance(0.1)
    assert error(private.watch(token=token)) == "token is expired"


def test_keys(private: Channel) -> None:
    """Any imported key may have signed; one that is deleted may not, and who watches by then goes on."""
    other = ec.generate_private_key(ec.SECP384R1())
    token = private.token(key=other)
    assert error(private.watch(token=token)) == "crypto/ecdsa: verification error"
    arn = import_key(private.sim, other)
    variant = variant_urls(private.watch(token=token))[0]
    assert private.watch(token=private.token()).status == 200
    call(private.sim, "DeletePlaybackKeyPair", arn=arn)
    assert error(private.watch(token=token)) == "crypto/ecdsa: verification error"
    assert private.sim.playback.request(variant).status == 200


def test_keys_of_the_place(private: Channel) -> None:
    """A key holds in the account and region where it was imported."""
    body = b'{"authorized": true}'
    for headers in (signed("eu-west-1"), signed(key="999988887777")):
        there = send(private.sim, "POST", "/CreateChannel", body, headers).body["channel"]["arn"]
        private.sim.streams.start(there)
        token = private.token(channel_arn=there)
        assert error(private.sim.playback.request(there, token=token)) == "crypto/ecdsa: verification error"


def test_keys_that_are_none(private_key: ec.EllipticCurvePrivateKey) -> None:
    """With strict=False any text is a key; tokens are then verified with those that are."""
    sim = Emulator(strict=False)
    call(sim, "ImportPlaybackKeyPair", publicKeyMaterial="not a key")
    channel = call(sim, "CreateChannel", authorized=True).body["channel"]
    sim.streams.start(channel["arn"])
    token = Channel(sim, channel["arn"], "", private_key).token(exp=2**40)
    assert error(sim.playback.request(channel["arn"], token=token)) == "crypto/ecdsa: verification error"
    import_key(sim, private_key)
    assert sim.playback.request(channel["arn"], token=token).status == 200


def test_single_use(private: Channel) -> None:
    """A token for a single use is dead after it; a refusal is no use, and each channel counts for itself."""
    token = private.token(single_use_uuid=UUID, access_control_allow_origin="https://a.com")
    assert error(private.watch(token=token, origin="https://b.com")) == "origin is not allowed"
    variant = variant_urls(private.watch(token=token))[0]
    assert error(private.watch(token=token)) == "token has been used"
    assert error(private.watch(token=private.token(single_use_uuid=UUID.upper()))) == "token has been used"
    assert private.sim.playback.request(variant).status == 200
    other = call(private.sim, "CreateChannel", authorized=True).body["channel"]["arn"]
    token = private.token(channel_arn=other, single_use_uuid=UUID)
    assert private.sim.playback.request(other, token=token).status == 404
    private.sim.streams.start(other)
    assert private.sim.playback.request(other, token=token).status == 200


@pytest.mark.parametrize(
    ("most", "heights"),
    [("SD", [480, 360, 160]), ("HD", [720, 480, 360, 160]), ("FULL_HD", [1080, 720, 480, 360, 160])],
)
def test_maximum_resolution(private: Channel, most: str, heights: list[int]) -> None:
    """Renditions above the maximum are not listed, and not to be had by somebody else's URL either."""
    best = variant_urls(private.watch(token=private.token()))[0]
    answer = private.watch(token=private.token(maximum_resolution=most))
    assert [each.stream_info.resolution[1] for each in m3u8.loads(answer.body).playlists] == heights
    assert answer.viewer_session is not None
    assert answer.viewer_session.maximum_resolution == most
    prefix, _, name = best.rpartition("/")
    decoded = base64.urlsafe_b64decode(name.removesuffix(".m3u8") + "==").decode()
    forged = base64.urlsafe_b64encode(f"{answer.viewer_session.id}{decoded[22:]}".encode()).decode().rstrip("=")
    assert private.sim.playback.request(f"{prefix}/{forged}.m3u8").status == (200 if most == "FULL_HD" else 404)


def test_public_channels_want_no_token(public: Channel) -> None:
    """On a public channel a token is not looked at."""
    public.sim.streams.start(public.arn)
    answer = public.watch(token="x")
    assert answer.viewer_session is not None
    assert answer.viewer_session.viewer_id is None


def test_milliseconds(private: Channel, caplog: pytest.LogCaptureFixture) -> None:
    """A token whose `exp` is in milliseconds admits, and a warning names the claim and the year it means, once."""
    for _ in range(2):
        assert private.watch(token=private.token(exp=(NOW + 60) * 1000)).status == 200
    (hint,) = private.sim.hints
    year = 1970 + (NOW + 60) * 1000 // 31_556_952
    assert (hint.topic, f"has exp {(NOW + 60) * 1000}, which is in the year {year}: " in hint.text) == (
        "playback",
        True,
    )
    assert [record.getMessage() for record in caplog.records if record.name == "ivsim.playback"] == [hint.text]


def test_a_token_for_any_page(private: Channel) -> None:
    """A token without origins that a page plays with is told of; one with them, or a player on no page, is not."""
    page = "https://example.com"
    assert private.watch(token=private.token()).status == 200
    assert private.watch(token=private.token(access_control_allow_origin=page), origin=page).status == 200
    assert list(private.sim.hints) == []
    assert private.watch(token=private.token(), origin=page).status == 200
    (hint,) = private.sim.hints
    assert hint.text.startswith(
        f"a page of {page} played {private.arn} with a token without aws:access-control-allow-origin"
    )


def test_a_time_that_no_float_holds(private: Channel) -> None:
    """An `exp` of any size admits, with a hint: no number of the token is more than the edge can count."""
    assert private.watch(token=private.token(exp=10**400)).status == 200
    assert f"in the year {1970 + 10**400 // 31_556_952}: " in private.sim.hints[0].text


def test_no_hint_for_who_is_refused(private: Channel) -> None:
    """Of a page that the edge turns away nothing is told: it did not play."""
    page = "https://example.com"
    used = private.token(single_use_uuid=UUID)
    assert private.watch(token=used).status == 200
    assert private.watch(token=used, origin=page).status == 403
    assert list(private.sim.hints) == []
