from __future__ import annotations

from typing import Any

import pytest

from .conftest import Services

pytestmark = pytest.mark.needs("CreateAdConfiguration")

PLAYBACK = [{"playbackConfigurationArn": "arn:aws:mediatailor:us-west-2:123456789012:playbackConfiguration/ads"}]


def create(aws: Services, **settings: Any) -> Any:
    return aws.ivs.create_ad_configuration(mediaTailorPlaybackConfigurations=PLAYBACK, **settings)["adConfiguration"]


def without_unknown(aws: Services, configuration: dict[str, Any]) -> dict[str, Any]:
    members = aws.ivs.meta.service_model.shape_for("AdConfiguration").members
    return {name: value for name, value in configuration.items() if name in members}


def test_defaults(aws: Services) -> None:
    """There is no post-roll unless it is asked for."""
    configuration = create(aws)
    expected = {
        "arn": configuration["arn"],
        "name": "",
        "mediaTailorPlaybackConfigurations": PLAYBACK,
        "postRollConfiguration": {"enabled": False, "durationSeconds": 15},
        "tags": {},
    }
    assert configuration == without_unknown(aws, expected)
    assert aws.ivs.get_ad_configuration(arn=configuration["arn"])["adConfiguration"] == configuration
    assert aws.ivs.list_ad_configurations()["adConfigurations"] == [configuration]


@pytest.mark.needs("UpdateAdConfiguration")
def test_update(aws: Services) -> None:
    """An update leaves alone what it does not name."""
    configuration = create(aws, name="one", tags={"a": "b"})
    post_roll = {"enabled": True, "durationSeconds": 30}
    update = aws.ivs.update_ad_configuration
    updated = update(arn=configuration["arn"], postRollConfiguration=post_roll)["adConfiguration"]
    assert updated == {**configuration, "postRollConfiguration": post_roll}
    other = [{"playbackConfigurationArn": PLAYBACK[0]["playbackConfigurationArn"] + "2"}]
    again = update(arn=configuration["arn"], name="", mediaTailorPlaybackConfigurations=other)["adConfiguration"]
    assert again == {**updated, "name": "", "mediaTailorPlaybackConfigurations": other}


def test_delete(aws: Services) -> None:
    """One that a channel refers to cannot be deleted."""
    arn = create(aws)["arn"]
    channel = aws.ivs.create_channel(adConfigurationArn=arn)["channel"]["arn"]
    assert aws.code(aws.ivs.delete_ad_configuration, arn=arn) == "ConflictException"
    aws.ivs.update_channel(arn=channel, adConfigurationArn="")
    assert aws.ivs.delete_ad_configuration(arn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.code(aws.ivs.get_ad_configuration, arn=arn) == "ResourceNotFoundException"


def test_quota(aws: Services) -> None:
    """Twenty are allowed."""
    for _ in range(20):
        create(aws)
    refused = aws.code(aws.ivs.create_ad_configuration, mediaTailorPlaybackConfigurations=PLAYBACK)
    assert refused == "ServiceQuotaExceededException"
