"""The registry: which services ivsim emulates. Each is a folder of its own, and one name here."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from . import ivs, ivschat
from .core.registry import Registry
from .wire import model
from .wire.model import Model

SERVICES = Registry(ivs.service, ivschat.service)

_FAMILY = ("ivs", "ivschat", "ivs-realtime")
"""Amazon IVS as botocore has it: what of it is not emulated is refused by name, not taken for another service."""


@cache
def not_emulated() -> tuple[Model, ...]:
    """Return the models of the family's services that ivsim does not emulate."""
    return tuple(_not_emulated())


def _not_emulated() -> Iterator[Model]:
    for name in _FAMILY:
        if name not in SERVICES:
            yield model.load(name, "seconds")
