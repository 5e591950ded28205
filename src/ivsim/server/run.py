"""The server on its port: served from this thread or one of its own, and left at once."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack, aclosing, asynccontextmanager, closing, suppress
from email.utils import formatdate
from functools import partial
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.server import ServerState

from ..core.arguments import TypeRefused, ValueRefused, check_seed
from ..courier import AwsCourier, FolderCourier
from ..web import HOST, PORT
from .app import App
from .chat.hub import Hub
from .chat.socket import ChatSocket
from .chat.webhook import post
from .composing.composer import Composer
from .connection import HttpConnection, Limits
from .deliverer import Deliverer
from .listener import Listener, listen
from .live.ports import EncoderPorts
from .maker import Maker
from .real_time import now
from .recording.recorder import Recorder
from .rules.reading import GivenRules, read
from .rules.rules import Rules
from .rules.sending import RuleStatus
from .stages.hub import Hub as StageHub
from .stages.socket import StageSocket, is_for_stages
from .stages.whip import Whip
from .state_file import StateFile
from .urls import Urls
from .web_broadcast.offers import Offers
from .websocket import WebSocket

if TYPE_CHECKING:
    from ..emulator import Emulator

_log = logging.getLogger("ivsim.server")

_TICK = 0.05
"""The most seconds by which a due task of the emulator's clock is late, when no call comes."""

_HOST_NAME = re.compile(r"[\w-]+(\.[\w-]+)*", re.ASCII)

_LAST_WORDS = 0.1
"""The seconds that an answer has to notice that its client is gone."""


