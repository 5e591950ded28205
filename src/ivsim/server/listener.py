"""The listening socket: it lets clients in, and sends away those that take too long."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Collection
from contextlib import suppress
from heapq import nsmallest

from ..core.arguments import ValueRefused
from .connection import HttpConnection, Limits
from .tasks import Tasks

_log = logging.getLogger("ivsim.server")

_LAST_PORT = 65535

_BACKLOG = 2048
"""The number of clients that may connect at the same moment: enough for a load test."""

_AT_ONCE = 100
"""The number of clients that are let in before those already there have their turn."""

_ROUND = 0.25
"""The seconds between two looks for clients that take too long."""

_RETRY = 0.02
"""The seconds until the next try to let a client in, after one that failed."""

_ROOM = 16
"""The number of connections that are closed to make room, before the next try."""

_EPISODE = 60.0
"""The seconds without such a failure, after which the next one is logged again."""


class Listener:
    """A socket that lets clients in, each with a connection that `connect` makes, and closes `connections` that expire.

    With `tls` all that they say is inside TLS. It belongs to an event loop. asyncio's own server would stop for a
    second, and write a traceback, each time that no descriptor is left for a client.
    """

    def __init__(
        self,
        listening: socket.socket,
        connect: Callable[[], HttpConnection],
        connections: Collection[HttpConnection],
        limits: Limits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._socket = listening
        self._connect = connect
        self._connections = connections
        self._limits = limits
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._joining = Tasks()
        self._failed_at = -_EPISODE
        self._retry: asyncio.TimerHandle | None = None
        self._rounds = self._loop.create_task(self._make_rounds())

    def open(self) -> None:
        """Begin to let clients in."""
        self._socket.setblocking(False)
        self._loop.add_reader(self._socket, self._let_in)

    async def close(self) -> None:
        """Let nobody in any more; who was let in has a connection when this returns."""
        self._rounds.cancel()
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._socket)
        if self._tls is not None:
            for each in self._joining:
                each.cancel()  # who says nothing would be waited for
        await asyncio.gather(self._rounds, *self._joining, return_exceptions=True)

    def _let_in(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                client, _address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # of which the one that happens is that no descriptor is left
                self._fail(error)
                return
            self._joining.begin(self._welcome(client))

    async def _welcome(self, client: socket.socket) -> None:
        patience = None if self._tls is None else self._limits.head
        with suppress(OSError):  # whoever speaks no TLS, or trusts the certificate not, has gone
            await self._loop.connect_accepted_socket(
                self._connect, client, ssl=self._tls, ssl_handshake_timeout=patience
            )

    def _fail(self, error: OSError) -> None:
        """Make room, and try again soon: until then the socket would say without end that somebody is there."""
        now = self._loop.time()
        if now - self._failed_at >= _EPISODE:
            _log.warning(
                "a client could not be let in: %s; connections on which nothing comes are closed to make room",
                error.strerror,
            )
        self._failed_at = now
        self._make_room(now)
        self._loop.remove_reader(self._socket)
        self._retry = self._loop.call_later(_RETRY, self._loop.add_reader, self._socket, self._let_in)

    def _make_room(self, now: float) -> None:
        """Close the quietest connections, none that was heard of just now."""
        since = ((each, each.quiet_since()) for each in self._connections)
        quiet = [(at, id(each), each) for each, at in since if at is not None and now - at >= self._limits.quiet]
        for _, _, each in nsmallest(_ROOM, quiet):
            each.make_room()

    async def _make_rounds(self) -> None:
        while True:
            await asyncio.sleep(_ROUND)
            try:
                self._close_expired()
            except Exception:  # noqa: BLE001 - the next round is another one
                _log.exception("a bug of ivsim's at connections that take too long; please report it")

    def _close_expired(self) -> None:
        now = self._loop.time()
        expired = sum(each.expire(self._limits, now) for each in list(self._connections))
        if expired:
            _log.warning("requests that were half-sent for too long, and answered 408: %d", expired)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket on a port. Raises OSError for one that cannot be had, ValueError for a number that is no port."""
    if not 0 <= port <= _LAST_PORT:
        raise ValueRefused("port", f"{port} is not from 0 to {_LAST_PORT}")
    try:
        listener = socket.create_server((host, port), family=_family(host), backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:  # the latter for a name that no host has
        code = getattr(error, "errno", None)
        if code == errno.EADDRINUSE:
            what = "something else listens there"
        else:  # create_server() adds the address, which is said here already
            what = str(getattr(error, "strerror", None) or error).partition(" (while attempting")[0]
        raise OSError(f"cannot listen at {host}, port {port}: {what}") from None
    # Only where TCP is named has asyncio small packets sent at once; else they wait for what the client acknowledges.
    return socket.socket(listener.family, listener.type, socket.IPPROTO_TCP, listener.detach())


def _family(host: str) -> socket.AddressFamily:
    """Return the address family of a host: IPv4 wherever that is possible."""
    families = {family for family, *_ in socket.getaddrinfo(host or None, 0, type=socket.SOCK_STREAM)}
    return socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
