from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from .conftest import Services

GRID = {
    "featuredParticipantAttribute": "",
    "omitStoppedVideo": False,
    "videoAspectRatio": "VIDEO",
    "videoFillMode": "",
    "gridGap": 2,
    "participantOrderAttribute": "",
}
PIP = {
    "featuredParticipantAttribute": "",
    "omitStoppedVideo": False,
    "videoFillMode": "COVER",
    "gridGap": 0,
    "pipParticipantAttribute": "",
    "pipBehavior": "STATIC",
    "pipOffset": 0,
    "pipPosition": "BOTTOM_RIGHT",
    "participantOrderAttribute": "",
}


class Studio(NamedTuple):
    """What a composition is made with."""

    aws: Services
    stage: str
    channel: dict[str, Any]
    s3: dict[str, Any]

    def start(self, *destinations: dict[str, Any], **members: Any) -> Any:
        """Start a composition of the stage, to the channel unless destinations are given."""
        wanted = list(destinations or ({"channel": self.channel},))
        return self.aws.realtime.start_composition(**{"stageArn": self.stage, "destinations": wanted, **members})[
            "composition"
        ]

    def code(self, *destinations: dict[str, Any], **members: Any) -> str:
        """Return the error code of a composition that is refused."""
        wanted = list(destinations or ({"channel": self.channel},))
        call = self.aws.realtime.start_composition
        return self.aws.code(call, **{"stageArn": self.stage, "destinations": wanted, **members})


@pytest.fixture
def studio(aws: Services) -> Studio:
    encoder = aws.realtime.create_encoder_configuration()["encoderConfiguration"]["arn"]
    storage = aws.realtime.create_storage_configuration(s3={"bucketName": "abc"})["storageConfiguration"]["arn"]
    channel = aws.ivs.create_channel()["channel"]["arn"]
    return Studio(
        aws,
        aws.realtime.create_stage()["stage"]["arn"],
        {"channelArn": channel, "encoderConfigurationArn": encoder},
        {"storageConfigurationArn": storage, "encoderConfigurationArns": [encoder]},
    )


def arn_id(arn: str) -> str:
    return arn.rpartition("/")[2]


def known(aws: Services, shape: str, members: dict[str, Any]) -> dict[str, Any]:
    """Return those of the members that the installed botocore knows."""
    return {
        name: value
        for name, value in members.items()
        if name in aws.realtime.meta.service_model.shape_for(shape).members
    }


def test_answer(studio: Studio) -> None:
    """A composition starts, with all its destinations and the defaults of what was not given."""
    destinations = ({"channel": studio.channel}, {"s3": studio.s3, "name": "tape"})
    started = studio.start(*destinations, tags={"a": "b"})
    air, tape = started["destinations"]
    assert started == {
        "arn": started["arn"],
        "stageArn": studio.stage,
        "state": "STARTING",
        "startTime": started["startTime"],
        "layout": {"grid": known(studio.aws, "GridConfiguration", GRID)},
        "destinations": [air, tape],
        "tags": {"a": "b"},
    }
    assert air == {
        "id": air["id"],
        "state": "STARTING",
        "configuration": {"name": "", "channel": studio.channel},
    }
    recorded = tape["configuration"]["s3"]
    assert recorded["recordingConfiguration"]["format"] == "HLS"
    assert "thumbnailConfigurations" not in recorded
    assert {**recorded, "recordingConfiguration": None} == {**studio.s3, "recordingConfiguration": None}
    prefix = f"{arn_id(studio.stage)}/{arn_id(started['arn'])}/{tape['id']}/composite"
    assert tape["detail"] == {"s3": {"recordingPrefix": prefix}}
    assert studio.aws.realtime.get_composition(arn=started["arn"])["composition"] == started


@pytest.mark.needs("CreateIngestConfiguration")
def test_recording(studio: Studio) -> None:
    """Segments have two seconds unless it is said how long they are; thumbnails are filled up."""
    thumbnails = [{"storage": ["LATEST"]}]
    wanted = {"recordingConfiguration": {"hlsConfiguration": {"targetSegmentDurationSeconds": 5}}}
    first = studio.start({"s3": studio.s3})["destinations"][0]["configuration"]["s3"]
    second = studio.start({"s3": {**studio.s3, **wanted, "thumbnailConfigurations": thumbnails}})
    shown = second["destinations"][0]["configuration"]["s3"]
    assert first["recordingConfiguration"] == {"format": "HLS", "hlsConfiguration": {"targetSegmentDurationSeconds": 2}}
    assert shown["recordingConfiguration"]["hlsConfiguration"] == {"targetSegmentDurationSeconds": 5}
    assert shown["thumbnailConfigurations"] == [{"targetIntervalSeconds": 60, "storage": ["LATEST"]}]


@pytest.mark.needs("CreateIngestConfiguration")
def test_layouts(studio: Studio) -> None:
    """Each layout is filled up with defaults of its own; there can be one of them."""
    assert studio.start(layout={"pip": {"pipWidth": 320}})["layout"] == {"pip": {**PIP, "pipWidth": 320}}
    assert studio.start(layout={"grid": {"gridGap": 0}})["layout"] == {"grid": {**GRID, "gridGap": 0}}
    assert studio.code(layout={"grid": {}, "pip": {}}) == "ValidationException"


def test_destinations(studio: Studio) -> None:
    """A destination has a channel or a storage, and there is at most one of each."""
    channel, s3 = {"channel": studio.channel}, {"s3": studio.s3}
    refused: list[list[dict[str, Any]]] = [[{}], [{**channel, **s3}], [channel, channel], [s3, s3]]
    for wrong in refused:
        assert studio.code(*wrong) == "ValidationException"
    foreign = studio.channel["channelArn"].replace(":123456789012:", ":210987654321:")
    assert studio.code({"channel": {**studio.channel, "channelArn": foreign}}) == "ValidationException"
    assert studio.aws.realtime.list_compositions()["compositions"] == []


