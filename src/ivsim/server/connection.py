"""One client's connection, as uvicorn has it, and with each answer sent in one piece."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class HttpConnection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, which writes headers and body apart, over a transport that puts them together.

    Terraform's HTTP client now and then takes an answer in two pieces for a broken one; and one piece is cheaper.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; the transport is what it writes to."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport)))
        self._packet = b""

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._packet = data
        super().data_received(data)
        self._packet = b""

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, with what the client sent after its request in the same packet.

        uvicorn, which drops that, calls this while it handles httptools's HttpParserUpgrade, which has its beginning.
        """
        upgrade = sys.exc_info()[1]
        assert upgrade is not None
        rest = self._packet[upgrade.args[0] :]
        if self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]
            self.transport.abort()  # it asked for something else, and what comes for that would get in between
            return
        self.transport = self.transport.transport  # type: ignore[attr-defined]
        super().handle_websocket_upgrade()
        if rest:
            cast("asyncio.Protocol", self.transport.get_protocol()).data_received(rest)


class Gathering:
    """A transport that sends in one piece what is written to it in one go, that is until the event loop turns."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        self._loop = asyncio.get_running_loop()
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.transport, name)

    def write(self, data: bytes) -> None:
        """Have something sent."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)

    def close(self) -> None:
        """Close when everything written is sent."""
        self._flush()
        self.transport.close()

    def _flush(self) -> None:
        if self._parts:
            self.transport.write(b"".join(self._parts))
            self._parts.clear()
