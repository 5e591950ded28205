from __future__ import annotations

from typing import Any

import pytest

from .conftest import Services
from .test_rooms import body

S3: dict[str, Any] = {"s3": {"bucketName": "my-logs"}}


def test_defaults(aws: Services) -> None:
    """A logging configuration is ACTIVE at once, and has no name unless it was given one."""
    created = body(aws.ivschat.create_logging_configuration(destinationConfiguration=S3))
    assert created == {
        "arn": created["arn"],
        "id": created["arn"].rpartition("/")[2],
        "createTime": created["createTime"],
        "updateTime": created["createTime"],
        "destinationConfiguration": S3,
        "state": "ACTIVE",
        "tags": {},
    }
    assert body(aws.ivschat.get_logging_configuration(identifier=created["arn"])) == created


@pytest.mark.parametrize(
    "destination", [S3, {"cloudWatchLogs": {"logGroupName": "/ivs/chat"}}, {"firehose": {"deliveryStreamName": "x"}}]
)
def test_update(aws: Services, destination: dict[str, Any]) -> None:
    """An update changes name or destination in place."""
    created = body(aws.ivschat.create_logging_configuration(destinationConfiguration=S3, name="one"))
    aws.sim.clock.advance(1)
    update = aws.ivschat.update_logging_configuration
    moved = body(update(identifier=created["arn"], destinationConfiguration=destination))
    assert moved["updateTime"] > created["updateTime"]
    assert moved == {**created, "destinationConfiguration": destination, "updateTime": moved["updateTime"]}
    renamed = update(identifier=created["arn"], name="two")
    assert (renamed["name"], renamed["destinationConfiguration"]) == ("two", destination)


def test_list(aws: Services) -> None:
    """The one that was updated last comes first."""
    arns = [aws.ivschat.create_logging_configuration(destinationConfiguration=S3)["arn"] for _ in range(3)]
    aws.ivschat.update_logging_configuration(identifier=arns[0], name="x")
    listed = aws.ivschat.list_logging_configurations()["loggingConfigurations"]
    assert [each["arn"] for each in listed] == [arns[0], arns[2], arns[1]]
    assert listed[0] == body(aws.ivschat.get_logging_configuration(identifier=arns[0]))


def test_delete(aws: Services) -> None:
    """One that a room logs to cannot be deleted; a room that logs can."""
    arn = aws.ivschat.create_logging_configuration(destinationConfiguration=S3)["arn"]
    aws.ivschat.create_room()
    room = aws.ivschat.create_room(loggingConfigurationIdentifiers=[arn])["arn"]
    refused = aws.refusal(aws.ivschat.delete_logging_configuration, identifier=arn)
    assert refused["Error"]["Code"] == "ConflictException"
    assert (refused["resourceId"], refused["resourceType"]) == (arn.rpartition("/")[2], "LOGGING_CONFIGURATION")
    aws.ivschat.delete_room(identifier=room)
    assert aws.ivschat.delete_logging_configuration(identifier=arn)["ResponseMetadata"]["HTTPStatusCode"] == 204
    for operation in ("get", "update", "delete"):
        call = getattr(aws.ivschat, f"{operation}_logging_configuration")
        assert aws.code(call, identifier=arn) == "ResourceNotFoundException"


def test_quota(aws: Services) -> None:
    """Ten are allowed, and the error says so."""
    for _ in range(10):
        aws.ivschat.create_logging_configuration(destinationConfiguration=S3)
    refused = aws.refusal(aws.ivschat.create_logging_configuration, destinationConfiguration=S3)
    assert refused["Error"]["Code"] == "ServiceQuotaExceededException"
    assert (refused["limit"], refused["resourceType"]) == (10, "LOGGING_CONFIGURATION")
    assert refused["resourceId"]
