"""Beside moto, in both nestings: IVS is ivsim's, everything else is moto's."""

from __future__ import annotations

import os
import unittest
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


def test_on_a_test_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both on one TestCase, in either order: the user's credentials come back, S3 is new for each test."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "mine")

    def case() -> type[unittest.TestCase]:
        class Case(unittest.TestCase):
            def setUp(self) -> None:
                new("s3").create_bucket(Bucket="mine")
                new("ivs").create_channel()

            def test_one(self) -> None:
                self.assertEqual(len(new("ivs").list_channels()["channels"]), 1)

            def test_two(self) -> None:
                self.assertEqual(len(new("s3").list_buckets()["Buckets"]), 1)

        return Case

    moto: Any = mock_aws
    for decorated in (moto(mock_ivs(case())), mock_ivs(moto(case()))):
        result = unittest.TestResult()
        unittest.TestLoader().loadTestsFromTestCase(decorated).run(result)
        assert (result.testsRun, result.errors, result.failures) == (2, [], [])
        assert os.environ["AWS_ACCESS_KEY_ID"] == "mine"


@mock_aws
@mock_ivs
class TestMotoOutside:
    """Both on a pytest class."""

    def setup_method(self) -> None:
        new("s3").create_bucket(Bucket="mine")

    def test_one(self) -> None:
        """S3 is moto's, in setup_method already."""
        new("s3").create_bucket(Bucket="other")
        assert len(new("s3").list_buckets()["Buckets"]) == 2

    def test_two(self) -> None:
        """And new for each test."""
        assert len(new("s3").list_buckets()["Buckets"]) == 1
        assert new("ivs").list_channels()["channels"] == []
