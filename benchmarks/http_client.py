"""A client that does nothing but write requests and wait for the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from time import perf_counter
from urllib.parse import urlsplit

from botocore.awsrequest import AWSRequest


def raw_request(url: str, request: AWSRequest) -> bytes:
    """Return a request as it is sent."""
    lines = [f"{request.method} {urlsplit(request.url).path} HTTP/1.1", f"Host: {urlsplit(url).netloc}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    body: bytes = request.data
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


class Client(asyncio.Protocol):
    """Calls, and calls again when it is answered; over a new connection where the server closes the old one."""

    def __init__(self, host: str, port: int, requests: Iterator[bytes]) -> None:
        self._place = host, port
        self._requests = requests
        self._received = b""
        self._is_over = False
        self._began = 0.0
        self.delays: list[float] = []
        """What each call took."""

    async def connect(self) -> None:
        """Have a connection."""
        self._transport, _ = await asyncio.get_running_loop().create_connection(lambda: self, *self._place)

    def call(self) -> None:
        """Send the next request."""
        self._began = perf_counter()
        self._transport.write(next(self._requests))

    def leave(self) -> None:
        """Call no more."""
        self._is_over = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Note what the call took, once the whole answer is there, and call again."""
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if end:
            assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")), head
            head = head.lower()
            if len(body) == int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]):
                self._received = b""
                self.delays.append(perf_counter() - self._began)
                if b"\r\nconnection: close" not in head:
                    self.call()

    def connection_lost(self, _: Exception | None) -> None:
        """Connect again, where it was the server who closed."""
        if not self._is_over:
            self._again = asyncio.get_running_loop().create_task(self._call_again())

    async def _call_again(self) -> None:
        await self.connect()
        if self._is_over:
            self._transport.abort()
        else:
            self.call()
