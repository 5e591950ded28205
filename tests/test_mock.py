"""mock_ivs as its users write it, and the cases that other mocks are known to get wrong."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import unittest
import weakref
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import boto3
import pytest

import ivsim
from ivsim import Emulator, mock_ivs

MADE_AT_IMPORT = boto3.client("ivs", region_name="us-east-1", aws_access_key_id="real", aws_secret_access_key="real")


def client(service: str = "ivs") -> Any:
    return boto3.client(service, region_name="us-east-1")


def count() -> int:
    return len(client().list_channels()["channels"])


def emulator() -> Emulator:
    current = ivsim.current()
    assert current is not None
    return current


# Ways to switch it on


@mock_ivs
def decorated(name: str, /, *, times: int = 1) -> int:
    """A docstring."""
    for _ in range(times):
        client().create_channel(name=name)
    return count()


def test_function() -> None:
    """A decorated function runs in a mock of its own each time, and keeps its arguments, name and docstring."""
    assert decorated("x", times=2) == 2
    assert decorated("x") == 1
    assert (decorated.__name__, decorated.__doc__) == ("decorated", "A docstring.")


@mock_ivs(seed=7, account_id="210987654321", quotas={"Channels": 1}, region="eu-west-1")
def with_options() -> str:
    arn: str = client().create_channel()["channel"]["arn"]
    with pytest.raises(client().exceptions.ServiceQuotaExceededException):
        client().create_channel()
    return arn


def test_options() -> None:
    """Options reach the emulator; the same seed gives the same ids."""
    first = with_options()
    assert first.startswith("arn:aws:ivs:us-east-1:210987654321:channel/")
    assert with_options() == first


def test_with() -> None:
    """`with` gives the emulator; outside there is none."""
    with mock_ivs() as sim:
        assert ivsim.current() is sim
        client().create_channel()
        assert [call.operation for call in sim.calls] == ["CreateChannel"]
    assert ivsim.current() is None


def test_async_with() -> None:
    """`async with` gives the emulator."""

    async def main() -> None:
        async with mock_ivs() as sim:
            assert ivsim.current() is sim

    asyncio.run(main())
    assert ivsim.current() is None


def test_start_and_stop() -> None:
    """start() gives the emulator, stop() ends; an object can be used again, and starts empty."""
    mock = mock_ivs()
    for _ in range(2):
        sim = mock.start()
        assert ivsim.current() is sim
        assert count() == 0
        client().create_channel()
        mock.stop()
    assert ivsim.current() is None


def test_stop_without_start() -> None:
    """There is nothing to stop before a start, nor after the last stop."""
    mock = mock_ivs()
    with pytest.raises(RuntimeError, match="without a start"):
        mock.stop()
    with mock:
        pass
    with pytest.raises(RuntimeError, match="without a start"):
        mock.stop()


@mock_ivs
async def coroutine() -> int:
    await asyncio.sleep(0)
    client().create_channel()
    return count()


def test_async_function() -> None:
    """A decorated coroutine function is mocked while it runs, not just while it is called."""
    assert asyncio.run(coroutine()) == 1
    assert ivsim.current() is None


@mock_ivs
def generator() -> Generator[int, str, None]:
    client().create_channel()
    received = yield count()
    assert received == "sent"
    yield count()


def test_generator() -> None:
    """A decorated generator is mocked from its first step to its last, and can be sent to."""
    steps: Any = generator()
    assert ivsim.current() is None
    assert next(steps) == 1
    assert ivsim.current() is not None
    assert steps.send("sent") == 1
    steps.close()
    assert ivsim.current() is None


CLOSED: list[str] = []


@mock_ivs
async def async_generator(*, catch: bool = False) -> AsyncIterator[Any]:
    client().create_channel()
    try:
        received = yield count()
        yield received
    except KeyError:
        if not catch:
            raise
        yield "caught"
    finally:
        CLOSED.append("closed" if ivsim.current() else "closed too late")


def test_async_generator() -> None:
    """So is an asynchronous one: it can be sent to, thrown into and closed, and is mocked until it is."""

    async def main() -> None:
        steps: Any = async_generator()
        assert await steps.asend(None) == 1
        assert await steps.asend("sent") == "sent"
        with pytest.raises(StopAsyncIteration):
            await steps.asend(None)
        caught: Any = async_generator(catch=True)
        await caught.asend(None)
        assert await caught.athrow(KeyError()) == "caught"
        await caught.aclose()
        thrown: Any = async_generator()
        await thrown.asend(None)
        with pytest.raises(KeyError):
            await thrown.athrow(KeyError())
        closed: Any = async_generator()
        await closed.asend(None)
        await closed.aclose()

    CLOSED.clear()
    asyncio.run(main())
    assert CLOSED == ["closed"] * 4
    assert ivsim.current() is None


@pytest.fixture
@mock_ivs(account_id="111122223333")
def mocked_client() -> Iterator[Any]:
    yield client()
    CLOSED.append("fixture" if ivsim.current() else "fixture too late")


def test_generator_fixture(mocked_client: Any) -> None:
    """A fixture that yields inside a mock keeps it for the test."""
    assert ":111122223333:" in mocked_client.create_channel()["channel"]["arn"]


@pytest.fixture
@mock_ivs
def counted() -> int:
    return count()


@mock_ivs
def test_fixture_arguments_come_through(counted: int, tmp_path: Any) -> None:
    """Pytest sees the arguments of a decorated test."""
    assert counted == 0
    assert tmp_path.exists()


@mock_ivs
@pytest.mark.parametrize("name", ["a", "b"])
def test_parametrize_comes_through(name: str) -> None:
    """Marks survive, above and below."""
    assert client().create_channel(name=name)["channel"]["name"] == name
    assert count() == 1


# Classes


@mock_ivs
class TestPytestClass:
    """A decorated pytest class: each test of it is mocked, with the state that its setup_method made, and no other."""

    def setup_method(self, method: Any) -> None:
        self.name = method.__name__
        self.arn = client().create_channel()["channel"]["arn"]

    def teardown_method(self) -> None:
        assert count() == 2

    def test_one(self) -> None:
        """The test sees what setup_method made."""
        assert self.name == "test_one"
        assert client().get_channel(arn=self.arn)["channel"]["arn"] == self.arn
        client().create_channel()

    def test_two(self) -> None:
        """Nothing is left of another test."""
        assert count() == 1
        client().create_channel()

    @staticmethod
    def helper() -> int:
        return count()

    @classmethod
    def maker(cls) -> Any:
        return cls, client().create_channel()

    class Data:
        """A class inside that is no test."""

        value = 3

    class TestInner:
        """A class inside."""

        def test_three(self) -> None:
            """Tests of a class inside are mocked too."""
            assert count() == 0


def test_methods_of_a_decorated_class_work_by_themselves() -> None:
    """Static and class methods of a decorated class can be called from anywhere."""
    assert TestPytestClass.helper() == 0
    assert TestPytestClass.maker()[0] is TestPytestClass


@mock_ivs
class TestPytestClassWithSetupClass:
    """What setup_class made is there for each test as it was made."""

    arn: str

    @classmethod
    def setup_class(cls) -> None:
        cls.arn = client().create_channel(name="shared")["channel"]["arn"]

    @classmethod
    def teardown_class(cls) -> None:
        assert count() == 1

    @pytest.mark.parametrize("_turn", [1, 2])
    def test_each_starts_alike(self, _turn: int) -> None:
        """A test that changes the shared state does not show to the next."""
        assert count() == 1
        client().update_channel(arn=self.arn, name="changed")
        client().create_channel()


@mock_ivs
class TestWithFixtureMethods:
    """Fixtures that are methods stay fixtures."""

    @pytest.fixture
    def arn(self) -> str:
        return str(client().create_channel()["channel"]["arn"])

    def test_fixture(self, arn: str) -> None:
        """A fixture method runs in the test's mock."""
        assert client().get_channel(arn=arn)["channel"]["arn"] == arn


