from __future__ import annotations

import pytest

from .conftest import Services

pytestmark = pytest.mark.needs("CreateFailoverSlateConfiguration")


def test_defaults(aws: Services) -> None:
    """Defaults are the model's; a configuration starts as CREATING, and whoever polls sees CREATED next."""
    created = aws.ivs.create_failover_slate_configuration()["failoverSlateConfiguration"]
    assert created == {
        "arn": created["arn"],
        "name": "",
        "activationThresholdSeconds": 3,
        "minSlateDisplaySeconds": 3,
        "maxSlateDisplaySeconds": 60,
        "state": "CREATING",
        "tags": {},
    }
    got = aws.ivs.get_failover_slate_configuration(arn=created["arn"])["failoverSlateConfiguration"]
    assert got == {**created, "state": "CREATED"}
    assert aws.ivs.list_failover_slate_configurations()["failoverSlateConfigurations"] == [got]


def test_update(aws: Services) -> None:
    """An update passes through UPDATING and leaves alone what it does not name."""
    created = aws.ivs.create_failover_slate_configuration(name="x", tags={"a": "b"})["failoverSlateConfiguration"]
    update = aws.ivs.update_failover_slate_configuration
    updated = update(arn=created["arn"], maxSlateDisplaySeconds=90)["failoverSlateConfiguration"]
    assert updated == {**created, "maxSlateDisplaySeconds": 90, "state": "UPDATING"}
    got = aws.ivs.get_failover_slate_configuration(arn=created["arn"])["failoverSlateConfiguration"]
    assert got == {**updated, "state": "CREATED"}


def test_delete(aws: Services) -> None:
    """One that a channel refers to cannot be deleted."""
    arn = aws.ivs.create_failover_slate_configuration()["failoverSlateConfiguration"]["arn"]
    channel = aws.ivs.create_channel(failoverSlateConfigurationArn=arn)["channel"]["arn"]
    assert aws.code(aws.ivs.delete_failover_slate_configuration, arn=arn) == "ConflictException"
    aws.ivs.delete_channel(arn=channel)
    assert aws.ivs.delete_failover_slate_configuration(arn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 204
    for operation in ("get", "update", "delete"):
        unknown = getattr(aws.ivs, f"{operation}_failover_slate_configuration")
        assert aws.code(unknown, arn=arn) == "ResourceNotFoundException"


def test_quota(aws: Services) -> None:
    """Twenty are allowed, as for the other configurations; AWS's own figure is not published."""
    for _ in range(20):
        aws.ivs.create_failover_slate_configuration()
    assert aws.code(aws.ivs.create_failover_slate_configuration) == "ServiceQuotaExceededException"


def test_a_failed_creation(aws: Services) -> None:
    """What could not be created can be attached and deleted, not updated."""
    aws.sim.faults.add("FailoverSlateConfigurationCreation", "CREATE_FAILED")
    arn = aws.ivs.create_failover_slate_configuration()["failoverSlateConfiguration"]["arn"]
    got = aws.ivs.get_failover_slate_configuration(arn=arn)["failoverSlateConfiguration"]
    assert got["state"] == "CREATE_FAILED"
    assert aws.code(aws.ivs.update_failover_slate_configuration, arn=arn, name="x") == "ConflictException"
    channel = aws.ivs.create_channel(failoverSlateConfigurationArn=arn)["channel"]["arn"]
    aws.ivs.delete_channel(arn=channel)
    aws.ivs.delete_failover_slate_configuration(arn=arn)
    assert aws.ivs.list_failover_slate_configurations()["failoverSlateConfigurations"] == []