class Server:
    """An emulator on a port, as `Emulator.serve()` returns it; as a context manager it is closed with the block.

    Arguments are those of `Emulator.serve()`, and so are the errors raised. The port is taken when the server is made,
    so it is known before the server serves.

    `state` is a file in which the emulator is kept: what is in it is loaded, in the place of what the emulator has, and
    from then on it is at most a second old. Raises UnreadableState for one that cannot be loaded, OSError for one that
    cannot be read or written, or that another server keeps.

    `limits` says for how long clients are waited for.
    """

    def __init__(
        self,
        emulator: Emulator,
        *,
        host: str = HOST,
        port: int = PORT,
        state: str | os.PathLike[str] | None = None,
        aws_urls: bool = False,
        rtmp_port: int | None = None,
        rtmps_port: int | None = None,
        https_port: int | None = None,
        tls_cert: str | os.PathLike[str] | None = None,
        tls_key: str | os.PathLike[str] | None = None,
        insecure_ingest: bool = True,
        recordings: str | os.PathLike[str] | None = None,
        rules: GivenRules = (),
        event_weather: int | str | None = None,
        allow_hosts: Iterable[str] = (),
        limits: Limits = Limits(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self.emulator = emulator
        self._limits = limits
        self._aws_urls = aws_urls
        its_rules = read(rules)
        check_seed("event_weather", event_weather)
        self._allowed_hosts = _checked_hosts(allow_hosts)
        with ExitStack() as on_failure:
            self._socket = listen(host, port)
            on_failure.callback(self._socket.close)
            ports = EncoderPorts(rtmp_port, rtmps_port, https_port, tls_cert, tls_key, insecure_ingest)
            self._encoder_ports = ports.open(host)
            on_failure.callback(self._encoder_ports.close)
            self._state_file = None if state is None else StateFile(emulator, state)
            on_failure.pop_all()
        address, self.port = self._socket.getsockname()[:2]
        self.host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
        self._stop_delivering: Callable[[], object] = lambda: None
        if recordings is not None:
            self._stop_delivering = emulator.deliver_to(FolderCourier(recordings, emulator.courier or AwsCourier()))
        self._end_weather: Callable[[], object] = lambda: None
        if event_weather is not None:
            self._end_weather = partial(setattr, emulator.events, "weather", emulator.events.weather)
            emulator.events.weather = event_weather
        self._rules = Rules(emulator, its_rules)
        self._stop_posting = emulator.chat.post_with(partial(post, emulator.quotas))
        self._stop: Callable[[], object] | None = None
        self._is_stopped = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The endpoint to give to AWS SDKs, for all services."""
        return f"http://{self._authority}"

    @property
    def chat_url(self) -> str:
        """The `regionOrUrl` to give to the chat SDK."""
        return f"ws://{self._authority}"

    @property
    def rtmp_url(self) -> str | None:
        """The URL for encoders, to which a stream key is added; None when it listens for none."""
        return self._encoder_url("rtmp", self._encoder_ports.port("rtmp_port"))

    @property
    def rtmps_url(self) -> str | None:
        """The URL for encoders that use TLS; None when it listens for none."""
        return self._encoder_url("rtmps", self._encoder_ports.port("rtmps_port"))

    @property
    def https_url(self) -> str | None:
        """The endpoint inside TLS, the `ingestEndpoint` to give to AWS's web SDK; None when there is none."""
        port = self._encoder_ports.port("https_port")
        return None if port is None else f"https://{self._bracketed}:{port}"

    @property
    def rules(self) -> list[RuleStatus]:
        """Every rule, and what has become of its events: how many arrived, and which did not."""
        return self._rules.statuses

    @property
    def is_open_to_others(self) -> bool:
        """True if other machines can reach it."""
        return not ip_address(self._socket.getsockname()[0]).is_loopback

    def start(self) -> None:
        """Serve, in a thread of its own, until `close()`."""
        ready = threading.Event()

        def serve() -> None:
            try:
                asyncio.run(self._serve(ready.set))
            finally:
                self._give_back()
                ready.set()  # when that failed, the thread says how

        self._thread = threading.Thread(target=serve, name="ivsim", daemon=True)
        self._thread.start()
        ready.wait()

    def run(self, ready: Callable[[], object] = lambda: None) -> None:
        """Serve in this, the main thread, until Ctrl-C, SIGTERM or `close()`; call `ready()` once it does."""
        before = {each: signal.signal(each, self._ask_to_stop) for each in (signal.SIGINT, signal.SIGTERM)}
        try:
            asyncio.run(self._serve(ready))
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)
            self._give_back()

    def close(self) -> None:
        """Stop at once: connections are closed, calls under way are not waited for; deliveries to other services are.

        A second call does nothing.
        """
        self._ask_to_stop()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        elif self._stop is None:  # it never served; else who serves gives the port back
            self._give_back()

    def _ask_to_stop(self, *_: object) -> None:
        self._is_stopped = True
        if self._stop is not None:
            with suppress(RuntimeError):  # the loop is over already
                self._stop()

    def _give_back(self) -> None:
        """Release the ports and the file, and POST nothing any more for the emulator."""
        self._socket.close()
        self._encoder_ports.close()
        self._rules.close()
        self._end_weather()
        self._stop_posting()
        self._stop_delivering()
        if self._state_file is not None:
            self._state_file.close()

    def _encoder_url(self, scheme: str, port: int | None) -> str | None:
        return None if port is None else f"{scheme}://{self._bracketed}:{port}/app/"

    @property
    def _bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def _authority(self) -> str:
        return f"{self._bracketed}:{self.port}"

    async def _serve(self, ready: Callable[[], object] = lambda: None) -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._stop = partial(loop.call_soon_threadsafe, stop.set)
        loop.time = now  # type: ignore[method-assign]
        async with aclosing(Deliverer(self.emulator)) as deliverer:
            maker = Maker()
            urls = Urls(aws=self._aws_urls, rtmp=self.rtmp_url)
            async with (
                _hanging_up_lost(self.emulator),
                self._encoder_ports.serving(self.emulator),
                aclosing(Whip(self.emulator)) as whip,
                aclosing(Composer(self.emulator, whip)),
                aclosing(Recorder(self.emulator, whip)),
                aclosing(Offers(self.emulator)) as offers,
            ):
                app = App(self.emulator, maker, deliverer, urls, whip, offers, self._rules, self._allowed_hosts)
                with closing(Hub(self.emulator)) as hub, closing(StageHub(self.emulator)) as stage_hub:
                    door = partial(_socket, hub, stage_hub)
                    shared = await self._serve_until(stop, door, app, ready)
            for connection in list(shared.connections):
                connection.transport.abort()
            if shared.tasks:
                await asyncio.wait(shared.tasks, timeout=_LAST_WORDS)
            await maker.close()

    async def _serve_until(
        self, stop: asyncio.Event, door: Callable[..., WebSocket], app: App, ready: Callable[[], object]
    ) -> ServerState:
        loop = asyncio.get_running_loop()
        config = uvicorn.Config(
            app,
            interface="asgi3",
            ws=door,  # type: ignore[arg-type]
            proxy_headers=False,
            access_log=False,
            log_config=None,
        )
        config.load()
        shared = ServerState()
        connect = partial(HttpConnection, config=config, server_state=shared, app_state={})
        connections = cast("set[HttpConnection]", shared.connections)
        background = [loop.create_task(self._tick(shared))]
        if self._state_file is not None:
            background.append(loop.create_task(self._state_file.write_changes()))
        listeners = [Listener(self._socket, connect, connections, self._limits)]
        if self._encoder_ports.https is not None:
            its_socket, tls = self._encoder_ports.https
            listeners.append(Listener(its_socket, connect, connections, self._limits, tls))
        for listener in listeners:
            listener.open()
        ready()
        if not self._is_stopped:  # by a signal, before there was a loop to tell
            await stop.wait()
        for task in background:
            task.cancel()
        for listener in listeners:
            await listener.close()
        return shared

    async def _tick(self, shared: ServerState) -> None:
        while True:
            shared.default_headers = [(b"date", formatdate(usegmt=True).encode())]
            try:
                self.emulator.clock.run_due()
            except Exception:  # noqa: BLE001 - the clock's next task is another one
                _log.exception("a bug in ivsim in a task of the clock; please report it")
            await asyncio.sleep(_TICK)


def _socket(hub: Hub, stage_hub: StageHub, *, target: bytes, headers: list[tuple[bytes, bytes]], **_: Any) -> WebSocket:
    """Return what takes a connection that asks to be upgraded: chat, or a stage."""
    return StageSocket(stage_hub) if is_for_stages(target, headers) else ChatSocket(hub)


def _checked_hosts(names: Iterable[str]) -> frozenset[str]:
    if isinstance(names, str):
        raise TypeRefused("allow_hosts", f"{names!r} is one name, and has to be a list of names")
    names = [*names]
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            rule = f"{name!r} is no host name; one is like ivsim.example.com, without a scheme or a port"
            raise ValueRefused("allow_hosts", rule)
    return frozenset(name.lower() for name in names)


@asynccontextmanager
async def _hanging_up_lost(emulator: Emulator) -> AsyncIterator[None]:
    """End broadcasts whose real media were another server's, or are lost with a load: now, and inside the block."""
    loop, hang_up = asyncio.get_running_loop(), emulator.streams.hang_up_lost
    hang_up()
    stop = emulator.on_replaced(lambda: loop.call_soon_threadsafe(hang_up))
    try:
        yield
    finally:
        stop()