class TestInherits(TestPytestClass):
    """A subclass of a decorated class is mocked as its parent is."""

    def test_four(self) -> None:
        """The subclass's own test sees setup_method's state."""
        assert count() == 1
        client().create_channel()


def test_failing_setup_method_leaves_nothing_active() -> None:
    """When setup_method fails, pytest never calls teardown_method: the mock ends by itself."""

    @mock_ivs
    class Case:
        def setup_method(self) -> None:
            raise LookupError

    with pytest.raises(LookupError):
        Case().setup_method()
    assert ivsim.current() is None


def run_case(case: type[unittest.TestCase]) -> unittest.TestResult:
    """Run a TestCase as unittest does, class fixtures included."""
    result = unittest.TestResult()
    unittest.TestLoader().loadTestsFromTestCase(case).run(result)
    return result


def test_test_case() -> None:
    """A decorated TestCase: setUp's state is seen by its test, by tearDown and by cleanups, and by no other test."""
    seen: list[int] = []

    @mock_ivs
    class Case(unittest.TestCase):
        def setUp(self) -> None:
            self.arn = client().create_channel()["channel"]["arn"]
            self.addCleanup(lambda: seen.append(count()))

        def test_one(self) -> None:
            self.assertEqual(count(), 1)

        def test_two(self) -> None:
            self.assertEqual(count(), 1)

        def tearDown(self) -> None:
            client().get_channel(arn=self.arn)

    result = run_case(Case)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])
    assert seen == [1, 1]
    assert ivsim.current() is None


