"""Calls of every operation with success, a file for each service."""

from __future__ import annotations

from typing import Any, Protocol


class Call(Protocol):
    """Calls an operation; returns its answer, an empty one where the installed botocore has no such operation."""

    def __call__(self, name: str, members: dict[str, Any] | None = None) -> Any: ...


TAGS = {"a": "b"}
