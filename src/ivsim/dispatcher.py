"""One call's way: Request → service → operation → parse → validate → gates → handler → serialize → Response."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from .core import arns
from .core.arns import Arn
from .core.calls import Call
from .core.clock import Task
from .core.service import Context, Contexts, Handler, S, Service
from .core.state import State
from .ivs.playback.urls import is_playback
from .services import SERVICES, not_emulated
from .wire.errors import (
    InvalidMember,
    NotEmulated,
    RequestEntityTooLarge,
    ServiceError,
    UnknownOperationException,
    ValidationException,
    by_code,
)
from .wire.http import Request, WholeResponse
from .wire.model import Operation
from .wire.parse import MalformedBody, body_members, located_members
from .wire.routes import Route, Routes
from .wire.validate import Problem

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


def is_for_ivs(request: Request) -> bool:
    """Return whether a request is for IVS or IVS Chat (or IVS Real-Time), rather than for another service of AWS.

    A signature says so; without one it is the path, and where services share that, the service of the ARN in it.
    """
    scope = _scope_of(request, request.url.partition("?")[2])
    if scope is not None or is_playback(request.url):
        return scope is None or scope.service in SERVICES.namespaces
    try:
        found, path, _ = _locate(request.method, request.url)
    except (UnknownOperationException, ValueError):
        return False
    found = found or _routes_not_emulated().find(request.method, path)
    return bool(found) and all(_has_namespace(text) for text in found[0].members.values())


class _Address(NamedTuple):
    """Where a request goes, as far as that was found out before it was `refused`, if it was."""

    account: str
    region: str
    params: dict[str, Any]
    service: Service[Any] | None = None
    operation: Operation | None = None
    latency: float = 0.0
    refused: ServiceError | None = None

    @property
    def action(self) -> str:
        """The operation with its service, "ivs:CreateChannel"; empty when it is not known."""
        return f"{self.service.name}:{self.operation.name}" if self.service and self.operation else ""


class Dispatcher:
    """Answers API requests from one emulator's state."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._contexts: dict[str, Contexts[Any]] = {name: Contexts(each, state) for name, each in SERVICES.items()}
        if state.options.history is not None:
            state.journal.regularly(state.options.history, partial(self._forget, state.options.history))

    def dispatch(self, request: Request) -> WholeResponse:
        """Answer a request. Whatever the request is, the answer is the service's; only a bug of ours raises.

        The steps are those of "One call" in docs/design.md.
        """
        state = self._state
        state.clock.run_due()  # 1. due
        address = self._address(request)  # 2. route, 3. place; and the request's members
        with state.journal:  # what the call has for effects comes when it is on record
            status, body, error_code = self._answer(address)  # 4. validate, 5. gates, 6. handler, 7. serialize
            state.calls.record(_call_of(address, status, error_code, state.clock.now()))  # 8. after
        headers = {"x-amzn-RequestId": state.ids.request_id()}
        if body:
            headers["Content-Type"] = "application/json"
        if error_code:
            headers["x-amzn-ErrorType"] = error_code
        return WholeResponse(status, headers, body, address.latency, address.action)

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

    def _address(self, request: Request) -> _Address:
        """Return where a request goes, and the time that a test wants it to take, which passes now."""
        options = self._state.options
        found = _Address(options.account_id, options.region, params={})
        try:
            scope, route, query = _find(request)
            found = found._replace(service=SERVICES[route.service], operation=route.operation)
            if len(request.body) > MOST_BYTES:
                raise RequestEntityTooLarge("Request Too Long")
            params = _params(request, route, query)
            account, region = self._place(scope, route.operation, params, request.url)
            return found._replace(params=params, account=account, region=region, latency=self._wait(found.action))
        except ServiceError as error:
            return found._replace(refused=error)

    def _answer(self, address: _Address) -> tuple[int, bytes, str | None]:
        """Return status and body of the answer, and the error's code if it is one; then nothing has changed."""
        service, operation = address.service, address.operation
        try:
            if address.refused is not None:
                raise address.refused
            assert service, "what nobody refused has a service"
            assert operation, "and an operation"
            with self._state.journal:
                ctx = self._contexts[service.name](address.account, address.region)
                return operation.status, self._call(ctx, operation, address.params), None
        except ServiceError as error:
            return *self._refusal(error, address), error.code

    def _place(self, scope: Scope | None, operation: Operation, params: Mapping[str, Any], url: str) -> tuple[str, str]:
        """Return account and region: the signature's, or an ARN's in the request, or the host's, or the defaults."""
        options = self._state.options
        if scope is not None:
            account = scope.access_key if _ACCOUNT.fullmatch(scope.access_key) else options.account_id
            return account, scope.region
        arn = _first_arn(operation, params)
        if arn is not None:
            return arn.account, arn.region
        host = _REGION_IN_HOST.search(url)
        return options.account_id, host[1] if host else options.region

    def _wait(self, action: str) -> float:
        seconds = self._state.faults.delay(action)
        if seconds:
            self._state.clock.advance(seconds)
        return seconds

    def _call(self, ctx: Context[Any], operation: Operation, params: Mapping[str, Any]) -> bytes:
        """Take a request to the function behind its operation; return the body of the answer."""
        service = ctx.service
        handler: Handler | None = service.handlers.get(operation.python_name)
        if handler is None:
            raise NotEmulated(f"{service.name} {operation.name} is not emulated by ivsim")
        arguments = self._valid(service, operation, handler, params)
        self._pass_gates(ctx, operation, handler, params, arguments)
        try:
            return operation.serialize(handler.function(ctx, **arguments))
        except InvalidMember as invalid:
            problem = Problem(tuple(operation.wire_path(invalid.member)), invalid.rule)
            raise _invalid(service, [problem]) from None

    def _valid(
        self, service: Service[Any], operation: Operation, handler: Handler, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the handler's arguments, valid as far as the model can tell."""
        problems: list[Problem] = []
        check = operation.check if self._state.options.strict else operation.check_loosely
        check(params, None, problems)
        if problems:
            raise _invalid(service, problems)
        arguments: dict[str, Any] = operation.convert(params)
        if not handler.parameters.issuperset(arguments):
            unknown = [name for name in params if operation.python_members.get(name) not in handler.parameters]
            raise NotEmulated(f"{service.name} {operation.name}: {', '.join(unknown)} is not emulated by ivsim")
        return arguments

    def _pass_gates(
        self,
        ctx: Context[Any],
        operation: Operation,
        handler: Handler,
        params: Mapping[str, Any],
        arguments: Mapping[str, Any],
    ) -> None:
        """Let a valid call through, unless a test wants it to fail, or there are too many of its kind."""
        state, action = self._state, f"{ctx.service.name}:{operation.name}"
        fault = state.faults.take(action, params)
        if fault is not None:
            raise by_code(fault.error_code)(fault.message)
        if state.rates.enforced:
            rates = {ctx.account: handler.rate, **{arguments[member]: rate for member, rate in handler.rates.items()}}
            state.rates.check(action, rates, ctx.region)

    def _refusal(self, error: ServiceError, address: _Address) -> tuple[int, bytes]:
        """Dress an error as its shape has it: status, and a body with the members the shape asks for."""
        service, operation = address.service, address.operation
        shape = service.model.errors.get(error.code) if service else None
        if shape is None or service is None or operation is None:
            return error.status or 400, json.dumps({"message": error.message}).encode()
        text = error.message or shape.text
        arn = arns.parse(error.resource) or _first_arn(operation, address.params)
        if arn is None or (arn.service, arn.resource_type) not in service.model.resource_types:
            place = address.account, address.region
            kind = next(iter(self._contexts[service.name](*place).store.tables))
            arn = Arn(service.namespace, address.region, address.account, kind, address.account)
        error.resource = str(arn)
        if error.limit is None:
            handler = service.handlers.get(operation.python_name)
            error.limit = handler.rate if handler else 0
        body = shape.serialize({"exception_message": text, "message": text, **error.details()})
        return shape.status, body


def _call_of(address: _Address, status: int, error_code: str | None, at: datetime) -> Call:
    service, operation = address.service, address.operation
    return Call(
        service.name if service else "",
        operation.name if operation else "",
        address.params,
        address.account,
        address.region,
        status,
        error_code,
        at,
    )


def _invalid(service: Service[Any], problems: list[Problem]) -> ValidationException:
    return ValidationException(
        service.problem_text(problems),
        reason="FIELD_VALIDATION_FAILED",
        fields=tuple((problem.field, problem.rule) for problem in problems),
    )


def _find(request: Request) -> tuple[Scope | None, Route, str]:
    """Return the signature's scope, the route that a request takes, and its query string."""
    found, path, query = _locate(request.method, request.url)
    scope = _scope_of(request, query)
    if len(found) == 1:
        return scope, found[0], query
    if not found:
        if _CHAT.match(request.url):
            raise NotEmulated("What viewers reach for chat is not emulated by ivsim over HTTP")
        for route in _routes_not_emulated().find(request.method, path):
            raise NotEmulated(f"{route.service} {route.operation.name} is not emulated by ivsim")
        raise UnknownOperationException(f"No operation at {request.method} {path}")
    return scope, _choose(found, scope), query


def _locate(method: str, url: str) -> tuple[list[Route], str, str]:
    """Return the routes a request may mean, its path and its query string."""
    return (_located if len(url) <= _LONGEST_REMEMBERED else _located.__wrapped__)(method, url)


@lru_cache(maxsize=4096)
def _located(method: str, url: str) -> tuple[list[Route], str, str]:
    try:
        parts = urlsplit(url)
        return SERVICES.routes.find(method, parts.path), parts.path, parts.query
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
    """Choose between services that share a path: by the signature, and among those that sign alike by the ARN in it.

    Without a signature it is the ARN alone. What leaves it open, as an ARN of nobody's does, is the first one's.
    """
    text = next(iter(found[0].members.values()))
    named = next((part for part in text.split(":") if part in SERVICES.namespaces), "")
    namespace = scope.service if scope is not None else named
    among = [route for route in found if SERVICES[route.service].namespace == namespace] or found
    arn = arns.parse(text)
    if arn is not None and arn.service == namespace:
        kind = (arn.service, arn.resource_type)
        for route in among:
            if kind in SERVICES[route.service].model.resource_types:
                return route
        for model in not_emulated():
            if kind in model.resource_types:
                raise NotEmulated(f"{model.name} {found[0].operation.name} is not emulated by ivsim")
    return among[0]


@cache
def _routes_not_emulated() -> Routes:
    return Routes(not_emulated())


def _has_namespace(arn: str) -> bool:
    """Return whether what begins as an ARN does is of a service of ours."""
    return bool(SERVICES.namespaces.intersection(arn.split(":")[2:3]))


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
            if arn is not None and arn.service in SERVICES.namespaces:
                return arn
    return None
