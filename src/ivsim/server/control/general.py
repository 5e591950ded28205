"""The emulator as a whole: health, reset, its state as a file, and everything in it at once."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ..._version import __version__
from ...core.saved import UnreadableState
from ...emulator import Emulator
from ..urls import reachable, with_own_urls
from .endpoints import endpoint
from .problems import RequestRefused

_MOST_STATE_BYTES = 1024**3


class Health(msgspec.Struct, rename="camel"):
    """The server's health: that it is there, its version, account and region, and where encoders push to."""

    status: str
    version: str
    account_id: str
    region: str
    rtmp_url: str | None


@endpoint("GET", "/health")
def health(sim: Emulator, request: Request) -> Health:
    """Tell that the server is there, its version, and the account and region of calls that do not name others.

    To `rtmpUrl` and a stream key encoders push by RTMP; it is null when the server listens for none.
    """
    rtmp = request.scope["ivsim.urls"].rtmp
    host = request.headers.get("host", "")
    return Health("ok", __version__, sim.account_id, sim.region, rtmp and reachable(rtmp, host))


@endpoint("POST", "/reset")
def reset(sim: Emulator) -> None:
    """Empty it: resources, streams, events, calls, faults, connections.

    Clock, quotas and review handlers stay as set.
    """
    sim.reset()


@endpoint("GET", "/state")
def save_state(sim: Emulator) -> Response:
    """Return everything in it, as the file that `ivsim serve --state` and `sim.load()` read."""
    try:
        return Response(sim.dumps(), media_type="application/json")
    except ValueError as error:
        raise RequestRefused(409, str(error)) from None


@endpoint("PUT", "/state", most_bytes=_MOST_STATE_BYTES)
def load_state(sim: Emulator, body: bytes) -> None:
    """Replace the state by that of such a file.

    Broadcasts in it go on, connections to chat rooms do not: nobody is at the other end of them.
    """
    try:
        sim.loads(body)
        sim.chat.close_all()
    except UnreadableState as error:
        raise RequestRefused(400, str(error)) from None


@endpoint("GET", "/overview")
def overview(sim: Emulator, request: Request) -> dict[str, list[dict[str, Any]]] | Response:
    """Return every resource of every account and region, by kind, as its Get operation shows it.

    Each also has `accountId` and `region`; a channel has `streamKeys`, `stream` (null when it is not live), its newest
    `streamSessions` and its `viewerSessions`; a room has the `userIds` connected to it; a stage has its `participants`,
    and its newest `stageSessions` with their newest `events`. Nothing is recorded as a call.
    Who has it already, and says so with If-None-Match and its ETag, is answered 304 as long as nothing has changed.
    """
    tag = f'"{sha256(repr(sim.overview_version).encode()).hexdigest()}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    body = msgspec.json.encode(sim.overview())
    if not request.scope["ivsim.urls"].aws:
        body = with_own_urls(body, request.headers.get("host", ""), sim.stages, scheme=request.url.scheme)
    return Response(body, headers={"ETag": tag}, media_type="application/json")
