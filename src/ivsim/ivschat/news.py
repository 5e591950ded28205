"""News of rooms as it happens: frames to connections, for doors that pass them on, and frames to everybody.

A change only leaves a note that there was one. The frames themselves are read from the rooms' logs afterwards, so a
connection gets exactly what `ChatConnection.frames` shows, in that order, whichever thread was at work.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from ..core import arns
from ..core.state import State
from ._service import Context, Contexts
from .conversation import Connection, leave

SERVICE_RESTART = 1012
"""The WebSocket close code for connections that are not there any more after a reset, or in a state that was loaded."""


class Sent(NamedTuple):
    """A frame of a room, `to` one connection, or to all those there that are followed by now."""

    room_arn: str
    to: str | None
    text: str


class Closed(NamedTuple):
    """The end of the connection `to`; what it was sent came before."""

    room_arn: str
    to: str
    code: int
    reason: str


News: TypeAlias = list[Sent | Closed]


class ConnectionHandle(Protocol):
    """A handle on a connection for the door that follows it."""

    @property
    def id(self) -> str:
        """The connection's id."""

    @property
    def room_arn(self) -> str:
        """The ARN of the room it is in."""

    def close(self) -> None:
        """Leave the room."""


H = TypeVar("H", bound=ConnectionHandle)


@dataclass(slots=True)
class _Room:
    """A room with connections that are followed; `end` is the index in its log up to which there is no news."""

    ctx: Context
    arn: str
    end: int
    followed: set[str]


class Feed(Generic[H]):
    """News of the connections of one door, which it opens with `connect`.

    Of connections that left, and of rooms without any, it holds nothing.
    """

    def __init__(
        self, connect: Callable[[str], H], state: State, contexts: Contexts, wake: Callable[[], object]
    ) -> None:
        self._connect = connect
        self._state = state
        self._contexts = contexts
        self._wake = wake
        self._rooms: dict[str, _Room] = {}
        self._room_of: dict[str, _Room] = {}
        self._touched: dict[str, None] = {}
        self._news: deque[Sent | Closed] = deque()
        self.close = state.watch(self._note_change, self._read)
        """A function that ends the feed: `wake` is called no more."""

    def connect(self, token: str) -> tuple[H, News]:
        """Open a connection with a token, and follow it.

        Returns the connection, and the news up to then, for those who were followed before. Raises ChatRefused.
        """
        with self._state.journal:
            connection = self._connect(token)
            self._read()
            news = self._take_news(len(self._news))
            room = self._rooms.get(connection.room_arn)
            if room is None:
                room = self._rooms[connection.room_arn] = self._enter(connection.room_arn)
            room.followed.add(connection.id)
            self._room_of[connection.id] = room
        return connection, news

    def disconnect(self, connection: H) -> News:
        """Close a connection; return its news up to the end, all of them to it alone. Those of others stay."""
        with self._state.journal:
            connection.close()
            self._read()
            end = max((place for place, each in enumerate(self._news, 1) if each.to == connection.id), default=0)
            news = [each for each in islice(self._news, end) if each.room_arn == connection.room_arn]
            self._news = deque(each for each in self._news if each.to != connection.id)
        return [each._replace(to=connection.id) for each in news if each.to in (None, connection.id)]

    def disconnect_all(self) -> News:
        """Close every connection that is followed, in one transaction; return all the news there are."""
        with self._state.journal:
            for connection_id, room in list(self._room_of.items()):
                leave(room.ctx, connection_id)
            self._read()
            return self._take_news(len(self._news))

    @property
    def followed(self) -> set[str]:
        """The ids of the connections that are followed."""
        with self._state.journal:
            return set(self._room_of)

    def news(self, most: int) -> tuple[News, bool]:
        """Return the news since the last time, at most so many, and whether there are more."""
        with self._state.journal:
            self._read()
            return self._take_news(min(most, len(self._news))), bool(self._news)

    def _note_change(self, key: str) -> None:
        """Note a change for those who are followed; called by whatever thread, inside its transaction."""
        if not key:
            self._begin_anew()
        elif key not in self._rooms and key not in self._room_of:
            return
        if not self._touched:
            self._wake()
        self._touched[key] = None

    def _read(self) -> None:
        """Read the news from the logs, when somebody asks, and before it is forgotten there."""
        touched, self._touched = self._touched, {}
        for each in self._left(touched):
            self._news += self._sent(self._room_of[each.id], each.left)
            self._drop(each.id)
            self._news.append(Closed(each.room_arn, each.id, each.close_code or 0, each.close_reason))
        for room in [self._rooms[key] for key in touched if key in self._rooms]:
            self._news += self._sent(room, None)

    def _take_news(self, number: int) -> News:
        return [self._news.popleft() for _ in range(number)]

    def _begin_anew(self) -> None:
        """Drop the connections that are gone; for the others, nothing that is in the logs now is news."""
        for connection_id, room in list(self._room_of.items()):
            if connection_id not in room.ctx.store.connections:
                self._news.append(Closed(room.arn, connection_id, SERVICE_RESTART, "the emulator was reset"))
                self._drop(connection_id)
        for room in self._rooms.values():
            room.end = room.ctx.store.frames.end(room.arn)

    def _enter(self, room_arn: str) -> _Room:
        arn = arns.parse(room_arn)
        assert arn is not None
        ctx = self._contexts(arn.account, arn.region)
        return _Room(ctx, room_arn, ctx.store.frames.end(room_arn), set())

    def _drop(self, connection_id: str) -> None:
        room = self._room_of.pop(connection_id)
        room.followed.remove(connection_id)
        if not room.followed:
            del self._rooms[room.arn]

    def _left(self, touched: Iterable[str]) -> list[Connection]:
        """Return those of the touched that left, in the order in which they did."""
        stores = [(key, self._room_of[key].ctx.store) for key in touched if key in self._room_of]
        left = [store.closed_connections[key] for key, store in stores if key not in store.connections]
        return sorted(left, key=attrgetter("left"))

    def _sent(self, room: _Room, end: int | None) -> News:
        """Return the news of a room for those who are followed, up to an index in its log, or all."""
        log = room.ctx.store.frames
        frames = log.part(room.arn, room.end, end)
        room.end = log.end(room.arn) if end is None else end
        return [Sent(room.arn, to, text) for text, to, _ in frames if to is None or to in room.followed]


