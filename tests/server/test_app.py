from __future__ import annotations

import boto3

from ivsim import Emulator
from ivsim.server.run import Server

from .conftest import RunNode


def test_one_state(sim: Emulator, server: Server) -> None:
    """What comes over the port and what is done in process meet in one emulator."""
    ivs = boto3.client(
        "ivs", endpoint_url=server.url, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    arn = ivs.create_channel(name="evening-show")["channel"]["arn"]
    sim.streams.start(arn, viewers=3)
    assert ivs.get_stream(channelArn=arn)["stream"]["viewerCount"] == 3
    ivs.close()


def test_javascript(sim: Emulator, server: Server, node: RunNode) -> None:
    """The AWS SDK for JavaScript finds it."""
    answer = node("health.mjs", server.url)
    assert answer["arn"].startswith("arn:aws:ivs:eu-west-1:123456789012:channel/")
    assert [call.operation for call in sim.calls] == ["CreateChannel"]
