"""Tokens of stages that tests sign in place of a back end."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from ivsim import StageRefused, mock_ivs, participant_token

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
NOW = int(NOON.timestamp())
PLACE = "arn:aws:ivs:us-east-1:123456789012"
KEY_ARN, STAGE = f"{PLACE}:public-key/KeyKeyKey123", f"{PLACE}:stage/AbCdEf123456"
KEY = ec.generate_private_key(ec.SECP384R1())


OWN = {"events": "ws://localhost:4870", "whip": "http://localhost:4870", "rtmp": "rtmp://localhost/app/"}
"""The endpoints of a stage on a server."""


def claims(**arguments: Any) -> dict[str, Any]:
    """Return what is in a token that was signed at noon."""
    token = participant_token(KEY, KEY_ARN, STAGE, **{"now": NOON, **arguments})
    assert jwt.get_unverified_header(token) == {"alg": "ES384", "typ": "JWT", "kid": KEY_ARN}
    options: Any = {"verify_exp": False, "verify_iat": False}
    decoded: dict[str, Any] = jwt.decode(token, KEY.public_key(), algorithms=["ES384"], options=options)
    return decoded


@pytest.mark.needs("ImportPublicKey")
def test_it_admits() -> None:
    """A token is good on the mock's own clock, until its end, and can be exchanged for another."""
    with mock_ivs() as sim:
        sim.clock.freeze(NOON.replace(year=2040))
        client = boto3.client("ivs-realtime", region_name="us-west-2")
        public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        kid = client.import_public_key(publicKeyMaterial=public)["publicKey"]["arn"]
        stage = client.create_stage()["stage"]["arn"]
        pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        token = participant_token(pem, kid, stage, participant_id="ann_1", user_id="ann")
        host = sim.stages.join(token)
        assert (host.participant_id, host.user_id) == ("ann_1", "ann")
        other: Any = {"participant_id": "ann_1", "user_id": "star", "capabilities": ["SUBSCRIBE"]}
        host.exchange_token(participant_token(KEY, kid, stage, **other))
        with pytest.raises(StageRefused, match="INSUFFICIENT_CAPABILITIES"):
            host.publish()
        sim.clock.advance(12 * 60 * 60)
        with pytest.raises(StageRefused, match="TOKEN_EXPIRED"):
            sim.stages.join(token)


def test_least() -> None:
    """A token has all the claims that it must have, a participant of its own, and 12 hours."""
    found = claims()
    assert len(found["jti"]) == 12
    assert found["jti"] != claims()["jti"]
    assert found == {
        "exp": NOW + 12 * 60 * 60,
        "iat": NOW,
        "jti": found["jti"],
        "resource": STAGE,
        "topic": "AbCdEf123456",
        "events_url": "wss://global.events.live-video.net",
        "whip_url": found["whip_url"],
        "capabilities": {"allow_publish": True, "allow_subscribe": True},
        "version": "1.0",
    }
    assert found["whip_url"].endswith(".global-bm.whip.live-video.net")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"participant_id": "a-b_1"}, {"jti": "a-b_1"}),
        ({"user_id": "ann"}, {"user_id": "ann"}),
        ({"attributes": {"a": "b"}}, {"attributes": {"a": "b"}}),
        ({"capabilities": ["PUBLISH"]}, {"capabilities": {"allow_publish": True}}),
        ({"capabilities": ()}, {"capabilities": {}}),
        ({"expires_in": 5}, {"exp": NOW + 5}),
        ({"expires_in": timedelta(days=14)}, {"exp": NOW + 14 * 86_400}),
        ({"stage_endpoints": OWN}, {"events_url": "ws://localhost:4870", "whip_url": "http://localhost:4870"}),
    ],
    ids=str,
)
def test_claims(arguments: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each argument is a claim."""
    assert claims(**arguments).items() >= expected.items()


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"private_key": 5}, TypeError, "private_key: 5 is neither a PEM nor"),
        ({"public_key_arn": STAGE}, ValueError, "public_key_arn: .* is not the ARN of a public key"),
        ({"stage_arn": KEY_ARN}, ValueError, "stage_arn: .* is not the ARN of a stage"),
        ({"stage_arn": None}, TypeError, "stage_arn: None is not text"),
        ({"stage_arn": STAGE.replace("us-east-1", "eu-west-1")}, ValueError, "public_key_arn: .* account and region"),
        ({"participant_id": "a b"}, ValueError, "participant_id: 'a b' is not 1 to 64"),
        ({"participant_id": ""}, ValueError, "participant_id: '' is not 1 to 64"),
        ({"participant_id": 5}, TypeError, "participant_id: 5 is not text"),
        ({"user_id": 5}, TypeError, "user_id: 5 is not text"),
        ({"user_id": "u" * 129}, ValueError, "user_id: it has 129 characters, more than 128"),
        ({"attributes": {"a": "x" * 1024}}, ValueError, "attributes: they have 1025 bytes, more than 1024"),
        ({"capabilities": ["SPEAK"]}, ValueError, "capabilities: there is no capability 'SPEAK'"),
        ({"expires_in": 0}, ValueError, "expires_in: 0 is not in the future"),
        ({"expires_in": timedelta(days=15)}, ValueError, "expires_in: .* is more than 14 days"),
        ({"now": datetime(2026, 1, 1)}, ValueError, "now: .* has no time zone"),
        ({"stage_endpoints": {"events": "ws://x"}}, ValueError, "stage_endpoints: .* has no address 'whip'"),
        ({"stage_endpoints": {"events": "", "whip": "x"}}, ValueError, "stage_endpoints: .* has no address 'events'"),
        ({"stage_endpoints": {"events": 1, "whip": "x"}}, ValueError, "stage_endpoints: .* has no address 'events'"),
        ({"stage_endpoints": "ws://x"}, ValueError, "stage_endpoints: .* has no address 'events'"),
    ],
    ids=str,
)
def test_refused(arguments: dict[str, Any], error: type[Exception], text: str) -> None:
    """What a stage would refuse is an error that names the argument."""
    given = {"private_key": KEY, "public_key_arn": KEY_ARN, "stage_arn": STAGE, "now": NOON, **arguments}
    with pytest.raises(error, match=text):
        participant_token(**given)
