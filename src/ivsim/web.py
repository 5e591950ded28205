"""The parts that the doors for HTTP, server and WSGI, share: compressed bodies, scripts of other origins, bugs."""

from __future__ import annotations

import json
import logging
import zlib
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from .dispatcher import MOST_BYTES
from .ivs.playback.urls import is_playback
from .wire.http import Request, Response

HOST, PORT, RTMP_PORT = "127.0.0.1", 4870, 1935
"""The address of a server, unless it is told otherwise."""

FAILED = "ivsim failed; its log has the traceback"
"""The answer to a client when ivsim has a bug."""

SDP = "application/sdp"
"""The type of an offer of media: of a client of a stage, or of WHIP."""

MOST_THROWN_AWAY = 64 * 1024 * 1024
"""The bytes still read of a body that is too large, as most clients read no answer before they have sent it all."""

CALLS = logging.getLogger("ivsim.calls")
"""One line a call: status, what was called, the error code if it was refused, how long it took."""

_log = logging.getLogger("ivsim.server")

_READABLE_FOR_SCRIPTS = "x-amzn-RequestId,x-amzn-ErrorType,Date"
_PREFLIGHT_SECONDS = "86400"

_MOST_CODINGS = 3
"""The most layers of compression of a body: each may be as much work as the largest body."""

_GZIP, _ZLIB, _BARE = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS
_FORMATS = {"gzip": (_GZIP,), "x-gzip": (_GZIP,), "deflate": (_ZLIB, _BARE)}
"""The formats by the names of content codings; many who say deflate leave out zlib's frame."""


class Headers(dict[str, str]):
    """A request's headers by their names in lower case, asked for in any."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__((name.lower(), value) for name, value in pairs)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header's value."""
        return super().get(name.lower(), default)


def answer(respond: Callable[[Request], Response], request: Request) -> Response:
    """Answer a request from a socket, compressed or not, by an emulator's `respond()`; `guarded()`."""
    if _is_preflight(request) and not is_playback(request.url):
        return _preflight(request)
    return guarded(request, lambda: respond(request._replace(body=_decoded(request))))


def guarded(request: Request, respond: Callable[[], Response]) -> Response:
    """Return what a function answers, readable for scripts. A bug of ours is a 500, and in the log."""
    try:
        response = respond()
    except Exception:  # noqa: BLE001 - whatever it is, it is ours
        _log.exception("a bug in ivsim at %s %s; please report it", request.method, request.url)
        response = _failure()
    if request.header("origin") and "Access-Control-Allow-Origin" not in response.headers:  # the playback edge has it
        readable = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": _READABLE_FOR_SCRIPTS}
        response = response._replace(headers={**response.headers, **readable})
    return response


def headers(request: Request, response: Response) -> dict[str, str]:
    """Return the headers of an answer with the length of its body, unless that is not known or there is none."""
    body, headers = response.body, response.headers
    if not isinstance(body, bytes) or response.status == HTTPStatus.NO_CONTENT:
        return {**headers}
    if request.method == "HEAD" and not body:  # it has not been made
        return {**headers}
    return {"Content-Length": str(len(body)), **headers}


def announced(request: Request) -> Request:
    """Return the request that a browser's preflight announces, and any other request as it is."""
    if _is_preflight(request):
        return request._replace(method=request.header("access-control-request-method"))
    return request


def log_request(request: Request, response: Response, seconds: float) -> None:
    """Write the line of a call into the log `ivsim.calls`."""
    what = response.operation or f"{request.method} {request.url}"
    error = response.headers.get("x-amzn-ErrorType")
    CALLS.info("%s %s%s %.1f ms", response.status, what, f" {error}" if error else "", seconds * 1000)


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and request.header("access-control-request-method") != ""


def _decoded(request: Request) -> bytes:
    """Return a body without its compression; one that is not what its header says stays, and will not be JSON."""
    codings = [name.strip() for name in request.header("content-encoding").lower().split(",")]
    if not request.body or len(codings) > _MOST_CODINGS or not _FORMATS.keys() >= set(codings):
        return request.body
    body = request.body
    for coding in reversed(codings):
        for bits in _FORMATS[coding]:
            inflated = _inflated(body, bits)
            if inflated is not None:
                body = inflated
                break
        else:
            return request.body
        if len(body) > MOST_BYTES:
            break  # too large already, whatever is in it
    return body


def _inflated(body: bytes, bits: int) -> bytes | None:
    """Return a body decompressed, of a large one enough to refuse it; None when it is broken."""
    parts: list[bytes] = []
    size = 0
    while body and size <= MOST_BYTES:
        inflater = zlib.decompressobj(bits)
        try:
            part = inflater.decompress(body, MOST_BYTES + 1 - size)
        except zlib.error:
            return None
        size += len(part)
        parts.append(part)
        if not inflater.eof and size <= MOST_BYTES:
            return None
        body = inflater.unused_data  # gzip may follow gzip
    return b"".join(parts)


def _failure() -> Response:
    body = json.dumps({"message": FAILED, "exceptionMessage": FAILED}).encode()
    return Response(500, {"Content-Type": "application/json", "x-amzn-ErrorType": "InternalServerException"}, body)


def _preflight(request: Request) -> Response:
    """Let scripts of any origin call: browsers ask before they send what SDKs send."""
    return Response(
        204,
        {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS",
            "Access-Control-Allow-Headers": request.header("access-control-request-headers") or "*",
            "Access-Control-Allow-Private-Network": "true",
            "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
        },
    )
