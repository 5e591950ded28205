"""The client fixture: a contract test never knows what stands behind its clients.

In process with boto3; over HTTP with boto3; with aiobotocore where it is installed, both ways. `make record` brings
another door, to AWS itself, through which the tests go that need no emulator behind it: see tools/record/door.py.
"""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cached_property
from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError
from tools.record.door import PLUGIN, Door

from ivsim import Emulator, LiveStream, mock_ivs

REGION = "us-west-2"

_TARGETS = ["boto3", "boto3 over HTTP"]
if importlib.util.find_spec("aiobotocore"):
    _TARGETS += ["aiobotocore", "aiobotocore over HTTP"]


class Services:
    """Clients for the services, and the emulator behind them if there is one."""

    def __init__(self, client: Callable[[str], Any], sim: Emulator | None) -> None:
        self.ivs = client("ivs")
        self.ivschat = client("ivschat")
        self._client = client
        self._sim = sim

    @cached_property
    def realtime(self) -> Any:
        """The client for IVS Real-Time, made when a test first asks for it."""
        return self._client("ivs-realtime")

    @property
    def sim(self) -> Emulator:
        """The emulator; a test that needs it cannot run against AWS."""
        if self._sim is None:
            pytest.skip("needs an emulator behind the API")
        return self._sim

    def go_live(self, channel: dict[str, Any], **options: Any) -> LiveStream:
        """Broadcast on a channel."""
        return self.sim.streams.start(channel["arn"], **options)

    def refusal(self, call: Callable[..., Any], **members: Any) -> Any:
        """Return the response to a call that has to be refused."""
        with pytest.raises(ClientError) as refused:
            call(**members)
        return refused.value.response

    def code(self, call: Callable[..., Any], **members: Any) -> str:
        """Return the error code of a call that has to be refused."""
        return str(self.refusal(call, **members)["Error"]["Code"])


class _Blocking:
    """An aiobotocore client whose methods wait for their answer."""

    def __init__(self, client: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._client = client
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if name in ("exceptions", "meta"):
            return attribute
        return lambda **members: self._loop.run_until_complete(attribute(**members))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test through every door or, where there is one to AWS, through that alone."""
    if "aws" in metafunc.fixturenames:
        metafunc.parametrize(
            "aws", ["aws"] if metafunc.config.pluginmanager.has_plugin(PLUGIN) else _TARGETS, indirect=True
        )


@pytest.fixture
def aws(request: pytest.FixtureRequest) -> Iterator[Services]:
    """The services, through one of the clients."""
    with ExitStack() as stack:
        if request.param == "aws":
            door = cast(Door, request.config.pluginmanager.get_plugin(PLUGIN))
            stack.enter_context(door.scenario(request.node.nodeid))
            yield Services(door.client, None)
            return
        options: dict[str, Any] = {"region_name": REGION}
        if request.param.endswith("HTTP"):
            sim = Emulator()
            url = stack.enter_context(sim.serve(aws_urls=True)).url
            options |= {"endpoint_url": url, "aws_access_key_id": "any", "aws_secret_access_key": "any"}
        else:
            sim = stack.enter_context(mock_ivs())
        asynchronous = request.param.startswith("aiobotocore")
        yield Services(_asynchronous(stack, options) if asynchronous else _synchronous(stack, options), sim)


def _synchronous(stack: ExitStack, options: dict[str, Any]) -> Callable[[str], Any]:
    def client(service: str) -> Any:
        made = boto3.client(service, **options)
        stack.callback(made.close)
        return made

    return client


def _asynchronous(stack: ExitStack, options: dict[str, Any]) -> Callable[[str], Any]:
    from aiobotocore.session import get_session

    loop = stack.enter_context(_loop())

    def client(service: str) -> Any:
        context = get_session().create_client(service, **options)
        opened = loop.run_until_complete(context.__aenter__())
        stack.callback(lambda: loop.run_until_complete(context.__aexit__(None, None, None)))
        return _Blocking(opened, loop)

    return client


class _loop:  # noqa: N801 - a context manager
    def __enter__(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.new_event_loop()
        return self._loop

    def __exit__(self, *_: object) -> None:
        self._loop.close()


@pytest.fixture
def channel(aws: Services) -> Any:
    """A channel that is called "show", offline."""
    return aws.ivs.create_channel(name="show")["channel"]
