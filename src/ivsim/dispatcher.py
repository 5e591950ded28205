"""One call's way: Request → service → operation → parse → validate → gates → handler → serialize → Response."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from . import ivs
from .core import arns
from .core.arns import Arn
from .core.calls import Call
from .core.clock import Task
from .core.service import Context, Contexts, Handler, S, Service
from .core.state import State
from .ivs.playback.edge import Playback
from .ivs.playback.urls import is_playback
from .services import SERVICES
from .wire import model
from .wire.errors import (
    InvalidMember,
    NotEmulated,
    RequestEntityTooLarge,
    ServiceError,
    UnknownOperationException,
    ValidationException,
)
from .wire.http import Request, Response
from .wire.model import Model, Operation
from .wire.parse import MalformedBody, body_members, located_members
from .wire.routes import Route, Routes
from .wire.validate import Problem

_SERVICE_PARTS = [[name] for name in SERVICES]
"""The service part of their ARNs, as a slice of what is between colons."""

MOST_BYTES = 10 * 1024 * 1024
"""The largest body that is read, as for any API behind Amazon API Gateway."""

_LONGEST_REMEMBERED = 2048
"""How long a URL or a signature may be to be remembered with what was found in it: longer ones are nobody's habit."""

_SCOPE = re.compile(r"Credential=([^/,\s]+)/[0-9]+/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_REGION_IN_HOST = re.compile(r"ivs[a-z]*(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws|api)\.")
_CHAT = re.compile(r"https?://edge\.")
_ACCOUNT = re.compile(r"[0-9]{12}")


class Scope(NamedTuple):
    """What a signature says about its request."""

    access_key: str
    region: str
    service: str


@cache
def routes() -> Routes:
    """Return the routes of all services, made once a process."""
    return Routes(service.model for service in SERVICES.values())


@cache
def real_time() -> Model:
    """Return the model of IVS Real-Time, read only to refuse it by name."""
    return model.load("ivs-realtime", "seconds")


@cache
def real_time_routes() -> Routes:
    """Return the routes of IVS Real-Time, made once a process."""
    return Routes([real_time()])


def is_for_ivs(request: Request) -> bool:
    """Return whether a request is for IVS or IVS Chat (or IVS Real-Time), rather than for another service of AWS.

    A signature says so; without one it is the path, and where services share that, the service of the ARN in it.
    """
    scope = _scope_of(request, request.url.partition("?")[2])
    if scope is not None or is_playback(request.url):
        return scope is None or scope.service in SERVICES
    try:
        found, path, _ = _locate(request.method, request.url)
        found = found or real_time_routes().find(request.method, path)
    except (UnknownOperationException, ValueError):
        return False
    return bool(found) and all(text.split(":")[2:3] in _SERVICE_PARTS for text in found[0].members.values())


class Dispatcher:
    """Answers requests from one emulator's state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._contexts: dict[str, Contexts[Any]] = {name: Contexts(each, state) for name, each in SERVICES.items()}
        self.playback = Playback(state, self.contexts(ivs.service))
        state.clock.perform = self.perform
        if state.history is not None:
            state.journal.regularly(state.history, partial(self._forget, state.history))

    def dispatch(self, request: Request) -> Response:
        """Answer a request. Whatever the request is, the answer is the service's; only a bug of ours raises."""
        if is_playback(request.url):
            return self.playback.handle(request)
        state = self._state
        state.clock.run_due()
        params: dict[str, Any] = {}
        service = operation = refused = None
        called, latency = "", 0.0
        account, region = state.account_id, state.region
        try:
            scope, route, query = self._find(request)
            service, operation = SERVICES[route.service], route.operation
            called = f"{service.name}:{operation.name}"
            if len(request.body) > MOST_BYTES:
                raise RequestEntityTooLarge("Request Too Long")
            params = _params(request, route, query)
            account, region = self._place(scope, operation, params, request.url)
            latency = self._wait(called)
        except ServiceError as error:
            refused = error
        with state.journal:  # what the call has for effects comes when it is on record
            if refused is None and service is not None and operation is not None:
                try:
                    with state.journal:
                        body = self._call(self._contexts[service.name](account, region), operation, params)
                except ServiceError as error:
                    refused = error
                else:
                    status = operation.status
            if refused is not None:
                status, body = self._refusal(refused, service, operation, params, account, region)
            name = operation.name if operation else ""
            error_code = refused.code if refused else None
            of, at = service.name if service else "", state.clock.now()
            state.calls.record(Call(of, name, params, account, region, status, error_code, at))
        headers = {"x-amzn-RequestId": state.ids.request_id()}
        if body:
            headers["Content-Type"] = "application/json"
        if error_code:
            headers["x-amzn-ErrorType"] = error_code
        return Response(status, headers, body, latency, called)

    def contexts(self, service: Service[S]) -> Contexts[S]:
        """Return the contexts of a service."""
        return self._contexts[service.name]

    def perform(self, task: Task) -> None:
        """Let a service do what it does on its own."""
        service = SERVICES[task.service]
        service.tasks[task.name](self._contexts[task.service](task.account, task.region), *task.arguments)

    def _forget(self, most: int) -> None:
        """Drop of what only becomes more all but the newest so many of a kind, as an effect."""
        with self._state.journal:
            self._state.forgets()
            self._state.calls.drop_oldest(most)
            self._state.events.drop_oldest(most)
            for contexts in self._contexts.values():
                contexts.drop_new()
                for ctx in contexts:
                    ctx.service.forget(ctx, most)

    def _find(self, request: Request) -> tuple[Scope | None, Route, str]:
        found, path, query = _locate(request.method, request.url)
        scope = _scope_of(request, query)
        if len(found) == 1:
            return scope, found[0], query
        if not found:
            if _CHAT.match(request.url):
                raise NotEmulated("What viewers reach for chat is not emulated by ivsim over HTTP")
            for each in real_time_routes().find(request.method, path):
                raise NotEmulated(f"ivs-realtime {each.operation.name} is not emulated by ivsim")
            raise UnknownOperationException(f"No operation at {request.method} {path}")
        return scope, _choose(found, scope), query

    def _place(self, scope: Scope | None, operation: Operation, params: Mapping[str, Any], url: str) -> tuple[str, str]:
        """Return account and region: the signature's, or an ARN's in the request, or the host's, or the defaults."""
        if scope is not None:
            account = scope.access_key if _ACCOUNT.fullmatch(scope.access_key) else self._state.account_id
            return account, scope.region
        arn = _first_arn(operation, params)
        if arn is not None:
            return arn.account, arn.region
        host = _REGION_IN_HOST.search(url)
        return self._state.account_id, host[1] if host else self._state.region

    def _wait(self, action: str) -> float:
        seconds = self._state.faults.delay(action)
        if seconds:
            self._state.clock.advance(seconds)
        return seconds

    def _call(self, ctx: Context[Any], operation: Operation, params: dict[str, Any]) -> bytes:
        service, state = ctx.service, self._state
        handler: Handler | None = service.handlers.get(operation.python_name)
        if handler is None:
            raise NotEmulated(f"{service.name} {operation.name} is not emulated by ivsim")
        problems: list[Problem] = []
        (operation.check if state.strict else operation.check_loosely)(params, None, problems)
        if problems:
            raise self._invalid(service, problems)
        arguments = operation.convert(params)
        if not handler.parameters.issuperset(arguments):
            unknown = [name for name in params if operation.python_members.get(name) not in handler.parameters]
            raise NotEmulated(f"{service.name} {operation.name}: {', '.join(unknown)} is not emulated by ivsim")
        action = f"{service.name}:{operation.name}"
        fault = state.faults.take(action, params)
        if fault is not None:
            raise _error_class(fault.error_code)(fault.message)
        if state.rates.enforced:
            rates = {ctx.account: handler.rate, **{arguments[member]: rate for member, rate in handler.rates.items()}}
            state.rates.check(action, rates, ctx.region)
        try:
            return operation.serialize(handler.function(ctx, **arguments))
        except InvalidMember as invalid:
            problem = Problem(tuple(operation.wire_path(invalid.member)), invalid.rule)
            raise self._invalid(service, [problem]) from None

    def _invalid(self, service: Service[Any], problems: list[Problem]) -> ValidationException:
        return ValidationException(
            service.problem_text(problems),
            reason="FIELD_VALIDATION_FAILED",
            fields=tuple((problem.field, problem.rule) for problem in problems),
        )

    def _refusal(
        self,
        error: ServiceError,
        service: Service[Any] | None,
        operation: Operation | None,
        params: Mapping[str, Any],
        account: str,
        region: str,
    ) -> tuple[int, bytes]:
        """Dress an error as its shape has it: status, and a body with the members the shape asks for."""
        shape = service.model.errors.get(error.code) if service else None
        if shape is None or service is None or operation is None:
            return error.status or 400, json.dumps({"message": error.message}).encode()
        text = error.message or shape.text
        arn = arns.parse(error.resource) or _first_arn(operation, params)
        if arn is None or (arn.service, arn.resource_type) not in service.model.resource_types:
            kind = next(iter(self._contexts[service.name](account, region).store.tables))
            arn = Arn(service.name, region, account, kind, account)
        error.resource = str(arn)
        if error.limit is None:
            handler = service.handlers.get(operation.python_name)
            error.limit = handler.rate if handler else 0
        body = shape.serialize({"exception_message": text, "message": text, **error.details()})
        return shape.status, body


def _locate(method: str, url: str) -> tuple[list[Route], str, str]:
    """Return the routes a request may mean, its path and its query string."""
    return (_located if len(url) <= _LONGEST_REMEMBERED else _located.__wrapped__)(method, url)


@lru_cache(maxsize=4096)
def _located(method: str, url: str) -> tuple[list[Route], str, str]:
    try:
        parts = urlsplit(url)
        return routes().find(method, parts.path), parts.path, parts.query
    except ValueError:
        raise UnknownOperationException(f"{url!r} is not a URL") from None


def _scope_of(request: Request, query: str) -> Scope | None:
    """Return the scope of a signature: in the beginning of an Authorization header, or in a presigned query string."""
    signature = request.header("authorization").partition(",")[0] or query
    return (_scope if len(signature) <= _LONGEST_REMEMBERED else _scope.__wrapped__)(signature)


@lru_cache(maxsize=1024)
def _scope(signature: str) -> Scope | None:
    match = _SCOPE.search(signature) or _SCOPE.search(unquote(signature))
    return Scope(*match.groups()) if match else None


def _choose(found: list[Route], scope: Scope | None) -> Route:
    """Choose between services that share a path, by the ARN in it, and by the signature where that does not tell.

    Two services sign as `ivs`, so the signature cannot come first; but a client of IVS Chat that is handed a channel's
    ARN hears from IVS Chat.
    """
    by_service = {route.service: route for route in found}
    text = next(iter(found[0].members.values()))
    arn = arns.parse(text)
    if scope is not None and scope.service in by_service:
        named = scope.service
    else:
        named = "ivschat" if ":ivschat:" in text else "ivs"
    if named == ivs.service.name and arn is not None:
        kind = (arn.service, arn.resource_type)
        if kind not in ivs.service.model.resource_types and kind in real_time().resource_types:
            raise NotEmulated(f"ivs-realtime {found[0].operation.name} is not emulated by ivsim")
    return by_service[named]


def _params(request: Request, route: Route, query: str) -> dict[str, Any]:
    try:
        members = body_members(request.body)
    except MalformedBody:
        raise ValidationException("The request body is not a JSON object in UTF-8") from None
    located = located_members(route.operation.input, route.members, query)
    return {**members, **located} if located else members


def _first_arn(operation: Operation, params: Mapping[str, Any]) -> Arn | None:
    """Return the first ARN of ours in the members that are to hold one."""
    for name in operation.arn_members:
        value = params.get(name)
        for text in value if isinstance(value, list) else [value]:
            arn = arns.parse(text) if isinstance(text, str) else None
            if arn is not None and arn.service in SERVICES:
                return arn
    return None


@cache
def _error_class(code: str) -> type[ServiceError]:
    classes = [ServiceError]
    for each in classes:
        classes.extend(each.__subclasses__())
    return next(each for each in classes if each.__name__ == code)
