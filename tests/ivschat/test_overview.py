"""What the overview says of a room beyond GetRoom."""

from __future__ import annotations

from ivsim import Emulator

from ..calling import call


def test_room(sim: Emulator) -> None:
    """A room has who is connected to it."""
    arn = call(sim, "CreateRoom").body["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=arn, userId="ann").body["token"]
    with sim.chat.connect(token):
        assert sim.overview()["rooms"][0]["userIds"] == ["ann"]
    assert sim.overview()["rooms"][0]["userIds"] == []
