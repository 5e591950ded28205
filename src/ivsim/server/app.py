"""The HTTP door: it turns requests from a port into the emulator's form, and answers into the port's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, MutableMapping
from functools import cached_property, partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

from .. import web
from ..dispatcher import MOST_BYTES
from ..wire.http import Paced, Recipe, Request, Response
from .urls import Urls, with_own_urls

if TYPE_CHECKING:
    from ..emulator import Emulator
    from .deliverer import Deliverer
    from .maker import Maker
    from .rules.rules import Rules
    from .stages.whip import Whip
    from .web_broadcast.offers import Offers

T = TypeVar("T")

_PIECE = 128 * 1024
"""The most bytes that are sent at once: a slow client holds up no more than a few of these, whatever it asked for."""

_PACE = 0.05
"""The seconds between two looks at the clock."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class App:
    """The emulator as an ASGI application. `maker` makes the media, and `deliverer` delivers to other services.

    `whip` answers those who send and receive the media of stages, and `offers` those who broadcast from a browser;
    of `rules` the control endpoints tell.

    As in process, what a request has delivered is there when it is answered. Playback URLs, and the addresses of stages
    in `endpoints` and tokens, lead to this server, unless `urls` asks for those of AWS. The control endpoints answer by
    local names, and by the `allowed_hosts`.
    """

    def __init__(
        self,
        emulator: Emulator,
        maker: Maker,
        deliverer: Deliverer,
        urls: Urls,
        whip: Whip,
        offers: Offers,
        rules: Rules,
        allowed_hosts: frozenset[str] = frozenset(),
    ) -> None:
        self._urls = urls
        self._emulator = emulator
        self._maker = maker
        self._deliverer = deliverer
        self._whip, self._offers, self._rules = whip, offers, rules
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, method = scope["path"], scope["method"]
        if path.startswith("/_ivsim/console/") or (path == "/" and method in ("GET", "HEAD")):
            await self._console(scope, receive, send)
            return
        if path.startswith("/_ivsim/"):
            scope.update({"ivsim.urls": self._urls, "ivsim.whip": self._whip, "ivsim.rules": self._rules})
            await self._control(scope, receive, self._when_delivered(send))
            return
        body = await _body(receive)
        if body is None:
            return
        began = perf_counter()
        headers = web.Headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        request = Request(scope["method"], _url(scope, headers), headers, body)
        webrtc = next((each for each in (self._whip, self._offers) if each.is_for(request)), None)
        if webrtc is not None:
            answered = asyncio.ensure_future(webrtc.respond(request, scope["server"][0]))
            await asyncio.wait({answered})
            response = web.guarded(request, answered.result)
        else:
            response = web.answer(self._emulator.respond, request)
        try:
            await self._deliverer.finish()
            if response.latency and not await _unless_gone(receive, asyncio.sleep(response.latency)):
                return
            if isinstance(response.body, Paced):
                response = response._replace(body=self._paced(response.body))
            elif isinstance(response.body, Recipe):
                made = await _unless_gone(receive, self._maker.make(response.body))
                if made is None:
                    return
                response = web.guarded(request, partial(_with_body, response, made))
            if isinstance(response.body, bytes) and not self._urls.aws:
                body = with_own_urls(
                    response.body, headers.get("host", ""), self._emulator.stages, scheme=scope["scheme"]
                )
                response = response._replace(body=body)
            await _send(receive, send, request, response, is_last=len(request.body) > MOST_BYTES)
        finally:
            web.log_request(request, response, perf_counter() - began)

    async def _paced(self, body: Paced) -> AsyncIterator[bytes]:
        """Send a body as its time goes by, on the emulator's clock: the first of it when it has begun."""
        clock, sent = self._emulator.clock, 0
        while clock.now() < body.begins:
            await asyncio.sleep(_PACE)
        recipe = body.recipe()
        made = await self._maker.make(recipe) if recipe else b""
        while sent < len(made):
            share = (clock.now() - body.begins).total_seconds() / body.seconds
            until = min(max(int(share * len(made)), 0), len(made))
            if until > sent:
                yield made[sent:until]
                sent = until
            if sent < len(made):
                await asyncio.sleep(_PACE)

    def _when_delivered(self, send: Send) -> Send:
        async def finish_and_send(message: MutableMapping[str, Any]) -> None:
            await self._deliverer.finish()
            await send(message)

        return finish_and_send

    @cached_property
    def _control(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The control endpoints, imported at the first request for one, as the server shall not wait for Starlette."""
        from .control.app import control  # noqa: PLC0415

        return control(self._emulator, self._allowed_hosts)

    @cached_property
    def _console(self) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The console's files, by an application that is imported when it is first asked for."""
        from .console.app import page  # noqa: PLC0415

        return page()


def _with_body(response: Response, body: asyncio.Future[bytes]) -> Response:
    return response._replace(body=body.result())


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


async def _unless_gone(receive: Receive, work: Awaitable[T]) -> asyncio.Future[T] | None:
    """Wait for something, and return it done; None when the client went away first, and then it is cancelled."""
    doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(receive())
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)  # there is nothing else to receive
        return doing if doing.done() else None
    finally:
        doing.cancel()
        gone.cancel()


def _url(scope: Scope, headers: web.Headers) -> str:
    query = scope["query_string"]
    target = scope["raw_path"] + b"?" + query if query else scope["raw_path"]
    return f"{scope['scheme']}://{headers.get('host', '')}{target.decode('latin-1')}"


async def _send(receive: Receive, send: Send, request: Request, response: Response, *, is_last: bool) -> None:
    headers, body = web.headers(request, response), response.body
    if is_last:
        headers["Connection"] = "close"
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": raw})
    if isinstance(body, bytes) and len(body) <= _PIECE:
        await send({"type": "http.response.body", "body": body})
        return
    if isinstance(body, bytes):
        body = _pieces(body)
    assert not isinstance(body, (Recipe, Paced)), "it has been made"
    if sent := await _unless_gone(receive, _send_parts(send, body)):
        sent.result()  # what failed in the middle fails here, and the client sees that this is not all


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), _PIECE):
        yield body[at : at + _PIECE]


async def _send_parts(send: Send, parts: AsyncIterable[bytes]) -> None:
    async for part in parts:
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body", "body": b""})
