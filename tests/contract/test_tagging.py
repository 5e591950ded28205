from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Services

PLAYBACK = [{"playbackConfigurationArn": "arn:aws:mediatailor:us-west-2:123456789012:playbackConfiguration/ads"}]


def channel(aws: Services, **tags: str) -> Any:
    return aws.ivs.create_channel(tags=tags)["channel"]["arn"]


@pytest.mark.parametrize(
    "make",
    [
        channel,
        lambda aws, **tags: aws.ivs.create_channel(tags=tags)["streamKey"]["arn"],
        lambda aws, **tags: aws.ivs.create_recording_configuration(
            tags=tags, destinationConfiguration={"s3": {"bucketName": "abc"}}
        )["recordingConfiguration"]["arn"],
        lambda aws, **tags: aws.ivs.create_playback_restriction_policy(tags=tags)["playbackRestrictionPolicy"]["arn"],
        pytest.param(
            lambda aws, **tags: aws.ivs.create_ad_configuration(tags=tags, mediaTailorPlaybackConfigurations=PLAYBACK)[
                "adConfiguration"
            ]["arn"],
            marks=pytest.mark.needs("CreateAdConfiguration"),
        ),
        pytest.param(
            lambda aws, **tags: aws.ivs.create_failover_slate_configuration(tags=tags)["failoverSlateConfiguration"][
                "arn"
            ],
            marks=pytest.mark.needs("CreateFailoverSlateConfiguration"),
        ),
        lambda aws, **tags: aws.ivschat.create_room(tags=tags)["arn"],
        lambda aws, **tags: aws.ivschat.create_logging_configuration(
            tags=tags, destinationConfiguration={"s3": {"bucketName": "abc"}}
        )["arn"],
    ],
    ids=["channel", "stream key", "recording", "policy", "ads", "slate", "room", "logging"],
)
def test_every_resource_has_tags(aws: Services, make: Callable[..., str]) -> None:
    """Tags given at creation can be listed, added to, overwritten and taken away."""
    arn = make(aws, a="1", b="2")
    client = aws.ivschat if ":ivschat:" in arn else aws.ivs
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1", "b": "2"}
    assert client.tag_resource(resourceArn=arn, tags={"b": "3", "c": ""})["ResponseMetadata"]["HTTPStatusCode"] == 200
    client.untag_resource(resourceArn=arn, tagKeys=["a", "never there"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "3", "c": ""}


def test_tags_show_at_once(aws: Services) -> None:
    """A changed tag is in the next answer that shows the resource."""
    arn = channel(aws)
    aws.ivs.tag_resource(resourceArn=arn, tags={"a": "b"})
    assert aws.ivs.get_channel(arn=arn)["channel"]["tags"] == {"a": "b"}
    assert aws.ivs.list_channels()["channels"][0]["tags"] == {"a": "b"}


def test_odd_characters(aws: Services) -> None:
    """Letters of any script, spaces and `_.:/=+-@` are allowed, in a query string too; others are not."""
    arn = channel(aws)
    key = "Ünï 日本_.:/=+-@"
    aws.ivs.tag_resource(resourceArn=arn, tags={key: key})
    assert aws.ivs.list_tags_for_resource(resourceArn=arn)["tags"] == {key: key}
    aws.ivs.untag_resource(resourceArn=arn, tagKeys=[key])
    assert aws.ivs.list_tags_for_resource(resourceArn=arn)["tags"] == {}
    if "pattern" in aws.ivs.meta.service_model.shape_for("TagKey").metadata:  # older models have none
        assert aws.code(aws.ivs.tag_resource, resourceArn=arn, tags={"&": "x"}) == "ValidationException"


def test_fifty_tags(aws: Services) -> None:
    """A resource has 50 tags at the most, however they came."""
    arn = channel(aws, **{f"k{number}": "" for number in range(49)})
    aws.ivs.tag_resource(resourceArn=arn, tags={"k0": "x", "k49": "x"})
    assert aws.code(aws.ivs.tag_resource, resourceArn=arn, tags={"k50": "x"}) == "ValidationException"
    assert len(aws.ivs.list_tags_for_resource(resourceArn=arn)["tags"]) == 50


def test_unknown_resource(aws: Services) -> None:
    """What does not exist has no tags."""
    arn = channel(aws)
    aws.ivs.delete_channel(arn=arn)
    for operation, members in (("tag", {"tags": {}}), ("untag", {"tagKeys": ["a"]}), ("list_tags_for", {})):
        call = getattr(aws.ivs, f"{operation}_resource")
        assert aws.code(call, resourceArn=arn, **members) == "ResourceNotFoundException"
    unheard_of = arn.replace(":channel/", ":harp/")
    assert aws.code(aws.ivs.list_tags_for_resource, resourceArn=unheard_of) == "ResourceNotFoundException"


def test_the_other_service(aws: Services) -> None:
    """A client of one service that is handed an ARN of the other hears from its own service that the ARN is wrong."""
    room = aws.ivschat.create_room()["arn"]
    assert aws.code(aws.ivs.list_tags_for_resource, resourceArn=room) == "ValidationException"
    assert aws.code(aws.ivschat.list_tags_for_resource, resourceArn=channel(aws)) == "ValidationException"
