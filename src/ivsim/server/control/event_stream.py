"""Server-sent events: an answer that goes on until the client leaves."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ...emulator import Emulator
from .problems import RequestRefused
from .sources import Entries, Source

MEDIA_TYPE = "text/event-stream"

HEARTBEAT = 15.0
"""Seconds after which a silent stream says that it is alive."""

_POSITION = re.compile("[0-9]{1,18}")

_HEAD = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would wait until it has much
]


class EventStream(Response):
    """An answer that sends the news of some sources. With Last-Event-ID it goes on behind the entries named there."""

    def __init__(self, sim: Emulator, sources: Sequence[Source], request: Request) -> None:
        super().__init__()
        self._sim = sim
        self._sources = sources
        self._logs = [source for source in sources if isinstance(source, Entries)]
        self._is_replaced = False
        last = request.headers.get("last-event-id", "")
        if last:
            self._resume(last)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client leaves."""
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
            await send({"type": "http.response.body", "body": b""})
            return
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the server is closed, and something happens in another thread
                loop.call_soon_threadsafe(news.set)

        def replaced() -> None:
            self._is_replaced = True
            for source in self._sources:
                source.begin()
            wake()

        leaving = loop.create_task(_leave(receive))
        leaving.add_done_callback(lambda _: news.set())
        with ExitStack() as stack:
            stack.callback(leaving.cancel)
            stack.callback(self._sim.on_replaced(replaced))
            for source in self._sources:
                stack.callback(source.follow(wake))
            await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
            await send(_part(b": ivsim\n\n"))
            while not leaving.done():
                news.clear()
                for part in self._read():
                    await send(_part(part))
                    await asyncio.sleep(0)  # it is written when the loop turns, and only then known to be slow
                    if leaving.done():
                        return
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT)
                except asyncio.TimeoutError:
                    await send(_part(b":\n\n"))

    def _read(self) -> Iterator[bytes]:
        """Yield the news in parts; between them a slow client is waited for."""
        if self._is_replaced:
            self._is_replaced = False
            yield self._message("reset", {})
        for source in self._sources:
            parts: list[bytes] = []
            for news in source.read():
                if news is not None:
                    parts.append(self._message(*news))
                elif parts:
                    yield b"".join(parts)
                    parts.clear()
            if parts:
                yield b"".join(parts)

    def _message(self, name: str, data: object) -> bytes:
        identity = "-".join(str(log.position) for log in self._logs)
        return b"id: %s\nevent: %s\ndata: %s\n\n" % (identity.encode(), name.encode(), msgspec.json.encode(data))

    def _resume(self, last: str) -> None:
        positions = last.split("-")
        if len(positions) != len(self._logs) or not all(map(_POSITION.fullmatch, positions)):
            raise RequestRefused(400, f"{last!r} is not the id of a message of this stream", field="Last-Event-ID")
        for log, position in zip(self._logs, positions, strict=True):
            log.resume(int(position))


async def _leave(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}
