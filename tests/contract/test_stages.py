from __future__ import annotations

from typing import Any

import pytest

from .conftest import REGION, Services

UNRECORDED = {
    "storageConfigurationArn": "",
    "mediaTypes": ["AUDIO_VIDEO"],
    "thumbnailConfiguration": {"targetIntervalSeconds": 60, "storage": ["SEQUENTIAL"], "recordingMode": "DISABLED"},
    "recordingReconnectWindowSeconds": 0,
    "hlsConfiguration": {"targetSegmentDurationSeconds": 6},
    "recordParticipantReplicas": True,
}
"""How a stage is recorded of which nobody has said how, as the newest model has it."""

RECORDED = pytest.mark.needs("CreateStage.autoParticipantRecordingConfiguration")


def known(aws: Services, shape: str, members: dict[str, Any]) -> dict[str, Any]:
    """Return those of the members that the installed botocore knows, down to the deepest."""
    have = aws.realtime.meta.service_model.shape_for(shape).members
    return {
        name: known(aws, have[name].name, value)
        if isinstance(value, dict) and have[name].type_name == "structure"
        else value
        for name, value in members.items()
        if name in have
    }


@pytest.fixture
def storage(aws: Services) -> Any:
    """A storage configuration."""
    return aws.realtime.create_storage_configuration(s3={"bucketName": "abc"})["storageConfiguration"]["arn"]


@RECORDED
def test_defaults(aws: Services) -> None:
    """A stage created with nothing has a name that is empty, is not recorded, and has no session."""
    created = aws.realtime.create_stage()
    stage = created["stage"]
    assert stage["arn"].startswith(f"arn:aws:ivs:{REGION}:")
    assert len(stage["arn"].rpartition(":stage/")[2]) == 12
    recording = known(aws, "AutoParticipantRecordingConfiguration", UNRECORDED)
    assert stage == {
        "arn": stage["arn"],
        "name": "",
        "tags": {},
        "autoParticipantRecordingConfiguration": recording,
        "endpoints": stage["endpoints"],
    }
    assert "participantTokens" not in created
    assert aws.realtime.get_stage(arn=stage["arn"])["stage"] == stage


@pytest.mark.needs("CreateIngestConfiguration")
def test_endpoints(aws: Services) -> None:
    """A stage has four endpoints; three of them have the host at which the account's channels are reached."""
    endpoints = aws.realtime.create_stage()["stage"]["endpoints"]
    host = aws.ivs.create_channel()["channel"]["ingestEndpoint"].partition(".")[0]
    assert endpoints == {
        "events": "wss://global.events.live-video.net",
        "whip": f"https://{host}.global-bm.whip.live-video.net",
        "rtmp": f"rtmp://{host}.global-contribute.live-video.net/app/",
        "rtmps": f"rtmps://{host}.global-contribute.live-video.net:443/app/",
    }


def test_list(aws: Services) -> None:
    """Stages are listed in the order of creation, without endpoints and recording."""
    arns = [aws.realtime.create_stage(name=name, tags={"a": name})["stage"]["arn"] for name in "abc"]
    first = aws.realtime.list_stages(maxResults=2)
    rest = aws.realtime.list_stages(nextToken=first["nextToken"])
    assert first["stages"] + rest["stages"] == [
        {"arn": arn, "name": name, "tags": {"a": name}} for arn, name in zip(arns, "abc", strict=True)
    ]
    assert "nextToken" not in rest


def test_default_page(aws: Services) -> None:
    """A page has 50 stages where nobody says otherwise."""
    for _ in range(51):
        aws.realtime.create_stage()
    assert len(aws.realtime.list_stages()["stages"]) == 50


@RECORDED
def test_update(aws: Services, storage: str) -> None:
    """An update keeps what it does not name."""
    wanted = {"storageConfigurationArn": storage, "mediaTypes": ["AUDIO_ONLY"]}
    arn = aws.realtime.create_stage(name="one", tags={"a": "b"})["stage"]["arn"]
    recorded = aws.realtime.update_stage(arn=arn, autoParticipantRecordingConfiguration=wanted)["stage"]
    assert (recorded["name"], recorded["tags"]) == ("one", {"a": "b"})
    renamed = aws.realtime.update_stage(arn=arn, name="two")["stage"]
    assert renamed == {**recorded, "name": "two"} == aws.realtime.get_stage(arn=arn)["stage"]


@RECORDED
def test_recording(aws: Services, storage: str) -> None:
    """How a stage is recorded is filled up with the defaults, and replaced as a whole."""
    wanted = {"storageConfigurationArn": storage, "mediaTypes": ["AUDIO_ONLY"]}
    stage = aws.realtime.create_stage(autoParticipantRecordingConfiguration=wanted)["stage"]
    expected = known(aws, "AutoParticipantRecordingConfiguration", UNRECORDED)
    assert stage["autoParticipantRecordingConfiguration"] == {**expected, **wanted}
    again = {"storageConfigurationArn": storage, "mediaTypes": []}
    updated = aws.realtime.update_stage(arn=stage["arn"], autoParticipantRecordingConfiguration=again)["stage"]
    assert updated["autoParticipantRecordingConfiguration"] == {**expected, "storageConfigurationArn": storage}


