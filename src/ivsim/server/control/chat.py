"""Chat rooms, looked at from the inside."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from ...emulator import Emulator
from .endpoints import endpoint


class Connected(msgspec.Struct, rename="camel"):
    """A client's connection to a room."""

    id: str
    user_id: str
    capabilities: list[str]
    joined_at: datetime | None


class Transcript(msgspec.Struct):
    """All frames sent to everybody in a room, and the users who are connected to it now."""

    frames: list[Any]
    connections: list[Connected]


@endpoint("GET", "/chat/rooms/{roomArn}/transcript")
def get_transcript(sim: Emulator, room_arn: str) -> Transcript:
    """Return the messages and events of a room, each as the JSON that was sent, and who is connected to it.

    What only one connection was sent, an ERROR, is left out. The ARN may be percent-encoded or not.
    """
    return Transcript(
        [msgspec.Raw(text.encode()) for text in sim.chat.transcript(room_arn)],
        [
            Connected(each.id, each.user_id, list(each.capabilities), each.joined_at)
            for each in sim.chat.connections
            if each.room_arn == room_arn
        ],
    )
