"""Calls and events: as lists, and as they happen, by server-sent events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ...core.calls import Call
from ...emulator import Emulator
from .endpoints import endpoint
from .event_stream import MEDIA_TYPE, EventStream
from .sources import Entries, Frames

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
    """EventBridge events, oldest first, in AWS's shape."""

    events: list[dict[str, Any]]


class CallList(msgspec.Struct):
    """API calls, oldest first."""

    calls: list[CallShown]


@endpoint("GET", "/events", media_types=_BOTH)
def list_events(sim: Emulator, request: Request, detail_type: str | None = None) -> EventList | Response:
    """Return every EventBridge event so far; those of one `detailType`, if given.

    With `Accept: text/event-stream` they come as server-sent events: those so far, and then each as it happens. `id` is
    how many there were up to it, so Last-Event-ID goes on behind it. `event: reset` says that the emulator was emptied,
    or a state loaded, and that what follows begins anew.
    """
    is_wanted = _any if detail_type is None else sim.events.is_of(detail_type)
    if _wants_stream(request):
        return EventStream(sim, [Entries("event", sim.events, is_wanted=is_wanted)], request)
    return EventList(list(filter(is_wanted, sim.events)))


@endpoint("GET", "/calls", media_types=_BOTH)
def list_calls(sim: Emulator, request: Request, operation: str | None = None) -> CallList | Response:
    """Return every API call so far; those of one `operation`, if given. As for events, also as server-sent events."""
    is_wanted = _any if operation is None else sim.calls.is_of(operation)
    if _wants_stream(request):
        return EventStream(sim, [Entries("call", sim.calls, show=_shown, is_wanted=is_wanted)], request)
    return CallList([_shown(each) for each in sim.calls if is_wanted(each)])


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


def _any(_: object) -> bool:
    return True


def _wants_stream(request: Request) -> bool:
    return MEDIA_TYPE in request.headers.get("accept", "")


def _shown(call: Call) -> CallShown:
    return CallShown(
        call.service, call.operation, dict(call.params), call.account, call.region, call.status, call.error, call.at
    )
