"""The steps of one call: due, route, place, validate, gates, handler, serialize, after; see docs/design.md."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from .core import arns
from .core.arns import Arn
from .core.calls import Call
from .core.clock import Task
from .core.service import Contexts, Handler, S, Service
from .core.state import State
from .ivs.playback.urls import is_playback
from .services import SERVICES
from .wire.errors import (
    MemberRefused,
    NotEmulated,
    RequestEntityTooLarge,
    ResourceNotFoundException,
    ServiceError,
    UnknownOperationException,
    ValidationException,
    by_code,
)
from .wire.http import Request, WholeResponse
from .wire.model import Operation
from .wire.parse import BodyRefused, body_members, located_members
from .wire.routes import Route
from .wire.validate import Problem

MOST_BYTES = 10 * 1024 * 1024
"""The largest body that is read, as for any API behind Amazon API Gateway."""

_LONGEST_REMEMBERED = 2048
"""The longest URL or signature that is remembered with what was found in it; longer ones do not come again."""

_SCOPE = re.compile(r"Credential=([^/,\s]+)/[0-9]+/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_REGION_IN_HOST = re.compile(r"ivs[a-z]*(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws|api)\.")
_CHAT = re.compile(r"https?://edge\.")
_ACCOUNT = re.compile(r"[0-9]{12}")


class SignatureScope(NamedTuple):
    """The scope of a signature: who signed, for which region and service."""

    access_key: str
    region: str
    service: str


def is_for_ivs(request: Request) -> bool:
    """Return whether a request is for IVS, IVS Chat or IVS Real-Time, rather than for another service of AWS.

    A signature says so; without one it is the path, and where services share that, the service of the ARN in it.
    """
    scope = _scope_of(request, request.url.partition("?")[2])
    if scope is not None or is_playback(request.url):
        return scope is None or scope.service in SERVICES.namespaces
    try:
        found, _, _ = _locate(request.method, request.url)
    except (UnknownOperationException, ValueError):
        return False
    return bool(found) and all(_has_namespace(text) for text in found[0].members.values())


class _Call:
    """A call on its way, and what is known of it so far: its destination and its parameters."""

    __slots__ = ("account", "action", "latency", "operation", "params", "region", "service")

    def __init__(self, account: str, region: str) -> None:
        self.account = account
        self.region = region
        self.service: Service[Any] | None = None
        self.operation: Operation | None = None
        self.action = ""
        """The operation with its service, "ivs:CreateChannel"; empty while it is not known."""
        self.params: dict[str, Any] = {}
        self.latency = 0.0


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
        call = _Call(state.options.account_id, state.options.region)
        state.clock.run_due()  # 1. due
        refused = self._address(call, request)  # 2. route, 3. place; and the request's members
        with state.journal:  # what the call has for effects comes when it is on record
            # 4. validate, 5. gates, 6. handler, 7. serialize
            status, body, error_code, more = self._answer_call(call, refused)
            state.calls.record(_recorded(call, status, error_code, state.clock.now()))  # 8. after
        headers = {**more, "x-amzn-RequestId": state.ids.request_id()}
        if body:
            headers["Content-Type"] = "application/json"
        if error_code:
            headers["x-amzn-ErrorType"] = error_code
        return WholeResponse(status, headers, body, call.latency, call.action)

    def contexts(self, service: Service[S]) -> Contexts[S]:
        """Return the contexts of a service."""
        return self._contexts[service.name]

    def perform(self, task: Task) -> None:
        """Let a service do what it does on its own."""
        service = SERVICES[task.service]
        service.tasks[task.name](self._contexts[task.service](task.account, task.region), *task.arguments)

    def _forget(self, most: int) -> None:
        """Drop calls, events and others that only accumulate, all but the newest so many of each, as an effect.

        What services keep waits until no delivery is under way, as what comes of one has to find what it is about.
        """
        with self._state.journal:
            self._state.forgets()
            self._state.calls.drop_oldest(most)
            self._state.events.drop_oldest(most)
            self._state.weather.drop_oldest(most)
            if not self._state.deliveries.is_idle:
                return
            for contexts in self._contexts.values():
                contexts.drop_new()
                for ctx in contexts:
                    ctx.service.forget(ctx, most)

    def _address(self, call: _Call, request: Request) -> ServiceError | None:
        """Find out where a call goes, and let its latency pass. Returns the error that refuses it, None without one."""
        try:
            scope, route, query = _find(request)
            service, operation = call.service, call.operation = SERVICES[route.service], route.operation
            call.action = f"{service.name}:{operation.name}"
            if len(request.body) > MOST_BYTES:
                return RequestEntityTooLarge("Request Too Long")
            call.params = _params(request, route, query)
            call.account, call.region = self._place(scope, operation, call.params, request.url)
            call.latency = self._wait(call.action)
        except ServiceError as error:
            return error
        return None

    def _answer_call(
        self, call: _Call, refused: ServiceError | None
    ) -> tuple[int, bytes, str | None, Mapping[str, str]]:
        """Return status, body, error code and further headers; with an error code, nothing has changed."""
        try:
            if refused is not None:
                raise refused
            with self._state.journal:
                return self._carry_out(call)
        except ServiceError as error:
            return *self._refusal(error, call), error.code, {}

    def _place(
        self, scope: SignatureScope | None, operation: Operation, params: Mapping[str, Any], url: str
    ) -> tuple[str, str]:
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

    def _carry_out(self, call: _Call) -> tuple[int, bytes, None, Mapping[str, str]]:
        """Take a call to the function behind its operation; return status, body and headers of what that answers."""
        service, operation = call.service, call.operation
        assert service, "what nobody refused has a service"
        assert operation, "and an operation"
        handler: Handler | None = service.handlers.get(operation.python_name)
        if handler is None:
            raise NotEmulated(f"{service.name} {operation.name} is not emulated by ivsim")
        ctx = self._contexts[service.name](call.account, call.region)
        arguments = self._valid(service, operation, handler, call.params)
        self._pass_gates(call, handler, arguments)
        try:
            answer = handler.function(ctx, **arguments)
            return operation.status, operation.serialize(answer), None, operation.headers(answer)
        except MemberRefused as refused:
            problem = Problem(tuple(operation.wire_path(refused.member)), refused.rule)
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

    def _pass_gates(self, call: _Call, handler: Handler, arguments: Mapping[str, Any]) -> None:
        """Let a valid call through, unless a test wants it to fail, or there are too many of its kind."""
        state = self._state
        fault = state.faults.take_fault(call.action, call.params)
        if fault is not None:
            raise by_code(fault.error_code)(fault.message)
        if state.rates.enforced:
            rates = {call.account: handler.rate, **{arguments[member]: rate for member, rate in handler.rates.items()}}
            state.rates.check(call.action, rates, call.region)

    def _refusal(self, error: ServiceError, call: _Call) -> tuple[int, bytes]:
        """Dress an error as its shape has it: status, and a body with the members the shape asks for."""
        service, operation = call.service, call.operation
        shape = service.model.errors.get(error.code) if service else None
        if shape is None or service is None or operation is None:
            return error.status or 400, json.dumps({"message": error.message}).encode()
        text = error.message or shape.text
        arn = arns.parse(error.resource) or _first_arn(operation, call.params)
        if error.code == ResourceNotFoundException.__name__:
            self._state.hints.tell_of_region(arn, service.namespace, call.region)
        if arn is None or (arn.service, arn.resource_type) not in service.model.resource_types:
            kind = next(iter(self._contexts[service.name](call.account, call.region).store.tables))
            arn = Arn(service.namespace, call.region, call.account, kind, call.account)
        error.resource = str(arn)
        if error.limit is None:
            handler = service.handlers.get(operation.python_name)
            error.limit = handler.rate if handler else 0
        body = shape.serialize({"exception_message": text, "message": text, **error.details()})
        return shape.status, body


def _recorded(call: _Call, status: int, error_code: str | None, at: datetime) -> Call:
    service = call.service.name if call.service else ""
    operation = call.operation.name if call.operation else ""
    return Call(service, operation, call.params, call.account, call.region, status, error_code, at)


def _invalid(service: Service[Any], problems: list[Problem]) -> ValidationException:
    return ValidationException(
        service.problem_text(problems),
        reason="FIELD_VALIDATION_FAILED",
        fields=tuple((problem.field, problem.rule) for problem in problems),
    )


def _find(request: Request) -> tuple[SignatureScope | None, Route, str]:
    """Return the signature's scope, the route that a request takes, and its query string."""
    found, path, query = _locate(request.method, request.url)
    scope = _scope_of(request, query)
    if len(found) == 1:
        return scope, found[0], query
    if not found:
        if _CHAT.match(request.url):
            raise NotEmulated("What viewers reach for chat is not emulated by ivsim over HTTP")
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


