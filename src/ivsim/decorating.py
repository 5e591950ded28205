"""Decoration: functions of any kind, and classes, with a mock around them."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Any, Protocol


class Around(Protocol):
    """The scope around a test: a mock, which can be entered again, also inside itself."""

    def start(self) -> object:
        """Begin; each start() wants its stop()."""

    def stop(self) -> None:
        """End what the last start() began."""

    def one_test(self) -> AbstractContextManager[object]:
        """Be active for a test, which leaves nothing behind."""

    def __enter__(self) -> object: ...

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None: ...


_XUNIT = frozenset({"setup_method", "teardown_method", "setup_class", "teardown_class"})


def decorate(mock: Around, target: Any) -> Any:
    """Return a function of any kind, or a class, with a mock around it. Raises TypeError for anything else."""
    if isinstance(target, type):
        return _decorate_class(mock, target)
    if isinstance(target, (staticmethod, classmethod)):
        return type(target)(decorate(mock, target.__func__))
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


def _around_function(mock: Around, function: Callable[..., Any]) -> Callable[..., Any]:
    async def wait(result: Any) -> Any:
        with mock:
            return await result

    def call(*args: Any, **kwargs: Any) -> Any:
        with mock:
            result = function(*args, **kwargs)
        return wait(result) if inspect.iscoroutine(result) else result  # a coroutine function behind a decorator

    return call


def _around_coroutine(mock: Around, function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with mock:
            return await function(*args, **kwargs)

    return call


def _around_generator(mock: Around, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        with mock:
            return (yield from function(*args, **kwargs))

    return call


def _around_async_generator(mock: Around, function: Callable[..., Any]) -> Callable[..., Any]:
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


def _decorate_class(mock: Around, cls: type[Any]) -> type[Any]:
    unittest: Any = sys.modules.get("unittest")
    if unittest is not None and issubclass(cls, unittest.TestCase):
        _decorate_test_case(mock, cls, unittest.TestCase)
    else:
        _decorate_plain_class(mock, cls)
    return cls


def _decorate_test_case(mock: Around, cls: type[Any], base: type[Any]) -> None:
    """Decorate `run` and `debug`, either of which is a whole test: setUp, the method, tearDown, cleanups."""
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


def _around_one_test(mock: Around, run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def run_mocked(self: Any, *args: Any, **kwargs: Any) -> Any:
        with mock.one_test():
            return run(self, *args, **kwargs)

    return run_mocked


def _decorate_plain_class(mock: Around, cls: type[Any]) -> None:
    """Decorate every public function; for pytest, a test lasts from setup_method to teardown_method."""
    for name, attribute in list(vars(cls).items()):
        if isinstance(attribute, type):
            if name.startswith("Test"):
                _decorate_class(mock, attribute)
        elif _is_decorated_with_class(name, attribute):
            setattr(cls, name, decorate(mock, attribute))
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
    """Do something to every later subclass of a class."""
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
        if inspect.signature(bound).parameters:
            bound(argument)
        else:
            bound()


def _is_decorated_with_class(name: str, attribute: Any) -> bool:
    is_function = inspect.isfunction(attribute) or isinstance(attribute, (staticmethod, classmethod))
    return is_function and not name.startswith("_") and name not in _XUNIT and not _is_fixture(attribute)


def _is_fixture(target: Any) -> bool:
    return hasattr(target, "_pytestfixturefunction") or type(target).__name__ == "FixtureFunctionDefinition"
