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
from ...core.log import Page
from ...emulator import Emulator
from .endpoints import endpoint
from .event_stream import MEDIA_TYPE, EventStream
from .problems import Problem
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


class Events(msgspec.Struct):
    """EventBridge events, oldest first, in AWS's shape.

    `before` is what to ask with for older ones, null when there are none; `after` for newer ones.
    """

    events: list[dict[str, Any]]
    before: int | None
    after: int


class Calls(msgspec.Struct):
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
) -> Events | Response:
    """Return the EventBridge events so far, oldest first; those of one `detailType`, if given.

    `limit` is how many at most: the newest, or with `before` those just before a place, with `after` those just after
    it. A place is how many events there ever were up to it, as the `id` of server-sent events is; the answer has those
    to go on from. One after which events are forgotten already is answered 410, as is one that was never reached: what
    is asked for is not there as a whole. `after=0` begins with the oldest there is.

    With `Accept: text/event-stream` they come as server-sent events: those that would be listed, and then each as it
    happens, so there is no `before`, and no `limit` beside `after`. `id` is how many there were up to it, so
    Last-Event-ID goes on behind it. `event: reset` says that the emulator was emptied, or a state loaded, and that what
    follows begins anew.
    """
    is_wanted = _any if detail_type is None else sim.events.is_of(detail_type)
    part = partial(sim.events.page, limit=limit, after=after, before=before, is_wanted=is_wanted)
    if _wants_stream(request):
        return _stream(sim, Entries("event", sim.events, is_wanted=is_wanted), part, request)
    page = part()
    return Events(page.entries, page.before, page.after)


@endpoint("GET", "/calls", media_types=_BOTH)
def list_calls(
    sim: Emulator,
    request: Request,
    operation: str | None = None,
    limit: Limit | None = None,
    after: After | None = None,
    before: Before | None = None,
) -> Calls | Response:
    """Return the API calls so far, oldest first; those of one `operation`, if given.

    `limit`, `after` and `before` are as for events, and so are server-sent events.
    """
    is_wanted = _any if operation is None else sim.calls.is_of(operation)
    part = partial(sim.calls.page, limit=limit, after=after, before=before, is_wanted=is_wanted)
    if _wants_stream(request):
        return _stream(sim, Entries("call", sim.calls, show=_shown, is_wanted=is_wanted), part, request)
    page = part()
    return Calls([_shown(each) for each in page.entries], page.before, page.after)


@endpoint("GET", "/feed", media_types=(MEDIA_TYPE,))
def get_feed(sim: Emulator, request: Request) -> Response:
    """Send everything that happens from now on as server-sent events, for a page that shows it.

    `event: call` and `event: event` have what the lists have, `event: frame` the `roomArn` and the `frame` that
    everybody in a chat room was sent; `event: reset` says that the emulator was emptied, or a state loaded.
    Last-Event-ID goes on with calls and events where another connection ended; what was said in between is in the
    transcript.
    """
    calls = Entries("call", sim.calls, show=_shown, is_live=True)
    return EventStream(sim, [calls, Entries("event", sim.events, is_live=True), Frames(sim.chat)], request)


def _stream(sim: Emulator, entries: Entries, part: partial[Page[Any]], request: Request) -> Response:
    """Return a stream that begins where the list that is asked for does, or, for who comes back, where it was."""
    if part.keywords["before"] is not None:
        raise Problem(400, "a stream goes on with what comes, so it has no end", field="before")
    if part.keywords["after"] is not None and part.keywords["limit"] is not None:
        raise Problem(400, "a stream has everything after a place, so it has no limit there", field="limit")
    if not request.headers.get("last-event-id"):
        entries.resume((part().before or 1) - 1)
    return EventStream(sim, [entries], request)


def _any(_: object) -> bool:
    return True


def _wants_stream(request: Request) -> bool:
    return MEDIA_TYPE in request.headers.get("accept", "")


def _shown(call: Call) -> CallShown:
    return CallShown(
        call.service, call.operation, dict(call.params), call.account, call.region, call.status, call.error, call.at
    )
