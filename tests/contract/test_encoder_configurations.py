from __future__ import annotations

from typing import Any

import pytest

from .conftest import Services


def test_defaults(aws: Services) -> None:
    """A configuration created with nothing is for 720p at 30 pictures a second."""
    made = aws.realtime.create_encoder_configuration()["encoderConfiguration"]
    video = {"width": 1280, "height": 720, "framerate": 30, "bitrate": 2_500_000}
    assert made == {"arn": made["arn"], "name": "", "video": video, "tags": {}}
    assert ":encoder-configuration/" in made["arn"]
    assert aws.realtime.get_encoder_configuration(arn=made["arn"])["encoderConfiguration"] == made


def test_in_part(aws: Services) -> None:
    """What is given of the video is filled up with the defaults."""
    video = {"framerate": 29.97, "height": 1080, "width": 1920}
    made = aws.realtime.create_encoder_configuration(name="hd", video=video, tags={"a": "b"})["encoderConfiguration"]
    assert made["video"] == {**video, "bitrate": 2_500_000}
    listed = aws.realtime.list_encoder_configurations()["encoderConfigurations"]
    assert listed == [{"arn": made["arn"], "name": "hd", "tags": {"a": "b"}}]


@pytest.mark.parametrize(
    ("video", "named"),
    [
        ({"width": 1281}, "/video/width"),
        ({"height": 721}, "/video/height"),
        ({"width": 1920, "height": 1082}, "/video"),
        ({"framerate": 60.5}, "/video/framerate"),
    ],
)
def test_pictures_that_cannot_be(aws: Services, video: dict[str, Any], named: str) -> None:
    """Odd sides, too many pixels and too many pictures are refused by name."""
    code = aws.code(aws.realtime.create_encoder_configuration, video=video)
    assert code == "ValidationException"
    refused = aws.refusal(aws.realtime.create_encoder_configuration, video=video)
    assert f"'{named}'" in refused["Error"]["Message"]
    assert aws.realtime.list_encoder_configurations()["encoderConfigurations"] == []


def test_delete(aws: Services) -> None:
    """A configuration that nothing uses can be deleted, once."""
    arn = aws.realtime.create_encoder_configuration()["encoderConfiguration"]["arn"]
    aws.realtime.delete_encoder_configuration(arn=arn)
    for operation in ("get", "delete"):
        call = getattr(aws.realtime, f"{operation}_encoder_configuration")
        assert aws.code(call, arn=arn) == "ResourceNotFoundException"


def test_quota(aws: Services) -> None:
    """Twenty configurations are allowed."""
    for _ in range(20):
        aws.realtime.create_encoder_configuration()
    assert aws.code(aws.realtime.create_encoder_configuration) == "ServiceQuotaExceededException"
