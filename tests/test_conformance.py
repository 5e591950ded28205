"""ivsim against the models of the installed botocore: every operation, output, constraint and error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from ivsim import Emulator
from ivsim.core.service import Service
from ivsim.services import SERVICES
from ivsim.wire.model import Operation
from ivsim.wire.validate import Problem, check

from .calling import Answer, send, signed
from .outputs import Call, ivs, ivschat, ivsrealtime
from .samples import Violation, sample, unmodelled, violations

OPERATIONS = [
    pytest.param(service, operation, id=f"{service.name}-{operation.name}")
    for service in SERVICES.values()
    for operation in service.model.operations.values()
]
every_operation = pytest.mark.parametrize(("service", "operation"), OPERATIONS)


def call(sim: Emulator, service: Service[Any], operation: Operation, members: dict[str, Any]) -> Answer:
    """Send members where the model wants them: path, query or body."""
    body, path, query = {}, operation.path, {}
    for name, value in members.items():
        location = operation.members[name].serialization.get("location") if name in operation.members else None
        if location == "uri":
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        elif location == "querystring":
            query[name] = value
        else:
            body[name] = value
    if query:
        path += "?" + urlencode(query, doseq=True)
    encoded = json.dumps(body).encode() if body or operation.method == "POST" else b""
    return send(sim, operation.method, path, encoded, signed(service=service.namespace))


def problems_of(shape: Any, body: Any) -> list[Problem]:
    """Return what is wrong with a body, seen from its shape."""
    problems: list[Problem] = []
    check(shape, strict=True)(body, None, problems)
    return problems


@every_operation
def test_is_emulated(service: Service[Any], operation: Operation) -> None:
    """Every operation has a handler, and the handler a parameter for every member."""
    handler = service.handlers[operation.python_name]
    assert handler.parameters >= set(operation.python_members.values())


YOUNG = (
    "failover_slate",
    "ad_",
    "connection_token",
    "ingest_configuration",
    "public_key",
    "participant_repl",
)
"""Words in the names of operations that the oldest botocore does not know."""


def test_nothing_but_operations_is_emulated() -> None:
    """Every handler is one that the model knows, or knew when botocore was newer."""
    for service in SERVICES.values():
        known = {operation.python_name for operation in service.model.operations.values()}
        younger = set(service.handlers) - known
        assert all(any(word in name for word in YOUNG) for name in younger), younger


@every_operation
def test_every_constraint(service: Service[Any], operation: Operation) -> None:
    """Each constraint of each member, broken once, is a ValidationException that names it and changes nothing."""
    if operation.input is None:
        return
    sim = Emulator()
    for name in ("CreateChannel", "CreateRoom", "CreateStage"):
        send(sim, "POST", f"/{name}", headers=signed())
    valid = sample(operation.input)
    before = sim._state.stores.snapshot()
    for path, value in violations(operation.input):
        if not isinstance(value, dict) or not _can_be_sent(operation, Violation(path, value)):
            continue
        answer = call(sim, service, operation, value)
        assert (answer.status, answer.code) == (400, "ValidationException"), (value, answer)
        named = "/".join(map(str, path)) if service.namespace == "ivs" else ".".join(map(str, path))
        assert named in answer.body["message"], (value, answer.body)
    assert sim._state.stores.snapshot() == before
    assert call(sim, service, operation, valid).code != "ValidationException" or _has_rules_beyond_the_model(operation)


def _can_be_sent(operation: Operation, violation: Violation) -> bool:
    """A member in the path or the query string is there, and is text, whatever is put there."""
    for name, member in operation.members.items():
        location = member.serialization.get("location")
        value = violation.value.get(name)
        if location == "uri" and not (isinstance(value, str) and value):
            return False
        if location == "querystring" and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            return False
    return True


def _has_rules_beyond_the_model(operation: Operation) -> bool:
    return operation.name in (
        "ImportPlaybackKeyPair",
        "CreateRecordingConfiguration",
        "ImportPublicKey",
        "CreateIngestConfiguration",
        "StartComposition",
    )


@every_operation
def test_every_error(service: Service[Any], operation: Operation) -> None:
    """Each error that an operation models can be produced, in its own shape and with its own status."""
    for code in operation.errors:
        sim = Emulator()
        sim.faults.add(operation.name, code, message="on purpose")
        valid = sample(operation.input) if operation.input else {}
        answer = call(sim, service, operation, valid)
        shape = service.model._service.shape_for(code)
        assert answer.code == code
        assert answer.status == shape.metadata["error"]["httpStatusCode"]
        assert answer.headers["x-amzn-RequestId"]
        assert answer.body["message"] == "on purpose"
        assert problems_of(shape, answer.body) == []
        assert list(unmodelled(shape, answer.body)) == []
        assert sim.calls[-1].error == code
        assert call(sim, service, operation, valid).body.get("message") != "on purpose"


@every_operation
def test_errors_have_a_text(service: Service[Any], operation: Operation) -> None:
    """A fault without a message says what the model says of the error."""
    sim = Emulator()
    sim.faults.add(operation.name, "ValidationException")
    answer = call(sim, service, operation, sample(operation.input) if operation.input else {})
    assert len(answer.body["message"]) > 5


EMPTY_ALL_THE_SAME = ("sourceStageArn", "sourceSessionId")
"""Members that AWS's own samples show empty, though the model gives them a least length."""


class Caller:
    """Calls operations of a service with success, and remembers which."""

    def __init__(self, service: Service[Any]) -> None:
        self.sim = Emulator(seed=1)
        self.service = service
        self.answered: set[str] = set()

    def __call__(self, name: str, members: dict[str, Any] | None = None) -> Any:
        """Call an operation if the model has it; its answer has to be a success, and of the output's shape."""
        operation = self.service.model.operations.get(name)
        if operation is None:
            return {}
        given = {key: value for key, value in (members or {}).items() if key in operation.members and value}
        answer = call(self.sim, self.service, operation, given)
        assert answer.status == operation.status, answer
        assert answer.code is None
        members = operation.output.members if operation.output else {}
        in_headers = {name for name, member in members.items() if member.serialization.get("location") == "header"}
        assert bool(answer.body) == bool(members.keys() - in_headers), answer
        if operation.output is not None and operation.output.members:
            assert answer.headers["Content-Type"] == "application/json"
            problems = problems_of(operation.output, answer.body)
            assert [each for each in problems if each.path[-1] not in EMPTY_ALL_THE_SAME] == []
            assert list(unmodelled(operation.output, answer.body)) == []
        self.answered.add(name)
        return answer.body


CALL_ALL: dict[str, Callable[[Emulator, Call], None]] = {
    "ivs": ivs.call_all,
    "ivschat": ivschat.call_all,
    "ivs-realtime": ivsrealtime.call_all,
}
"""What calls every operation of a service; see `outputs/`."""


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
def test_every_output(service: Service[Any]) -> None:
    """Every operation, called with success, answers in the shape and with the status that the model gives it."""
    caller = Caller(service)
    CALL_ALL[service.name](caller.sim, caller)
    assert caller.answered == set(service.model.operations)
