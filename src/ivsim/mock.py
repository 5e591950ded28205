"""mock_ivs: decorator, `with`, `async with`; puts an emulator behind every interceptor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from .core.options import GivenOptions, check_names
from .decorating import decorate

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .activation import Activation
    from .emulator import Emulator

F = TypeVar("F", bound=Callable[..., Any])


@overload
def mock_ivs(target: F, /) -> F: ...
@overload
def mock_ivs(**options: Unpack[GivenOptions]) -> Mock: ...
def mock_ivs(target: Callable[..., Any] | None = None, /, **options: Unpack[GivenOptions]) -> Any:
    """Put IVS, IVS Chat and IVS Real-Time into this process: decorator, `with`, `async with`, or start() and stop().

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
    """The decorator and context manager that `mock_ivs()` returns. It can be used again, and inside itself."""

    def __init__(self, options: GivenOptions) -> None:
        check_names(options, "mock_ivs")
        self._options = options
        self._entered: list[Activation] = []

    def start(self) -> Emulator:
        """Begin, as `with` does, and return the emulator; each start() wants its stop(). Raises as entering does."""
        global _active  # noqa: PLW0603 - the process has one
        with _guard:
            if _active is None:
                from .activation import Activation  # noqa: PLC0415 - nobody who only imports a mock waits for a service

                _active = Activation(self._options)
            else:
                _active.admit(self._options, is_inside=_inside.get() is _active.token)
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
        """Be active for a test, which sees what a mock around it holds already, and leaves that as it was."""
        around = current()
        with ExitStack() as scope:
            if around is not None:
                scope.enter_context(around.isolated())
            scope.enter_context(self)
            yield


_guard = threading.RLock()
_active: Activation | None = None
_inside: ContextVar[object] = ContextVar("ivsim_inside", default=None)
