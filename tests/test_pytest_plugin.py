from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable

import pytest

from ivsim import pytest_plugin


@pytest.fixture(autouse=True)
def _as_our_own(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester) -> None:
    """The suites in here leave out the plugins that our own leaves out."""
    monkeypatch.setenv("PYTEST_ADDOPTS", shlex.join(pytestconfig.getini("addopts")))


def test_fixtures(pytester: pytest.Pytester) -> None:
    """The fixtures are there once ivsim is installed: an emulator and two clients on one mock, new for each test."""
    pytester.makepyfile(
        """
        import ivsim as package
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_clients(ivsim, ivs_client, ivschat_client, turn):
            assert package.current() is ivsim
            assert ivs_client.list_channels()["channels"] == []
            arn = ivs_client.create_channel()["channel"]["arn"]
            assert ":us-east-1:" in arn
            with ivsim.streams.start(arn):
                assert ivs_client.get_stream(channelArn=arn)["stream"]["state"] == "LIVE"
            ivschat_client.create_room()
            assert len(ivsim.calls) == 4

        def test_without():
            assert package.current() is None
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)


def test_marker(pytester: pytest.Pytester) -> None:
    """The marker gives the options; region and seed show."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.ivsim(seed=7, quotas={"Channels": 1}, region="eu-west-1")
        def test_options(ivsim, ivs_client):
            assert ":eu-west-1:" in ivs_client.create_channel()["channel"]["arn"]
            with pytest.raises(ivs_client.exceptions.ServiceQuotaExceededException):
                ivs_client.create_channel()
        """
    )
    pytester.runpytest_inprocess("--strict-markers", "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_markers_add_up(pytester: pytest.Pytester) -> None:
    """Options of module, class and test add up; the closest counts."""
    pytester.makepyfile(
        """
        import pytest

        pytestmark = pytest.mark.ivsim(quotas={"Channels": 1}, region="eu-west-1")

        @pytest.mark.ivsim(region="ap-south-1")
        class TestOptions:
            @pytest.mark.ivsim(account_id="210987654321")
            def test_options(self, ivsim):
                assert (ivsim.quotas["Channels"], ivsim.region) == (1, "ap-south-1")
                assert ivsim.account_id == "210987654321"
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_inside_a_wider_mock(pytester: pytest.Pytester) -> None:
    """Inside a mock of the module each test starts with what the module made, and no more."""
    pytester.makepyfile(
        """
        import boto3
        import pytest
        from ivsim import mock_ivs

        @pytest.fixture(scope="module", autouse=True)
        def shared():
            with mock_ivs():
                boto3.client("ivs", region_name="us-east-1").create_channel()
                yield

        @pytest.mark.parametrize("turn", [1, 2])
        def test_alike(ivs_client, turn):
            ivs_client.create_channel()
            assert len(ivs_client.list_channels()["channels"]) == 2
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


def test_clients(pytester: pytest.Pytester) -> None:
    """There is a client for each service, and they have one emulator."""
    pytester.makepyfile(
        """
        def test_one_emulator(ivsim, ivs_client, ivschat_client, ivsrealtime_client):
            ivs_client.create_channel()
            ivschat_client.create_room()
            ivsrealtime_client.create_stage()
            assert [call.service for call in ivsim.calls] == ["ivs", "ivschat", "ivs-realtime"]
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("fixture", "type_of_client"),
    [
        (pytest_plugin.ivs_client, "IVSClient"),
        (pytest_plugin.ivschat_client, "IvschatClient"),
        (pytest_plugin.ivsrealtime_client, "IvsrealtimeClient"),
    ],
)
def test_types_of_clients(fixture: Callable[..., object], type_of_client: str) -> None:
    """Editors are told the types that mypy-boto3 has for the clients; they need not be installed."""
    assert inspect.signature(inspect.unwrap(fixture)).return_annotation == type_of_client


def test_region_of_the_environment(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_DEFAULT_REGION decides where the clients are, as it does for any client."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ap-south-1")
    pytester.makepyfile(
        """
        def test_region(ivs_client):
            assert ":ap-south-1:" in ivs_client.create_channel()["channel"]["arn"]
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_server(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """`ivsim_server` has what `ivsim` has, for clients made in the test and for programs it starts, until it ends."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_IVSCHAT", "http://localhost:9")
    pytester.makepyfile(
        """
        import os
        import subprocess
        import sys
        import boto3
        import pytest

        PROGRAM = "import boto3; print(boto3.client('ivs', region_name='us-east-1').create_channel(name='theirs'))"

        @pytest.mark.ivsim(account_id="210987654321")
        @pytest.mark.parametrize("turn", [1, 2])
        def test_one_state(ivs_client, ivsim_server, ivsim, turn):
            assert ivsim_server.emulator is ivsim
            assert ivsim_server.chat_url == f"ws://127.0.0.1:{ivsim_server.port}"
            assert ivs_client.list_channels()["channels"] == []  # in process
            own = boto3.client("ivs", region_name="us-east-1")
            assert own.meta.endpoint_url == ivsim_server.url
            for service in ("ivschat", "ivs-realtime"):
                assert boto3.client(service, region_name="us-east-1").meta.endpoint_url == ivsim_server.url
            assert boto3.client("s3", region_name="us-east-1").meta.endpoint_url != ivsim_server.url
            own.create_channel(name="mine")
            shown = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
            assert ":210987654321:" in shown.stdout
            assert [each["name"] for each in ivs_client.list_channels()["channels"]] == ["mine", "theirs"]
            own.close()

        def test_afterwards():
            assert os.environ["AWS_ENDPOINT_URL_IVSCHAT"] == "http://localhost:9"
            assert "AWS_ENDPOINT_URL_IVS" not in os.environ
        """
    )
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("options", "text"), [("sed=7", "*TypeRefused: *sed*"), ("7", "*TypeError: *by name, not (7,)*")]
)
def test_wrong_options(pytester: pytest.Pytester, options: str, text: str) -> None:
    """An option that does not exist, or has no name, is an error that says so."""
    pytester.makepyfile(
        f"""
        import pytest

        @pytest.mark.ivsim({options})
        def test_options(ivsim):
            pass
        """
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([text])


def test_is_documented(pytester: pytest.Pytester) -> None:
    """Pytest shows what fixtures and marker are for."""
    result = pytester.runpytest_inprocess("--fixtures", "--markers")
    result.stdout.fnmatch_lines(["*pytest.mark.ivsim*options of mock_ivs*"])
    shown = pytester.runpytest_inprocess("--fixtures")
    shown.stdout.fnmatch_lines(["*ivs_client*", "*A boto3 client for `ivs`*"])
