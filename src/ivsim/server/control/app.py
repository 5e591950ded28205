"""The endpoints as one ASGI application, behind a guard against other people's web pages."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...emulator import Emulator
from ...web import CALLS, FAILED
from . import (  # noqa: F401 - they fill ENDPOINTS
    chat,
    clock,
    faults,
    feed,
    general,
    openapi,
    pictures,
    quotas,
    reviews,
    rules,
    stages,
    streams,
    weather,
)
from .endpoints import ENDPOINTS, PREFIX, Endpoint
from .problems import RequestRefused

_LOOPBACK_ORIGIN = r"https?://(localhost|[a-z0-9.-]+\.localhost|127(\.[0-9]+){3}|\[::1\])(:[0-9]+)?"
_HOST = re.compile(r"(?:\[([^\]]*)\]|([^:/@\[\]]*))(?::[0-9]*)?")
_LOCAL_NAMES = (".localhost", ".local", ".internal", ".test")
_HEADERS = ["content-type", "last-event-id"]

_log = logging.getLogger("ivsim.server")


def control(sim: Emulator, allowed_hosts: frozenset[str] = frozenset()) -> Starlette:
    """Return the application that answers everything under `/_ivsim/`, by local names and those that are allowed."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for each in ENDPOINTS:
        by_path.setdefault(each.path, {})[each.method] = each
    return Starlette(
        routes=[
            Route(PREFIX + path.replace("{roomArn}", "{roomArn:path}"), _route(sim, methods), methods=list(methods))
            for path, methods in by_path.items()
        ],
        exception_handlers={HTTPException: _refuse_http},
        middleware=[
            Middleware(RequestLog),
            Middleware(Guard, allowed_hosts),
            Middleware(
                CORSMiddleware,
                allow_origin_regex=_LOOPBACK_ORIGIN,
                allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                allow_headers=_HEADERS,
            ),
        ],
    )


class RequestLog:
    """A log of requests: a line for each when its answer begins, in the log of calls, but at DEBUG.

    At DEBUG because they are not what is emulated, and the console asks something every second.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered."""
        began = perf_counter()

        async def send_and_log(message: Message) -> None:
            if message["type"] == "http.response.start":
                query = scope["query_string"]
                target = (scope["raw_path"] + b"?" + query if query else scope["raw_path"]).decode("latin-1")
                took = (perf_counter() - began) * 1000
                CALLS.debug("%s %s %s %.1f ms", message["status"], scope["method"], target, took)
            await send(message)

        await self._app(scope, receive, send_and_log)


class Guard:
    """A guard that refuses requests of other people's web pages: by their origin, or by a public name for this machine.

    Browsers tell the origin of whatever may change something; and a name that an attacker lets point to 127.0.0.1 (DNS
    rebinding) is a public one, which has a dot and is nobody's name for an emulator but where somebody says so.
    """

    def __init__(self, app: ASGIApp, allowed_hosts: frozenset[str]) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or have it answered."""
        headers = Request(scope).headers
        host, origin = headers.get("host", ""), headers.get("origin")
        refused = None
        if not self._is_let_in(host):
            rule = f"the host {host!r} is not a local name; use the server's address, or let it in with --allow-host"
            refused = RequestRefused(403, rule, field="Host")
        elif origin is not None and not _is_own(origin, host):
            refused = RequestRefused(403, f"pages of {origin} may not use the control endpoints", field="Origin")
        await (refused.response() if refused else self._app)(scope, receive, send)

    def _is_let_in(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = (match[1] or match[2]).rstrip(".").lower()
        return name in self._allowed_hosts or _is_local(name)


def _is_local(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return "." not in name or name.endswith(_LOCAL_NAMES)
    return True


def _is_own(origin: str, host: str) -> bool:
    return bool(re.fullmatch(_LOOPBACK_ORIGIN, origin)) or origin.partition("://")[2] == host


def _route(sim: Emulator, methods: dict[str, Endpoint]) -> Callable[[Request], Any]:
    async def answer(request: Request) -> Response:
        try:
            return await methods["GET" if request.method == "HEAD" else request.method](sim, request)
        except RequestRefused as refused:
            return refused.response()
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug in ivsim at %s %s; please report it", request.method, request.url.path)
            return RequestRefused(500, FAILED).response()

    return answer


def _refuse_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = (
        f"there is nothing at {request.url.path}" if error.status_code == 404 else f"{request.method} is not for it"
    )
    return RequestRefused(error.status_code, detail, headers=error.headers).response()
