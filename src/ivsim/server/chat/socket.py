"""One chat client's WebSocket: its handshake, and then its connection to a room.

Frames go in by `ChatConnection.take_frame()` and come out by the hub. The protocol itself is left to the library
`websockets`.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import OPEN
from websockets.server import ServerProtocol

from ...ivschat.conversation import ChatRefused
from ...ivschat.messaging.frames import to_json
from ...web import CALLS, FAILED
from .. import media_clients
from .hub import Hub

if TYPE_CHECKING:
    from websockets.typing import Subprotocol

    from ...ivschat.chat import ChatConnection, Pending

_log = logging.getLogger("ivsim.server")

MOST_BYTES = 128 * 1024
"""The longest message a client may send; API Gateway's limit, as nobody knows the service's."""

MOST_UNSENT_BYTES = 2**20
"""The most bytes that may wait for a client to read them; a client further behind is dropped."""

_CLOSING_SECONDS = 5
"""The time a client has to take the bytes on their way to it, and to say goodbye."""


class ChatSocket(asyncio.Protocol):
    """A connection that asked to be upgraded, from that request on."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._protocol = ServerProtocol(select_subprotocol=_first, max_size=MOST_BYTES)
        self._connection: ChatConnection | None = None
        self._message = bytearray()
        self._waiting: deque[str] = deque()
        self._busy = False
        self._closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin with the handshake."""
        self.transport = transport
        self._hub.sockets.add(self)
        transport.set_write_buffer_limits(high=MOST_UNSENT_BYTES)

    def data_received(self, data: bytes) -> None:
        """Take what the client sent: its request first, in one piece."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._answer_handshake(event))
            elif isinstance(event, Frame) and self._connection is not None:
                self._receive(event)
        self._settle()

    def eof_received(self) -> None:
        """Note that the client sends no more, which without a close frame is the end."""
        self._protocol.receive_eof()
        self._settle()

    def connection_lost(self, _: Exception | None) -> None:
        """Leave the room, as the client is gone."""
        self._hub.sockets.remove(self)
        self._protocol.receive_eof()
        if self._connection is not None:
            self._hub.mute(self._connection)
            self._hub.leave(self._connection)
        assert self._closing is not None  # what is not open is closing, since `_flush()`
        self._closing.cancel()

    def pause_writing(self) -> None:
        """Drop a client that does not keep up, though not while others are being written to."""
        if self._connection is not None:
            self._hub.mute(self._connection)
        self._loop.call_soon(self._drop)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Have a close frame sent when the connection leaves its room, behind what it was sent there."""
        if self._protocol.state is OPEN:
            self._protocol.send_close(code, reason)

    def ended(self, code: int, reason: str) -> None:
        """Learn that the connection left its room; what it was sent is written."""
        assert self._connection is not None
        left, self._connection = _line("leaves", self._connection), None
        self._waiting.clear()
        self.transport.resume_reading()
        self.say_goodbye(code, reason)
        close = self._protocol.close_rcvd or self._protocol.close_sent or Close(CloseCode.ABNORMAL_CLOSURE, "")
        CALLS.info("%d chat: %s", close.code, f"{left}: {close.reason!r}" if close.reason else left)
        self._flush()

    def _answer_handshake(self, request: Request) -> Response:
        """Return the answer to the handshake, which opens a connection to a room."""
        began = perf_counter()
        if _is_ascii(request):
            response = self._protocol.accept(request)
        else:  # websockets before 17 fails at it, or at quoting it
            response = self._refusal(400, "the handshake has a header that is not ASCII")
        if response.status_code == 101:
            try:
                self._connection = self._join()
            except ChatRefused as refused:
                response = self._refusal(refused.status, str(refused))
            except Exception:  # noqa: BLE001 - whatever it is, it is ours
                _log.exception("a bug in ivsim at a chat token; please report it")
                response = self._refusal(500, FAILED)
        CALLS.info(
            "%s chat: %s %.1f ms",
            response.status_code,
            _line("joins", self._connection) if self._connection else response.body.decode().strip(),
            (perf_counter() - began) * 1000,
        )
        return response

    def _join(self) -> ChatConnection:
        if self._protocol.subprotocol is None:
            raise ChatRefused("there is no token; pass it as the subprotocol: new WebSocket(url, token)", status=401)
        if media_clients.is_stage_token(self._protocol.subprotocol):
            raise ChatRefused(media_clients.REFUSAL, status=media_clients.STATUS)
        return self._hub.join(self._protocol.subprotocol, self)

    def _refusal(self, status: int, text: str) -> Response:
        response = self._protocol.reject(status, to_json({"ErrorCode": status, "ErrorMessage": text}))
        del response.headers["Content-Type"]
        response.headers["Content-Type"] = "application/json"
        return response

    def _receive(self, frame: Frame) -> None:
        """Take a frame. The library has already answered pings and close frames."""
        if frame.opcode is Opcode.BINARY:
            self._fail(CloseCode.UNSUPPORTED_DATA, "frames must be text")
        if frame.opcode not in (Opcode.TEXT, Opcode.CONT):
            return
        self._message += frame.data
        if not frame.fin:
            return
        message, self._message = self._message, bytearray()
        try:
            self._waiting.append(message.decode())
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA, "text must be UTF-8")
        self._advance()

    def _advance(self) -> None:
        """Pass on the client's frames, one after the other; while one waits, the client is not read."""
        while self._waiting and not self._busy and self._connection is not None:
            text, delay = self._waiting.popleft(), self._connection.latency
            if delay:
                self._busy = True
                self._loop.call_later(delay, self._resume, text)
            else:
                self._take_frame(text)
        if self._waiting:
            self.transport.pause_reading()
        else:
            self.transport.resume_reading()

    def _resume(self, text: str | None = None) -> None:
        """Go on after a delay or a review, with the frames held back meanwhile."""
        self._busy = False
        if text is not None:
            self._take_frame(text)
        self._advance()

    def _take_frame(self, text: str) -> None:
        if self._connection is None:
            return
        try:
            review = self._connection.take_frame(text)
        except ConnectionError:
            return  # it was closed by another thread, and the news are on their way
        except Exception:  # noqa: BLE001 - as above
            _log.exception("a bug in ivsim at a frame of %r; please report it", text)
            self._fail(CloseCode.INTERNAL_ERROR, FAILED)
            return
        if review is not None:
            self._busy = True
            threading.Thread(target=self._hold, args=(review,), name="ivsim review", daemon=True).start()

    def _hold(self, review: Pending) -> None:
        """Have a message reviewed, in a thread of its own: handlers take their time, and others do not wait."""
        try:
            review(time.sleep)
        except Exception:  # noqa: BLE001 - as above
            _log.exception("a bug in ivsim after a review; please report it")
        with suppress(RuntimeError):  # the server was closed meanwhile
            self._loop.call_soon_threadsafe(self._resume)

    def _drop(self) -> None:
        self.say_goodbye(CloseCode.TRY_AGAIN_LATER, "too slow")
        self._settle()

    def _fail(self, code: int, reason: str) -> None:
        """Close because the client broke a rule, or because ivsim failed."""
        self._protocol.fail(code, reason)
        self._leave()

    def _leave(self) -> None:
        if self._connection is not None:
            self._hub.leave(self._connection)

    def _settle(self) -> None:
        """Do what the library asks for after it has taken the client's bytes."""
        if self._protocol.state is not OPEN:
            self._leave()
        self._flush()

    def _flush(self) -> None:
        """Write the library's bytes, and close the transport when the library is done."""
        for data in self._protocol.data_to_send():
            if data:
                self.transport.write(data)
            else:
                with suppress(OSError):  # it is gone already
                    self.transport.write_eof()
        if self._protocol.state is not OPEN and self._closing is None:
            self._closing = self._loop.call_later(_CLOSING_SECONDS, self.transport.abort)


def _first(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return offered[0] if offered else None


def _is_ascii(request: Request) -> bool:
    """Return whether the headers of the handshake are ASCII, as RFC 6455 has them; others may be anything."""
    read = ("connection", "sec-websocket-")
    return all(value.isascii() for name, value in request.headers.raw_items() if name.lower().startswith(read))


def _line(does: str, connection: ChatConnection) -> str:
    return f"{connection.user_id!r} {does} {connection.room_arn}"