@pytest.mark.needs("CreateIngestConfiguration")
def test_recording_in_detail(aws: Services, storage: str) -> None:
    """Thumbnails and segments can be set in part."""
    wanted = {
        "storageConfigurationArn": storage,
        "thumbnailConfiguration": {"recordingMode": "INTERVAL"},
        "hlsConfiguration": {"targetSegmentDurationSeconds": 2},
    }
    stage = aws.realtime.create_stage(autoParticipantRecordingConfiguration=wanted)["stage"]
    shown = stage["autoParticipantRecordingConfiguration"]
    assert shown["thumbnailConfiguration"] == {**UNRECORDED["thumbnailConfiguration"], "recordingMode": "INTERVAL"}  # type: ignore[dict-item]
    assert shown["hlsConfiguration"] == {"targetSegmentDurationSeconds": 2}


@RECORDED
def test_recording_off(aws: Services, storage: str) -> None:
    """An empty storage configuration turns recording off, and sets the rest back."""
    wanted = {"storageConfigurationArn": storage, "mediaTypes": ["AUDIO_ONLY"]}
    arn = aws.realtime.create_stage(autoParticipantRecordingConfiguration=wanted)["stage"]["arn"]
    off = {"storageConfigurationArn": "", "mediaTypes": ["AUDIO_ONLY"]}
    stage = aws.realtime.update_stage(arn=arn, autoParticipantRecordingConfiguration=off)["stage"]
    expected = known(aws, "AutoParticipantRecordingConfiguration", UNRECORDED)
    assert stage["autoParticipantRecordingConfiguration"] == expected


@RECORDED
def test_unknown_storage(aws: Services, storage: str) -> None:
    """A storage configuration that does not exist is a ValidationException, and nothing is created or changed."""
    arn = aws.realtime.create_stage()["stage"]["arn"]
    before = aws.realtime.get_stage(arn=arn)["stage"]
    wanted = {"storageConfigurationArn": storage[:-3] + "xyz"}
    for call, members in ((aws.realtime.create_stage, {}), (aws.realtime.update_stage, {"arn": arn})):
        refused = aws.refusal(call, autoParticipantRecordingConfiguration=wanted, **members)
        assert refused["Error"]["Code"] == "ValidationException"
        assert "/autoParticipantRecordingConfiguration/storageConfigurationArn" in refused["Error"]["Message"]
    assert aws.realtime.get_stage(arn=arn)["stage"] == before
    assert len(aws.realtime.list_stages()["stages"]) == 1


def test_delete(aws: Services) -> None:
    """A deleted stage is gone, and so it is for everything that names it."""
    arn = aws.realtime.create_stage()["stage"]["arn"]
    assert aws.realtime.delete_stage(arn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 200
    for operation in ("get", "update", "delete"):
        assert aws.code(getattr(aws.realtime, f"{operation}_stage"), arn=arn) == "ResourceNotFoundException"
    assert aws.code(aws.realtime.create_participant_token, stageArn=arn) == "ResourceNotFoundException"
    assert aws.realtime.list_stages()["stages"] == []


def test_tokens_with_the_stage(aws: Services) -> None:
    """CreateStage makes up to twelve tokens, in the order in which they were asked for."""
    wanted = [{"userId": f"u{number}", "duration": number + 1} for number in range(12)]
    tokens = aws.realtime.create_stage(participantTokenConfigurations=wanted)["participantTokens"]
    assert [(token["userId"], token["duration"]) for token in tokens] == [
        (each["userId"], each["duration"]) for each in wanted
    ]
    assert len({token["participantId"] for token in tokens}) == 12
    refused = aws.code(aws.realtime.create_stage, participantTokenConfigurations=[*wanted, {}])
    assert refused == "ValidationException"


def test_large_attributes(aws: Services) -> None:
    """Attributes of more than 1 KB make no stage."""
    wanted = [{"attributes": {"a": "x" * 1024}}]
    assert aws.code(aws.realtime.create_stage, participantTokenConfigurations=wanted) == "ValidationException"
    assert aws.realtime.list_stages()["stages"] == []


def test_quota(aws: Services) -> None:
    """Past the quota there is no further stage."""
    aws.sim.quotas["Stages"] = 1
    aws.realtime.create_stage()
    assert aws.code(aws.realtime.create_stage) == "ServiceQuotaExceededException"


def test_tags(aws: Services) -> None:
    """A stage's tags are changed through its own service; those of a channel are told apart by the ARN."""
    arn = aws.realtime.create_stage(tags={"a": "1"})["stage"]["arn"]
    channel = aws.ivs.create_channel(tags={"c": "1"})["channel"]["arn"]
    aws.realtime.tag_resource(resourceArn=arn, tags={"b": "2"})
    aws.realtime.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert aws.realtime.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert aws.realtime.get_stage(arn=arn)["stage"]["tags"] == {"b": "2"}
    assert aws.realtime.list_tags_for_resource(resourceArn=channel)["tags"] == {"c": "1"}
