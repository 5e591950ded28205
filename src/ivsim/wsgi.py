"""Control plane and playback as a WSGI application: for any WSGI server, alone or in front of another application.

Chat over WebSocket, the media of stages and the console are the server's (`Emulator.serve()`); WSGI has no sockets to
give.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

try:
    from werkzeug.datastructures import EnvironHeaders
    from werkzeug.exceptions import ClientDisconnected
    from werkzeug.wsgi import get_input_stream
except ModuleNotFoundError as missing:
    text = f'{missing.name} is not installed; pip install "ivsim[wsgi]"'
    raise ModuleNotFoundError(text, name=missing.name) from None

from . import web
from .dispatcher import MOST_BYTES, is_for_ivs
from .emulator import Emulator
from .wire.http import Request, Response, WholeResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_NO_MEDIA = b"media of stages go through a server: ivsim serve, or sim.serve()\n"

_HOST = re.compile(r"[a-z][a-z0-9+.-]*://[^/?]*", re.IGNORECASE)


class Application:
    """An emulator as a WSGI application.

    - `emulator`: what answers; a new one unless given, `application.emulator`.
    - `otherwise`: the application that gets what is for others: what is signed for another service of AWS, or unsigned
      and neither an operation of IVS nor about a resource of IVS. Without it that is an UnknownOperationException.

    An answer that `sim.faults.latency()` makes late is late, in the thread that gives it. What is due on the clock
    happens with the next call, as in process.
    """

    def __init__(self, emulator: Emulator | None = None, *, otherwise: WSGIApplication | None = None) -> None:
        self.emulator = emulator if emulator is not None else Emulator()
        self._otherwise = otherwise

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ["REQUEST_METHOD"], _url(environ), web.Headers(EnvironHeaders(environ)))
        if self._otherwise is not None and not is_for_ivs(web.announced(request)):
            return self._otherwise(environ, start_response)
        try:
            request = request._replace(body=_body(environ))
        except ClientDisconnected:
            return _send(start_response, request, WholeResponse(400, {}))
        began = perf_counter()
        response = web.answer(self._respond, request).whole()
        if response.latency:
            time.sleep(response.latency)
        web.log_request(request, response, perf_counter() - began)
        return _send(start_response, request, response)

    def _respond(self, request: Request) -> Response:
        if request.content_type == web.SDP:
            return Response(501, {"Content-Type": "text/plain; charset=utf-8"}, _NO_MEDIA)
        return self.emulator.handle(request)


def _url(environ: WSGIEnvironment) -> str:
    """Return the request's URL as it was sent, if the server tells, below the path of the mounted application."""
    path, mount = environ.get("PATH_INFO", ""), environ.get("SCRIPT_NAME", "")
    sent = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    raw = _HOST.sub("", sent, count=1).partition("?")[0].removeprefix(mount)
    if unquote_to_bytes(raw) != path.encode("latin-1"):
        raw = quote(path.encode("latin-1"), safe="/:")
    query = environ.get("QUERY_STRING", "")
    return f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST', '')}{raw}{'?' if query else ''}{query}"


def _body(environ: WSGIEnvironment) -> bytes:
    """Return a request's body, or of a large one enough to refuse it."""
    stream = get_input_stream(environ)
    parts: list[bytes] = []
    size = 0
    while size <= web.MOST_THROWN_AWAY and (part := stream.read(MOST_BYTES)):
        if size <= MOST_BYTES:
            parts.append(part)
        size += len(part)
    return b"".join(parts)


def _send(start_response: StartResponse, request: Request, response: WholeResponse) -> list[bytes]:
    headers = web.headers(request, response)
    start_response(f"{response.status} {HTTPStatus(response.status).phrase}", list(headers.items()))
    return [] if request.method == "HEAD" else [response.body]
