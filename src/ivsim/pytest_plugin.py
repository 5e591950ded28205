"""Fixtures and a marker for pytest; loaded by installing ivsim. Imports what it needs inside the fixtures alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mypy_boto3_ivs import IVSClient
    from mypy_boto3_ivs_realtime import IvsrealtimeClient
    from mypy_boto3_ivschat import IvschatClient

    from .emulator import Emulator
    from .server.run import Server


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", "ivsim(**options): options of mock_ivs for the `ivsim` fixture, for example ivsim(seed=7)"
    )


@pytest.fixture(name="ivsim")
def ivsim_fixture(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """The Emulator; mock_ivs is active for the test, with the options of the marker `ivsim`."""
    from . import current, mock_ivs  # noqa: PLC0415

    options: dict[str, Any] = {}
    for marker in request.node.iter_markers("ivsim"):  # the closest first
        if marker.args:
            raise TypeError(f"the marker ivsim takes options by name, not {marker.args!r}")
        options = {**marker.kwargs, **options}
    with mock_ivs(**options).one_test():
        emulator = current()
        assert emulator is not None
        yield emulator


@pytest.fixture
def ivs_client(ivsim: Emulator) -> IVSClient:
    """A boto3 client for `ivs`, in AWS_DEFAULT_REGION or the emulator's region."""
    client: IVSClient = _client("ivs", ivsim)
    return client


@pytest.fixture
def ivschat_client(ivsim: Emulator) -> IvschatClient:
    """A boto3 client for `ivschat`, in AWS_DEFAULT_REGION or the emulator's region."""
    client: IvschatClient = _client("ivschat", ivsim)
    return client


@pytest.fixture
def ivsrealtime_client(ivsim: Emulator) -> IvsrealtimeClient:
    """A boto3 client for `ivs-realtime`, in AWS_DEFAULT_REGION or the emulator's region."""
    client: IvsrealtimeClient = _client("ivs-realtime", ivsim)
    return client


@pytest.fixture
def ivsim_server(ivsim: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The Emulator of `ivsim` on a free port: `.url` for AWS SDKs, `.chat_url` for chat clients, `.emulator`.

    AWS_ENDPOINT_URL_IVS, AWS_ENDPOINT_URL_IVSCHAT and AWS_ENDPOINT_URL_IVS_REALTIME lead there, for programs that the
    test starts and for clients that are made from now on. Needs `ivsim[server]`.
    """
    with ivsim.serve() as server:
        for service in ("IVS", "IVSCHAT", "IVS_REALTIME"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", server.url)
        yield server


def _client(service: str, emulator: Emulator) -> Any:
    import boto3  # noqa: PLC0415

    return boto3.client(service, region_name=os.environ.get("AWS_DEFAULT_REGION") or emulator.region)
