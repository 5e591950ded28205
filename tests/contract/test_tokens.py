from __future__ import annotations

import re
from datetime import timedelta

from .conftest import Services


def test_lifetimes(aws: Services) -> None:
    """A token can be used for an hour, a session lasts as asked; both count from the call, in whole seconds."""
    room = aws.ivschat.create_room()["arn"]
    token = aws.ivschat.create_chat_token(roomIdentifier=room, userId="ada", sessionDurationInMinutes=180)
    assert token["sessionExpirationTime"] - token["tokenExpirationTime"] == timedelta(hours=2)
    assert token["tokenExpirationTime"].microsecond == 0
    usual = aws.ivschat.create_chat_token(roomIdentifier=room, userId="ada")
    assert usual["sessionExpirationTime"] == usual["tokenExpirationTime"]


def test_form(aws: Services) -> None:
    """A token is made of the characters that a WebSocket subprotocol may have, and every call makes another."""
    room = aws.ivschat.create_room()["arn"]
    tokens = {aws.ivschat.create_chat_token(roomIdentifier=room, userId="ada")["token"] for _ in range(2)}
    assert len(tokens) == 2
    assert all(re.fullmatch(r"AQICAH[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", token) for token in tokens)


def test_attributes_have_a_limit(aws: Services) -> None:
    """Keys and values of the attributes have 1,024 bytes in all."""
    room = aws.ivschat.create_room()["arn"]
    create = aws.ivschat.create_chat_token
    create(roomIdentifier=room, userId="ada", capabilities=["SEND_MESSAGE"], attributes={"kk": "ä" * 511})
    refused = aws.refusal(create, roomIdentifier=room, userId="ada", attributes={"kkk": "ä" * 511})
    assert refused["Error"]["Code"] == "ValidationException"
    assert [field["name"] for field in refused["fieldList"]] == ["attributes"]


def test_unknown_room_or_capability(aws: Services) -> None:
    """The room has to exist, and so have the capabilities."""
    room = aws.ivschat.create_room()["arn"]
    create = aws.ivschat.create_chat_token
    refused = aws.refusal(create, roomIdentifier=room, userId="ada", capabilities=["SEND_MESSAGE", "FLY"])
    assert [field["name"] for field in refused["fieldList"]] == ["capabilities.1"]
    aws.ivschat.delete_room(identifier=room)
    assert aws.code(create, roomIdentifier=room, userId="ada") == "ResourceNotFoundException"