def test_test_case_with_class_fixture() -> None:
    """What setUpClass made is there for each test as it was made; classmethods run in the mock."""
    torn_down: list[int] = []

    class Base(unittest.TestCase):
        arn: str

        @classmethod
        def setUpClass(cls) -> None:
            cls.arn = cls.make("shared")

        @classmethod
        def make(cls, name: str) -> str:
            return str(client().create_channel(name=name)["channel"]["arn"])

        @classmethod
        def tearDownClass(cls) -> None:
            torn_down.append(count())

    @mock_ivs
    class Case(Base):
        def test_one(self) -> None:
            self.assertEqual(count(), 1)
            client().delete_channel(arn=self.arn)

        def test_two(self) -> None:
            self.assertEqual(count(), 1)
            client().delete_channel(arn=self.arn)

    result = run_case(Case)
    assert (result.testsRun, result.errors, result.failures) == (2, [], [])
    assert torn_down == [1]
    assert ivsim.current() is None


def test_failing_class_fixture_leaves_nothing_active() -> None:
    """When setUpClass fails the mock ends."""

    @mock_ivs
    class Case(unittest.TestCase):
        @classmethod
        def setUpClass(cls) -> None:
            raise LookupError

        def test_one(self) -> None:
            """Never run."""

    assert len(run_case(Case).errors) == 1
    assert ivsim.current() is None


def test_async_test_case() -> None:
    """A decorated IsolatedAsyncioTestCase: asyncSetUp, the test and asyncTearDown share the mock."""
    seen: list[int] = []

    @mock_ivs
    class Case(unittest.IsolatedAsyncioTestCase):
        async def asyncSetUp(self) -> None:
            client().create_channel()

        async def test_one(self) -> None:
            await asyncio.sleep(0)
            self.assertEqual(count(), 1)

        async def asyncTearDown(self) -> None:
            seen.append(count())

    result = run_case(Case)
    assert (result.testsRun, result.errors, result.failures) == (1, [], [])
    assert seen == [1]


def test_failing_test_leaves_nothing_active() -> None:
    """A test that fails ends its mock like any other."""

    @mock_ivs
    class Case(unittest.TestCase):
        def test_one(self) -> None:
            self.fail()

    assert len(run_case(Case).failures) == 1
    assert ivsim.current() is None


def run_pytest_class(case: type[Any], *names: str) -> None:
    """Run tests of a class as pytest does: setup_method, the test, teardown_method."""
    for name in names:
        instance = case()
        instance.setup_method(getattr(instance, name))
        getattr(instance, name)()
        instance.teardown_method(getattr(instance, name))
        assert ivsim.current() is None


def test_decorated_parent_and_child() -> None:
    """A decorated subclass of a decorated class is decorated once more, and sees what setup_method made."""

    @mock_ivs
    class Parent:
        def setup_method(self) -> None:
            client().create_channel()

        def test_one(self) -> None:
            assert count() == 1

    @mock_ivs
    class Child(Parent):
        def test_two(self) -> None:
            assert count() == 1

    @mock_ivs
    @mock_ivs
    class Twice(Parent):
        """Decorated three times in all."""

    run_pytest_class(Child, "test_one", "test_two")
    run_pytest_class(Twice, "test_one")


