"""Amazon Resource Names: their parts, and what is none."""

from __future__ import annotations

import pytest

from ivsim.core import arns

ARN = "arn:aws:ivs:eu-west-1:123456789012:stream-key/AbCdEf123456"


def test_parts() -> None:
    """An ARN comes apart, and its parts make the same ARN again."""
    arn = arns.parse(ARN)
    assert arn == ("ivs", "eu-west-1", "123456789012", "stream-key", "AbCdEf123456")
    assert str(arn) == ARN


def test_long_ones_are_not_remembered() -> None:
    """The parts of an ARN are remembered, but not with a text that is longer than any ARN: it may be a megabyte."""
    longest = ARN.ljust(256, "x")
    assert arns.parse(longest) is arns.parse(longest) is not None
    longer = f"{longest}x"
    assert arns.parse(longer) == arns.parse(longer)
    assert arns.parse(longer) is not arns.parse(longer)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AbCdEf123456",
        ARN.replace("arn:aws:", "arn:aws-cn:"),
        ARN.replace("123456789012", "12345678901"),
        ARN.replace("eu-west-1", ""),
        ARN.replace("ivs", "IVS"),
        ARN.replace("/", ":"),
        ARN.replace("/AbCdEf123456", "/"),
        f"{ARN}/more",
        f" {ARN}",
        f"{ARN}\n",
    ],
)
def test_what_is_none(text: str) -> None:
    """What has another form, or more around it, has no parts."""
    assert arns.parse(text) is None


def test_host_id() -> None:
    """What an account has in a region has one host, of 12 lower hex digits; elsewhere it has another."""
    places = [("123456789012", "us-east-1"), ("123456789012", "eu-west-1"), ("210987654321", "us-east-1")]
    hosts = [arns.host_id(*place) for place in places]
    assert len(set(hosts)) == 3
    assert all(len(host) == 12 and set(host) <= set("0123456789abcdef") for host in hosts)
    assert arns.host_id(*places[0]) == hosts[0]
