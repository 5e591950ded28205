"""The fan-out: the sockets of each room, and the frames written to them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from websockets.frames import CloseCode, Frame, Opcode

from ...ivschat.news import Closed, News, Sent

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivschat.chat import ChatConnection

_log = logging.getLogger("ivsim.server")

Write = Callable[[bytes], object]

_MOST_AT_ONCE = 50
"""The number of frames written before the event loop has its turn, so that readers who are not slow can keep up."""


class Socket(Protocol):
    """A WebSocket, as the hub sees it."""

    transport: asyncio.Transport

    def say_goodbye(self, code: int, reason: str) -> None:
        """Have a close frame sent behind everything else, unless the client was sent one before."""

    def ended(self, code: int, reason: str) -> None:
        """Learn that the connection to the room has ended."""


class Hub:
    """The hub of all who chat over the port. It belongs to the event loop in which it is made.

    A frame is encoded once, and the same bytes are written to all who get it.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._loop = asyncio.get_running_loop()
        self.sockets: set[Socket] = set()
        """Every socket, in a room or on its way in or out."""
        # connection id to its socket
        self._members: dict[str, Socket] = {}
        # room ARN to connection id to what writes to it
        self._rooms: dict[str, dict[str, Write]] = {}
        self._feed = emulator.chat.feed(self._wake)
        self._is_behind = False

    def join(self, token: str, socket: Socket) -> ChatConnection:
        """Let a socket in. Raises ChatRefused."""
        connection, news = self._feed.connect(token)
        self._notify(news)
        self._members[connection.id] = socket
        self._rooms.setdefault(connection.room_arn, {})[connection.id] = socket.transport.write
        return connection

    def leave(self, connection: ChatConnection) -> None:
        """Let a socket out, after all frames sent to it; its `ended()` is called before this returns."""
        self._notify(self._feed.disconnect(connection))

    def mute(self, connection: ChatConnection) -> None:
        """Write nothing more to a socket that does not read, or is gone."""
        self._rooms[connection.room_arn][connection.id] = lambda _: None

    def notify_members(self) -> None:
        """Write all news to the sockets."""
        if not self._is_behind:
            self._go_on()

    def close(self) -> None:
        """Close all sockets, because the server stops; all leave in one transaction, however many they are."""
        try:
            for socket in self.sockets:
                socket.say_goodbye(CloseCode.GOING_AWAY, "the server stops")
            self._notify(self._feed.disconnect_all())
            for socket in self.sockets:
                socket.transport.abort()
        finally:
            self._feed.close()

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self.notify_members)

    def _go_on(self) -> None:
        news, self._is_behind = self._feed.news(_MOST_AT_ONCE)
        self._notify(news)
        if self._is_behind:
            self._loop.call_soon(self._go_on)

    def _notify(self, news: News) -> None:
        for key, group in groupby(news, _receivers):
            try:
                if isinstance(key, Closed):
                    self._end(key)
                else:
                    self._write(*key, [each[-1] for each in group])
            except Exception:  # noqa: BLE001 - whatever it is, the others shall hear what concerns them
                _log.exception("a bug in ivsim while chat clients were told the news; please report it")

    def _write(self, room_arn: str, to: str | None, texts: list[str]) -> None:
        room = self._rooms.get(room_arn, {})  # those who were there may have left before it was their turn
        data = b"".join(Frame(Opcode.TEXT, each.encode()).serialize(mask=False) for each in texts)
        for write in room.values() if to is None else (room[to],):
            write(data)

    def _end(self, closed: Closed) -> None:
        room = self._rooms[closed.room_arn]
        del room[closed.to]
        if not room:
            del self._rooms[closed.room_arn]
        self._members.pop(closed.to).ended(closed.code, closed.reason)


def _receivers(news: Sent | Closed) -> tuple[str, str | None] | Closed:
    """Return the receivers of a frame. Frames with the same receivers can be written in one go."""
    return (news.room_arn, news.to) if isinstance(news, Sent) else news
