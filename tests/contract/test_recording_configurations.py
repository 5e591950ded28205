from __future__ import annotations

from typing import Any

from .conftest import Services

BUCKET: dict[str, Any] = {"s3": {"bucketName": "my-recordings"}}


def create(aws: Services, **settings: Any) -> Any:
    created = aws.ivs.create_recording_configuration(destinationConfiguration=BUCKET, **settings)
    return created["recordingConfiguration"]


def test_defaults(aws: Services) -> None:
    """Thumbnails each minute, all renditions, no reconnect window; and it starts as CREATING."""
    configuration = create(aws)
    assert configuration == {
        "arn": configuration["arn"],
        "name": "",
        "destinationConfiguration": BUCKET,
        "state": "CREATING",
        "thumbnailConfiguration": {"recordingMode": "INTERVAL", "targetIntervalSeconds": 60, "storage": ["SEQUENTIAL"]},
        "recordingReconnectWindowSeconds": 0,
        "renditionConfiguration": {"renditionSelection": "ALL", "renditions": []},
        "tags": {},
    }


def test_becomes_active(aws: Services) -> None:
    """Whoever polls sees ACTIVE next."""
    created = create(aws)
    got = aws.ivs.get_recording_configuration(arn=created["arn"])["recordingConfiguration"]
    assert got == {**created, "state": "ACTIVE"}


def test_settings(aws: Services) -> None:
    """What is given is kept; what a given structure leaves out has its default."""
    configuration = create(
        aws,
        name="evening",
        recordingReconnectWindowSeconds=300,
        thumbnailConfiguration={"targetIntervalSeconds": 5, "resolution": "HD", "storage": ["LATEST"]},
        renditionConfiguration={"renditionSelection": "CUSTOM", "renditions": ["HD", "SD"]},
        tags={"a": "b"},
    )
    assert configuration["name"] == "evening"
    assert configuration["recordingReconnectWindowSeconds"] == 300
    assert configuration["thumbnailConfiguration"] == {
        "recordingMode": "INTERVAL",
        "targetIntervalSeconds": 5,
        "resolution": "HD",
        "storage": ["LATEST"],
    }
    assert configuration["renditionConfiguration"] == {"renditionSelection": "CUSTOM", "renditions": ["HD", "SD"]}
    assert configuration["tags"] == {"a": "b"}


def test_no_thumbnails(aws: Services) -> None:
    """DISABLED thumbnails have no interval, and none may be given."""
    thumbnails = create(aws, thumbnailConfiguration={"recordingMode": "DISABLED"})["thumbnailConfiguration"]
    assert "targetIntervalSeconds" not in thumbnails
    refused = aws.refusal(
        aws.ivs.create_recording_configuration,
        destinationConfiguration=BUCKET,
        thumbnailConfiguration={"recordingMode": "DISABLED", "targetIntervalSeconds": 60},
    )
    assert "'/thumbnailConfiguration/targetIntervalSeconds'" in refused["Error"]["Message"]


def test_contradictions(aws: Services) -> None:
    """A destination there has to be, and renditions when they are to be chosen."""
    create_it = aws.ivs.create_recording_configuration
    assert aws.code(create_it, destinationConfiguration={}) == "ValidationException"
    custom = {"renditionSelection": "CUSTOM"}
    refused = aws.code(create_it, destinationConfiguration=BUCKET, renditionConfiguration=custom)
    assert refused == "ValidationException"
    assert aws.ivs.list_recording_configurations()["recordingConfigurations"] == []


def test_list(aws: Services) -> None:
    """Summaries in order of creation."""
    first, second = create(aws), create(aws)
    listed = aws.ivs.list_recording_configurations()["recordingConfigurations"]
    assert [each["arn"] for each in listed] == [first["arn"], second["arn"]]
    assert set(listed[0]) == {"arn", "name", "destinationConfiguration", "state", "tags"}


