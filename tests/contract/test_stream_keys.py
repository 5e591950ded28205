from __future__ import annotations

from .conftest import Services


def test_one_key_per_channel(aws: Services) -> None:
    """A second stream key is refused with 402; after the first is deleted there is room for another."""
    created = aws.ivs.create_channel()
    arn, first = created["channel"]["arn"], created["streamKey"]
    refused = aws.refusal(aws.ivs.create_stream_key, channelArn=arn)
    assert refused["Error"]["Code"] == "ServiceQuotaExceededException"
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 402
    assert aws.ivs.delete_stream_key(arn=first["arn"])["ResponseMetadata"]["HTTPStatusCode"] == 204
    second = aws.ivs.create_stream_key(channelArn=arn, tags={"a": "b"})["streamKey"]
    assert second["value"] != first["value"]
    assert second["tags"] == {"a": "b"}
    assert aws.code(aws.ivs.get_stream_key, arn=first["arn"]) == "ResourceNotFoundException"
    assert aws.ivs.get_stream_key(arn=second["arn"])["streamKey"] == second


def test_key_of_a_channel_that_does_not_exist(aws: Services) -> None:
    """Without the channel there are neither keys to make nor to list."""
    arn = aws.ivs.create_channel()["channel"]["arn"]
    aws.ivs.delete_channel(arn=arn)
    assert aws.code(aws.ivs.create_stream_key, channelArn=arn) == "ResourceNotFoundException"
    assert aws.code(aws.ivs.list_stream_keys, channelArn=arn) == "ResourceNotFoundException"


def test_list_stream_keys(aws: Services) -> None:
    """A list shows the channel's keys without their values, and is empty after the key is deleted."""
    created = aws.ivs.create_channel()
    aws.ivs.create_channel()
    arn, key = created["channel"]["arn"], created["streamKey"]
    listed = aws.ivs.list_stream_keys(channelArn=arn)
    assert listed["streamKeys"] == [{"arn": key["arn"], "channelArn": arn, "tags": {}}]
    assert "nextToken" not in listed
    aws.ivs.delete_stream_key(arn=key["arn"])
    assert aws.ivs.list_stream_keys(channelArn=arn)["streamKeys"] == []


def test_list_stream_keys_page_by_page(aws: Services) -> None:
    """Without maxResults a page holds one key."""
    aws.sim.quotas["Stream key"] = 3
    arn = aws.ivs.create_channel()["channel"]["arn"]
    for _ in range(2):
        aws.ivs.create_stream_key(channelArn=arn)
    first = aws.ivs.list_stream_keys(channelArn=arn)
    assert len(first["streamKeys"]) == 1
    rest = aws.ivs.list_stream_keys(channelArn=arn, nextToken=first["nextToken"], maxResults=50)
    assert len(rest["streamKeys"]) == 2
    assert "nextToken" not in rest


def test_batch_get_stream_key(aws: Services) -> None:
    """BatchGetStreamKey shows values, and lists apart what does not exist."""
    key = aws.ivs.create_channel()["streamKey"]
    missing = key["arn"][:-1] + ("a" if key["arn"][-1] != "a" else "b")
    answer = aws.ivs.batch_get_stream_key(arns=[missing, key["arn"]])
    assert answer["streamKeys"] == [key]
    assert answer["errors"] == [{"arn": missing, "code": "404", "message": f"Resource: {missing} not found"}]


def test_deleting_the_key_does_not_end_the_stream(aws: Services) -> None:
    """A key that is deleted keeps later encoders out; the one that is live goes on."""
    created = aws.ivs.create_channel()
    arn = created["channel"]["arn"]
    with aws.go_live(created["channel"]):
        aws.ivs.delete_stream_key(arn=created["streamKey"]["arn"])
        assert aws.ivs.get_stream(channelArn=arn)["stream"]["state"] == "LIVE"
