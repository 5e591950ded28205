"""The HTTP door: it turns requests from a port into the emulator's form, and answers into the port's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

from .. import web
from ..dispatcher import MOST_BYTES
from ..wire.http import Request, Response

if TYPE_CHECKING:
    from ..emulator import Emulator

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class App:
    """The emulator as an ASGI application."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = scope["path"], scope["method"]
        if path.startswith("/_ivsim/console/") or (path == "/" and method in ("GET", "HEAD")):
            await self._console(scope, receive, send)
            return
        if path.startswith("/_ivsim/"):
            await self._control(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return
        began = perf_counter()
        headers = web.Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        request = Request(scope["method"], _url(scope, headers), headers, body)
        response = web.answer(self._emulator, request)
        if not response.latency or await _waited(receive, response.latency):
            await _send(send, response, is_last=len(body) > MOST_BYTES)
        web.tell(request, response, perf_counter() - began)

    @cached_property
    def _control(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The control endpoints, imported when they are first asked for: the server shall not wait for Starlette."""
        from .control.app import control  # noqa: PLC0415

        return control(self._emulator)

    @cached_property
    def _console(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The console's files, by an application that is imported when it is first asked for."""
        from .console.app import page  # noqa: PLC0415

        return page()


async def _body(receive: Receive) -> bytes | None:
    """Return a request's body, or of a large one enough to refuse it; None when the client went away."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        if size <= MOST_BYTES:
            parts.append(message["body"])
        size += len(message["body"])
        if not message["more_body"] or size > web.MOST_THROWN_AWAY:
            return b"".join(parts)


async def _waited(receive: Receive, seconds: float) -> bool:
    """Wait, and return whether the client has waited too."""
    try:
        await asyncio.wait_for(receive(), seconds)  # after the body there is nothing to receive but that it is gone
    except asyncio.TimeoutError:
        return True
    return False


def _url(scope: Scope, headers: web.Headers) -> str:
    query = scope["query_string"]
    target = scope["raw_path"] + b"?" + query if query else scope["raw_path"]
    return f"{scope['scheme']}://{headers.get('host', '')}{target.decode('latin-1')}"


async def _send(send: Send, response: Response, *, is_last: bool) -> None:
    headers = {"Content-Length": str(len(response.body)), **response.headers}
    if response.status == 204:
        del headers["Content-Length"]
    if is_last:
        headers["Connection"] = "close"
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})
