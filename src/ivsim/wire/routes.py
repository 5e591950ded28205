"""Routes: from method and path to the operation and its path members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from .model import Model, Operation


class Route(NamedTuple):
    """An operation that a request may mean, and the members its path carries."""

    service: str
    operation: Operation
    members: Mapping[str, str]


class Routes:
    """The routes of several services at once.

    Over all of them only `/tags/{resourceArn}` is shared, so a request means one operation or, there, one of several.
    """

    def __init__(self, models: Iterable[Model]) -> None:
        self._whole: dict[tuple[str, str], Route] = {}
        self._prefixes: dict[tuple[str, str], list[tuple[str, str, Operation]]] = {}
        for model in models:
            for operation in model.operations.values():
                prefix, _, member = operation.path.partition("{")
                if member:
                    place = self._prefixes.setdefault((operation.method, prefix), [])
                    place.append((model.name, member.rstrip("}+"), operation))
                else:
                    self._whole[operation.method, operation.path] = Route(model.name, operation, {})

    def find(self, method: str, path: str) -> list[Route]:
        """Return the routes a request may mean, none when no operation has this method and path.

        The last path member takes the rest of the path, slashes and all: clients send ARNs percent-encoded,
        half-encoded or raw. Raises UnicodeDecodeError when the percent-encoding is not of UTF-8.
        """
        if whole := self._whole.get((method, path)):
            return [whole]
        for (its_method, prefix), places in self._prefixes.items():
            if method == its_method and path.startswith(prefix) and len(path) > len(prefix):
                value = unquote_to_bytes(path[len(prefix) :]).decode()
                return [Route(service, operation, {member: value}) for service, member, operation in places]
        return []
