"""Tokens that tests issue in place of a back end."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ivsim import mock_ivs, playback_token

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
NOW = int(NOON.timestamp())
ARN = "arn:aws:ivs:us-east-1:123456789012:channel/AbCdEf123456"
KEY = ec.generate_private_key(ec.SECP384R1())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def claims(**arguments: Any) -> dict[str, Any]:
    """Return what is in a token that was issued at noon."""
    token = playback_token(KEY, ARN, **{"now": NOON, **arguments})
    assert jwt.get_unverified_header(token) == {"alg": "ES384", "typ": "JWT"}
    options: Any = {"verify_exp": False}
    decoded: dict[str, Any] = jwt.decode(token, KEY.public_key(), algorithms=["ES384"], options=options)
    return decoded


def test_it_admits() -> None:
    """A token is good on the mock's own clock, wherever that stands."""
    with mock_ivs() as sim:
        sim.clock.freeze(NOON.replace(year=2040))
        ivs = boto3.client("ivs", region_name="us-west-2")
        public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        ivs.import_playback_key_pair(publicKeyMaterial=public)
        channel = ivs.create_channel(authorized=True)["channel"]
        sim.streams.start(channel["arn"])
        token = playback_token(PEM, channel["arn"], viewer_id="ann")
        assert requests.get(channel["playbackUrl"], params={"token": token}).status_code == 200
        sim.clock.advance(301)
        assert requests.get(channel["playbackUrl"], params={"token": token}).status_code == 403


def test_without_a_mock() -> None:
    """Where no mock is active, a token begins with the system's time."""
    before = datetime.now(timezone.utc).timestamp()
    assert int(before) + 300 <= claims(now=None)["exp"] <= datetime.now(timezone.utc).timestamp() + 300


@pytest.mark.parametrize("key", [KEY, PEM, PEM.decode()], ids=["object", "bytes", "text"])
def test_keys(key: Any) -> None:
    """A key is an object of cryptography's or a PEM."""
    token = playback_token(key, ARN, now=NOON)
    assert jwt.decode(token, KEY.public_key(), algorithms=["ES384"], options={"verify_exp": False})


