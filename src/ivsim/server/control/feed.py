"""Calls and events: as lists, and as they happen, by server-sent events."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response

from ...core.calls import Call
from ...core.log import Log, LogPage
from ...core.weather import Event
from ...emulator import Emulator
from .endpoints import endpoint
from .event_stream import MEDIA_TYPE, EventStream
from .problems import RequestRefused
from .sources import Entries, Frames

Limit = Annotated[int, Meta(ge=1)]
After = Annotated[int, Meta(ge=0)]
Before = Annotated[int, Meta(ge=1)]

_BOTH = ("application/json", MEDIA_TYPE)


class CallShown(msgspec.Struct, rename="camel"):
    """One API call, as it was answered; `service` and `operation` are empty when the request meant none.

    `at` is when that was, by the emulator's clock; null in a state that an older ivsim saved.
    """

    service: str
    operation: str
    params: dict[str, Any]
    account_id: str
    region: str
    status: int
    error: str | None
    at: datetime | None


class EventList(msgspec.Struct):
    """EventBridge events, oldest first, in AWS's shape.

    `before` is what to ask with for older ones, null when there are none; `after` for newer ones.
    """

    events: list[dict[str, Any]]
    before: int | None
    after: int


class CallList(msgspec.Struct):
    """API calls, oldest first; `before` and `after` are as for events."""

    calls: list[CallShown]
    before: int | None
    after: int


@endpoint("GET", "/events", media_types=_BOTH)
def list_events(
    sim: Emulator,
    request: Request,
    detail_type: str | None = None,
    limit: Limit | None = None,
    after: After | None = None,
    before: Before | None = None,
    arrived: bool = False,
) -> EventList | Response:
    """Return the EventBridge events so far, oldest first; those of one `detailType`, if given.

    They are those that happened; with `arrived=true` those that arrived, in that order, twice where they came twice.

    `limit` asks for the newest events only; with `before` for the newest before a place, with `after` for the oldest
    after a place. A place is a number: how many events there ever were up to that one, which is also the `id` of
    server-sent events. The answer has the places to go on from. It is 410 when events after a place are forgotten, and
    when a place was never reached; `after=0` always begins with the oldest event kept.

    With `Accept: text/event-stream` the events come as server-sent events: first those that would be listed, then each
    as it happens. Such a stream has no end, so it takes no `before`, and no `limit` beside `after`. A request with
    Last-Event-ID goes on behind that event. `event: reset` says that the emulator was emptied, or another state loaded,
    and that what follows begins anew.
    """
    is_wanted = _any if detail_type is None else sim.events.is_of(detail_type)
    log: Log[Event] = sim.events.arrived if arrived else sim.events
    part = partial(log.page, limit=limit, after=after, before=before, is_wanted=is_wanted)
    if _wants_stream(request):
        return _stream(sim, Entries("event", log, is_wanted=is_wanted), part, request)
    page = part()
    return EventList(page.entries, page.before, page.after)


@endpoint("GET", "/calls", media_types=_BOTH)
def list_calls(
    sim: Emulator,
    request: Request,
    operation: str | None = None,
    limit: Limit | None = None,
    after: After | None = None,
    before: Before | None = None,
) -> CallList | Response:
    """Return the API calls so far, oldest first; those of one `operation`, if given.

    `limit`, `after` and `before` are as for events, and so are server-sent events.
    """
    is_wanted = _any if operation is None else sim.calls.is_of(operation)
    part = partial(sim.calls.page, limit=limit, after=after, before=before, is_wanted=is_wanted)
    if _wants_stream(request):
        return _stream(sim, Entries("call", sim.calls, show=_shown_call, is_wanted=is_wanted), part, request)
    page = part()
    return CallList([_shown_call(each) for each in page.entries], page.before, page.after)


class HintShown(msgspec.Struct):
    """A mistake that works here and bites at AWS; `topic` is what it is about: "playback", "chat" or "calls"."""

    at: datetime
    topic: str
    text: str


class HintList(msgspec.Struct):
    """Hints, oldest first; `after` is how many there ever were."""

    hints: list[HintShown]
    after: int


@endpoint("GET", "/hints")
def list_hints(sim: Emulator) -> HintList:
    """Return the hints so far: mistakes that work here and bite at AWS, each told once until a reset."""
    return HintList([HintShown(*hint) for hint in sim.hints], sim.hints.end)


@endpoint("GET", "/feed", media_types=(MEDIA_TYPE,))
def get_feed(sim: Emulator, request: Request) -> Response:
    """Send everything that happens from now on as server-sent events, for a page that shows it.

    `event: call`, `event: event` and `event: hint` have what the lists have, `event: frame` the `roomArn` and the
    `frame` that everybody in a chat room was sent; `event: reset` says that the emulator was emptied, or a state
    loaded. Last-Event-ID goes on with calls, events and hints where another connection ended; what was said in between
    is in the transcript.
    """
    calls = Entries("call", sim.calls, show=_shown_call, is_live=True)
    hints = Entries("hint", sim.hints, show=lambda hint: HintShown(*hint), is_live=True)
    return EventStream(sim, [calls, Entries("event", sim.events, is_live=True), hints, Frames(sim.chat)], request)


def _stream(sim: Emulator, entries: Entries, part: partial[LogPage[Any]], request: Request) -> Response:
    """Return a stream that begins where the list that is asked for does, or, for who comes back, where it was."""
    if part.keywords["before"] is not None:
        raise RequestRefused(400, "a stream goes on with what comes, so it has no end", field="before")
    if part.keywords["after"] is not None and part.keywords["limit"] is not None:
        raise RequestRefused(400, "a stream has everything after a place, so it has no limit there", field="limit")
    if not request.headers.get("last-event-id"):
        entries.resume((part().before or 1) - 1)
    return EventStream(sim, [entries], request)


def _any(_: object) -> bool:
    return True


def _wants_stream(request: Request) -> bool:
    return MEDIA_TYPE in request.headers.get("accept", "")


def _shown_call(call: Call) -> CallShown:
    return CallShown(
        call.service, call.operation, dict(call.params), call.account, call.region, call.status, call.error, call.at
    )
