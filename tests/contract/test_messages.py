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


def test_what_a_back_end_sends_arrives(aws: Services) -> None:
    """Who is connected receives the back end's events in order, with the ids that it was told; Bob is out."""
    room = aws.ivschat.create_room()["arn"]
    ada, bob = (
        aws.sim.chat.connect(aws.ivschat.create_chat_token(roomIdentifier=room, userId=user)["token"])
        for user in ("ada", "bob")
    )
    sent = aws.ivschat.send_event(roomIdentifier=room, eventName="app:poll", attributes={"q": "Encore?"})
    deleted = aws.ivschat.delete_message(roomIdentifier=room, id="abcdefghijkl", reason="spam")
    aws.ivschat.disconnect_user(roomIdentifier=room, userId="bob", reason="rude")
    for connection in (ada, bob):
        frames = [connection.receive() for _ in range(3)]
        assert [frame["EventName"] for frame in frames] == ["app:poll", "aws:DELETE_MESSAGE", "aws:DISCONNECT_USER"]
        assert [frame["Id"] for frame in frames[:2]] == [sent["id"], deleted["id"]]
        assert frames[1]["Attributes"]["MessageId"] == "abcdefghijkl"
    assert (ada.closed, bob.closed) == (False, True)


def test_a_room_that_changes(aws: Services) -> None:
    """UpdateRoom reaches who is connected: what was too long is let through, what was not is refused."""
    room = aws.ivschat.create_room(maximumMessageLength=5)["arn"]
    token = aws.ivschat.create_chat_token(roomIdentifier=room, userId="ada", capabilities=["SEND_MESSAGE"])
    ada = aws.sim.chat.connect(token["token"])
    ada.send_message("good evening")
    aws.ivschat.update_room(identifier=room, maximumMessageLength=20)
    ada.send_message("good evening")
    first, second = ada.receive(), ada.receive()
    assert (first["ErrorCode"], second["Content"]) == (400, "good evening")