def test_least() -> None:
    """A token has the channel and its end, five minutes away; else what it was given."""
    assert claims() == {"aws:channel-arn": ARN, "exp": NOW + 300}


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"expires_in": 10}, {"exp": NOW + 10}),
        ({"expires_in": timedelta(days=300)}, {"exp": NOW + 300 * 86_400}),
        ({"viewer_id": "ann", "expires_in": 600.0}, {"aws:viewer-id": "ann", "exp": NOW + 600}),
        (
            {"viewer_id": "ann", "viewer_session_version": 0},
            {"aws:viewer-id": "ann", "aws:viewer-session-version": 0},
        ),
        (
            {"origins": "https://a.com,https://b.com"},
            {"aws:access-control-allow-origin": "https://a.com,https://b.com"},
        ),
        (
            {"origins": ["https://a.com", "https://b.com"]},
            {"aws:access-control-allow-origin": "https://a.com,https://b.com"},
        ),
        ({"strict_origin_enforcement": False}, {"aws:strict-origin-enforcement": False}),
        (
            {"single_use": "0b2b4a34-6a2b-4d8c-8a55-3d6f1f2f4c11"},
            {"aws:single-use-uuid": "0b2b4a34-6a2b-4d8c-8a55-3d6f1f2f4c11"},
        ),
        ({"single_use": False}, {}),
        ({"maximum_resolution": "SD"}, {"aws:maximum-resolution": "SD"}),
        ({"ads_opt_out": True}, {"aws:ads-opt-out": True}),
        ({"ads_player_params": {"a": "b"}}, {"aws:ads-player-params": {"a": "b"}}),
        ({"ads_playback_config_name": "main"}, {"aws:ads-playback-config-name": "main"}),
        ({"ads_reporting_mode": "CLIENT"}, {"aws:ads-reporting-mode": "CLIENT"}),
    ],
    ids=str,
)
def test_claims(arguments: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each argument is a claim."""
    assert claims(**arguments) == {"aws:channel-arn": ARN, "exp": NOW + 300, **expected}


def test_single_use() -> None:
    """Each token for a single use has a UUID of its own."""
    first, second = (claims(single_use=True)["aws:single-use-uuid"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"expires_in": 0}, "expires_in: 0 is not in the future"),
        ({"expires_in": float("inf")}, "expires_in: inf"),
        ({"expires_in": timedelta(seconds=-1)}, "expires_in: "),
        ({"viewer_id": "ann", "expires_in": 601}, "expires_in: 601 is more than 10 minutes away"),
        ({"viewer_id": ""}, "viewer_id: '' has not 1 to 40"),
        ({"viewer_session_version": 1}, "viewer_session_version: 1 is of no use without aws:viewer-id"),
        ({"origins": ["https://a.com"] * 6, "strict_origin_enforcement": True}, "origins: .* more than 5"),
        ({"origins": [f"https://{number}.example.com" for number in range(90)]}, "origins: .* more than 2048"),
        ({"single_use": "once"}, "single_use: 'once' is not a UUID"),
        ({"single_use": True, "expires_in": 601}, "expires_in: .* more than 10 minutes away"),
        ({"maximum_resolution": "4K"}, "maximum_resolution: '4K' is none of SD, HD, FULL_HD"),
        ({"ads_player_params": {"a": "b" * 1000}}, "ads_player_params: "),
        ({"ads_reporting_mode": "x"}, "ads_reporting_mode: 'x' is neither"),
        ({"now": datetime(2026, 11, 21)}, "now: .* has no time zone"),
    ],
    ids=str,
)
def test_what_the_edge_would_refuse(arguments: dict[str, Any], text: str) -> None:
    """What the edge would refuse is not made into a token; the error has the argument's name."""
    with pytest.raises(ValueError, match=text):
        claims(**arguments)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"expires_in": "10"}, "expires_in: '10' is neither"),
        ({"expires_in": True}, "expires_in: True is neither"),
        ({"viewer_id": 5}, "viewer_id: 5 is not a string"),
        ({"viewer_id": "ann", "viewer_session_version": "1"}, "viewer_session_version: '1' is not a whole number"),
        ({"strict_origin_enforcement": "yes"}, "strict_origin_enforcement: 'yes' is not a boolean"),
        ({"single_use": 5}, "single_use: 5 is not a string"),
        ({"origins": 5}, "origins: 5 is not a string"),
        ({"origins": b"https://a.com"}, "origins: b'https://a.com' is not a string"),
        ({"origins": [b"https://a.com"]}, r"origins: \[b'https://a.com'\] is not a string"),
        ({"ads_player_params": "a=b"}, "ads_player_params: 'a=b' is not an object"),
        ({"now": 5}, "now: 5 is not a datetime"),
    ],
    ids=str,
)
def test_wrong_types(arguments: dict[str, Any], text: str) -> None:
    """An argument of another type is a TypeError."""
    with pytest.raises(TypeError, match=text):
        claims(**arguments)


def test_wrong_keys_and_channels() -> None:
    """A key that is none, or of another curve, and an ARN of something else, are refused by name."""
    locked = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for key in ("not a key", locked, public):
        with pytest.raises(ValueError, match="private_key: not the PEM"):
            playback_token(key, ARN)
    with pytest.raises(ValueError, match="private_key: its curve is secp256r1"):
        playback_token(ec.generate_private_key(ec.SECP256R1()), ARN)
    other = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    wrong: tuple[Any, ...] = (None, other, json)
    for key in wrong:
        with pytest.raises(TypeError, match=r"private_key: .* is neither a PEM"):
            playback_token(key, ARN)
    for wrong_arn in (None, {"arn": ARN}, ARN.encode()):
        with pytest.raises(TypeError, match=r"channel_arn: .* is not a string"):
            playback_token(KEY, wrong_arn)  # type: ignore[arg-type]
    for arn in ("", "x", ARN.replace("channel/", "stream-key/")):
        with pytest.raises(ValueError, match=r"channel_arn: .* is not the ARN of a channel"):
            playback_token(KEY, arn)
