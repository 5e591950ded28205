"""A connection that became a WebSocket: its handshake, what its client sends, and its end.

What is said over it is the business of its kinds, chat's and that of stages. The protocol itself is left to the library
`websockets`.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from ..web import CALLS, FAILED

if TYPE_CHECKING:
    from websockets.typing import Subprotocol

_log = logging.getLogger("ivsim.server")

MOST_BYTES = 128 * 1024
"""The longest message a client may send; API Gateway's limit, as nobody knows the services'."""

MOST_UNSENT_BYTES = 2**20
"""The most bytes that may wait for a client to read them; a client further behind is dropped."""

_CLOSING_SECONDS = 5
"""The time a client has to take the bytes on their way to it, and to say goodbye."""


class WebSocket(asyncio.Protocol, ABC):
    """A connection that asked to be upgraded, from that request on; it is among `sockets` until it is gone.

    Its client is let in by the handshake, to a room or a stage, and is there until the connection ends, or before.
    """

    kind: ClassVar[str]
    """The word for it in the log."""

    request: Request
    """The request that asked for it."""

    def __init__(self, sockets: set[Any]) -> None:
        self.loop = asyncio.get_running_loop()
        self.protocol = ServerProtocol(select_subprotocol=_first, max_size=MOST_BYTES)
        self._sockets = sockets
        self._message = bytearray()
        self._closing: asyncio.TimerHandle | None = None

    @property
    @abstractmethod
    def is_in(self) -> bool:
        """True while its client is in a room, or on a stage."""

    @abstractmethod
    def enter(self) -> str | Response:
        """Let its client in, as its `request` wants; return a line for the log, or the answer to one who is refused."""

    @abstractmethod
    def problem(self, status: int, text: str) -> str:
        """Return the body of an answer that refuses the handshake."""

    @abstractmethod
    def take(self, text: str) -> None:
        """Take what its client says."""

    @abstractmethod
    def mute(self) -> None:
        """Have nothing more written to it, while it is in."""

    @abstractmethod
    def leave(self) -> None:
        """Let its client out, if it is in."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with the handshake."""
        self.transport = transport
        self._sockets.add(self)
        transport.set_write_buffer_limits(high=MOST_UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent: its request first, in one piece."""
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Request):
                self.protocol.send_response(self._answer(event))
                self.greet()
            elif isinstance(event, Frame) and self.is_in:
                self._receive(event)
        self._settle()

    def greet(self) -> None:
        """Send what comes first, behind the answer to the handshake."""

    def eof_received(self) -> None:
        """Note that the client sends no more, which without a close frame is the end."""
        self.protocol.receive_eof()
        self._settle()

    def connection_lost(self, _: Exception | None) -> None:
        """Let the client out, as it is gone."""
        self._sockets.remove(self)
        self.protocol.receive_eof()
        if self.is_in:
            self.mute()
            self.leave()
        self.flush()
        assert self._closing is not None  # as it is not open any more
        self._closing.cancel()

    def pause_writing(self) -> None:
        """Drop a client that does not keep up, though not while others are being written to."""
        if self.is_in:
            self.mute()
        self.loop.call_soon(self._drop)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Have a close frame sent, behind what it was sent before, unless one was."""
        if self.protocol.state is OPEN:
            self.protocol.send_close(code, reason)

    def refusal(self, status: int, text: str) -> Response:
        """Return the answer to a handshake that is refused."""
        response = self.protocol.reject(status, self.problem(status, text))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        return response

    def fail(self, code: int, reason: str) -> None:
        """Close because the client broke a rule, or because ivsim failed."""
        self.protocol.fail(code, reason)
        self.leave()

    def flush(self) -> None:
        """Write the library's bytes, and close the transport when the library is done."""
        for data in self.protocol.data_to_send():
            if data:
                self.transport.write(data)
            else:
                with suppress(OSError):  # it is gone already
                    self.transport.write_eof()
        if self.protocol.state is not OPEN and self._closing is None:
            self._closing = self.loop.call_later(_CLOSING_SECONDS, self.transport.abort)

    def _answer(self, request: Request) -> Response:
        """Return the answer to the handshake, which lets the client in."""
        began, line = perf_counter(), ""
        self.request = request
        if _is_ascii(request):
            response = self.protocol.accept(request)
        else:  # websockets before 17 fails at it, or at quoting it
            response = self.refusal(400, "the handshake has a header that is not ASCII")
        if response.status_code == 101:
            try:
                entered = self.enter()
            except Exception:  # noqa: BLE001 - whatever it is, it is ours
                _log.exception("a bug in ivsim at a token of %s; please report it", self.kind)
                entered = self.refusal(500, FAILED)
            if isinstance(entered, Response):
                response = entered
            else:
                line = entered
        line = line or response.body.decode().strip()
        CALLS.info("%s %s: %s %.1f ms", response.status_code, self.kind, line, (perf_counter() - began) * 1000)
        return response

    def _receive(self, frame: Frame) -> None:
        """Take a frame. The library has already answered pings and close frames."""
        if frame.opcode is Opcode.BINARY:
            self.fail(CloseCode.UNSUPPORTED_DATA, "frames must be text")
        if frame.opcode not in (Opcode.TEXT, Opcode.CONT):
            return
        self._message += frame.data
        if not frame.fin:
            return
        message, self._message = self._message, bytearray()
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self.fail(CloseCode.INVALID_DATA, "text must be UTF-8")
        else:
            self.take(text)

    def _drop(self) -> None:
        self.say_goodbye(CloseCode.TRY_AGAIN_LATER, "too slow")
        self._settle()

    def _settle(self) -> None:
        """Do what the library asks for after it has taken the client's bytes."""
        if self.protocol.state is not OPEN:
            self.leave()
        self.flush()


def _first(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return offered[0] if offered else None


def _is_ascii(request: Request) -> bool:
    """Return whether the headers of the handshake are ASCII, as RFC 6455 has them; others may be anything."""
    read = ("connection", "sec-websocket-")
    return all(value.isascii() for name, value in request.headers.raw_items() if name.lower().startswith(read))
