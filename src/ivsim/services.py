"""The registry: the services that ivsim emulates, each a folder of its own and one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from . import ivs, ivschat
from .core.service import Incident, Service
from .wire.model import Operation

SERVICES: Mapping[str, Service[Any]] = {service.name: service for service in (ivs.service, ivschat.service)}


@cache
def errors_of() -> Mapping[str, frozenset[str]]:
    """Return, for every operation of the installed models ("ivs:CreateChannel"), the errors its service knows.

    What the services do on their own is there too, with the ways in which it can fail.
    """
    return {
        **{name: frozenset(service.model.errors) for name, service, _ in _operations()},
        **{name: frozenset(incident.errors) for name, incident in _incidents()},
    }


@cache
def parameters_of() -> Mapping[str, frozenset[str]]:
    """Return, for everything in `errors_of()`, the names of its parameters."""
    return {
        **{name: frozenset(operation.members) for name, _, operation in _operations()},
        **{name: frozenset(incident.about) for name, incident in _incidents()},
    }


def _operations() -> Iterator[tuple[str, Service[Any], Operation]]:
    for service in SERVICES.values():
        for name, operation in service.model.operations.items():
            yield f"{service.name}:{name}", service, operation


def _incidents() -> Iterator[tuple[str, Incident]]:
    for service in SERVICES.values():
        for name, incident in service.incidents.items():
            yield f"{service.name}:{name}", incident
