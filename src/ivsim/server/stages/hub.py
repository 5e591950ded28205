"""All clients of stages: which socket is whose, and what is written to it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from websockets.frames import CloseCode, Frame, Opcode

from ...ivsrealtime.feed import Cut, Ended, Missing, Sent
from ...ivsrealtime.live_participant import Key

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivsrealtime.live_participant import LiveParticipant
    from ...ivsrealtime.participants import Client

_log = logging.getLogger("ivsim.server")

PATIENCE = 10.0
"""The seconds in which a client may come back whose connection broke: AWS's web SDK tries at once, and after 1, 3 and 7
seconds."""


_FEW = 50
"""The number of clients who are told at once what is new. With more of them it waits a little for what comes next."""

_WAIT_FOR_EACH = 0.0002
"""The seconds that it waits for each client above that: all are sent the whole state each time, and while many join,
the work would grow with the third power of their number."""


class Socket(Protocol):
    """A WebSocket, as the hub sees it."""

    def write(self, data: bytes) -> None:
        """Send what is frames already."""

    def ended(self, frame: bytes) -> None:
        """Learn that the participant is not on the stage any more; the frame says why, if there is one."""

    def cut(self) -> None:
        """Break."""

    def say_goodbye(self, code: int, reason: str) -> None:
        """Have a close frame sent, unless the client was sent one before."""

    def abort(self) -> None:
        """End at once."""


class Hub:
    """The hub of all who are on stages over the port. It belongs to the event loop in which it is made.

    Whoever is not connected any more, and did not say goodbye, is missing, and stays on the stage for a while.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._loop = asyncio.get_running_loop()
        self.sockets: set[Socket] = set()
        """Every socket, on a stage or on its way in or out."""
        self._members: dict[Key, Socket] = {}
        self._missing: dict[Key, asyncio.TimerHandle] = {}
        self._feed = emulator.stages.feed(self._wake)
        self.latency = emulator.stages.latency
        self.notify_members()

    def join(self, token: str, client: Client, socket: Socket) -> LiveParticipant:
        """Let a socket in. Raises StageRefused."""
        participant = self._feed.join(token, client)
        timer = self._missing.pop(participant.key, None)
        if timer is not None:
            timer.cancel()
        self._members[participant.key] = socket
        return participant

    def leave(self, participant: LiveParticipant) -> None:
        """Let a participant go, whose client has said goodbye."""
        del self._members[participant.key]
        self._feed.leave(participant.key)

    def lose(self, participant: LiveParticipant) -> None:
        """Let a participant stay for a while, whose client is gone without a word."""
        del self._members[participant.key]
        self._feed.lose(participant.key)
        self._await(participant.key)

    def notify_members(self) -> None:
        """Tell all what is new."""
        for news in self._feed.news():
            try:
                if isinstance(news, Sent):
                    self._write(news)
                elif isinstance(news, Missing):
                    self._await(news.to)
                elif isinstance(news, Cut):
                    self._cut(news.to)
                else:
                    self._end(news)
            except Exception:  # noqa: BLE001 - whatever it is, the others shall hear what concerns them
                _log.exception("a bug in ivsim while clients of stages were told the news; please report it")

    def close(self) -> None:
        """Close all sockets, because the server stops; all leave in one transaction, also those who are missing."""
        for socket in self.sockets:
            socket.say_goodbye(CloseCode.GOING_AWAY, "the server stops")
        for timer in self._missing.values():
            timer.cancel()
        self._members.clear()
        self._feed.close()
        for socket in self.sockets:
            socket.abort()

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._notify_soon)

    def _notify_soon(self) -> None:
        self._loop.call_later(max(0, len(self._members) - _FEW) * _WAIT_FOR_EACH, self.notify_members)

    def _await(self, key: Key) -> None:
        self._missing[key] = self._loop.call_later(PATIENCE, self._give_up, key)

    def _give_up(self, key: Key) -> None:
        del self._missing[key]
        self._feed.give_up(key)

    def _write(self, sent: Sent) -> None:
        data = Frame(Opcode.TEXT, sent.frame).serialize(mask=False)
        for key in sent.to:
            socket = self._members.get(key)
            if socket is not None:
                socket.write(data)

    def _cut(self, key: Key) -> None:
        socket = self._members.get(key)
        if socket is not None:
            socket.cut()

    def _end(self, ended: Ended) -> None:
        timer = self._missing.pop(ended.to, None)
        if timer is not None:
            timer.cancel()
        socket = self._members.pop(ended.to, None)
        if socket is not None:
            socket.ended(ended.frame)