class Published(NamedTuple):
    """A frame that everybody in a room was sent."""

    room_arn: str
    text: str


class Transcripts:
    """News of all rooms. It keeps no frames, only up to where each room's log was read."""

    def __init__(self, state: State, contexts: Contexts, wake: Callable[[], object]) -> None:
        self._state = state
        self._contexts = contexts
        self._wake = wake
        self._touched: dict[str, None] = {}
        self._ends: dict[str, int] = {}
        with state.journal:
            self._begin()
            self.close = state.watch(self._note_change)
            """A function that ends the feed: `wake` is called no more."""

    def news(self) -> list[Published]:
        """Return the frames since the last time, in order for each room."""
        with self._state.journal:
            touched, self._touched = self._touched, {}
            return [each for room_arn in touched for each in self._sent(room_arn)]

    def _note_change(self, key: str) -> None:
        if not key:
            self._begin()
        elif key.startswith("arn:"):
            if not self._touched:
                self._wake()
            self._touched[key] = None

    def _begin(self) -> None:
        """Count what is there as read."""
        self._touched.clear()
        self._ends = {
            room_arn: ctx.store.frames.end(room_arn) for ctx in self._contexts for room_arn in ctx.store.frames
        }

    def _sent(self, room_arn: str) -> list[Published]:
        arn = arns.parse(room_arn)
        assert arn is not None
        log = self._contexts(arn.account, arn.region).store.frames
        begin, self._ends[room_arn] = self._ends.get(room_arn, 0), log.end(room_arn)
        return [Published(room_arn, text) for text, to, _ in log.part(room_arn, begin) if to is None]
