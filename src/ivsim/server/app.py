"""The HTTP door: what comes over a port, as the emulator takes it, and its answer as a port sends it."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..dispatcher import MOST_BYTES
from ..wire.http import Request, Response

if TYPE_CHECKING:
    from ..emulator import Emulator

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CALLS = logging.getLogger("ivsim.calls")
"""One line a call: status, what was called, the error code if it was refused, how long it took."""

_log = logging.getLogger("ivsim.server")

_READABLE_FOR_SCRIPTS = "x-amzn-RequestId,x-amzn-ErrorType,Date"
_PREFLIGHT_SECONDS = "86400"
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class Headers(dict[str, str]):
    """A request's headers by their names in lower case, asked for in any."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        super().__init__((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header's value."""
        return super().get(name.lower(), default)


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
        headers = Headers(scope["headers"])
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _answer(send, _preflight(headers))
            return
        body = await _body(receive)
        if body is None:
            return
        began = perf_counter()
        request = Request(scope["method"], _url(scope, headers), headers, _decoded(body, headers))
        try:
            response = self._emulator.handle(request)
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug of ivsim's at %s %s; please report it", request.method, request.url)
            response = _failure()
        if response.latency:
            await asyncio.sleep(response.latency)
        await _answer(send, response, _for_scripts(headers, response))
        CALLS.info(
            "%s %s%s %.1f ms",
            response.status,
            response.operation or f"{request.method} {request.url}",
            "".join(f" {value}" for name, value in response.headers.items() if name == "x-amzn-ErrorType"),
            (perf_counter() - began) * 1000,
        )

    @cached_property
    def _control(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The control endpoints, imported when they are first asked for: the server shall not wait for Starlette."""
        from .control.app import control  # noqa: PLC0415

        return control(self._emulator)

    @cached_property
    def _console(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The console's files, by an application that is imported when it is first asked for."""
        from .page import page  # noqa: PLC0415

        return page()


async def _body(receive: Receive) -> bytes | None:
    """Return a request's body, or of a large one enough to refuse it; None when the client went away."""
    parts: list[bytes] = []
    size = 0
    while size <= MOST_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message["body"])
        size += len(message["body"])
        if not message["more_body"]:
            break
    return b"".join(parts)


def _decoded(body: bytes, headers: Headers) -> bytes:
    """Return a body without its compression; one that is not what its header says stays, and will not be JSON."""
    if headers.get("content-encoding", "").lower() not in ("gzip", "deflate"):
        return body
    try:
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(body, MOST_BYTES + 1)
    except zlib.error:
        return body


def _url(scope: Scope, headers: Headers) -> str:
    query = scope["query_string"]
    target = scope["raw_path"] + b"?" + query if query else scope["raw_path"]
    return f"{scope['scheme']}://{headers.get('host', '')}{target.decode('latin-1')}"


def _failure() -> Response:
    text = "ivsim failed; its log has the traceback"
    body = json.dumps({"message": text, "exceptionMessage": text}).encode()
    return Response(500, {"Content-Type": "application/json", "x-amzn-ErrorType": "InternalServerException"}, body)


def _preflight(headers: Headers) -> Response:
    """Let scripts of any origin call: browsers ask before they send what SDKs send."""
    return Response(
        204,
        {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE, HEAD, OPTIONS",
            "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "*"),
            "Access-Control-Allow-Private-Network": "true",
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        },
    )


def _for_scripts(headers: Headers, response: Response) -> dict[str, str]:
    """Return the headers that let a browser's script read an answer; the playback edge has its own."""
    if "origin" not in headers or "Access-Control-Allow-Origin" in response.headers:
        return {}
    return {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _READABLE_FOR_SCRIPTS}


async def _answer(send: Send, response: Response, more: dict[str, str] | None = None) -> None:
    headers = {"Content-Length": str(len(response.body)), **response.headers, **(more or {})}
    if response.status == 204:
        del headers["Content-Length"]
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    await send({"type": "http.response.body", "body": response.body})
