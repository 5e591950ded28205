"""Coverage: which operations of the installed botocore are emulated, as a list and as the page docs/coverage.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..core.service import Service
from ..services import SERVICES
from ..wire.model import Operation


def coverage_list() -> Iterator[str]:
    """Yield the operations of each service, one a line, each with the extent to which it is emulated."""
    for service in SERVICES.values():
        yield _headline(service)
        for operation in _operations(service):
            mark = "yes" if _is_emulated(service, operation) else "no"
            yield f"  {mark:4} {operation.name}{_missing(service, operation)}"


def coverage_page() -> Iterator[str]:
    """Yield the same as a page of Markdown."""
    yield "# Coverage"
    yield ""
    yield "This page lists every operation of the newest botocore, and whether ivsim emulates it. An operation or a"
    yield "member that it does not emulate is refused by name (`NotEmulated`, HTTP 501)."
    yield ""
    yield "`make coverage-page` writes it from the registry of operations, and a test keeps it true."
    for service in SERVICES.values():
        yield ""
        yield f"## {_headline(service)}"
        yield ""
        yield "| operation | emulated |"
        yield "|---|---|"
        for operation in _operations(service):
            yes = "yes" if _is_emulated(service, operation) else "no"
            yield f"| `{operation.name}` | {yes}{_missing(service, operation)} |"


def _headline(service: Service[Any]) -> str:
    operations = _operations(service)
    emulated = sum(_is_emulated(service, operation) for operation in operations)
    return f"{service.name}: {emulated} of {len(operations)} operations"


def _operations(service: Service[Any]) -> list[Operation]:
    return [operation for _, operation in sorted(service.model.operations.items())]


def _is_emulated(service: Service[Any], operation: Operation) -> bool:
    return operation.python_name in service.handlers


def _missing(service: Service[Any], operation: Operation) -> str:
    handler = service.handlers.get(operation.python_name)
    if handler is None:
        return ""
    names = [name for name, python_name in operation.python_members.items() if python_name not in handler.parameters]
    return f", without {', '.join(names)}" if names else ""
