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


def test_failures(aws: Services) -> None:
    """What failed is seen by whoever asks again, may be tried again but for a creation, and may be deleted."""
    service, faults = aws.ivschat, aws.sim.faults
    faults.add("LoggingConfigurationCreation", "CREATE_FAILED", when={"name": "never"})
    never, arn = (
        service.create_logging_configuration(destinationConfiguration=S3, name=name)["arn"] for name in ("never", "one")
    )
    faults.add("LoggingConfigurationUpdate", "UPDATE_FAILED")
    assert service.update_logging_configuration(identifier=arn, name="two")["state"] == "ACTIVE"
    shown = {each["arn"]: each for each in service.list_logging_configurations()["loggingConfigurations"]}
    assert (shown[never]["state"], shown[arn]["state"]) == ("CREATE_FAILED", "UPDATE_FAILED")
    assert shown[arn]["name"] == "one"
    assert aws.code(service.update_logging_configuration, identifier=never, name="x") == "ConflictException"
    service.update_logging_configuration(identifier=arn, name="two")
    assert service.get_logging_configuration(identifier=arn)["state"] == "ACTIVE"
    faults.add("LoggingConfigurationDeletion", "DELETE_FAILED", when={"arn": arn})
    for each in (never, arn):
        service.delete_logging_configuration(identifier=each)
    (left,) = service.list_logging_configurations()["loggingConfigurations"]
    assert (left["arn"], left["name"], left["state"]) == (arn, "two", "DELETE_FAILED")
    service.delete_logging_configuration(identifier=arn)
    assert service.list_logging_configurations()["loggingConfigurations"] == []


def test_a_deletion_that_takes_its_time(aws: Services) -> None:
    """While a configuration is being deleted neither a new room nor an old one may log to it."""
    aws.sim.clock.freeze()
    aws.sim.faults.latency("LoggingConfigurationDeletion", 20)
    arn = aws.ivschat.create_logging_configuration(destinationConfiguration=S3)["arn"]
    room = aws.ivschat.create_room()["arn"]
    aws.ivschat.delete_logging_configuration(identifier=arn)
    assert aws.ivschat.get_logging_configuration(identifier=arn)["state"] == "DELETING"
    assert aws.code(aws.ivschat.delete_logging_configuration, identifier=arn) == "ConflictException"
    log_to = {"loggingConfigurationIdentifiers": [arn]}
    for refused in (
        aws.refusal(aws.ivschat.create_room, **log_to),
        aws.refusal(aws.ivschat.update_room, identifier=room, **log_to),
    ):
        assert refused["Error"]["Code"] == "ValidationException"
        assert f"{arn} is DELETING" in refused["Error"]["Message"]
        assert "loggingConfigurationIdentifiers" in refused["Error"]["Message"]
    assert [each["arn"] for each in aws.ivschat.list_rooms()["rooms"]] == [room]
    assert "loggingConfigurationIdentifiers" not in aws.ivschat.get_room(identifier=room)
    aws.sim.clock.advance(20)
    assert aws.code(aws.ivschat.get_logging_configuration, identifier=arn) == "ResourceNotFoundException"
