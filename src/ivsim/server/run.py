"""The port itself: taken, served from this thread or one of its own, and left at once."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from email.utils import formatdate
from functools import partial
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.server import ServerState

from .app import App
from .chat_hub import Hub
from .chat_socket import ChatSocket
from .connection import HttpConnection

if TYPE_CHECKING:
    from ..emulator import Emulator

_log = logging.getLogger("ivsim.server")

HOST = "127.0.0.1"
PORT = 4870

_TICK = 0.05
"""Seconds by which what is due on the emulator's clock is late at most, when no call asks."""

_KEEP_ALIVE = 75
"""Seconds for which a connection may idle; longer than SDKs keep theirs, so that none meets a closed one."""

_BACKLOG = 2048
"""Clients that may knock at the same moment: a load test's, not one user's."""


class Server:
    """An emulator on a port, as `Emulator.serve()` returns it; as a context manager it is closed with the block.

    The port is taken when it is made, so what it is is known before it serves; `port=0` takes any that is free. Raises
    OSError, with the address in its text, for a port that is taken and an address that is not this machine's.
    """

    def __init__(self, emulator: Emulator, *, host: str = HOST, port: int = PORT) -> None:
        self.emulator = emulator
        self._socket = _listen(host, port)
        address, self.port = self._socket.getsockname()[:2]
        self.host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
        self._stop: Callable[[], object] | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @property
    def url(self) -> str:
        """What AWS SDKs take as endpoint, for both services."""
        return f"http://{self._authority}"

    @property
    def chat_url(self) -> str:
        """What the chat SDK takes as `regionOrUrl`."""
        return f"ws://{self._authority}"

    @property
    def is_open_to_others(self) -> bool:
        """Whether other machines can reach it."""
        return not ip_address(self._socket.getsockname()[0]).is_loopback

    def start(self) -> None:
        """Serve, in a thread of its own, until `close()`."""
        ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(ready.set),), name="ivsim", daemon=True)
        self._thread.start()
        ready.wait()

    def run(self) -> None:
        """Serve in this, the main thread, until Ctrl-C, SIGTERM or `close()`."""

        def stop(*_: object) -> None:
            if self._stop is not None:
                self._stop()

        before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            asyncio.run(self._serve())
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def close(self) -> None:
        """Stop at once: connections are closed, calls under way are not waited for. Again is nothing."""
        if self._stop is not None:
            self._stop()
        if self._thread is not None:
            self._thread.join()
        self._socket.close()

    @property
    def _authority(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    async def _serve(self, ready: Callable[[], object] = lambda: None) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._stop = partial(loop.call_soon_threadsafe, stop.set)
        hub = Hub(self.emulator)
        config = uvicorn.Config(
            App(self.emulator),
            ws=lambda **_: ChatSocket(hub),  # type: ignore[arg-type]
            access_log=False,
            log_config=None,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        config.load()
        shared = ServerState()
        connect = partial(HttpConnection, config=config, server_state=shared, app_state={})
        ticking = loop.create_task(self._tick(shared))
        async with await loop.create_server(connect, sock=self._socket):
            with closing(hub):
                ready()
                await stop.wait()
            self._stop = None
            ticking.cancel()
            for connection in list(shared.connections):
                connection.transport.abort()

    async def _tick(self, shared: ServerState) -> None:
        while True:
            shared.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            try:
                self.emulator.clock.run_due()
            except Exception:  # noqa: BLE001 - the clock's next task is another one
                _log.exception("a bug of ivsim's in what was due; please report it")
            await asyncio.sleep(_TICK)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        what = "something else listens there" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise OSError(f"cannot listen at {host}, port {port}: {what}") from None
