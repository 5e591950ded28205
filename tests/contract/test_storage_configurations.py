from __future__ import annotations

import pytest

from .conftest import Services

S3 = {"bucketName": "abc"}


def test_create(aws: Services) -> None:
    """A configuration names a bucket; lists show it as it is."""
    made = aws.realtime.create_storage_configuration(s3=S3)["storageConfiguration"]
    assert made == {"arn": made["arn"], "name": "", "s3": S3, "tags": {}}
    assert ":storage-configuration/" in made["arn"]
    assert aws.realtime.get_storage_configuration(arn=made["arn"])["storageConfiguration"] == made
    assert aws.realtime.list_storage_configurations()["storageConfigurations"] == [made]


@pytest.mark.needs("CreateStage.autoParticipantRecordingConfiguration")
def test_delete(aws: Services) -> None:
    """A configuration can be deleted, once, also where a stage records to it."""
    arn = aws.realtime.create_storage_configuration(s3=S3, name="tape")["storageConfiguration"]["arn"]
    aws.realtime.create_stage(autoParticipantRecordingConfiguration={"storageConfigurationArn": arn})
    aws.realtime.delete_storage_configuration(arn=arn)
    for operation in ("get", "delete"):
        call = getattr(aws.realtime, f"{operation}_storage_configuration")
        assert aws.code(call, arn=arn) == "ResourceNotFoundException"


def test_quota(aws: Services) -> None:
    """Five configurations are allowed."""
    for _ in range(5):
        aws.realtime.create_storage_configuration(s3=S3)
    assert aws.code(aws.realtime.create_storage_configuration, s3=S3) == "ServiceQuotaExceededException"
