"""One client's connection, as uvicorn has it, and with each answer sent in one piece."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle


class HttpConnection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, which writes headers and body apart, over a transport that puts them together.

    Terraform's HTTP client now and then takes an answer in two pieces for a broken one; and one piece is cheaper.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; the transport is what it writes to."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport)))

    def eof_received(self) -> bool:  # type: ignore[override]
        """Stay for an answer that has not begun, as who has said everything may still listen; else hang up."""
        last: RequestResponseCycle | None = self.pipeline[0][0] if self.pipeline else self.cycle
        if last is None or last.more_body or last.response_started:
            cast("Gathering", self.transport).flush()
            return False
        last.keep_alive = False
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """End; the timer for idle connections goes too, which would hold this one for as long as it takes."""
        super().connection_lost(error)
        self._unset_keepalive_if_required()


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
            self._loop.call_soon(self.flush)
        self._parts.append(data)

    def close(self) -> None:
        """Close when everything written is sent."""
        self.flush()
        self.transport.close()

    def flush(self) -> None:
        """Send what was written."""
        if self._parts:
            self.transport.write(b"".join(self._parts))
            self._parts.clear()
