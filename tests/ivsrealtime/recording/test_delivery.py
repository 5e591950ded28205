"""Recordings of participants that are written to S3, which is moto's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import boto3
import m3u8
import pytest
from moto import mock_aws
from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.models import S3Backend

from ivsim import Emulator, mock_ivs
from ivsim.courier import AwsCourier, FolderCourier

from ...decoding import decoded
from .recorded import CHANGE, MORNING, details, needs_settings, record, recorded_stage, state

pytestmark = needs_settings

THUMBNAILS = {"recordingMode": "INTERVAL", "storage": ["SEQUENTIAL", "LATEST"], "targetIntervalSeconds": 10}


@pytest.fixture(params=["ivsim outside", "moto outside"])
def sim(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An emulator that writes to moto's S3, the mocks in one nesting and the other."""
    with ExitStack() as mocks:
        if request.param == "moto outside":
            mocks.enter_context(mock_aws())
        emulator = mocks.enter_context(mock_ivs(seed=1, deliver=True))
        if request.param == "ivsim outside":
            mocks.enter_context(mock_aws())
        emulator.clock.freeze(MORNING)
        yield emulator


@pytest.fixture
def s3(sim: Emulator) -> Any:
    """A client of moto's S3, with a bucket."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="shows")
    return client


def keys(s3: Any) -> list[str]:
    """Return the keys in the bucket."""
    return [each["Key"] for each in s3.list_objects_v2(Bucket="shows").get("Contents", [])]


def body(s3: Any, key: str) -> bytes:
    """Return an object of the bucket."""
    return bytes(s3.get_object(Bucket="shows", Key=key)["Body"].read())


def names(sim: Emulator) -> list[str]:
    """Return which events of recordings there were."""
    return [detail["event_name"] for detail in details(sim)]


def test_what_is_written(sim: Emulator, s3: Any) -> None:
    """The bucket has the objects that `sim.recordings` shows, with their types: one at first, the rest at the end."""
    with sim.stages.join(recorded_stage(sim, thumbnailConfiguration=THUMBNAILS)) as ann:
        ann.publish()
        assert state(sim, ann) == "ACTIVE"
        (recording,) = sim.recordings
        sim.clock.advance(15)
        assert keys(s3) == [f"{recording.key_prefix}/events/recording-started.json"]
    assert sorted(keys(s3)) == sorted(recording.objects)
    types = {"json": "application/json", "m3u8": "application/x-mpegURL", "mp4": "video/mp4", "jpg": "image/jpeg"}
    for key, made in recording.objects.items():
        assert body(s3, key) == made
        assert s3.head_object(Bucket="shows", Key=key)["ContentType"] == types[key.rpartition(".")[2]]
    assert state(sim, ann) == "STOPPED"


def test_from_event_to_files(sim: Emulator, s3: Any) -> None:
    """What hears Recording End finds recording-ended.json, and follows it to every file."""
    found: list[str] = []

    def on_event(event: dict[str, Any]) -> None:
        if event["detail-type"] != CHANGE or event["detail"]["event_name"] != "Recording End":
            return
        prefix = event["detail"]["recording_s3_key_prefix"]
        hls = json.loads(body(s3, f"{prefix}/events/recording-ended.json"))["media"]["hls"]
        master = f"{prefix}/{hls['path']}/{hls['playlist']}"
        for variant in m3u8.loads(body(s3, master).decode()).playlists:
            variant_key = urljoin(master, variant.uri)
            for segment in m3u8.loads(body(s3, variant_key).decode()).segments:
                s3.head_object(Bucket="shows", Key=urljoin(variant_key, segment.uri))
                found.append(segment.uri)

    sim.events.subscribe(on_event)
    record(sim, recorded_stage(sim), 15)
    assert found == ["1.mp4", "2.mp4", "3.mp4"]
    assert names(sim) == ["Recording Start", "Recording End"]


def test_missing_bucket(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Without its bucket a recording fails to start, the log says what S3 said, and publishing goes on."""
    stage = recorded_stage(sim, "no-such-bucket")
    with sim.stages.join(stage) as ann:
        ann.publish()
        assert (ann.is_publishing, state(sim, ann)) == (True, "FAILED")
        sim.clock.advance(20)
    assert names(sim) == ["Recording Start Failure"]
    assert f"{ann.participant_id} on {stage} is not recorded: bucket no-such-bucket: NoSuchBucket" in caplog.text
    assert sim.recordings[0].reason == "ValidationException"


