"""The command `ivsim`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from ._version import __version__
from .core.service import Service
from .dispatcher import SERVICES
from .wire.model import Operation


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(prog="ivsim", description="Amazon IVS and IVS Chat in memory.")
    parser.add_argument("--version", action="version", version=f"ivsim {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    coverage = commands.add_parser("coverage", help="print which operations of the installed botocore are emulated")
    coverage.add_argument("--markdown", action="store_true", help="as the page docs/coverage.md")
    coverage.set_defaults(lines=lambda options: coverage_page() if options.markdown else coverage_list())
    options = parser.parse_args(arguments)
    sys.stdout.write("".join(f"{line}\n" for line in options.lines(options)))
    return 0


def coverage_list() -> Iterator[str]:
    """Yield the operations of each service, one a line, each with what is emulated of it."""
    for service in SERVICES.values():
        yield _headline(service)
        for operation in _operations(service):
            mark = "yes" if _is_emulated(service, operation) else "no"
            yield f"  {mark:4} {operation.name}{_missing(service, operation)}"


def coverage_page() -> Iterator[str]:
    """Yield the same as a page of Markdown."""
    yield "# Coverage"
    yield ""
    yield "Made by `make coverage-page` from the registry of operations and the newest botocore; a test keeps it true."
    yield "An operation or a member that ivsim does not emulate is refused by name (`NotEmulated`, HTTP 501)."
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