def test_child_with_fixtures_of_its_own() -> None:
    """A subclass of a decorated class may override its fixtures, calling them or not: the mock is there, and ends."""

    @mock_ivs
    class Parent:
        """Has a class fixture and a method fixture."""

        @classmethod
        def setup_class(cls) -> None:
            client().create_channel()

        def setup_method(self) -> None:
            client().create_channel()

    class Calls(Parent):
        @classmethod
        def setup_class(cls) -> None:
            super().setup_class()
            client().create_channel()

        def setup_method(self) -> None:
            super().setup_method()
            client().create_channel()

        def teardown_method(self) -> None:
            assert count() == 4

    class Ignores(Parent):
        @classmethod
        def setup_class(cls) -> None:
            client().create_channel()

        def setup_method(self) -> None:
            client().create_channel()

        def teardown_method(self) -> None:
            assert count() == 2

    class Fails(Parent):
        def setup_method(self) -> None:
            super().setup_method()
            raise LookupError

    case: Any
    for case in (Calls, Ignores):
        case.setup_class()
        instance: Any = case()
        instance.setup_method()
        instance.teardown_method()
        case.teardown_class()
        assert ivsim.current() is None
    with pytest.raises(LookupError):
        Fails().setup_method()
    assert ivsim.current() is None


def test_subclass_hooks_are_called() -> None:
    """A class's own __init_subclass__ goes on working when the class is decorated."""

    @mock_ivs
    class Parent:
        word = ""

        def __init_subclass__(cls, word: str = "") -> None:
            cls.word = word

    class Child(Parent, word="x"):
        """Gets its word."""

    assert Child.word == "x"


def test_test_case_subclass_with_class_fixture() -> None:
    """A subclass of a decorated TestCase may bring its own setUpClass, without calling the parent's."""

    @mock_ivs
    class Parent(unittest.TestCase):
        """Has no class fixture."""

    class Child(Parent):
        @classmethod
        def setUpClass(cls) -> None:
            client().create_channel()

        def test_one(self) -> None:
            self.assertEqual(count(), 1)

    class Other(Parent):
        def test_one(self) -> None:
            self.assertEqual(count(), 0)

    for case in (Child, Other):
        result = run_case(case)
        assert (result.testsRun, result.errors, result.failures) == (1, [], [])
    assert ivsim.current() is None


def test_coroutine_function_behind_a_decorator() -> None:
    """A coroutine function that another decorator hides is mocked while it runs, too."""

    def hiding(function: Any) -> Any:
        def call() -> Any:
            return function()

        return call

    @mock_ivs
    @hiding
    async def hidden() -> int:
        client().create_channel()
        return count()

    assert asyncio.run(hidden()) == 1
    assert ivsim.current() is None


def test_nothing_is_kept() -> None:
    """When a mock has ended, nothing keeps its emulator, nor what was in it."""
    from ivsim.ivs.channels import Channel

    with mock_ivs() as sim:
        client().create_channel()
        ended = weakref.ref(sim)
    del sim
    gc.collect()
    assert ended() is None
    kept = [each for each in gc.get_objects() if type(each) is Channel and each.arn]
    assert kept == []


# What cannot be decorated, and options that are none


def test_above_a_fixture() -> None:
    """Above @pytest.fixture the decorator would do nothing: it says so."""
    with pytest.raises(TypeError, match=r"below @pytest\.fixture"):
        mock_ivs(pytest.fixture(lambda: None))


def test_not_callable() -> None:
    """What is neither function nor class cannot be decorated."""
    with pytest.raises(TypeError, match="not 3"):
        mock_ivs(3)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"sed": 7}, TypeError, "sed"),
        ({"account_id": "12"}, ValueError, "account_id"),
        ({"quotas": {"Chanels": 1}}, KeyError, "did you mean 'Channels'"),
        ({"quotas": {"Channels": -1}}, ValueError, "Channels"),
        ({"transitions": "slow"}, ValueError, "transitions"),
    ],
)
def test_wrong_options(options: dict[str, Any], error: type[Exception], text: str) -> None:
    """A wrong option is one clear error that names it, and leaves nothing active."""
    with pytest.raises(error, match=text):
        mock_ivs(**options).start()
    assert ivsim.current() is None


# Inside one another


def test_nested_mocks_share_the_emulator() -> None:
    """Mocks inside one another share the outermost's emulator, which ends with the last of them, in whatever order."""
    outer, inner = mock_ivs(), mock_ivs()
    sim = outer.start()
    client().create_channel()
    assert inner.start() is sim
    assert decorated("x") == 2
    outer.stop()
    assert count() == 2
    inner.stop()
    assert ivsim.current() is None


def test_one_object_inside_itself() -> None:
    """The same mock can be entered twice."""
    mock = mock_ivs()
    with mock as outer, mock as inner:
        assert outer is inner
    assert ivsim.current() is None


