from __future__ import annotations

import botocore.session
import pytest
from botocore.loaders import Loader

from ivsim.interceptors import is_ours


@pytest.mark.parametrize("prefix", ["ivs", "ivschat", "ivsrealtime"])
@pytest.mark.parametrize("fips", ["", "-fips"])
def test_every_partition(prefix: str, fips: str) -> None:
    """Hosts of every partition that botocore knows are taken, plain and dual-stack, with FIPS and without."""
    for partition in Loader().load_data("partitions")["partitions"]:
        for suffix in ("dnsSuffix", "dualStackDnsSuffix"):
            host = f"{prefix}{fips}.xx-there-1.{partition['outputs'][suffix]}"
            assert is_ours(f"https://{host}/ListChannels"), host
            assert is_ours(f"https://{host}:443")


@pytest.mark.parametrize("service", ["ivs", "ivschat", "ivs-realtime"])
@pytest.mark.parametrize("config", [{}, {"use_fips_endpoint": True}, {"use_dualstack_endpoint": True}])
def test_what_botocore_resolves(service: str, config: dict[str, bool]) -> None:
    """The endpoints that botocore resolves for IVS are taken."""
    session = botocore.session.Session()
    client = session.create_client(
        service,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=botocore.config.Config(**config),
    )
    assert is_ours(client.meta.endpoint_url)


@pytest.mark.parametrize(
    "url",
    [
        "https://edge.ivschat.us-west-2.amazonaws.com",
        "https://vpce-0123abcd-xyz.ivs.us-west-2.vpce.amazonaws.com/",
        "https://ivs.us-west-2.amazonaws.com./ListChannels",
        "https://ivs.us-west-2.amazonaws.com#x",
        "https://89e4e5f1cd12.us-east-1.playback.live-video.net/api/video/v1/us-east-1.123456789012.channel.x.m3u8",
        "https://usw24.playlist.live-video.net/v1/playlist/x.m3u8",
        "https://89e4e5f1cd12.j.cloudfront.hls.live-video.net/v1/segment/x.ts?dna=y",
    ],
)
def test_chat_and_playback(url: str) -> None:
    """What viewers reach is IVS too."""
    assert is_ours(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:4870/ListChannels",
        "https://ivs.example.com/ListChannels",
        "https://s3.us-east-1.amazonaws.com/ivs.us-east-1.amazonaws.com",
        "https://ivs.us-east-1.amazonaws.com.example.com/",
        "https://ivsomething.us-east-1.amazonaws.com/",
        "https://89e4e5f1cd12.global-contribute.live-video.net/app/x",
        "https://x.playback.live-video.net.example.com/",
        "https://example.com/?https://ivs.us-east-1.amazonaws.com/",
    ],
)
def test_other_hosts(url: str) -> None:
    """Nobody else's hosts are taken."""
    assert not is_ours(url)
