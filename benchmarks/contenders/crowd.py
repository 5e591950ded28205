"""The load: so many WebSocket clients of a chat server, in one event loop, that do no more than count frames."""

from __future__ import annotations

import asyncio
import json
import resource
from array import array
from collections.abc import Sequence
from statistics import quantiles
from time import perf_counter
from typing import Any

from websockets.frames import Frame, Opcode

_HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
)
_AS_LONG_AS_IVSIMS = 220
"""What the floor sends has about the bytes of the MESSAGE that ivsim makes of the content."""


class _Client(asyncio.Protocol):
    """One viewer. Messages have one order, so its n-th frame is the n-th message; all are shorter than 64 KB."""

    def __init__(self, crowd: Contender, token: str) -> None:
        self._crowd = crowd
        self._token = token
        self._unread = b""
        self.is_in = asyncio.get_running_loop().create_future()
        self.count = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        more = f"Sec-WebSocket-Protocol: {self._token}\r\n" if self._token else ""
        transport.write(_HANDSHAKE.format(more=more).encode())

    def data_received(self, data: bytes) -> None:
        data = self._unread + data
        if not self.is_in.done():
            assert data.startswith(b"HTTP/1.1 101"), data
            head, end, data = data.partition(b"\r\n\r\n")
            if end:
                self.is_in.set_result(None)
            else:
                data = head
        now, at = perf_counter(), 0
        while at + 4 <= len(data):
            size = data[at + 1]
            after = at + 2 + size if size < 126 else at + 4 + int.from_bytes(data[at + 2 : at + 4], "big")
            if after > len(data):
                break
            at = after
            self._crowd.received(self.count, now)
            self.count += 1
        self._unread = data[at:]


class Contender:
    """The crowd, which is at one server after the other."""

    def __init__(self) -> None:
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._loop = asyncio.new_event_loop()
        self._crowds: dict[int, list[_Client]] = {}

    def join(self, port: int, count: int, tokens: Sequence[str]) -> None:
        """Have so many clients connect."""
        self._loop.run_until_complete(self._join(port, count, tokens or [""] * count))

    def rush(self, port: int, outstanding: int, seconds: float) -> float:
        """Send as soon as no more than so many are on their way to anybody; return the deliveries per second."""
        return self._loop.run_until_complete(self._talk(port, seconds, outstanding=outstanding))[0]

    def talk(self, port: int, rate: float, seconds: float) -> tuple[float, float, float]:
        """Send so many messages a second; return deliveries per second, and median and 99th percentile of delay."""
        return self._loop.run_until_complete(self._talk(port, seconds, rate=rate))

    def received(self, index: int, now: float) -> None:
        """Count a frame, the index-th of its client."""
        self._delays.append(now - self._sent[index - self._before])
        if len(self._delays) == self._wanted:
            self._enough.set()

    async def _join(self, port: int, count: int, tokens: Sequence[str]) -> None:
        clients = self._crowds[port] = [_Client(self, token) for token in tokens[:count]]
        for client in clients:
            await self._loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
            await client.is_in

    async def _talk(
        self, port: int, seconds: float, *, rate: float = 0, outstanding: int = 0
    ) -> tuple[float, float, float]:
        clients = self._crowds[port]
        self._before = clients[0].count
        self._delays, self._sent = array("d"), array("d")
        self._enough, self._wanted = asyncio.Event(), -1
        message = self._message(clients[0])
        began = perf_counter()
        while (now := perf_counter()) < began + seconds:
            if rate:
                await asyncio.sleep(max(began + len(self._sent) / rate - now, 0))
            else:
                await self._until((len(self._sent) - outstanding + 1) * len(clients))
            self._sent.append(perf_counter())
            clients[0].transport.write(message)
        await self._until(len(self._sent) * len(clients))
        took = perf_counter() - began
        cuts: list[Any] = quantiles(self._delays, n=100)
        return len(self._delays) / took, cuts[49], cuts[98]

    async def _until(self, wanted: int) -> None:
        if len(self._delays) < wanted:
            self._wanted = wanted
            self._enough.clear()
            await asyncio.wait_for(self._enough.wait(), 60)

    def _message(self, client: _Client) -> bytes:
        content = "x" * 40
        request: dict[str, object] = {"Action": "SEND_MESSAGE", "Content": content}
        if not client._token:
            request["Padding"] = "x" * _AS_LONG_AS_IVSIMS
        return Frame(Opcode.TEXT, json.dumps(request).encode()).serialize(mask=True)