def test_nested_options() -> None:
    """Options inside another mock may repeat its own; others would be swallowed, so they are refused by name."""
    with mock_ivs(seed=1):
        with mock_ivs(seed=1, strict=True):
            pass
        with pytest.raises(ValueError, match=r"quotas: .* contradicts the mock_ivs around this one"):
            mock_ivs(quotas={"Channels": 1}).start()
        assert count() == 0
    assert ivsim.current() is None


# Threads and tasks


def in_thread(function: Any) -> Any:
    """Return what a function returns or raises in another thread."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(function())
        except RuntimeError as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return results[0]


def test_threads_of_the_test_see_the_mock() -> None:
    """Clients made and used in other threads are mocked too."""
    with mock_ivs():
        client().create_channel()
        assert in_thread(count) == 1


def test_another_threads_own_mock() -> None:
    """A second thread's own mock cannot be kept apart from the first's, and is refused rather than shared."""
    with mock_ivs():
        error = in_thread(lambda: decorated("x"))
        assert isinstance(error, RuntimeError)
        assert "another thread" in str(error)
    assert in_thread(lambda: decorated("x")) == 1


def test_another_tasks_own_mock() -> None:
    """So are two tasks' mocks at a time; a task that was started inside one mock may enter another inside it."""

    async def hold(entered: asyncio.Event, leave: asyncio.Event) -> None:
        with mock_ivs():
            entered.set()
            await leave.wait()

    async def main() -> None:
        entered, leave = asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(hold(entered, leave))
        await entered.wait()
        with pytest.raises(RuntimeError, match="another thread or task"):
            mock_ivs().start()
        leave.set()
        await task
        with mock_ivs():
            await asyncio.gather(coroutine(), asyncio.to_thread(decorated, "x"))
            assert count() == 2

    asyncio.run(main())
    assert ivsim.current() is None


def test_a_mock_from_a_finished_task() -> None:
    """A mock that a task left active, as asynchronous fixtures do, can be entered from the next task."""
    mock = mock_ivs()

    async def start() -> Emulator:
        return mock.start()

    async def use() -> int:
        with mock_ivs():
            return count()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(start())
    assert loop.run_until_complete(use()) == 0
    loop.close()
    mock.stop()


# Clients


def test_client_made_at_import() -> None:
    """A client that the code under test made when it was imported is answered by the mock, each time by the new one."""
    for _ in range(2):
        with mock_ivs():
            MADE_AT_IMPORT.create_channel()
            assert count() == 1


def test_client_made_without_credentials() -> None:
    """A client made before the mock, where there are no credentials at all, signs as a dummy."""
    early = boto3.Session().client("ivs", region_name="us-east-1")
    with mock_ivs() as sim:
        early.create_channel()
        assert sim.calls[-1].account == "123456789012"


def test_account_by_access_key() -> None:
    """An access key of 12 digits is that account, and sees its own resources alone; regions are apart as well."""
    with mock_ivs():
        other = boto3.client(
            "ivs", region_name="us-east-1", aws_access_key_id="999988887777", aws_secret_access_key="x"
        )
        assert ":999988887777:" in other.create_channel()["channel"]["arn"]
        assert count() == 0
        assert boto3.client("ivs", region_name="eu-west-1").list_channels()["channels"] == []
        assert len(other.list_channels()["channels"]) == 1


# What is restored


