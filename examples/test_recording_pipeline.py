"""A pipeline for recordings, and its tests: what was streamed becomes a video on demand.

The handler is what would run as a Lambda function behind an EventBridge rule for `IVS Recording State Change`. ivsim
writes the recordings, and moto is the S3 that they are written to.

Run it: `python -m pytest examples/test_recording_pipeline.py`
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ivsim import Emulator, mock_ivs

BUCKET = "recordings"

# The code under test ----------------------------------------------------------------------------------------------


class Videos:
    """The videos that can be watched on demand, a JSON file for each in the bucket of the web site."""

    bucket = "site"

    def __init__(self) -> None:
        self.s3 = boto3.client("s3", region_name="us-west-2")

    def handle(self, event: dict[str, Any], _context: object = None) -> None:
        """Register a recording that has ended, unless there is nothing in it."""
        detail = event["detail"]
        if detail["recording_status"] != "Recording End":
            return
        bucket, prefix = detail["recording_s3_bucket_name"], detail["recording_s3_key_prefix"]
        answer = self.s3.get_object(Bucket=bucket, Key=f"{prefix}/events/recording-ended.json")
        media = json.load(answer["Body"])["media"]
        hls = media["hls"]
        if not hls["duration_ms"]:
            return
        heights = [each["resolution_height"] for each in hls["renditions"] if "resolution_height" in each]
        video = {
            "channel": event["resources"][0],
            "playlist": f"{prefix}/{hls['path']}/{hls['playlist']}",
            "poster": f"{prefix}/{media['thumbnails']['path']}/thumb0.jpg",
            "seconds": hls["duration_ms"] // 1000,
            "height": max(heights),
        }
        key = f"videos/{detail['recording_session_id']}.json"
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(video))

    def all(self) -> list[dict[str, Any]]:
        """Return what has been registered."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="videos/").get("Contents", [])
        return [json.load(self.s3.get_object(Bucket=self.bucket, Key=each["Key"])["Body"]) for each in listed]


# Its tests --------------------------------------------------------------------------------------------------------


@pytest.fixture
def sim() -> Iterator[Emulator]:
    with mock_aws(), mock_ivs(deliver=True) as emulator:
        emulator.clock.freeze()
        s3 = boto3.client("s3", region_name="us-west-2")
        for bucket in (BUCKET, Videos.bucket):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
        yield emulator


@pytest.fixture
def videos(sim: Emulator) -> Videos:
    """The code under test, behind the events."""
    videos = Videos()

    def rule(event: dict[str, Any]) -> None:
        if event["detail-type"] == "IVS Recording State Change":
            videos.handle(event)

    sim.events.subscribe(rule)
    return videos


def recorded_channel(bucket: str = BUCKET, **members: Any) -> str:
    """Return the ARN of a channel that is recorded."""
    ivs = boto3.client("ivs", region_name="us-west-2")
    configuration = ivs.create_recording_configuration(
        destinationConfiguration={"s3": {"bucketName": bucket}}, **members
    )["recordingConfiguration"]
    arn: str = ivs.create_channel(recordingConfigurationArn=configuration["arn"])["channel"]["arn"]
    return arn


def test_a_show_becomes_a_video(sim: Emulator, videos: Videos) -> None:
    """What was streamed can be watched on demand."""
    arn = recorded_channel()
    with sim.streams.start(arn):
        sim.clock.advance(600)
    (video,) = videos.all()
    assert (video["channel"], video["seconds"], video["height"]) == (arn, 600, 1080)
    for name in ("playlist", "poster"):
        videos.s3.head_object(Bucket=BUCKET, Key=video[name])


def test_a_show_that_was_interrupted_is_one_video(sim: Emulator, videos: Videos) -> None:
    """An encoder that comes back within the window does not make a second video."""
    arn = recorded_channel(recordingReconnectWindowSeconds=60)
    for _ in range(2):
        with sim.streams.start(arn):
            sim.clock.advance(300)
        sim.clock.advance(30)
    assert videos.all() == []
    sim.clock.advance(30)
    assert [video["seconds"] for video in videos.all()] == [600]


def test_a_test_of_the_camera_is_no_video(sim: Emulator, videos: Videos) -> None:
    """A stream of some seconds leaves nothing to watch."""
    with sim.streams.start(recorded_channel()):
        sim.clock.advance(5)
    assert videos.all() == []


def test_nothing_is_registered_when_recording_fails(sim: Emulator, videos: Videos) -> None:
    """A show whose recording failed is not registered."""
    with sim.streams.start(recorded_channel("no-such-bucket")):
        sim.clock.advance(60)
    assert videos.all() == []
