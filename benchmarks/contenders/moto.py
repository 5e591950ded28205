"""moto, as a user has it: boto3 under `mock_aws`. Of the calls measured here it has all but the tags."""

from __future__ import annotations

import tracemalloc
from typing import Any

import boto3
from moto import mock_aws
from moto.ivs.models import ivs_backends

from . import ACCOUNT, Base, three_calls, timed


class Contender(Base):
    """Clients under one mock."""

    def start(self) -> None:
        """Enter the mock, for good."""
        mock_aws().start()

    def client(self, region: str) -> Any:
        """Return a client as anybody makes it."""
        return boto3.client("ivs", region_name=region)

    def fill(self, region: str, count: int, every: int) -> list[str]:
        """Call the backend, with the defaults that the layer above it gives."""
        backend = ivs_backends[ACCOUNT][region]
        arns = []
        for number in range(count):
            channel, _ = backend.create_channel(
                authorized=False,
                insecure_ingest=False,
                latency_mode="LOW",
                name=f"benchmark-{number}",
                preset="",
                recording_configuration_arn="",
                tags={},
                channel_type="STANDARD",
            )
            if number % every == 0:
                arns.append(channel["arn"])
        return arns

    def small_test(self) -> None:
        """Begin, make a client, call, end."""
        with mock_aws():
            three_calls(boto3.client("ivs"))

    def time_enter_and_leave(self, seconds: float) -> float:
        """Return the seconds it takes to enter the mock and leave it."""

        def enter_and_leave() -> None:
            with mock_aws():
                pass

        return timed(enter_and_leave, seconds)

    def memory(self, count: int) -> float:
        """Return the bytes that a channel takes; its key is not kept."""
        self.start()
        self.fill("us-east-1", 100, 100)
        tracemalloc.start()
        self.fill("us-east-1", count, count)
        taken = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return taken / count

    def existing(self, region: str) -> set[str]:
        """Look into the backend: its pages take ever longer."""
        return {channel["arn"] for channel in ivs_backends[ACCOUNT][region].channels}

    def clear(self) -> None:
        """Empty the backends."""
        for backend in ivs_backends[ACCOUNT].values():
            backend.channels.clear()
