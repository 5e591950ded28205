"""The fan-out to the sockets of a port."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from ivsim import Emulator
from ivsim.server.chat.hub import Hub

from ...calling import call
from ...ivschat.conftest import Room


class Member:
    """A socket that only counts what is written to it."""

    def __init__(self) -> None:
        self.transport: Any = self
        self.sent = b""

    def write(self, data: bytes) -> None:
        """Take what is written."""
        self.sent += data

    def say_goodbye(self, code: int, reason: str) -> None:
        """Be told to go."""

    def ended(self, code: int, reason: str) -> None:
        """Be gone."""


def test_news_while_behind(sim: Emulator) -> None:
    """News that come while a burst is still being written wait for their turn, and everything comes once, in order."""
    room = Room(sim)

    async def burst() -> bytes:
        hub, member = Hub(sim), Member()
        hub.join(room.token("ann"), cast("Any", member))
        for number in range(120):
            call(sim, "SendEvent", roomIdentifier=room.arn, eventName=f"e{number:03}")
        await asyncio.sleep(0)
        call(sim, "SendEvent", roomIdentifier=room.arn, eventName="e120")
        while b"e120" not in member.sent:
            await asyncio.sleep(0)
        hub.notify_members()
        return member.sent

    sent = asyncio.run(burst())
    places = [sent.index(f"e{number:03}".encode()) for number in range(121)]
    assert places == sorted(places)
    assert sent.count(b'"EventName"') == 121