def test_delete(aws: Services) -> None:
    """One that a channel refers to cannot be deleted; an empty string detaches it."""
    arn = create(aws)["arn"]
    channel = aws.ivs.create_channel(recordingConfigurationArn=arn)["channel"]
    assert channel["recordingConfigurationArn"] == arn
    assert aws.code(aws.ivs.delete_recording_configuration, arn=arn) == "ConflictException"
    aws.ivs.update_channel(arn=channel["arn"], recordingConfigurationArn="")
    assert aws.ivs.delete_recording_configuration(arn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert aws.code(aws.ivs.get_recording_configuration, arn=arn) == "ResourceNotFoundException"
    assert aws.code(aws.ivs.delete_recording_configuration, arn=arn) == "ResourceNotFoundException"


def test_quota(aws: Services) -> None:
    """Twenty are allowed."""
    for _ in range(20):
        create(aws)
    refused = aws.code(aws.ivs.create_recording_configuration, destinationConfiguration=BUCKET)
    assert refused == "ServiceQuotaExceededException"


def test_session_tells_of_its_recording(aws: Services) -> None:
    """What becomes of a recording is among the events of its session, and the session keeps its configuration."""
    bucket = {"s3": {"bucketName": "ivsim-contract"}}
    made = aws.ivs.create_recording_configuration(destinationConfiguration=bucket)["recordingConfiguration"]
    channel = aws.ivs.create_channel(recordingConfigurationArn=made["arn"])["channel"]
    with aws.go_live(channel):
        pass
    session = aws.ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
    assert session["recordingConfiguration"]["arn"] == made["arn"]
    assert [(event["type"], event["name"]) for event in session["truncatedEvents"]] == [
        ("IVS Recording State Change", "Recording End"),
        ("IVS Stream State Change", "Stream End"),
        ("IVS Stream State Change", "Session Ended"),
        ("IVS Recording State Change", "Recording Start"),
        ("IVS Stream State Change", "Stream Start"),
        ("IVS Stream State Change", "Session Created"),
    ]
    (summary,) = aws.ivs.list_stream_sessions(channelArn=channel["arn"])["streamSessions"]
    assert not summary["hasErrorEvent"]


def test_a_failed_creation(aws: Services) -> None:
    """Whoever polls sees that the creation failed; what failed can be attached, records nothing, and can be deleted."""
    aws.sim.faults.add("RecordingConfigurationCreation", "CREATE_FAILED", when={"name": "bad"})
    good, bad = create(aws, name="good"), create(aws, name="bad")
    assert (good["state"], bad["state"]) == ("CREATING", "CREATING")
    listed = aws.ivs.list_recording_configurations()["recordingConfigurations"]
    assert {each["name"]: each["state"] for each in listed} == {"good": "ACTIVE", "bad": "CREATE_FAILED"}
    channel = aws.ivs.create_channel(recordingConfigurationArn=bad["arn"])["channel"]
    with aws.go_live(channel):
        pass
    session = aws.ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
    assert session["recordingConfiguration"]["state"] == "CREATE_FAILED"
    assert "Recording Start Failure" in [event["name"] for event in session["truncatedEvents"]]
    assert aws.code(aws.ivs.delete_recording_configuration, arn=bad["arn"]) == "ConflictException"
    aws.ivs.update_channel(arn=channel["arn"], recordingConfigurationArn=good["arn"])
    aws.ivs.delete_recording_configuration(arn=bad["arn"])
    assert aws.code(aws.ivs.get_recording_configuration, arn=bad["arn"]) == "ResourceNotFoundException"


def test_a_creation_that_takes_its_time(aws: Services) -> None:
    """Whoever polls sees CREATING for as long as it lasts."""
    aws.sim.clock.freeze()
    aws.sim.faults.latency("RecordingConfigurationCreation", 20)
    arn = create(aws)["arn"]
    seen = []
    for seconds in (0, 19, 1):
        aws.sim.clock.advance(seconds)
        seen.append(aws.ivs.get_recording_configuration(arn=arn)["recordingConfiguration"]["state"])
    assert seen == ["CREATING", "CREATING", "ACTIVE"]
