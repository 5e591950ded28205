"""One client's connection: uvicorn's, with time limits, and with each answer sent in one piece."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from http import HTTPStatus
from typing import Any, Literal, NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MOST_HEAD = 64 * 1024
"""The most bytes that may come without an end of headers, or between two parts of a body."""


class Limits(NamedTuple):
    """The longest waits for a client, in seconds. None of them concerns a WebSocket, or an answer under way."""

    idle: float = 75
    """The wait for the next request, or the first; then the connection is closed. SDKs keep theirs for less, so none of
    them finds its connection closed when it wants to send."""
    head: float = 20
    """The wait for the end of a request's headers, from its first byte; then it is answered 408, and closed."""
    body: float = 20
    """The wait for the end of a request's body, from the end of its headers, longer as the body comes; then 408."""
    body_rate: float = 500
    """The bytes of a body that make the wait for its end one second longer."""
    quiet: float = 1
    """The wait for a sign of life when no descriptor is left for other clients; then the quietest make room."""
    closing: float = 5
    """The wait for a client that is sent away to take what it was sent before."""


class HttpConnection(HttpToolsProtocol):
    """A connection of uvicorn's HTTP/1.1, which also deals with clients that are broken, slow or odd.

    A connection knows what it waits for and since when; whoever has all connections asks it to `expire()`. That is
    cheaper than a timer for each request.

    Headers and body of an answer, which uvicorn writes apart, go over a transport that puts them together: Terraform's
    HTTP client now and then takes an answer in two pieces for a broken one; and one piece is cheaper.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.logger = logging.getLogger("ivsim.server")
        self._unfinished = 0
        self._awaits: Literal["request", "head", "body", "end"] | None = "request"
        """The next thing to come from the client; None while it is the server's turn."""
        self._since = self._heard = self.loop.time()
        """The times when the wait for that began, and when the client last sent something."""
        self._received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to write to a transport, by way of a Gathering."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport)))

    def data_received(self, data: bytes) -> None:
        """Read on. A request for a protocol that is not there, as Java makes for HTTP/2, is read as if it made none."""
        self._heard = self.loop.time()
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

    def on_message_begin(self) -> None:
        """Begin to wait for the headers."""
        self._awaits, self._since = "head", self._heard
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin to answer, and to wait for the body."""
        self._unfinished = self._received = 0
        self._awaits, self._since = "body", self._heard
        if not self._declines():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Note that the body went on."""
        self._unfinished = 0
        self._received += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait no more, except for the next request if this one was answered early."""
        self._unfinished = 0
        self._awaits, self._since = (None if self._is_answering() else "request"), self._heard
        if not self._declines():
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, by our own time limit in place of uvicorn's timer."""
        super().on_response_complete()
        self._unset_keepalive_if_required()
        if self._awaits is None and not self._is_answering():
            self._awaits = "request"
        self._since = self._heard = self.loop.time()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Stay for an answer that has an end, as a client that sends no more may still read; else close."""
        last: RequestResponseCycle | None = self.pipeline[0][0] if self.pipeline else self.cycle
        if last is None or last.more_body or last.response_complete or last.chunked_encoding:
            cast("Gathering", self.transport).flush()
            return False
        last.keep_alive = False
        return True

    def expire(self, limits: Limits, now: float) -> bool:
        """Close, if the client takes longer than it may; return whether a half-sent request ended with that."""
        if self._is_our_turn():
            return False
        if self._awaits == "request":
            seconds, text = limits.idle, ""
        elif self._awaits == "head":
            seconds, text = limits.head, f"The headers did not come within {limits.head:g} s."
        elif self._awaits == "body":
            seconds = limits.body + self._received / limits.body_rate
            text = f"The body did not come within {seconds:.0f} s."
        else:
            seconds, text = limits.closing, ""
        if now - self._since < seconds:
            return False
        if self._awaits == "end":
            self.transport.abort()
        else:
            self._send_away(text)
        return bool(text)

    def quiet_since(self) -> float | None:
        """Return the time since which a client has sent nothing that is awaited; None if nothing is awaited."""
        return None if self._awaits == "end" or self._is_our_turn() else self._heard

    def make_room(self) -> None:
        """Close for the sake of other clients."""
        self._send_away("The server has no connection to spare for a request that does not go on.")

    def _hand_over(self, rest: bytes) -> None:
        """Hand the connection over to chat or a stage, with what came after the request in the same packet."""
        if self.cycle is not None and not self.cycle.response_complete:  # type: ignore[redundant-expr]
            self.transport.abort()  # it asked for something else, and what comes for that would get in between
            return
        cast("Gathering", self.transport).flush()
        self.transport = self.transport.transport  # type: ignore[attr-defined]
        chosen: Any = self.ws_protocol_class
        self.ws_protocol_class = cast("Any", partial(chosen, target=self.url, headers=self.headers))
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

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]

    def _is_our_turn(self) -> bool:
        """Return whether the client waits for the server: for its answer, or for one to an earlier request."""
        return self._awaits is None or bool(self.pipeline) or (self._awaits == "head" and self._is_answering())

    def _send_away(self, text: str) -> None:
        """Close, with 408 for a request that is half-sent, unless its answer has begun."""
        if self._awaits == "head" or (self._awaits == "body" and not self.cycle.response_started):
            self._send_error(HTTPStatus.REQUEST_TIMEOUT, text)
        self._end()

    def _refuse(self, text: str) -> None:
        self.logger.warning(text)
        self._send_error(HTTPStatus.BAD_REQUEST, text)
        self._end()

    def _send_error(self, status: HTTPStatus, text: str) -> None:
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", b"%d" % len(text)),
            (b"connection", b"close"),
        ]
        lines = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode())]
        lines += [b"%s: %s" % header for header in headers]
        self.transport.write(b"\r\n".join([*lines, b"", text.encode()]))

    def _end(self) -> None:
        """Close, and begin to wait until the client has taken what it was sent."""
        self.transport.close()
        self._awaits, self._since = "end", self.loop.time()


def _asks_to_upgrade(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"upgrade" for name, _ in headers)


class Gathering:
    """A transport that sends in one piece what is written to it before the event loop's next turn."""

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
