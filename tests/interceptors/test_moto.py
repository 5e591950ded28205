"""Beside moto, in both nestings: IVS is ivsim's, everything else is moto's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
import requests
from moto import mock_aws
from moto.backends import get_backend

from ivsim import mock_ivs

EARLY = {
    name: boto3.client(name, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    for name in ("ivs", "s3")
}


@contextmanager
def ivsim_inside() -> Iterator[None]:
    with mock_aws(), mock_ivs():
        yield


@contextmanager
def ivsim_outside() -> Iterator[None]:
    with mock_ivs(), mock_aws():
        yield


both_nestings = pytest.mark.parametrize("mocks", [ivsim_inside, ivsim_outside])


def new(name: str) -> Any:
    return boto3.client(name, region_name="us-east-1")


@both_nestings
@pytest.mark.parametrize("client", [EARLY.__getitem__, new], ids=["early", "new"])
def test_each_has_its_own(mocks: Any, client: Any) -> None:
    """IVS comes from ivsim, S3 from moto, for clients made before and inside; moto's own IVS stays empty."""
    with mocks():
        client("ivs").create_channel(name="x")
        new("ivschat").create_room()
        s3 = new("s3")  # moto has to be there before its client is made
        s3.create_bucket(Bucket="mine")
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["mine"]
        assert [channel["name"] for channel in client("ivs").list_channels()["channels"]] == ["x"]
        backend: Any = get_backend("ivs")["123456789012"]["us-east-1"]
        assert backend.channels == []


@both_nestings
def test_requests(mocks: Any) -> None:
    """The requests library finds ivsim for IVS and moto for the rest."""
    with mocks():
        new("s3").create_bucket(Bucket="mine")
        assert requests.post("https://ivs.us-east-1.amazonaws.com/ListChannels").json() == {"channels": []}
        assert b"mine" in requests.get("https://s3.us-east-1.amazonaws.com/").content


def test_moto_is_itself_again_afterwards() -> None:
    """After ivsim, inside moto, IVS is moto's again."""
    with mock_aws():
        with mock_ivs():
            new("ivs").create_channel(name="x")
        assert new("ivs").list_channels()["channels"] == []
