"""ivsim on a port, with a room for everybody."""

from __future__ import annotations

import json
from typing import Any

from ivsim import Emulator, Request

from . import peak_bytes
from .ivsim_media import slow_channels

_PLENTY = 1_000_000
_WATCHED = 8
"""Channels that somebody may watch while the room is spoken in."""


class Contender:
    """The server, in a thread; what limits how often somebody may speak is out of the way."""

    def serve(self, count: int) -> tuple[int, list[str]]:
        """Begin; return the port, and tokens for so many clients. The first may send."""
        self._sim = Emulator(strict=False, quotas={"Rate of messaging requests per connection": _PLENTY})
        self._sim.quotas["Rate of SendMessage requests per room"] = _PLENTY
        self._sim.quotas["Rate of SendMessage requests across all your rooms"] = _PLENTY
        self._targets = slow_channels(self._sim, _WATCHED)
        self._server = server = self._sim.serve()
        room = self._ask("CreateRoom", maximumMessageRatePerSecond=_PLENTY)["arn"]
        who = {"roomIdentifier": room, "capabilities": ["SEND_MESSAGE"]}
        return server.port, [self._ask("CreateChatToken", userId=f"viewer{n}", **who)["token"] for n in range(count)]

    def media(self) -> tuple[str, list[list[str]]]:
        """Return the URL, and for each of some channels the targets of its segments, which take long to make."""
        return self._server.url, self._targets

    def memory(self) -> int:
        """Return the bytes that the process takes."""
        return peak_bytes()

    def _ask(self, operation: str, **members: object) -> Any:
        request = Request("POST", f"/{operation}", {}, json.dumps(members).encode())
        return json.loads(self._sim.handle(request).body)