def test_bucket_that_is_gone(sim: Emulator, s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Without its bucket at the end a recording ends with a failure, and the log says what S3 said."""
    with sim.stages.join(recorded_stage(sim)) as ann:
        ann.publish()
        sim.clock.advance(20)
        s3.delete_object(Bucket="shows", Key=keys(s3)[0])
        s3.delete_bucket(Bucket="shows")
    assert names(sim) == ["Recording Start", "Recording End Failure"]
    assert state(sim, ann) == "FAILED"
    assert "could not be written completely: bucket shows: NoSuchBucket" in caplog.text


def test_access_denied_at_the_end(sim: Emulator, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When something cannot be written, recording-failed.json takes the place of recording-ended.json."""
    put_object = S3Backend.put_object

    def put(self: S3Backend, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> Any:
        if key_name.endswith("/2.mp4"):
            raise S3AccessDeniedError
        return put_object(self, bucket_name, key_name, *args, **kwargs)

    monkeypatch.setattr(S3Backend, "put_object", put)
    recording = record(sim, recorded_stage(sim), 20)
    assert names(sim) == ["Recording Start", "Recording End Failure"]
    failed = json.loads(body(s3, f"{recording.key_prefix}/events/recording-failed.json"))
    assert failed["recording_status_message"] == "InternalServerException"
    assert not any(key.endswith("recording-ended.json") for key in keys(s3))


def test_merged(sim: Emulator, s3: Any) -> None:
    """Of what is merged nothing is written but the first file until the recording ends."""
    ann = sim.stages.join(recorded_stage(sim, recordingReconnectWindowSeconds=60))
    for _ in range(2):
        ann.publish()
        sim.clock.advance(10)
        ann.unpublish()
    assert len(keys(s3)) == 1
    sim.clock.advance(60)
    (recording,) = sim.recordings
    assert sorted(keys(s3)) == sorted(recording.objects)


@pytest.mark.parametrize(("bucket", "expected"), [("shows", ["Start", "End"]), ("no-such-bucket", ["Start Failure"])])
def test_publishing_within_a_subscriber(sim: Emulator, s3: Any, bucket: str, expected: list[str]) -> None:
    """A publication that begins and ends while events are told has its recording's events in order all the same."""
    stage, other = recorded_stage(sim, bucket), recorded_stage(sim, storageConfigurationArn="")
    people = []

    def on_event(event: dict[str, Any]) -> None:
        if event["detail"]["event_name"] == "Participant Unpublished" and event["resources"] != [stage]:
            with sim.stages.join(stage) as ann:
                ann.publish()
            people.append(ann)

    sim.events.subscribe(on_event)
    with sim.stages.join(other) as bob:
        bob.publish()
    assert names(sim) == [f"Recording {name}" for name in expected]
    assert state(sim, people[0]) == ("STOPPED" if bucket == "shows" else "FAILED")


@pytest.mark.parametrize("deliver", [True, "pictures"])
def test_it_plays_from_there(deliver: Any, tmp_path: Path) -> None:
    """What is in the bucket plays: with pictures where they are asked for, else with sound alone."""
    with mock_aws(), mock_ivs(seed=1, deliver=deliver) as sim:
        sim.clock.freeze(MORNING)
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="shows")
        recording = record(sim, recorded_stage(sim), 12, width=640, height=360)
        for key in keys(s3):
            file = tmp_path / key.removeprefix(f"{recording.key_prefix}/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body(s3, key))
    its = decoded(str(tmp_path / "media" / "hls" / "multivariant.m3u8"))
    assert float(its.end - its.frames[0]) == pytest.approx(12, abs=0.1)
    assert len(its.pictures) == (12 * 30 if deliver == "pictures" else 0)


def test_in_a_folder(tmp_path: Path) -> None:
    """A server that has a folder for recordings writes those of stages there too."""
    with mock_ivs(seed=1) as sim:
        sim.clock.freeze(MORNING)
        sim.deliver_to(FolderCourier(tmp_path, AwsCourier()))
        recording = record(sim, recorded_stage(sim), 12)
    written = {file.relative_to(tmp_path / "shows").as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    assert written == set(recording.objects)
