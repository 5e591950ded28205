"""The plugin beside other plugins of pytest, in small suites, and what child processes see of a mock."""

from __future__ import annotations

import pytest

NEIGHBOURS = ("anyio", "asyncio", "randomly", "xdist", "xdist.looponfail")


def run(pytester: pytest.Pytester, *options: str, beside: str = "none") -> pytest.RunResult:
    """Run the suite in a process of its own, with one of the neighbours, or none."""
    blocked = [f"-pno:{name}" for name in NEIGHBOURS if name.partition(".")[0] != beside]
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *blocked, *options)


def test_xdist(pytester: pytest.Pytester) -> None:
    """Each of xdist's workers has a mock, and a server on a port, of its own."""
    pytester.makepyfile(
        """
        import boto3
        import pytest

        @pytest.mark.parametrize("turn", range(6))
        def test_alone(ivsim_server, worker_id, turn):
            assert worker_id in ("gw0", "gw1")
            ivs = boto3.client("ivs", region_name="us-east-1")
            assert ivs.meta.endpoint_url == ivsim_server.url
            ivs.create_channel()
            assert len(ivs.list_channels()["channels"]) == 1
        """
    )
    run(pytester, "-n", "2", beside="xdist").assert_outcomes(passed=6)


ASYNCHRONOUS = """
import asyncio
import boto3
import pytest
from ivsim import current, mock_ivs

{fixture}
async def studio(ivs_client):
    created = await asyncio.to_thread(ivs_client.create_channel)
    return created["channel"]["arn"]

{mark}
async def test_fixtures(ivsim, ivs_client, studio):
    with ivsim.streams.start(studio, viewers=3):
        seen = await asyncio.gather(*(asyncio.to_thread(ivs_client.get_stream, channelArn=studio) for _ in range(5)))
    assert [each["stream"]["viewerCount"] for each in seen] == [3] * 5

{fixture}
async def shared():
    async with mock_ivs() as sim:
        yield sim

{mark}
async def test_mock_of_a_fixture(shared):
    async with mock_ivs() as sim:
        assert sim is shared

{mark}
@mock_ivs
async def test_decorated():
    ivs = boto3.client("ivs", region_name="us-east-1")
    assert (await asyncio.to_thread(ivs.list_channels))["channels"] == []

def test_afterwards():
    assert current() is None
"""


@pytest.mark.parametrize(
    ("mode", "fixture", "mark"),
    [
        ("auto", "@pytest.fixture", ""),
        ("strict", "@__import__('pytest_asyncio').fixture", "@pytest.mark.asyncio"),
    ],
)
def test_asyncio(pytester: pytest.Pytester, mode: str, fixture: str, mark: str) -> None:
    """In both modes of pytest-asyncio, fixtures, `async with` and the decorator serve asynchronous tests."""
    pytester.makepyfile(ASYNCHRONOUS.format(fixture=fixture, mark=mark))
    run(pytester, f"--asyncio-mode={mode}", beside="asyncio").assert_outcomes(passed=4)


def test_anyio(pytester: pytest.Pytester) -> None:
    """The same with the plugin that anyio brings."""
    pytester.makeconftest("import pytest\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'")
    pytester.makepyfile(ASYNCHRONOUS.format(fixture="@pytest.fixture", mark="@pytest.mark.anyio"))
    run(pytester, beside="anyio").assert_outcomes(passed=4)


@pytest.mark.parametrize("seed", [1, 2])
def test_randomly(pytester: pytest.Pytester, seed: int) -> None:
    """In any order each test has its own mock. Ids do not come of pytest-randomly's seed, but of the mock's."""
    pytester.makepyfile(
        """
        import random
        import pytest

        made = set()
        seeded = set()

        @pytest.mark.parametrize("turn", range(4))
        def test_new_ids(ivs_client, turn):
            before = random.getstate()
            arn = ivs_client.create_channel()["channel"]["arn"]
            assert random.getstate() == before
            assert len(ivs_client.list_channels()["channels"]) == 1
            assert arn not in made
            made.add(arn)

        @pytest.mark.ivsim(seed=7)
        @pytest.mark.parametrize("turn", range(4))
        def test_the_same_ids(ivs_client, turn):
            seeded.add(ivs_client.create_channel()["channel"]["arn"])
            assert len(seeded) == 1
        """
    )
    result = run(pytester, f"--randomly-seed={seed}", beside="randomly")
    result.assert_outcomes(passed=8)
    result.stdout.fnmatch_lines([f"Using --randomly-seed={seed}"])


def test_child_processes(pytester: pytest.Pytester) -> None:
    """A forked child goes on with a copy of the mock, a spawned one has none; a server is one for all of them."""
    pytester.makepyfile(
        """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor
        import boto3
        import pytest
        from ivsim import current

        def in_child(method, function):
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
                return pool.submit(function).result()

        def names():
            channels = boto3.client("ivs", region_name="us-east-1").list_channels()["channels"]
            return sorted(channel["name"] for channel in channels)

        def add_one():
            boto3.client("ivs", region_name="us-east-1").create_channel(name="of-child")
            return names()

        def is_mocked():
            return current() is not None

        def test_fork(ivs_client):
            ivs_client.create_channel(name="of-parent")
            assert in_child("fork", add_one) == ["of-child", "of-parent"]
            assert names() == ["of-parent"]

        @pytest.mark.parametrize("method", ["spawn", "forkserver"])
        def test_a_fresh_interpreter(ivsim, method):
            assert not in_child(method, is_mocked)

        @pytest.mark.parametrize("method", ["fork", "spawn"])
        def test_server(ivsim_server, ivs_client, method):
            assert in_child(method, add_one) == ["of-child"]
            assert names() == ["of-child"]
            assert [call.operation for call in ivsim_server.emulator.calls] == [
                "CreateChannel", "ListChannels", "ListChannels"
            ]
        """
    )
    run(pytester).assert_outcomes(passed=5)
