"""Interceptors, one for each client library: requests for IVS are answered in the process, others go their way.

An interceptor is a context manager over a `Handle`. It patches the library where a request leaves it, so that it does
not matter when a client was made, and takes its patch back at the end.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from ..wire.http import Request, WholeResponse

Handle = Callable[[Request], WholeResponse]
"""`Emulator.handle`, or a function in its place."""

# Every AWS partition's suffix (botocore's partitions.json; a test compares), the plain one and the dual-stack one. IVS
# lives in the first partition alone, but a client can be made for any, and nothing of IVS shall leave the process.
_SUFFIXES = (
    r"amazonaws\.com(?:\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn|amazonaws\.eu|api\.amazonwebservices\.eu"
    r"|c2s\.ic\.gov|api\.aws\.ic\.gov|sc2s\.sgov\.gov|api\.aws\.scloud|cloud\.adc-e\.uk|api\.cloud-aws\.adc-e\.uk"
    r"|csp\.hci\.ic\.gov|api\.aws\.hci\.ic\.gov"
)
_OURS = re.compile(
    r"https?://(?:(?:edge\.|vpce-[a-z0-9-]+\.)?(?:ivs|ivschat|ivsrealtime)(?:-fips)?\.[a-z0-9-]+\.(?:vpce\.)?"
    rf"(?:{_SUFFIXES})|(?:[a-z0-9-]+\.)+(?:playback|playlist|hls)\.live-video\.net)\.?(?::[0-9]+)?(?:[/?#]|$)",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_ours(url: str) -> bool:
    """Return whether a URL leads to IVS at AWS: control planes, chat and playback, FIPS and dual-stack hosts.

    An endpoint elsewhere (`endpoint_url="http://127.0.0.1:4870"`) is the user's wish and left alone.
    """
    return _OURS.match(url) is not None


_ABSENT = object()


class patched:  # noqa: N801 - used as contextlib's functions are
    """Set an attribute of a class or module, and leave it as it was, absent if it was absent.

    unittest.mock does as much, but takes longer over it than all the rest of entering the mock together; and a mock
    has so many of these that a generator would be felt too.
    """

    __slots__ = ("_before", "_name", "_owner", "_value")

    def __init__(self, owner: Any, name: str, value: Any) -> None:
        self._owner, self._name, self._value = owner, name, value

    def __enter__(self) -> None:
        self._before = vars(self._owner).get(self._name, _ABSENT)
        setattr(self._owner, self._name, self._value)

    def __exit__(self, *_error: object) -> None:
        if self._before is _ABSENT:
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, self._before)


@contextmanager
def when_imported(name: str, patch: Callable[[Any], object]) -> Iterator[None]:
    """Have a module patched: now if it is imported, else as soon as somebody imports it, inside the block.

    So a library that a test does not use is not imported for its sake.
    """
    if name in sys.modules:
        patch(sys.modules[name])
        yield
        return
    finder = _Finder(name, patch)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        finder.leave()


class _Finder(MetaPathFinder):
    """Finds one module, by all other finders, once; and has it patched when it has been executed."""

    def __init__(self, name: str, patch: Callable[[Any], object]) -> None:
        self._name = name
        self._patch: Callable[[Any], object] | None = patch

    def find_spec(self, name: str, _path: object, _target: object = None) -> ModuleSpec | None:
        if name != self._name or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                if self._patch is not None:
                    self._patch(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec

    def leave(self) -> None:
        """Patch nothing any more."""
        self._patch = None
        if self in sys.meta_path:
            sys.meta_path.remove(self)