def _scope_of(request: Request, query: str) -> SignatureScope | None:
    """Return the scope of a signature: in the beginning of an Authorization header, or in a presigned query string."""
    signature = request.header("authorization").partition(",")[0] or query
    return (_scope if len(signature) <= _LONGEST_REMEMBERED else _scope.__wrapped__)(signature)


@lru_cache(maxsize=1024)
def _scope(signature: str) -> SignatureScope | None:
    match = _SCOPE.search(signature) or _SCOPE.search(unquote(signature))
    return SignatureScope(*match.groups()) if match else None


def _choose(found: list[Route], scope: SignatureScope | None) -> Route:
    """Choose between services that share a path: by the signature, and among those that sign alike by the ARN in it.

    Without a signature the ARN alone decides. Where it does not, as when it is nobody's, the first service is chosen.
    """
    text = next(iter(found[0].members.values()))
    if scope is not None:
        namespace = scope.service
    else:
        namespace = next((part for part in text.split(":") if part in SERVICES.namespaces), "")
    among = [route for route in found if SERVICES[route.service].namespace == namespace] or found
    arn = arns.parse(text)
    if arn is not None and arn.service == namespace:
        kind = (arn.service, arn.resource_type)
        for route in among:
            if kind in SERVICES[route.service].model.resource_types:
                return route
    return among[0]


def _has_namespace(arn: str) -> bool:
    """Return whether a text that begins like an ARN names a service of ours."""
    return bool(SERVICES.namespaces.intersection(arn.split(":")[2:3]))


def _params(request: Request, route: Route, query: str) -> dict[str, Any]:
    try:
        members = body_members(request.body)
    except BodyRefused:
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