@pytest.mark.parametrize("value", [None, "", "mine"])
def test_environment(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """Dummy credentials are in the environment; afterwards it is as it was, absent and empty told apart."""
    names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
    for name in names:
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    with mock_ivs():
        assert [os.environ.get(name) for name in names] == ["ivsim", "ivsim", None]
    assert [os.environ.get(name) for name in names] == [value] * 3


def test_environment_that_the_test_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test may take the dummies away itself."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    with mock_ivs():
        del os.environ["AWS_ACCESS_KEY_ID"]
    assert "AWS_ACCESS_KEY_ID" not in os.environ


def test_default_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's default session is set aside and comes back untouched; what a test sets up, the next does not see."""
    mine = boto3.Session(region_name="ap-south-1", aws_access_key_id="mine", aws_secret_access_key="mine")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", mine)
    for _ in range(2):
        with mock_ivs():
            assert boto3.DEFAULT_SESSION is None
            boto3.setup_default_session(region_name="eu-west-1")
            assert boto3.client("ivs").meta.region_name == "eu-west-1"
    assert boto3.DEFAULT_SESSION is mine
    assert mine.client("ivs").meta.region_name == "ap-south-1"


def test_aliases_of_ones_own() -> None:
    """An event emitter with aliases of its own keeps them, inside the mock as outside."""
    from botocore.hooks import EventAliaser, HierarchicalEmitter

    seen: list[str] = []
    with mock_ivs():
        aliaser = EventAliaser(HierarchicalEmitter(), {"harp": "lyre"})
        aliaser.register("before-call.lyre", lambda event_name, **_: seen.append(event_name))
        aliaser.emit("before-call.harp")
    assert seen == ["before-call.lyre"]


def test_custom_models(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions made inside the mock still read the user's own model files."""
    model = tmp_path / "models" / "harp" / "2020-01-01" / "service-2.json"
    model.parent.mkdir(parents=True)
    model.write_text('{"metadata": {}, "operations": {}, "shapes": {}}')
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "models"))
    with mock_ivs():
        assert "harp" in boto3.Session().get_available_services()
    monkeypatch.delenv("AWS_DATA_PATH")
    with mock_ivs():
        assert "harp" not in boto3.Session().get_available_services()


def patched_places() -> list[object]:
    """Return everything that a mock patches."""
    import botocore.auth
    import botocore.endpoint
    import botocore.httpsession
    import botocore.loaders
    import requests

    return [
        botocore.endpoint.Endpoint._do_get_response,
        "__init_subclass__" in vars(botocore.endpoint.Endpoint),
        botocore.httpsession.URLLib3Session.send,
        botocore.auth.SigV4Auth.add_auth,
        botocore.loaders.Loader,
        requests.Session.get_adapter,
        dict(os.environ),
        boto3.DEFAULT_SESSION,
    ]


def test_everything_is_restored_after_a_failure() -> None:
    """When the block raises, nothing stays patched."""
    before = patched_places()

    @mock_ivs
    def fail() -> None:
        assert all(one is not other for one, other in zip(patched_places()[2:6], before[2:6], strict=True))
        raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert patched_places() == before


def test_everything_is_restored_when_the_start_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """When entering fails half-way, what was patched until then is restored."""
    before = patched_places()

    def broken(_: object) -> Any:
        raise LookupError

    monkeypatch.setattr("ivsim.interceptors.requests.intercept", broken)
    with pytest.raises(LookupError):
        mock_ivs().start()
    monkeypatch.undo()
    assert patched_places()[:6] == before[:6]
    assert ivsim.current() is None


# Looser


def test_not_strict() -> None:
    """strict=False lets constraints and references go; required members and types it does not."""
    with mock_ivs(strict=False) as sim:
        ivs = client()
        arn = ivs.create_channel(
            name="two words", type="PREMIUM", preset="x", recordingConfigurationArn="arn:of:nothing"
        )["channel"]["arn"]
        ivs.import_playback_key_pair(publicKeyMaterial="no key")
        chat = client("ivschat")
        room = chat.create_room(name="x" * 200, loggingConfigurationIdentifiers=["a", "b", "c", "d"])["arn"]
        for minutes in (-(2**31), 2**31 - 1):
            body = f'{{"roomIdentifier": "{room}", "userId": "x", "sessionDurationInMinutes": {minutes}}}'
            assert sim.handle(ivsim.Request("POST", "/CreateChatToken", {}, body.encode())).status == 200
        with sim.streams.start(arn):
            ivs.put_metadata(channelArn=arn, metadata="x" * 5000)
        assert len(ivs.list_channels(maxResults=1000)["channels"]) == 1
        with pytest.raises(ivs.exceptions.ResourceNotFoundException):
            ivs.get_channel(arn="unknown")
        with pytest.raises(ivs.exceptions.ValidationException):
            ivs.list_channels(nextToken="x")
        answer = sim.handle(ivsim.Request("POST", "/GetChannel", {}, b"{}"))
        assert answer.status == 400


def test_not_strict_pages() -> None:
    """A page of nothing is a page of one, so that whoever pages gets through."""
    with mock_ivs(strict=False) as sim:
        sim.quotas["Channels"] = 10
        for _ in range(2):
            client().create_channel()
        answer = sim.handle(ivsim.Request("POST", "/ListChannels", {}, b'{"maxResults": 0}'))
        assert answer.body.count(b'"arn"') == 1
