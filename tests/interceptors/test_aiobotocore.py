from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any

import boto3
import pytest

pytest.importorskip("aiobotocore")

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError, ReadTimeoutError

from ivsim import Emulator, mock_ivs

from ..calling import respond_in_parts


def opened(service: str = "ivs", **options: Any) -> Any:
    return get_session().create_client(service, region_name="us-east-1", **options)


@mock_ivs
async def use() -> list[str]:
    async with opened() as ivs, opened("ivschat") as chat:
        await ivs.create_channel(name="a")
        await chat.create_room(name="b")
        boto3.client("ivs", region_name="us-east-1").create_channel(name="c")
        names = [
            channel["name"]
            async for page in ivs.get_paginator("list_channels").paginate(PaginationConfig={"PageSize": 1})
            for channel in page["channels"]
        ]
        with pytest.raises(ivs.exceptions.ChannelNotBroadcasting):
            await ivs.get_stream(channelArn=(await ivs.list_channels())["channels"][0]["arn"])
        return names


def test_asynchronous_clients() -> None:
    """Aiobotocore's clients and boto3's share the mock; errors, paginators and typed exceptions work."""
    assert asyncio.run(use()) == ["a", "c"]


def test_client_made_before() -> None:
    """An asynchronous client made before the mock is answered, and after it is as before."""

    async def main() -> None:
        async with opened(aws_access_key_id="x", aws_secret_access_key="x") as early:
            with mock_ivs() as sim:
                await early.create_channel()
                assert len(sim.calls) == 1

    asyncio.run(main())


def test_throttled_and_slow() -> None:
    """Throttled calls are retried, slow ones time out."""

    async def main() -> None:
        with mock_ivs() as sim:
            config = AioConfig(read_timeout=1, retries={"total_max_attempts": 2, "mode": "standard"})
            async with opened(config=config) as ivs:
                sim.faults.add("ListChannels", "ThrottlingException")
                answer = await ivs.list_channels()
                assert answer["ResponseMetadata"]["RetryAttempts"] == 1
                sim.faults.latency("ListChannels", 2)
                with pytest.raises(ReadTimeoutError):
                    await ivs.list_channels()

    asyncio.run(main())


def test_other_hosts_are_left_alone() -> None:
    """A call to somewhere else goes there."""

    async def main() -> None:
        config = AioConfig(retries={"total_max_attempts": 1}, connect_timeout=1)
        with mock_ivs() as sim:
            async with opened(config=config, endpoint_url="http://127.0.0.1:9") as elsewhere:
                with pytest.raises(Exception, match=r"127\.0\.0\.1:9"):
                    await elsewhere.list_channels()
            assert len(sim.calls) == 0

    asyncio.run(main())


def test_imported_inside_the_mock() -> None:
    """It does not matter when aiobotocore is imported; ivsim never does it by itself."""
    program = """
import asyncio, sys
from ivsim import mock_ivs
with mock_ivs() as sim:
    assert not any(name.startswith("aiobotocore") for name in sys.modules), "imported by ivsim"
    from aiobotocore.session import get_session
    async def main():
        async with get_session().create_client("ivs", region_name="us-east-1") as ivs:
            await ivs.create_channel()
    asyncio.run(main())
    assert len(sim.calls) == 1
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_error_codes() -> None:
    """An asynchronous client reads codes and texts as the synchronous one does."""

    async def main() -> None:
        with mock_ivs():
            async with opened() as ivs:
                with pytest.raises(ClientError, match=r"ValidationException.*'/name'"):
                    await ivs.create_channel(name="two words")

    asyncio.run(main())


def test_bodies_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in parts is refused."""
    monkeypatch.setattr(Emulator, "respond", respond_in_parts)

    async def main() -> None:
        with mock_ivs():
            async with opened() as ivs:
                with pytest.raises(ClientError, match=r"NotEmulated.*sim\.serve\(\)"):
                    await ivs.list_channels()

    asyncio.run(main())
