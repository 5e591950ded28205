from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3

from ivsim import mock_ivs

THREADS = 8
EACH = 30


def test_eight_threads() -> None:
    """Eight threads create, list and delete on one mock: nothing is lost, nothing is doubled, every page is whole."""
    with mock_ivs() as sim:
        ivs: Any = boto3.client("ivs", region_name="us-east-1")

        def work(number: int) -> list[str]:
            kept = []
            for index in range(EACH):
                arn = ivs.create_channel(name=f"t{number}-{index}")["channel"]["arn"]
                if index % 3:
                    kept.append(arn)
                else:
                    ivs.delete_channel(arn=arn)
                listed = [channel["arn"] for channel in ivs.list_channels()["channels"]]
                assert len(set(listed)) == len(listed)
                if kept:
                    assert ivs.get_channel(arn=kept[-1])["channel"]["arn"] == kept[-1]
            return kept

        with ThreadPoolExecutor(THREADS) as pool:
            kept = [arn for arns in pool.map(work, range(THREADS)) for arn in arns]
        pages = ivs.get_paginator("list_channels").paginate()
        listed = [channel["arn"] for page in pages for channel in page["channels"]]
        assert len(kept) == THREADS * EACH * 2 // 3
        assert sorted(listed) == sorted(kept)
        assert len(sim.calls.of("CreateChannel")) == THREADS * EACH
        keys = [ivs.list_stream_keys(channelArn=arn)["streamKeys"][0]["arn"] for arn in listed]
        assert len(set(keys)) == len(listed)


def test_a_quota_holds_under_threads() -> None:
    """Eight threads at once do not get past a quota."""
    with mock_ivs(quotas={"Channels": 50}):
        ivs: Any = boto3.client("ivs", region_name="us-east-1")

        def create(_: int) -> bool:
            try:
                ivs.create_channel()
            except ivs.exceptions.ServiceQuotaExceededException:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            assert sum(pool.map(create, range(100))) == 50


def test_one_live_stream_under_threads() -> None:
    """However many encoders try at once, one is let in."""
    with mock_ivs() as sim:
        ivs: Any = boto3.client("ivs", region_name="us-east-1")
        arn = ivs.create_channel()["channel"]["arn"]

        def start(_: int) -> bool:
            try:
                sim.streams.start(arn)
            except ValueError:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            assert sum(pool.map(start, range(50))) == 1
        assert len(sim.events) == 2
