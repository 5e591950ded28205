"""One client's connection, as uvicorn has it, and with each answer sent in one piece."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MOST_HEAD = 64 * 1024
"""The most bytes that may come without an end of headers, or a part of a body, between them."""


class HttpConnection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with what it leaves open for clients that are broken, slow or odd.

    Headers and body of an answer, which uvicorn writes apart, go over a transport that puts them together: Terraform's
    HTTP client now and then takes an answer in two pieces for a broken one; and one piece is cheaper.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = logging.getLogger("ivsim.server")
        self._unfinished = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; the transport is what it writes to."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport)))

    def data_received(self, data: bytes) -> None:
        """Read on. What asks for another protocol than there is, as Java does for HTTP/2, is read as if it did not."""
        self._unset_keepalive_if_required()
        self._unfinished += len(data)
        while data:
            try:
                self.parser.feed_data(data)
                data = b""
            except HttpParserUpgrade as upgrade:
                if self.parser.get_method() == b"CONNECT":
                    self._refuse("This is no proxy for CONNECT.")
                    return
                rest = data[upgrade.args[0] :]
                if self._should_upgrade():
                    self._hand_over(rest)
                    return
                data = self._head_without_upgrade() + rest
            except HttpParserError:
                self._refuse("Invalid HTTP request received.")
                return
        if self._unfinished > MOST_HEAD:
            self._refuse(f"More than {MOST_HEAD} bytes of headers received.")

    def on_headers_complete(self) -> None:
        """Begin to answer."""
        self._unfinished = 0
        if not self._declines():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note that it went on."""
        self._unfinished = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that it went on."""
        self._unfinished = 0
        if not self._declines():
            super().on_message_complete()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Stay for an answer that has an end, as who has said everything may still listen; else hang up."""
        last: RequestResponseCycle | None = self.pipeline[0][0] if self.pipeline else self.cycle
        if last is None or last.more_body or last.response_complete or last.chunked_encoding:
            cast("Gathering", self.transport).flush()
            return False
        last.keep_alive = False
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """End; the timer for idle connections goes too, which would hold this one for as long as it takes."""
        super().connection_lost(error)
        self._unset_keepalive_if_required()

    def _hand_over(self, rest: bytes) -> None:
        """Hand the connection over to chat, with what the client sent after its request in the same packet."""
        if self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]
            self.transport.abort()  # it asked for something else, and what comes for that would get in between
            return
        cast("Gathering", self.transport).flush()
        self.transport = self.transport.transport  # type: ignore[attr-defined]
        self.handle_websocket_upgrade()
        if rest:
            cast("asyncio.Protocol", self.transport.get_protocol()).data_received(rest)

    def _declines(self) -> bool:
        """Return whether the parser leaves a request to another protocol, body and all, and there is none."""
        if self.parser.get_method() == b"CONNECT":
            return True
        return self.parser.should_upgrade() and _asks_to_upgrade(self.headers) and not self._should_upgrade()

    def _head_without_upgrade(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % (name, value) for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def _refuse(self, text: str) -> None:
        self.logger.warning(text)
        self.send_400_response(text)


def _asks_to_upgrade(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"upgrade" for name, _ in headers)


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
