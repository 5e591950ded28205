from __future__ import annotations

import pytest


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


@pytest.mark.parametrize(
    ("options", "text"), [("sed=7", "*TypeError: *sed*"), ("7", "*TypeError: *by name, not (7,)*")]
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
