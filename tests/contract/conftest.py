"""The client fixture: a contract test never knows what stands behind its clients.

In process with boto3; over HTTP with boto3; with aiobotocore where it is installed, both ways; against real AWS with
IVSIM_TARGET=aws, which costs money, needs credentials, and deletes what the tests created.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import cached_property
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from ivsim import Emulator, LiveStream, mock_ivs

REGION = "us-west-2"

_TARGETS = ["boto3", "boto3 over HTTP"]
if importlib.util.find_spec("aiobotocore"):
    _TARGETS += ["aiobotocore", "aiobotocore over HTTP"]
if os.environ.get("IVSIM_TARGET") == "aws":
    _TARGETS = [pytest.param("aws", marks=pytest.mark.aws)]  # type: ignore[list-item]


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


@pytest.fixture(params=_TARGETS)
def aws(request: pytest.FixtureRequest) -> Iterator[Services]:
    """The services, through one of the clients."""
    with ExitStack() as stack:
        if request.param == "aws":
            yield Services(_real(stack), None)
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


def _real(stack: ExitStack) -> Callable[[str], Any]:
    """Return clients for AWS that delete at the end what was created through them."""

    def client(service: str) -> Any:
        real = boto3.client(service, region_name=REGION)

        def remember(parsed: dict[str, Any], model: Any, **_: Any) -> None:
            if not model.name.startswith(("Create", "Import")):
                return
            arn = _arn_in(parsed)
            if arn:
                noun = model.name.removeprefix("Create").removeprefix("Import")
                delete = getattr(real, f"delete_{'_'.join(_words(noun))}")
                key = "identifier" if service == "ivschat" else "arn"
                stack.callback(_quietly, delete, **{key: arn})

        real.meta.events.register("after-call", remember)
        return real

    return client


def _arn_in(parsed: dict[str, Any]) -> str | None:
    """Return the ARN of what was created: IVS Chat answers with the resource itself, IVS with a member that holds it.

    A channel is answered before the stream key that comes with it, and takes that along when it is deleted.
    """
    if "arn" in parsed:
        return str(parsed["arn"])
    return next((value["arn"] for value in parsed.values() if isinstance(value, dict) and "arn" in value), None)


def _words(noun: str) -> list[str]:
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in noun).split()


def _quietly(delete: Callable[..., Any], **members: Any) -> None:
    with suppress(ClientError):  # the test deleted it itself
        delete(**members)


@pytest.fixture
def channel(aws: Services) -> Any:
    """A channel that is called "show", offline."""
    return aws.ivs.create_channel(name="show")["channel"]
