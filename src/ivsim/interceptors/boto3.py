"""The state that boto3 keeps for the process: the default session, and the way new sessions find their models."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import botocore.loaders
from botocore.hooks import EVENT_ALIASES, EventAliaser

from ..wire.loader import ModelLoader
from . import patched

_names: dict[str, str] = {}
_seen: dict[tuple[Any, ...], Any] = {}


class SharedLoader(ModelLoader):
    """A loader that remembers the model files it read, across sessions.

    Each test gets a new default session, so that nothing of one is seen by the next. A new session would be slow,
    because it would read the same files of the same packages again.
    """

    def list_available_services(self, type_name: str) -> Any:
        """Return the names of the services that have a model file of this type."""
        return self._remember(super().list_available_services, type_name)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        """Return a service's model."""
        return self._remember(super().load_service_model, service_name, type_name, api_version)

    def load_data_with_path(self, name: str) -> Any:
        """Return a data file, and where it was found."""
        return self._remember(super().load_data_with_path, name)

    def _remember(self, load: Callable[..., Any], *arguments: Any) -> Any:
        key = (load.__name__, tuple(self.search_paths), *arguments)
        if key not in _seen:
            _seen[key] = load(*arguments)
        return _seen[key]


def _sharing_names(original: Callable[..., None]) -> Callable[..., None]:
    """Let sessions share botocore's results for each event's name, otherwise worked out for every session and client.

    The result depends on nothing but the name and the table of aliases; it takes half of what a new session takes.
    """

    def init(aliaser: Any, event_emitter: Any, event_aliases: Any = None) -> None:
        original(aliaser, event_emitter, event_aliases)
        if event_aliases is None or event_aliases == EVENT_ALIASES:
            aliaser._alias_name_cache = _names

    return init


@contextmanager
def isolate() -> Iterator[None]:
    """Put the user's default session aside, let new ones be made fast, and bring the user's back untouched."""
    boto3: Any = sys.modules.get("boto3")
    kept = getattr(boto3, "DEFAULT_SESSION", None)
    if boto3 is not None:
        boto3.DEFAULT_SESSION = None
    try:
        with (
            patched(botocore.loaders, "Loader", SharedLoader),
            patched(EventAliaser, "__init__", _sharing_names(EventAliaser.__init__)),
        ):
            yield
    finally:
        boto3 = sys.modules.get("boto3")
        if boto3 is not None:
            boto3.DEFAULT_SESSION = kept
