"""Calls and events: as lists, and as they happen, by server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from ...core.calls import Call
from ...core.log import Log
from ...emulator import Emulator
from .endpoints import endpoint
from .problems import Problem

HEARTBEAT = 15.0
"""Seconds after which a silent stream says that it is alive."""

EVENT_STREAM = "text/event-stream"
_BOTH = ("application/json", EVENT_STREAM)
_BATCH = 100
"""Entries that are sent in one go, so that a slow client is waited for in between."""

_HEAD = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class CallShown(msgspec.Struct, rename="camel"):
    """One API call, as it was answered."""

    service: str
    operation: str
    params: dict[str, Any]
    account_id: str
    region: str
    status: int
    error: str | None


class Events(msgspec.Struct):
    """EventBridge events, oldest first, in AWS's shape."""

    events: list[dict[str, Any]]


class Calls(msgspec.Struct):
    """API calls, oldest first."""

    calls: list[CallShown]


@endpoint("GET", "/events", media_types=_BOTH)
def list_events(sim: Emulator, request: Request, detail_type: str | None = None) -> Events | Response:
    """Return every EventBridge event so far; those of one `detailType`, if given.

    With `Accept: text/event-stream` they come as server-sent events, those so far and then each as it happens. `id` is
    the event's index, so Last-Event-ID goes on behind it; `event: reset` says that the emulator was emptied or loaded,
    and what follows begins anew.
    """
    if detail_type is not None:
        sim.events.of(detail_type)  # refuses a name that does not exist
    if not _wants_stream(request):
        return Events(list(sim.events) if detail_type is None else sim.events.of(detail_type))
    source = Source("event", lambda: sim.events, dict, lambda event: detail_type in (None, event["detail-type"]))
    return EventStream(sim, [source], request, from_start=True)


@endpoint("GET", "/calls", media_types=_BOTH)
def list_calls(sim: Emulator, request: Request, operation: str | None = None) -> Calls | Response:
    """Return every API call so far; those of one `operation`, if given. `Accept: text/event-stream` as for events."""
    name = None
    if operation is not None:
        sim.calls.of(operation)  # refuses a name that does not exist
        name = operation.replace("_", "").lower()
    if not _wants_stream(request):
        return Calls([_shown(each) for each in (sim.calls if operation is None else sim.calls.of(operation))])
    source = Source("call", lambda: sim.calls, _shown, lambda call: name in (None, call.operation.lower()))
    return EventStream(sim, [source], request, from_start=True)


@endpoint("GET", "/feed", media_types=(EVENT_STREAM,))
def feed(sim: Emulator, request: Request) -> Response:
    """Send everything that happens from now on as server-sent events, for a page that shows it.

    `event: call` and `event: event` have what the lists have, `event: frame` the `roomArn` and the `frame` of a chat,
    `event: reset` says that the emulator was emptied or loaded. Last-Event-ID goes on with calls and events where
    another connection ended; frames that came in between are in the transcript.
    """
    sources = [
        Source("call", lambda: sim.calls, _shown, lambda _: True),
        Source("event", lambda: sim.events, dict, lambda _: True),
    ]
    return EventStream(sim, sources, request, from_start=False)


class Source:
    """A log that is sent from a position on."""

    def __init__(
        self, name: str, log: Callable[[], Log[Any]], show: Callable[[Any], Any], wanted: Callable[[Any], bool]
    ) -> None:
        self.position = 0
        self._name = name
        self._log = log
        self._show = show
        self._wanted = wanted

    def __len__(self) -> int:
        return len(self._log())

    def subscribe(self, wake: Callable[[object], None]) -> Callable[[], None]:
        """Have a function called when the log grows."""
        return self._log().subscribe(wake)

    def read(self, identify: Callable[[], str]) -> Iterator[bytes]:
        """Yield the messages that are new, in batches."""
        while True:
            entries = self._log()[self.position : self.position + _BATCH]
            if not entries:
                return
            parts = []
            for entry in entries:
                self.position += 1
                if self._wanted(entry):
                    parts.append(message(self._name, self._show(entry), identify()))
            yield b"".join(parts)


class EventStream(Response):
    """An answer that goes on until the client leaves. It keeps no queue: a slow client reads the logs later."""

    def __init__(self, sim: Emulator, sources: list[Source], request: Request, *, from_start: bool) -> None:
        super().__init__()
        self._sim = sim
        self._sources = sources
        self._from_start = from_start
        self._replaced_with: list[int] | None = None
        last = request.headers.get("last-event-id")
        if last is not None:
            self._resume(last)
        elif not from_start:
            for source in self._sources:
                source.position = len(source)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Send until the client leaves."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def wake(_: object = None) -> None:
            with suppress(RuntimeError):  # the server is closed, and something happens in another thread
                loop.call_soon_threadsafe(news.set)

        def replaced() -> None:
            self._replaced_with = [0 if self._from_start else len(source) for source in self._sources]
            wake()

        async def leave() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        leaving = loop.create_task(leave())
        leaving.add_done_callback(wake)
        with ExitStack() as stack:
            stack.callback(leaving.cancel)
            stack.callback(self._sim.on_replaced(replaced))
            for source in self._sources:
                stack.callback(source.subscribe(wake))
            await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
            await send(_part(b": ivsim\n\n"))
            while not leaving.done():
                news.clear()
                for part in self._read():
                    await send(_part(part))
                    if leaving.done():
                        return
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT)
                except asyncio.TimeoutError:
                    await send(_part(b":\n\n"))
                except asyncio.CancelledError:  # the server is closed
                    return

    def _read(self) -> Iterator[bytes]:
        if self._replaced_with is not None:
            for source, position in zip(self._sources, self._replaced_with, strict=True):
                source.position = position
            self._replaced_with = None
            yield message("reset", {}, self._id())
        for source in self._sources:
            yield from source.read(self._id)

    def _id(self) -> str:
        return "-".join(str(source.position) for source in self._sources)

    def _resume(self, last: str) -> None:
        positions = last.split("-")
        if len(positions) != len(self._sources) or not all(each.isdecimal() for each in positions):
            raise Problem(400, f"{last!r} is not the id of a message of this stream", field="Last-Event-ID")
        for source, position in zip(self._sources, positions, strict=True):
            source.position = int(position)


def message(name: str, data: object, identity: str) -> bytes:
    """Return a server-sent event."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (identity.encode(), name.encode(), msgspec.json.encode(data))


def _part(body: bytes) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": True}


def _wants_stream(request: Request) -> bool:
    return EVENT_STREAM in request.headers.get("accept", "")


def _shown(call: Call) -> CallShown:
    return CallShown(
        call.service, call.operation, dict(call.params), call.account, call.region, call.status, call.error
    )
