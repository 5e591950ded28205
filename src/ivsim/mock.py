"""mock_ivs: decorator, `with`, `async with`; puts an emulator behind every interceptor."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast, overload

from .core.state import Transitions
from .core.unknown import unknown
from .emulator import Emulator
from .interceptors import aiobotocore, boto3, botocore, requests
from .wire.serialize import forget

if TYPE_CHECKING:
    from typing_extensions import Unpack

F = TypeVar("F", bound=Callable[..., Any])

_DUMMIES = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), botocore.DUMMY)
_ABSENT = ("AWS_SESSION_TOKEN",)  # one of the user's own would be signed, which takes time and is nobody's business
_XUNIT = frozenset({"setup_method", "teardown_method", "setup_class", "teardown_class"})


class Options(TypedDict, total=False):
    """What `mock_ivs()` takes; see Emulator for what it means."""

    seed: int | str | None
    account_id: str
    region: str
    quotas: Mapping[str, int] | None
    rate_limits: bool
    strict: bool
    transitions: Transitions
    deliver: bool
    history: int | None


@overload
def mock_ivs(target: F, /) -> F: ...
@overload
def mock_ivs(**options: Unpack[Options]) -> Mock: ...
def mock_ivs(target: Callable[..., Any] | None = None, /, **options: Unpack[Options]) -> Any:
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

    def __init__(self, options: Options) -> None:
        known = _parameters().parameters
        for name in options:
            if name not in known:
                raise TypeError(f"mock_ivs: {unknown('option', name, known)}")
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
        return cast("F", _decorate(self, target))

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

    def __init__(self, options: Options) -> None:
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

    def admit(self, options: Options) -> None:
        """Let another mock in, or say why not."""
        if _inside.get() is not self.token and self._is_of_others():
            raise RuntimeError(
                "another thread or task has a mock_ivs active; it holds for the whole process, so two at a time "
                "cannot be kept apart. Enter one mock around them all, or run the tests in processes (pytest-xdist)"
            )
        defaults = _parameters().parameters
        for name, value in options.items():
            theirs = self.options.get(name, defaults[name].default)
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


@functools.cache
def _parameters() -> inspect.Signature:
    return inspect.signature(Emulator)


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


def _decorate(mock: Mock, target: Any) -> Any:
    if isinstance(target, type):
        return _decorate_class(mock, target)
    if isinstance(target, (staticmethod, classmethod)):
        return type(target)(_decorate(mock, target.__func__))
    if _is_fixture(target):
        raise TypeError(f"@mock_ivs belongs below @pytest.fixture, not above: {target!r}")
    for is_kind, wrap in (
        (inspect.isasyncgenfunction, _around_async_generator),
        (inspect.isgeneratorfunction, _around_generator),
        (inspect.iscoroutinefunction, _around_coroutine),
        (callable, _around_function),
    ):
        if is_kind(target):
            return functools.wraps(target)(wrap(mock, target))
    raise TypeError(f"@mock_ivs decorates functions and classes, not {target!r}")


def _around_function(mock: Mock, function: Callable[..., Any]) -> Callable[..., Any]:
    async def wait(result: Any) -> Any:
        with mock:
            return await result

    def call(*args: Any, **kwargs: Any) -> Any:
        with mock:
            result = function(*args, **kwargs)
        return wait(result) if inspect.iscoroutine(result) else result  # a coroutine function behind a decorator

    return call


def _around_coroutine(mock: Mock, function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with mock:
            return await function(*args, **kwargs)

    return call


def _around_generator(mock: Mock, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with mock:
            return (yield from function(*args, **kwargs))

    return call


def _around_async_generator(mock: Mock, function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        with mock:
            inner = function(*args, **kwargs)
            try:
                value = await inner.__anext__()
                while True:
                    try:
                        sent = yield value
                    except GeneratorExit:
                        raise
                    except BaseException as error:  # noqa: BLE001 - what is thrown in is the inner one's to handle
                        value = await inner.athrow(error)
                    else:
                        value = await inner.asend(sent)
            except StopAsyncIteration:
                return
            finally:
                await inner.aclose()

    return call


def _decorate_class(mock: Mock, cls: type[Any]) -> type[Any]:
    unittest: Any = sys.modules.get("unittest")
    if unittest is not None and issubclass(cls, unittest.TestCase):
        _decorate_test_case(mock, cls, unittest.TestCase)
    else:
        _decorate_plain_class(mock, cls)
    return cls


def _decorate_test_case(mock: Mock, cls: type[Any], base: type[Any]) -> None:
    """A test is what `run` or `debug` does: setUp, the method, tearDown, cleanups."""
    for name in ("run", "debug"):
        # no plain function: moto's class decorator would take it for one of the tests
        setattr(cls, name, functools.partialmethod(_around_one_test(mock, getattr(cls, name))))

    def decorate_set_up(cls: type[Any]) -> None:
        set_up = inspect.getattr_static(cls, "setUpClass").__func__
        if set_up is not inspect.getattr_static(base, "setUpClass").__func__:

            @functools.wraps(set_up)
            def set_up_class(cls: type[Any]) -> None:
                mock.start()
                cls.addClassCleanup(mock.stop)
                set_up(cls)

            cls.setUpClass = classmethod(set_up_class)

    decorate_set_up(cls)
    _for_subclasses(cls, lambda child: decorate_set_up(child) if "setUpClass" in vars(child) else None)


def _around_one_test(mock: Mock, run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def run_mocked(self: Any, *args: Any, **kwargs: Any) -> Any:
        with mock.one_test():
            return run(self, *args, **kwargs)

    return run_mocked


def _decorate_plain_class(mock: Mock, cls: type[Any]) -> None:
    """Decorate every public function; for pytest, a test lasts from setup_method to teardown_method."""
    for name, attribute in list(vars(cls).items()):
        if isinstance(attribute, type):
            if name.startswith("Test"):
                _decorate_class(mock, attribute)
        elif _is_decorated_with_class(name, attribute):
            setattr(cls, name, _decorate(mock, attribute))
    scopes: list[tuple[str, str, Callable[[], Any]]] = [
        ("setup_method", "teardown_method", mock.one_test),
        ("setup_class", "teardown_class", lambda: mock),
    ]

    def decorate_fixtures(child: type[Any]) -> None:
        for begin, end, scope in scopes:
            if begin in vars(child) or end in vars(child):
                _begin_and_end(child, begin, end, scope)

    _begin_and_end(cls, *scopes[0])
    if hasattr(cls, "setup_class"):
        _begin_and_end(cls, *scopes[1])
    _for_subclasses(cls, decorate_fixtures)


def _begin_and_end(cls: type[Any], begin: str, end: str, scope: Callable[[], Any]) -> None:
    """Open a scope before one of pytest's set-up methods, and close it after the tear-down method that goes with it."""
    before, after = inspect.getattr_static(cls, begin, None), inspect.getattr_static(cls, end, None)
    kind = classmethod if begin == "setup_class" else (lambda function: function)
    opened_by = f"_ivsim_{begin}"

    def set_up(self: Any, method: Any = None) -> None:
        if opened_by in vars(self):  # by a subclass, which is decorated as well
            _call(before, self, method)
            return
        with ExitStack() as scopes:
            setattr(self, opened_by, (set_up, scopes))
            scopes.callback(delattr, self, opened_by)
            scopes.enter_context(scope())
            _call(before, self, method)
            setattr(self, opened_by, (set_up, scopes.pop_all()))

    def tear_down(self: Any, method: Any = None) -> None:
        opener, scopes = vars(self).get(opened_by, (None, None))
        with scopes if opener is set_up else ExitStack():
            _call(after, self, method)

    set_up.__name__, tear_down.__name__ = begin, end  # moto's class decorator looks for them by name
    setattr(cls, begin, kind(set_up))
    setattr(cls, end, kind(tear_down))


def _for_subclasses(cls: type[Any], decorate: Callable[[type[Any]], None]) -> None:
    """Have something done to every later subclass of a class."""
    original = vars(cls).get("__init_subclass__")

    def init_subclass(child: type[Any], /, **arguments: Any) -> None:
        if original is None:
            super(cls, child).__init_subclass__(**arguments)
        else:
            original.__func__(child, **arguments)
        decorate(child)

    cls.__init_subclass__ = classmethod(init_subclass)  # type: ignore[assignment]


def _call(method: Any, self: Any, argument: Any) -> None:
    """Call a set-up or tear-down method as pytest does: with the argument if it takes one."""
    if method is not None:
        bound = method.__get__(self, type(self)) if not isinstance(self, type) else method.__get__(None, self)
        bound(*[argument][: len(inspect.signature(bound).parameters)])


def _is_decorated_with_class(name: str, attribute: Any) -> bool:
    is_function = inspect.isfunction(attribute) or isinstance(attribute, (staticmethod, classmethod))
    return is_function and not name.startswith("_") and name not in _XUNIT and not _is_fixture(attribute)


def _is_fixture(target: Any) -> bool:
    return hasattr(target, "_pytestfixturefunction") or type(target).__name__ == "FixtureFunctionDefinition"
