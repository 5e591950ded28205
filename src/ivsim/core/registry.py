"""A registry: services by their names, and the routes and the names of all of them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from ..wire.routes import Routes
from .names import Names
from .service import Service


class Registry(Mapping[str, Service[Any]]):
    """Services by their names.

    Raises ValueError for services that share a name, or that declare a quota of the same name.
    """

    def __init__(self, *services: Service[Any]) -> None:
        for what, names in (
            ("the name", [service.name for service in services]),
            ("the quota", [quota for service in services for quota in service.quotas]),
        ):
            for name, times in Counter(names).items():
                if times > 1:
                    raise ValueError(f"{times} services have {what} {name!r}")
        self._services = {service.name: service for service in services}
        self.namespaces = frozenset(service.namespace for service in services)
        """The namespaces in signatures, and between colons in ARNs."""

    def __getitem__(self, name: str) -> Service[Any]:
        return self._services[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._services)

    def __len__(self) -> int:
        return len(self._services)

    @cached_property
    def routes(self) -> Routes:
        """The routes of all operations."""
        return Routes(service.model for service in self.values())

    @cached_property
    def names(self) -> Names:
        """The names that a test may use, of all services."""
        operations = [
            (f"{service.name}:{name}", service, operation)
            for service in self.values()
            for name, operation in service.model.operations.items()
        ]
        incidents = [
            (f"{service.name}:{name}", incident)
            for service in self.values()
            for name, incident in service.incidents.items()
        ]
        return Names(
            quotas={name: value for service in self.values() for name, value in service.quotas.items()},
            errors_of={
                **{action: frozenset(service.model.errors) for action, service, _ in operations},
                **{action: frozenset(incident.errors) for action, incident in incidents},
            },
            parameters_of={
                **{action: frozenset(operation.members) for action, _, operation in operations},
                **{action: frozenset(incident.about) for action, incident in incidents},
            },
            operations={operation.name.lower(): operation.name for _, _, operation in operations},
            detail_types=[name for service in self.values() for name in service.detail_types],
        )
