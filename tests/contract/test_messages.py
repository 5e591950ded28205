from __future__ import annotations

from typing import Any

import pytest

from .conftest import Services

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("send_event", {"eventName": "app:x", "attributes": {"a": "b"}}),
    ("delete_message", {"id": "abcdefghijkl", "reason": "spam"}),
    ("disconnect_user", {"userId": "ada", "reason": "rude"}),
]


@pytest.mark.parametrize(("operation", "members"), CALLS)
def test_needs_a_room(aws: Services, operation: str, members: dict[str, Any]) -> None:
    """Events go to rooms that exist; any message id and any user will do."""
    room = aws.ivschat.create_room()["arn"]
    call = getattr(aws.ivschat, operation)
    assert call(roomIdentifier=room, **members)["ResponseMetadata"]["HTTPStatusCode"] == 200
    aws.ivschat.delete_room(identifier=room)
    assert aws.code(call, roomIdentifier=room, **members) == "ResourceNotFoundException"


@pytest.mark.parametrize(("operation", "members"), CALLS[:2])
def test_events_have_ids(aws: Services, operation: str, members: dict[str, Any]) -> None:
    """Each event has an id of its own, which is not the message's."""
    room = aws.ivschat.create_room()["arn"]
    ids = {getattr(aws.ivschat, operation)(roomIdentifier=room, **members)["id"] for _ in range(2)}
    assert len(ids) == 2
    assert "abcdefghijkl" not in ids
    assert all(len(each) == 12 for each in ids)


def test_attributes_have_a_limit(aws: Services) -> None:
    """Keys and values of an event's attributes have 4,096 bytes in all."""
    room = aws.ivschat.create_room()["arn"]
    aws.ivschat.send_event(roomIdentifier=room, eventName="x", attributes={"k": "v" * 4095})
    refused = aws.code(aws.ivschat.send_event, roomIdentifier=room, eventName="x", attributes={"k": "v" * 4096})
    assert refused == "ValidationException"
