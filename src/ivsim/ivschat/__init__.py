"""Amazon IVS Chat: one file per noun of the API, its record beside its operations."""

from . import logging_configurations, messages, rooms, tokens
from ._service import service

__all__ = ["logging_configurations", "messages", "rooms", "service", "tokens"]
