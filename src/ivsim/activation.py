"""Activation: the changes to the process that last from the start of an outermost mock to its stop."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .core.arguments import ValueRefused
from .core.options import GivenOptions, Options
from .emulator import Emulator
from .interceptors import aiobotocore, boto3, botocore, requests
from .wire.serialize import forget

_DUMMIES = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), botocore.DUMMY)
_ABSENT = ("AWS_SESSION_TOKEN",)  # one of the user's own would be signed, which takes time and is nobody's business


class Activation:
    """An outermost mock, from its start to its stop."""

    def __init__(self, options: GivenOptions) -> None:
        self.options = options
        self.emulator = Emulator(**options)
        self.depth = 0
        self.token = object()  # in the context instead of this, so that a context keeps no emulator alive
        self._thread = threading.get_ident()
        self._task = _running_task()
        with ExitStack() as patches:
            patches.enter_context(_dummy_credentials())
            patches.enter_context(boto3.isolate())
            patches.enter_context(botocore.intercept(self.emulator.handle, asynchronous=aiobotocore.answering))
            patches.enter_context(requests.intercept(self.emulator.handle))
            patches.callback(forget)
            self.patches = patches.pop_all()

    def admit(self, options: GivenOptions, *, is_inside: bool) -> None:
        """Let another mock in; one that is entered inside of this one may come from any thread.

        Raises RuntimeError for a mock of another thread or task, ValueError for an option that contradicts this mock.
        """
        if not is_inside and self._is_of_others():
            raise RuntimeError(
                "another thread or task has a mock_ivs active; it holds for the whole process, so two at a time "
                "cannot be kept apart. Enter one mock around them all, or run the tests in processes (pytest-xdist)"
            )
        for name, value in options.items():
            theirs = self.options.get(name, Options.__dataclass_fields__[name].default)
            if value != theirs:
                raise ValueRefused(
                    name,
                    f"{value!r} contradicts the mock_ivs around this one, which has {theirs!r} and shares its "
                    "emulator; give the option to the outermost",
                )

    def _is_of_others(self) -> bool:
        if threading.get_ident() != self._thread:
            return True
        task = _running_task()
        return task is not None and self._task not in (None, task) and not self._task.done()


def _running_task() -> Any:
    asyncio: Any = sys.modules.get("asyncio")
    try:
        return asyncio.current_task() if asyncio else None
    except RuntimeError:  # no event loop is running
        return None


@contextmanager
def _dummy_credentials() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in (*_DUMMIES, *_ABSENT)}
    os.environ.update(_DUMMIES)
    for name in _ABSENT:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