def test_what_does_not_exist(studio: Studio) -> None:
    """A stage, an encoder or a storage configuration that does not exist is ResourceNotFoundException."""
    encoder, storage = studio.channel["encoderConfigurationArn"], studio.s3["storageConfigurationArn"]
    gone = {"encoderConfigurationArn": encoder[:-3] + "xyz"}
    assert studio.code({"channel": {**studio.channel, **gone}}) == "ResourceNotFoundException"
    for member, value in (
        ("encoderConfigurationArns", [encoder[:-3] + "xyz"]),
        ("storageConfigurationArn", storage[:-3] + "xyz"),
    ):
        assert studio.code({"s3": {**studio.s3, member: value}}) == "ResourceNotFoundException"
    assert studio.code(stageArn=studio.stage[:-3] + "xyz") == "ResourceNotFoundException"


def test_without_an_encoder(studio: Studio) -> None:
    """A channel needs no encoder configuration."""
    channel = {"channelArn": studio.channel["channelArn"]}
    assert studio.start({"channel": channel})["destinations"][0]["configuration"]["channel"] == channel


def test_idempotency(studio: Studio) -> None:
    """The same token answers the same composition; with other parameters it is a conflict."""
    first = studio.start(idempotencyToken="once")
    assert studio.start(idempotencyToken="once") == first
    assert studio.code({"s3": studio.s3}, idempotencyToken="once") == "ConflictException"
    assert studio.start(idempotencyToken="twice")["arn"] != first["arn"]
    assert len(studio.aws.realtime.list_compositions()["compositions"]) == 2


def test_list(studio: Studio) -> None:
    """A list shows compositions without layout and configurations, filtered by stage and encoder."""
    aws = studio.aws
    other = aws.realtime.create_stage()["stage"]["arn"]
    first = studio.start()
    second = studio.start({"channel": {"channelArn": studio.channel["channelArn"]}}, stageArn=other)
    shown = aws.realtime.list_compositions()["compositions"]
    assert [each["arn"] for each in shown] == [first["arn"], second["arn"]]
    (destination,) = first["destinations"]
    summary = {name: value for name, value in first.items() if name != "layout"}
    assert shown[0] == {**summary, "destinations": [{"id": destination["id"], "state": "STARTING"}]}
    encoder = studio.channel["encoderConfigurationArn"]

    def listed(**filters: str) -> list[str]:
        return [each["arn"] for each in aws.realtime.list_compositions(**filters)["compositions"]]

    assert listed(filterByStageArn=other) == [second["arn"]]
    assert listed(filterByEncoderConfigurationArn=encoder) == [first["arn"]]
    assert listed(filterByEncoderConfigurationArn=encoder, filterByStageArn=other) == []


def test_stop(studio: Studio) -> None:
    """A composition that was stopped has an end, can be stopped again, and is gone after five minutes."""
    aws, arn = studio.aws, studio.start()["arn"]
    aws.sim.clock.freeze()
    for _ in range(2):
        aws.realtime.stop_composition(arn=arn)
    stopped = aws.realtime.get_composition(arn=arn)["composition"]
    (destination,) = stopped["destinations"]
    assert stopped["state"] == destination["state"] == "STOPPED"
    assert stopped["endTime"] == destination["endTime"] >= stopped["startTime"]
    aws.sim.clock.advance(299)
    assert aws.realtime.get_composition(arn=arn)["composition"] == stopped
    aws.sim.clock.advance(1)
    for call in (aws.realtime.get_composition, aws.realtime.stop_composition):
        assert aws.code(call, arn=arn) == "ResourceNotFoundException"


def test_stop_with_the_stage(studio: Studio) -> None:
    """When a stage is deleted its compositions fail, and no others."""
    aws = studio.aws
    other = studio.start(stageArn=aws.realtime.create_stage()["stage"]["arn"])
    mine = studio.start()
    aws.realtime.delete_stage(arn=studio.stage)
    states = {each["arn"]: each["state"] for each in aws.realtime.list_compositions()["compositions"]}
    assert states == {other["arn"]: "STARTING", mine["arn"]: "FAILED"}


def test_in_use(studio: Studio) -> None:
    """What a composition is made with cannot be deleted until it has stopped."""
    aws = studio.aws
    arn = studio.start({"s3": studio.s3})["arn"]
    (encoder,), storage = studio.s3["encoderConfigurationArns"], studio.s3["storageConfigurationArn"]
    assert aws.code(aws.realtime.delete_encoder_configuration, arn=encoder) == "ConflictException"
    assert aws.code(aws.realtime.delete_storage_configuration, arn=storage) == "ConflictException"
    aws.realtime.stop_composition(arn=arn)
    aws.realtime.delete_encoder_configuration(arn=encoder)
    aws.realtime.delete_storage_configuration(arn=storage)


def test_quotas(studio: Studio) -> None:
    """Five compositions of a stage are allowed, and twenty in all; those that have stopped do not count."""
    first = studio.start()["arn"]
    for _ in range(4):
        studio.start()
    assert studio.code() == "ServiceQuotaExceededException"
    studio.aws.realtime.stop_composition(arn=first)
    studio.start()
    studio.aws.sim.quotas["Compositions"] = 5
    other = studio.aws.realtime.create_stage()["stage"]["arn"]
    assert studio.code(stageArn=other) == "ServiceQuotaExceededException"
