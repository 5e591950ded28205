"""mock_ivs: decorator, `with`, `async with`; puts an emulator behind every interceptor."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from .core.options import GivenOptions, Options
from .core.unknown import unknown
from .decorating import decorate
from .emulator import Emulator
from .interceptors import aiobotocore, boto3, botocore, requests
from .wire.serialize import forget

if TYPE_CHECKING:
    from typing_extensions import Unpack

F = TypeVar("F", bound=Callable[..., Any])

_DUMMIES = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), botocore.DUMMY)
_ABSENT = ("AWS_SESSION_TOKEN",)  # one of the user's own would be signed, which takes time and is nobody's business


@overload
def mock_ivs(target: F, /) -> F: ...
@overload
def mock_ivs(**options: Unpack[GivenOptions]) -> Mock: ...
def mock_ivs(target: Callable[..., Any] | None = None, /, **options: Unpack[GivenOptions]) -> Any:
    """Put Amazon IVS and IVS Chat into this process: decorator, `with`, `async with`, or start() and stop().

    While it is active, every boto3, aiobotocore and requests call to IVS is answered by an Emulator, whenever and
    wherever the client was made, and none of them leaves the process; dummy credentials are in the environment, and
    boto3's default session is a new one. Afterwards everything is as it was. `with mock_ivs() as sim:` gives the
    emulator, `ivsim.current()` finds it.

    It holds for the whole process, threads included. A mock inside another shares its emulator; an outermost one starts
    empty. Options are those of Emulator.

    On a class: each test of a unittest.TestCase or a pytest class starts with what its setUpClass or setup_class made,
    and nothing else; setUp and setup_method belong to the test.

    Raises TypeError for an option that does not exist. Entering raises RuntimeError when another thread or task has a
    mock of its own at the time, which cannot be kept apart; ValueError for an option that contradicts the mock around
    this one.
    """
    mock = Mock(options)
    return mock if target is None else mock(target)


def current() -> Emulator | None:
    """Return the emulator of the active mock, None when there is none."""
    return _active.emulator if _active else None


class Mock:
    """What `mock_ivs()` returns. It can be used again, and inside itself."""

    def __init__(self, options: GivenOptions) -> None:
        for name in options:
            if name not in Options.__dataclass_fields__:
                raise TypeError(f"mock_ivs: {unknown('option', name, Options.__dataclass_fields__)}")
        self._options = options
        self._entered: list[_Activation] = []

    def start(self) -> Emulator:
        """Begin; each start() wants its stop()."""
        global _active  # noqa: PLW0603 - the process has one
        with _guard:
            if _active is None:
                _active = _Activation(self._options)
            else:
                _active.admit(self._options)
            _active.depth += 1
            self._entered.append(_active)
            _inside.set(_active.token)
            return _active.emulator

    def stop(self) -> None:
        """End what the last start() began. Raises RuntimeError when there is nothing to end."""
        global _active  # noqa: PLW0603
        with _guard:
            if not self._entered:
                raise RuntimeError("stop() without a start()")
            activation = self._entered.pop()
            activation.depth -= 1
            if activation.depth == 0:
                _active = None
                activation.patches.close()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> Emulator:
        return self.start()

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.stop()

    def __call__(self, target: F) -> F:
        """Decorate a function of any kind, or a class."""
        return cast("F", decorate(self, target))

    @contextmanager
    def one_test(self) -> Iterator[None]:
        """Be active for a test; what a mock around it holds already, the test sees, and leaves as it was."""
        around = current()
        with ExitStack() as scope:
            if around is not None:
                scope.enter_context(around.isolated())
            scope.enter_context(self)
            yield


class _Activation:
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

    def admit(self, options: GivenOptions) -> None:
        """Let another mock in, or say why not."""
        if _inside.get() is not self.token and self._is_of_others():
            raise RuntimeError(
                "another thread or task has a mock_ivs active; it holds for the whole process, so two at a time "
                "cannot be kept apart. Enter one mock around them all, or run the tests in processes (pytest-xdist)"
            )
        for name, value in options.items():
            theirs = self.options.get(name, Options.__dataclass_fields__[name].default)
            if value != theirs:
                raise ValueError(
                    f"{name}: {value!r} contradicts the mock_ivs around this one, which has {theirs!r} and shares its "
                    "emulator; give the option to the outermost"
                )

    def _is_of_others(self) -> bool:
        if threading.get_ident() != self._thread:
            return True
        task = _running_task()
        return task is not None and self._task not in (None, task) and not self._task.done()


_guard = threading.RLock()
_active: _Activation | None = None
_inside: ContextVar[object] = ContextVar("ivsim_inside", default=None)


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
