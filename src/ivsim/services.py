"""The registry: which services ivsim emulates. Each is a folder of its own, and one name here."""

from __future__ import annotations

from . import ivs, ivschat, ivsrealtime
from .core.registry import Registry

SERVICES = Registry(ivs.service, ivschat.service, ivsrealtime.service)
