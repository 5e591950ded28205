"""A room, and people who come to it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from ivsim import ChatConnection, Emulator

from ..calling import call

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)

EVERYTHING = ("SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER")


class Room:
    """A room of an emulator whose clock stands still."""

    def __init__(self, sim: Emulator, **settings: Any) -> None:
        self.sim = sim
        self.arn: str = call(sim, "CreateRoom", **settings).body["arn"]

    def token(self, user: str, *capabilities: str, **more: Any) -> str:
        members = {"roomIdentifier": self.arn, "userId": user, "capabilities": capabilities, **more}
        return str(call(self.sim, "CreateChatToken", **members).body["token"])

    def join(self, user: str, *capabilities: str, **more: Any) -> ChatConnection:
        return self.sim.chat.connect(self.token(user, *(capabilities or EVERYTHING), **more))

    def update(self, **settings: Any) -> None:
        assert call(self.sim, "UpdateRoom", identifier=self.arn, **settings).status == 200


@pytest.fixture
def room(sim: Emulator) -> Room:
    sim.clock.freeze(NOON)
    return Room(sim)


def received(connection: ChatConnection) -> list[dict[str, Any]]:
    """Return everything a connection was sent, decoded."""
    return [json.loads(frame) for frame in connection.frames]


def last(connection: ChatConnection) -> dict[str, Any]:
    """Return the last thing it was sent."""
    return received(connection)[-1]


def error(connection: ChatConnection) -> tuple[int, str]:
    """Return code and text of the ERROR it was sent last."""
    frame = last(connection)
    assert frame["Type"] == "ERROR"
    return frame["ErrorCode"], frame["ErrorMessage"]


def said(connection: ChatConnection) -> list[str]:
    """Return the content of the messages it was sent."""
    return [frame["Content"] for frame in received(connection) if frame["Type"] == "MESSAGE"]
