"""What a refusal says, and how much."""

from __future__ import annotations

import json

import pytest

from ivsim import Emulator
from ivsim.services import SERVICES
from ivsim.wire.errors import by_code

from ..calling import call, send


def test_errors_stay_small(sim: Emulator) -> None:
    """However large a request is that breaks its limits, the answer is small, and soon there."""
    many = {"arns": [""] * 300_000}
    tags = {"tags": {f"key{number}": 1 for number in range(100_000)}}
    handler = {"messageReviewHandler": {"uri": "arn:aws:lambda:x:123456789012:function:" + "a" * 1_000_000 + "\n"}}
    for operation, members in (("BatchGetChannel", many), ("CreateRoom", tags), ("CreateRoom", handler)):
        answer = send(sim, "POST", f"/{operation}", json.dumps(members).encode())  # older models list no such error
        assert answer.code == "ValidationException"
        assert len(str(answer.body)) < 1000


def test_by_code() -> None:
    """Each error that a service models has a class of its code; a code that nobody knows has none."""
    for service in SERVICES.values():
        for code in service.model.errors:
            assert by_code(code)().code == code
    with pytest.raises(KeyError):
        by_code("ServiceError")
    with pytest.raises(KeyError):
        by_code("TeapotException")


@pytest.mark.parametrize(
    ("operation", "kind", "shown"),
    [
        ("GetRoom", "room", "ROOM"),
        ("GetLoggingConfiguration", "logging-configuration", "LOGGING_CONFIGURATION"),
    ],
)
def test_what_a_refusal_is_about(sim: Emulator, operation: str, kind: str, shown: str) -> None:
    """Where the model has room for it, a refusal says of what type the resource is, and which."""
    identifier = f"arn:aws:ivschat:us-east-1:123456789012:{kind}/AbCdEf123456"
    answer = call(sim, operation, identifier=identifier)
    assert (answer.body["resourceType"], answer.body["resourceId"]) == (shown, "AbCdEf123456")
