from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from .conftest import Services


def decoded(token: str) -> tuple[Any, Any, bytes]:
    """Return header, claims and signature of a token."""
    header, claims, signature = (urlsafe_b64decode(part + "==") for part in token.split("."))
    return json.loads(header), json.loads(claims), signature


@pytest.fixture
def stage(aws: Services) -> Any:
    """A stage."""
    return aws.realtime.create_stage()["stage"]


def test_defaults(aws: Services, stage: Any) -> None:
    """A token is good for twelve hours, and for publishing and subscribing."""
    aws.sim.clock.freeze(datetime(2026, 11, 21, 12, 0, 0, 999_999, tzinfo=timezone.utc))
    token = aws.realtime.create_participant_token(stageArn=stage["arn"])["participantToken"]
    assert token == {
        "participantId": token["participantId"],
        "token": token["token"],
        "duration": 720,
        "capabilities": ["PUBLISH", "SUBSCRIBE"],
        "expirationTime": datetime(2026, 11, 22, tzinfo=timezone.utc),
    }
    assert len(token["participantId"]) == 12


def test_claims(aws: Services, stage: Any) -> None:
    """A token has AWS's header, its claims in its order, and a signature of its form."""
    wanted = {"userId": "ann", "attributes": {"color": "grün"}, "capabilities": ["SUBSCRIBE"], "duration": 5}
    token = aws.realtime.create_participant_token(stageArn=stage["arn"], **wanted)["participantToken"]
    assert {name: token[name] for name in wanted} == wanted
    header, claims, signature = decoded(token["token"])
    assert list(header.items()) == [("alg", "KMS"), ("typ", "JWT")]
    endpoints = stage.get("endpoints", {"events": claims["events_url"], "whip": claims["whip_url"]})
    assert list(claims.items()) == [
        ("exp", int(token["expirationTime"].timestamp())),
        ("iat", claims["exp"] - 5 * 60),
        ("jti", token["participantId"]),
        ("resource", stage["arn"]),
        ("topic", stage["arn"].rpartition("/")[2]),
        ("events_url", endpoints["events"]),
        ("whip_url", endpoints["whip"]),
        ("user_id", "ann"),
        ("attributes", {"color": "grün"}),
        ("capabilities", {"allow_subscribe": True}),
        ("version", "0.0"),
    ]
    assert signature[0] == 0x30
    assert len(signature) == signature[1] + 2
    assert 102 <= len(signature) <= 104


def test_what_was_not_given(aws: Services, stage: Any) -> None:
    """User and attributes that were not given are not in the token; no capabilities are both."""
    token = aws.realtime.create_participant_token(stageArn=stage["arn"], capabilities=[])["participantToken"]
    _, claims, _ = decoded(token["token"])
    assert not {"user_id", "attributes"} & claims.keys()
    assert claims["capabilities"] == {"allow_publish": True, "allow_subscribe": True}
    assert not {"userId", "attributes"} & token.keys()


def test_longest(aws: Services, stage: Any) -> None:
    """A token may be good for fourteen days, and no longer."""
    create = aws.realtime.create_participant_token
    token = create(stageArn=stage["arn"], duration=20160)["participantToken"]
    _, claims, _ = decoded(token["token"])
    assert timedelta(seconds=claims["exp"] - claims["iat"]) == timedelta(days=14)
    assert aws.code(create, stageArn=stage["arn"], duration=20161) == "ValidationException"


def test_large_attributes(aws: Services, stage: Any) -> None:
    """Attributes have 1 KB at most, keys and values together, in UTF-8."""
    create = aws.realtime.create_participant_token
    create(stageArn=stage["arn"], attributes={"a": "x" * 1023})
    assert aws.code(create, stageArn=stage["arn"], attributes={"ä": "x" * 1023}) == "ValidationException"
