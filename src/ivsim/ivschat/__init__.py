"""Amazon IVS Chat: one file per noun of the API, its record beside its operations."""

from . import history, logging_configurations, messages, rooms, tokens
from ._service import service

__all__ = ["history", "logging_configurations", "messages", "rooms", "service", "tokens"]
