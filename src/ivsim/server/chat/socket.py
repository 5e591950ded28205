"""One chat client's WebSocket, and its connection to a room.

Frames go in by `ChatConnection.take_frame()` and come out by the hub.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from websockets.frames import Close, CloseCode
from websockets.http11 import Response

from ...ivschat.conversation import ChatRefused
from ...ivschat.messaging.frames import to_json
from ...web import CALLS, FAILED
from ..websocket import WebSocket
from .hub import Hub

if TYPE_CHECKING:
    from ...ivschat.chat import ChatConnection, Pending

_log = logging.getLogger("ivsim.server")


class ChatSocket(WebSocket):
    """A connection that asked to be upgraded, with a token of a room."""

    kind = "chat"

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub.sockets)
        self._hub = hub
        self._connection: ChatConnection | None = None
        self._waiting: deque[str] = deque()
        self._busy = False

    @property
    def is_in(self) -> bool:
        """True while its client is connected to a room."""
        return self._connection is not None

    def enter(self) -> str | Response:
        """Open a connection to the room of the token, which is the subprotocol."""
        token = self.protocol.subprotocol
        if token is None:
            return self.refusal(401, "there is no token; pass it as the subprotocol: new WebSocket(url, token)")
        try:
            self._connection = self._hub.join(token, self)
        except ChatRefused as refused:
            return self.refusal(refused.status, str(refused))
        return _line("joins", self._connection)

    def problem(self, status: int, text: str) -> str:
        """Return why the handshake is refused, as an error of the Messaging API."""
        return to_json({"ErrorCode": status, "ErrorMessage": text})

    def take(self, text: str) -> None:
        """Take a frame, after those before it."""
        self._waiting.append(text)
        self._advance()

    def mute(self) -> None:
        """Have nothing more written to it."""
        assert self._connection is not None  # whoever is muted is in
        self._hub.mute(self._connection)

    def leave(self) -> None:
        """Leave the room."""
        if self._connection is not None:
            self._hub.leave(self._connection)

    def ended(self, code: int, reason: str) -> None:
        """Learn that the connection left its room; what it was sent is written."""
        assert self._connection is not None
        left, self._connection = _line("leaves", self._connection), None
        self._waiting.clear()
        self.transport.resume_reading()
        self.say_goodbye(code, reason)
        close = self.protocol.close_rcvd or self.protocol.close_sent or Close(CloseCode.ABNORMAL_CLOSURE, "")
        CALLS.info("%d chat: %s", close.code, f"{left}: {close.reason!r}" if close.reason else left)
        self.flush()

    def _advance(self) -> None:
        """Pass on the client's frames, one after the other; while one waits, the client is not read."""
        while self._waiting and not self._busy and self._connection is not None:
            text, delay = self._waiting.popleft(), self._connection.latency
            if delay:
                self._busy = True
                self.loop.call_later(delay, self._resume, text)
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
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug in ivsim at a frame of %r; please report it", text)
            self.fail(CloseCode.INTERNAL_ERROR, FAILED)
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
            self.loop.call_soon_threadsafe(self._resume)


def _line(does: str, connection: ChatConnection) -> str:
    return f"{connection.user_id!r} {does} {connection.room_arn}"
