"""Amazon IVS Chat: one file per noun of the API, its record beside its operations."""

from . import logging_configurations, messages, overview, retention, rooms, tokens  # noqa: F401 - they register
from ._service import service as service
