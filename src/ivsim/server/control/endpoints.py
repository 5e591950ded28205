"""Endpoints: functions with their path, body and answer, for routing and for OpenAPI alike."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from ...core.arguments import ArgumentRefused, LookupRefused
from ...core.log import PlaceRefused
from ...core.names import wire_name
from ...core.unknown import unknown
from ...emulator import Emulator
from ...ivs.live_stream import StreamRefused
from ...ivsrealtime.live_participant import StageRefused
from ...wire.parse import is_deep
from .problems import RequestRefused

F = TypeVar("F", bound=Callable[..., Any])

PREFIX = "/_ivsim"

MOST_BYTES = 1024 * 1024
"""The largest body of a request, but for a state's."""

_SELF = ("sim", "request")


class Body(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """The body of a request; an unknown member is refused."""


@dataclass(frozen=True)
class Endpoint:
    """One method of one path. `example` is a body that it takes."""

    method: str
    path: str
    function: Callable[..., Any]
    status: int
    example: Mapping[str, Any] | None
    aliases: Mapping[str, str]
    most_bytes: int
    media_types: tuple[str, ...]

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The types of the function's parameters, and of its result."""
        return get_type_hints(self.function, include_extras=True)

    @cached_property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """The parameters in path and query, by their names there."""
        names = inspect.signature(self.function).parameters
        return {wire_name(name): each for name, each in names.items() if name not in (*_SELF, "body")}

    async def __call__(self, sim: Emulator, request: Request) -> Response:
        """Answer a request. Raises RequestRefused."""
        arguments = self._arguments(request)
        for name in _SELF:
            if name in self.hints:
                arguments[name] = sim if name == "sim" else request
        if "body" in self.hints:
            arguments["body"] = self._body(await _read(request, self.most_bytes))
        try:
            answer = self.function(**arguments)
            if inspect.isawaitable(answer):
                answer = await answer
        except (StreamRefused, StageRefused) as refused:
            raise RequestRefused(409, str(refused), code=refused.code) from None
        except ArgumentRefused as refused:
            raise self._refusal(refused, arguments) from refused
        if isinstance(answer, Response):
            return answer
        if answer is None:
            return Response(status_code=204)
        return Response(msgspec.json.encode(answer), self.status, media_type="application/json")

    def _arguments(self, request: Request) -> dict[str, Any]:
        given = {**request.query_params, **request.path_params}
        for name in given:
            if name not in self.parameters:
                raise RequestRefused(400, f"there is no parameter {name!r}", field=name)
        for name, parameter in self.parameters.items():
            if parameter.default is parameter.empty and name not in given:
                raise RequestRefused(400, f"the parameter {name!r} is missing", field=name)
        return {self.parameters[name].name: self._converted(name, value) for name, value in given.items()}

    def _converted(self, name: str, text: str) -> Any:
        """Return a parameter of path or query as the type that the function takes."""
        kind = without_none(self.hints[self.parameters[name].name])
        try:
            return text if kind is str else msgspec.convert(text, kind, strict=False)
        except msgspec.ValidationError as error:
            raise RequestRefused(400, str(error), field=name) from None

    def _body(self, text: bytes) -> Any:
        kind = self.hints["body"]
        if kind is bytes:
            return text
        try:
            given = msgspec.json.decode(text or b"{}")
            deep = is_deep(text, given)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RequestRefused(400, f"the body is not JSON: {error}") from None
        except RecursionError:
            deep = True
        if deep:
            raise RequestRefused(400, "the body is nested too deeply")
        if not isinstance(given, dict):
            raise RequestRefused(400, "the body is not a JSON object")
        _check_members(given, kind)
        return msgspec.convert(given, kind)

    def _refusal(self, refused: ArgumentRefused, arguments: Mapping[str, Any]) -> Exception:
        """Return the refusal that a client sees of an argument that it gave; one that it did not give is a bug."""
        name = self.aliases.get(refused.field, refused.field)
        body = arguments.get("body")
        if name not in {*arguments, *(body if isinstance(body, dict) else getattr(body, "__struct_fields__", ()))}:
            return refused
        status = next((status for kind, status in _STATUSES.items() if isinstance(refused, kind)), 400)
        return RequestRefused(status, refused.rule, field=wire_name(name))


_STATUSES = {PlaceRefused: 410, LookupRefused: 404}

ENDPOINTS: list[Endpoint] = []
"""All endpoints, in the order in which they are documented."""


def endpoint(
    method: str,
    path: str,
    *,
    status: int = 200,
    example: Mapping[str, Any] | None = None,
    aliases: Mapping[str, str] | None = None,
    most_bytes: int = MOST_BYTES,
    media_types: tuple[str, ...] = ("application/json",),
) -> Callable[[F], F]:
    """Put a function behind a method and a path below `/_ivsim`.

    It gets, by these names, the emulator as `sim`, the request as `request`, a body as `body`, whose type says what it
    is; and by any other name a parameter of the path, or of the query. It returns what to answer as JSON, a Response,
    or None for an answer without a body. An ArgumentRefused that is about something given refuses the request;
    `aliases` are the names that the emulator has for it.
    """

    def register(function: F) -> F:
        ENDPOINTS.append(Endpoint(method, path, function, status, example, aliases or {}, most_bytes, media_types))
        return function

    return register


def without_none(kind: Any) -> Any:
    """Return the type of a parameter that may be left out, without the None."""
    kinds = get_args(kind)
    return next(each for each in kinds if each is not type(None)) if type(None) in kinds else kind


async def _read(request: Request, most: int) -> bytes:
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise RequestRefused(413, f"the body has more than {most} bytes")
            parts.append(part)
    except ClientDisconnect:
        raise RequestRefused(400, "the client went away") from None
    return b"".join(parts)


def _check_members(given: Mapping[str, Any], kind: Any) -> None:
    """Refuse a body that is not of its kind; each member is read by itself, so that the one to blame is known."""
    if hasattr(kind, "__struct_fields__"):
        fields = msgspec.structs.fields(kind)
        kinds = {field.encode_name: field.type for field in fields}
        for field in fields:
            if field.required and field.encode_name not in given:
                raise RequestRefused(400, "this member is missing", field=field.encode_name)
    else:
        kinds = dict.fromkeys(given, get_args(kind)[1])
    for name, value in given.items():
        if name not in kinds:
            raise RequestRefused(400, unknown("member", name, kinds), field=name)
        try:
            msgspec.convert(value, kinds[name])
        except msgspec.ValidationError as error:
            raise RequestRefused(400, str(error), field=name) from None
