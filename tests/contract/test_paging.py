from __future__ import annotations

from typing import Any

import pytest

from .conftest import REGION, Services


def names(page: dict[str, Any]) -> list[str]:
    return [channel["name"] for channel in page["channels"]]


def test_pages_cover_everything(aws: Services) -> None:
    """Page after page shows each channel once, and the last page has no token."""
    for number in range(5):
        aws.ivs.create_channel(name=f"c{number}")
    seen: list[str] = []
    token = ""
    for _ in range(3):
        page = aws.ivs.list_channels(maxResults=2, nextToken=token)
        seen += names(page)
        token = page.get("nextToken", "")
    assert seen == ["c0", "c1", "c2", "c3", "c4"]
    assert token == ""


def test_no_token_when_the_page_is_just_full(aws: Services) -> None:
    """A page that takes everything has no token."""
    for _ in range(2):
        aws.ivs.create_channel()
    assert "nextToken" not in aws.ivs.list_channels(maxResults=2)


def test_inserts_and_deletes_between_pages(aws: Services) -> None:
    """What stays is seen exactly once, whatever comes and goes between the pages, the last one seen included."""
    arns = {name: aws.ivs.create_channel(name=name)["channel"]["arn"] for name in "abcdef"}
    first = aws.ivs.list_channels(maxResults=2)
    for name in "abc":
        aws.ivs.delete_channel(arn=arns[name])
    aws.ivs.create_channel(name="g")
    second = aws.ivs.list_channels(maxResults=2, nextToken=first["nextToken"])
    aws.ivs.delete_channel(arn=arns["e"])
    third = aws.ivs.list_channels(nextToken=second["nextToken"])
    assert names(first) + names(second) + names(third) == ["a", "b", "d", "e", "f", "g"]


def test_newest_first_lists_too(aws: Services) -> None:
    """In a list that begins with the newest, what is inserted later is not seen any more, and nothing is seen twice."""
    arns = {name: aws.ivschat.create_room(name=name)["arn"] for name in "abcde"}
    first = aws.ivschat.list_rooms(maxResults=2)
    aws.ivschat.create_room(name="f")
    aws.ivschat.delete_room(identifier=arns["d"])
    aws.ivschat.delete_room(identifier=arns["c"])
    second = aws.ivschat.list_rooms(nextToken=first["nextToken"])
    assert [room["name"] for room in first["rooms"] + second["rooms"]] == ["e", "d", "b", "a"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-8] + "AAAAAAA=",
        lambda _: "AAAA",
        lambda _: "====",
        lambda _: "A",
        lambda token: f"{token}=",
        lambda token: f"{token}====",
    ],
)
def test_mangled_tokens(aws: Services, spoil: Any) -> None:
    """A token that no list returned is a ValidationException."""
    for _ in range(2):
        aws.ivs.create_channel()
    token = aws.ivs.list_channels(maxResults=1)["nextToken"]
    refused = aws.refusal(aws.ivs.list_channels, nextToken=spoil(token))
    assert refused["Error"]["Code"] == "ValidationException"
    assert "'/nextToken'" in refused["Error"]["Message"]


def test_foreign_tokens(aws: Services) -> None:
    """A token is good for its own list alone: not for another operation, nor with other filters."""
    for _ in range(2):
        aws.ivs.create_channel(name="x")
        aws.ivs.create_recording_configuration(destinationConfiguration={"s3": {"bucketName": "abc"}})
    token = aws.ivs.list_channels(maxResults=1)["nextToken"]
    assert aws.code(aws.ivs.list_recording_configurations, nextToken=token) == "ValidationException"
    assert aws.code(aws.ivs.list_channels, nextToken=token, filterByName="x") == "ValidationException"
    assert aws.code(aws.ivschat.list_rooms, nextToken=token) == "ValidationException"


def test_tokens_say_nothing(aws: Services) -> None:
    """A token is opaque, and made of the characters and within the length that the model allows."""
    for _ in range(2):
        aws.ivs.create_channel(name="recognisable")
    token = aws.ivs.list_channels(maxResults=1)["nextToken"]
    pattern = aws.ivs.meta.service_model.shape_for("PaginationToken")
    assert len(token) <= pattern.metadata["max"]
    assert "recognisable" not in token
    assert REGION not in token


@pytest.mark.parametrize("size", [101, 2**31])
def test_page_size_has_limits(aws: Services, size: int) -> None:
    """MaxResults above the maximum is a ValidationException."""
    assert aws.code(aws.ivs.list_channels, maxResults=size) == "ValidationException"


def test_paginators(aws: Services) -> None:
    """Botocore's own paginators walk through all pages."""
    if type(aws.ivs).__name__ == "_Blocking":
        pytest.skip("asynchronous paginators iterate asynchronously: see tests/interceptors")
    for number in range(7):
        aws.ivs.create_channel(name=f"c{number}")
    pages = aws.ivs.get_paginator("list_channels").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["channels"]) for page in pages] == [3, 3, 1]
