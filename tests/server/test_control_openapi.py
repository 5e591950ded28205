"""The description of the endpoints, held against what they do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from ivsim import Emulator
from ivsim.ivsrealtime.participants import Client
from ivsim.server.control.app import control as application
from ivsim.server.control.endpoints import ENDPOINTS
from ivsim.server.control.openapi import document

from ..ivsrealtime.signing import BackEnd
from .control_client import Control, call

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
GUIDE = Path(__file__).parents[2] / "docs" / "server.md"

EVERY_METHOD = ["get", "post", "put", "patch", "delete"]


def test_valid() -> None:
    """It is OpenAPI 3.1."""
    validate(document())


@pytest.mark.needs("CreateIngestConfiguration")
def test_file() -> None:
    """docs/openapi.json is what the server answers; `make openapi` writes it."""
    assert json.loads(DOCUMENT.read_text()) == document()


def test_served(control: Control) -> None:
    """The server has it."""
    assert control("GET", "/openapi.json").body == document()


def test_every_route_and_no_other(sim: Emulator) -> None:
    """It has the paths and methods that the application routes."""
    routed = {
        (route.path.replace(":path}", "}"), method.lower())  # type: ignore[attr-defined]
        for route in application(sim).routes
        for method in route.methods  # type: ignore[attr-defined]
        if method != "HEAD"
    }
    described = {(path, method) for path, methods in document()["paths"].items() for method in methods}
    assert described == routed


def test_every_field() -> None:
    """Every body has the fields of its class, and takes no other."""
    described = document()
    bodies = 0
    for each in ENDPOINTS:
        kind: Any = each.hints.get("body")
        if hasattr(kind, "__struct_fields__"):
            operation = described["paths"][f"/_ivsim{each.path}"][each.method.lower()]
            reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            schema = described["components"]["schemas"][reference.rpartition("/")[2]]
            fields = msgspec.structs.fields(kind)
            assert set(schema["properties"]) == {field.encode_name for field in fields}
            assert set(schema.get("required", ())) == {field.encode_name for field in fields if field.required}
            assert schema["additionalProperties"] is False
            bodies += 1
    assert bodies > 5


def test_every_endpoint_is_in_the_guide() -> None:
    """docs/server.md has every path and method."""
    text = GUIDE.read_text()
    for each in ENDPOINTS:
        assert f"`{each.method} /_ivsim{each.path}`" in text, f"{each.method} {each.path}"


EXAMPLES = [each for each in ENDPOINTS if each.example is not None]


def needed(endpoint: Any) -> list[str]:
    """Return what a botocore has that knows what is in an endpoint's example."""
    of_tokens = ["ImportPublicKey"] * ("token" in endpoint.example)
    return of_tokens + ["CreateIngestConfiguration"] * endpoint.path.endswith("/fail")


@pytest.mark.parametrize(
    "each",
    [pytest.param(each, id=each.path, marks=pytest.mark.needs(*needed(each))) for each in EXAMPLES],
)
def test_examples(sim: Emulator, control: Control, each: Any) -> None:
    """The example of each body is taken, and answered with what is described."""
    arn = call(sim, "CreateChannel", name="evening-show")["channel"]["arn"]
    stage = call(sim, "CreateStage", name="panel")["stage"]["arn"]
    body, path = dict(each.example), each.path
    if "{streamId}" in path:
        path = path.replace("{streamId}", sim.streams.start(arn).stream_id)
    if "{participantId}" in path:
        ann, bob = sim.stages.join(stage), sim.stages.join(stage)
        bob.publish()
        if each.path.endswith(("/mute", "/fail")):
            ann.publish()
        if each.path.endswith("/impair"):
            ann = sim.stages.let_in(sim.stages._issue(stage, {"user_id": "ann"}), Client())
        if "participantId" in body:
            body["participantId"] = bob.participant_id
        if "token" in body:
            sign = BackEnd()
            ann, body["token"] = sim.stages.join(sign(sim, stage)), sign(sim, stage)
        path = path.replace("{participantId}", ann.participant_id)
    answer = control(each.method, path, body)
    assert answer.status == each.status
    msgspec.convert(answer.body, each.hints["return"])


def test_every_body_has_an_example() -> None:
    """Whatever takes a body of JSON shows one."""
    assert {each.path for each in ENDPOINTS if each.hints.get("body") not in (None, bytes)} == {
        each.path for each in EXAMPLES
    }
