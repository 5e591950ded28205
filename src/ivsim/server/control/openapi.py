"""The OpenAPI description of the endpoints, made from what they declare."""

from __future__ import annotations

from http import HTTPStatus
from inspect import cleandoc
from typing import Any, get_args

import msgspec
from starlette.responses import Response

from ..._version import __version__
from ...core.names import wire_name
from ...emulator import Emulator
from . import problems
from .endpoints import ENDPOINTS, PREFIX, Endpoint, endpoint, without_none

_REFERENCE = "#/components/schemas/{name}"
_ABOUT = """\
What people and programs in any language do to an emulator that `ivsim serve` has on a port. There is no
authentication; web pages of other origins than this machine's are refused."""


@endpoint("GET", "/openapi.json")
def get_openapi(sim: Emulator) -> dict[str, Any]:  # noqa: ARG001 - as every endpoint
    """Return this description."""
    return document()


def document() -> dict[str, Any]:
    """Return the description."""
    kinds = [
        problems.ProblemDetails,
        *(kind for each in ENDPOINTS for kind in (_kind_of_body(each), _kind_of_answer(each)) if kind),
    ]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    for schema in components.values():
        schema["description"] = cleandoc(schema["description"])  # what indents docstrings depends on Python's version
    by_kind = dict(zip(map(repr, kinds), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for each in ENDPOINTS:
        paths.setdefault(PREFIX + each.path, {})[each.method.lower()] = _operation(each, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {"title": "ivsim control endpoints", "version": __version__, "description": _ABOUT},
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(each: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    summary, _, description = cleandoc(str(each.function.__doc__)).partition("\n\n")
    operation: dict[str, Any] = {"operationId": wire_name(each.function.__name__), "summary": " ".join(summary.split())}
    if description:
        operation["description"] = description
    parameters = [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in each.path else "query",
            "required": parameter.default is parameter.empty,
            "schema": msgspec.json.schema(without_none(each.hints[parameter.name])),
        }
        for name, parameter in each.parameters.items()
    ]
    if parameters:
        operation["parameters"] = parameters
    body = _kind_of_body(each)
    if "body" in each.hints:
        content: dict[str, Any] = {"schema": schemas[repr(body)] if body else {"type": "object"}}
        if each.example is not None:
            content["example"] = each.example
        required = body is None or _is_required(body)
        operation["requestBody"] = {"required": required, "content": {"application/json": content}}
    answer = _kind_of_answer(each)
    responses: dict[str, Any] = {"204": {"description": HTTPStatus(204).phrase}}
    if each.hints["return"] is not type(None):
        schema = schemas[repr(answer)] if answer else {}
        media = {
            kind: {"schema": schema if kind == "application/json" else {"type": "string"}} for kind in each.media_types
        }
        responses = {str(each.status): {"description": HTTPStatus(each.status).phrase, "content": media}}
    refused = {problems.MEDIA_TYPE: {"schema": schemas[repr(problems.ProblemDetails)]}}
    return {**operation, "responses": {**responses, "default": {"description": "A refusal", "content": refused}}}


def _kind_of_body(each: Endpoint) -> Any:
    """Return the type that a body is read as; None for no body, or one that is taken as it comes."""
    body = each.hints.get("body")
    return None if body is bytes else body


def _kind_of_answer(each: Endpoint) -> Any:
    """Return the type of an answer; None for no answer, or one that the endpoint writes itself."""
    answer = each.hints["return"]
    kinds = [kind for kind in get_args(answer) or [answer] if kind is not Response] if _is_union(answer) else [answer]
    return None if kinds[0] in (Response, type(None)) else kinds[0]


def _is_union(kind: Any) -> bool:
    return Response in get_args(kind)


def _is_required(body: Any) -> bool:
    return hasattr(body, "__struct_fields__") and any(field.required for field in msgspec.structs.fields(body))
