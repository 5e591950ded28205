"""Recordings that are written to S3, which is moto's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timezone
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
from ivsim.media import simulation

from ...calling import call
from ...decoding import decoded

CHANGE = "IVS Recording State Change"
MEDIA_TYPES = {
    "json": "application/json",
    "m3u8": "application/x-mpegURL",
    "ts": "video/MP2T",
    "mp4": "video/mp4",
    "jpg": "image/jpeg",
}


@pytest.fixture(params=["ivsim outside", "moto outside"])
def sim(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """An emulator that writes to moto's S3, the mocks in one nesting and the other."""
    with ExitStack() as mocks:
        if request.param == "moto outside":
            mocks.enter_context(mock_aws())
        emulator = mocks.enter_context(mock_ivs(seed=1, deliver=True))
        if request.param == "ivsim outside":
            mocks.enter_context(mock_aws())
        emulator.clock.freeze(datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc))
        yield emulator


@pytest.fixture
def s3(sim: Emulator) -> Any:
    """A client of moto's S3, with a bucket."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="shows")
    return client


def channel(sim: Emulator, bucket: str = "shows", **members: Any) -> str:
    """Return the ARN of a channel that is recorded to a bucket."""
    window = members.pop("window", 0)
    answer = call(
        sim,
        "CreateRecordingConfiguration",
        destinationConfiguration={"s3": {"bucketName": bucket}},
        recordingReconnectWindowSeconds=window,
    )
    arn = answer.body["recordingConfiguration"]["arn"]
    channel_arn: str = call(sim, "CreateChannel", recordingConfigurationArn=arn, **members).body["channel"]["arn"]
    return channel_arn


def statuses(sim: Emulator) -> list[tuple[str, str]]:
    """Return what the events of recordings said, and why."""
    told = [event["detail"] for event in sim.events.of(CHANGE)]
    return [(detail["recording_status"], detail["recording_status_reason"]) for detail in told]


def keys(s3: Any) -> list[str]:
    """Return the keys in the bucket."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="shows")
    return [each["Key"] for page in pages for each in page.get("Contents", [])]


def text(s3: Any, key: str) -> str:
    """Return an object of the bucket."""
    body: bytes = s3.get_object(Bucket="shows", Key=key)["Body"].read()
    return body.decode()


def test_from_event_to_segments(sim: Emulator, s3: Any) -> None:
    """What hears Recording End finds recording-ended.json, and follows it to every segment."""
    found: list[str] = []

    def on_event(event: dict[str, Any]) -> None:
        detail = event["detail"]
        if detail.get("recording_status") != "Recording End":
            return
        prefix = detail["recording_s3_key_prefix"]
        hls = json.loads(text(s3, f"{prefix}/events/recording-ended.json"))["media"]["hls"]
        for name in (hls["playlist"], hls["byte_range_playlist"]):
            master = f"{prefix}/{hls['path']}/{name}"
            for variant in m3u8.loads(text(s3, master)).playlists:
                variant_key = urljoin(master, variant.uri)
                for segment in m3u8.loads(text(s3, variant_key)).segments:
                    key = urljoin(variant_key, segment.uri)
                    s3.head_object(Bucket="shows", Key=key)
                    found.append(key)

    sim.events.subscribe(on_event)
    with sim.streams.start(channel(sim)):
        sim.clock.advance(35)
    assert len(set(found)) == 5 * 4
    assert statuses(sim) == [("Recording Start", ""), ("Recording End", "")]


@pytest.mark.parametrize("container", ["TS", "FRAGMENTED_MP4"])
def test_what_is_written(sim: Emulator, s3: Any, container: str) -> None:
    """The bucket has the objects that `sim.recordings` shows, with their types."""
    live = sim.streams.start(channel(sim, containerFormat=container))
    (recording,) = sim.recordings
    assert keys(s3) == [f"{recording.key_prefix}/events/recording-started.json"]
    sim.clock.advance(35)
    assert len(keys(s3)) == 1
    live.end()
    assert sorted(keys(s3)) == sorted(recording.objects)
    for key, body in recording.objects.items():
        written = s3.get_object(Bucket="shows", Key=key)
        assert written["Body"].read() == body
        assert written["ContentType"] == MEDIA_TYPES[key.rpartition(".")[2]]


def test_merged(sim: Emulator, s3: Any) -> None:
    """Of merged streams nothing is written but the first file until the recording ends."""
    arn = channel(sim, window=60)
    for _ in range(2):
        with sim.streams.start(arn):
            sim.clock.advance(20)
    assert len(keys(s3)) == 1
    sim.clock.advance(60)
    (recording,) = sim.recordings
    assert sorted(keys(s3)) == sorted(recording.objects)


def test_object_is_there_when_the_event_comes(sim: Emulator, s3: Any) -> None:
    """When a subscriber hears an event of a recording, the metadata file of it can be read."""
    read = []

    def on_event(event: dict[str, Any]) -> None:
        if event["detail-type"] == CHANGE:
            prefix, status = (event["detail"][name] for name in ("recording_s3_key_prefix", "recording_status"))
            name = {"Recording Start": "started", "Recording End": "ended"}[status]
            read.append(json.loads(text(s3, f"{prefix}/events/recording-{name}.json"))["recording_status"])

    sim.events.subscribe(on_event)
    with sim.streams.start(channel(sim)):
        pass
    assert read == ["RECORDING_STARTED", "RECORDING_ENDED"]


def test_missing_bucket(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Without its bucket a recording fails to start, the log says what S3 said, and the stream goes on."""
    live = sim.streams.start(channel(sim, "no-such-bucket"))
    assert live.is_live
    (recording,) = sim.recordings
    assert recording.status == "RECORDING_START_FAILED"
    assert (recording.bucket, recording.key_prefix) == ("no-such-bucket", "")
    assert f"{live.channel_arn} is not recorded: bucket no-such-bucket: NoSuchBucket" in caplog.text
    sim.clock.advance(60)
    live.end()
    assert statuses(sim) == [("Recording Start Failure", "ValidationException")]
    assert recording.status == "RECORDING_START_FAILED"
    names = [event["detail"].get("event_name") for event in sim.events]
    assert names == ["Session Created", "Stream Start", None, "Session Ended", "Stream End"]


def test_bucket_that_is_gone(sim: Emulator, s3: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Without its bucket at the end a recording ends with a failure, and the log says what S3 said."""
    with sim.streams.start(channel(sim)):
        sim.clock.advance(20)
        s3.delete_object(Bucket="shows", Key=keys(s3)[0])
        s3.delete_bucket(Bucket="shows")
    assert statuses(sim) == [("Recording Start", ""), ("Recording End Failure", "InternalServerException")]
    assert sim.recordings[0].status == "RECORDING_ENDED_WITH_FAILURE"
    assert "could not be written completely: bucket shows: NoSuchBucket" in caplog.text


def test_metadata_file_is_written_last(sim: Emulator, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is notified of recording-ended.json by S3 finds everything else written."""
    put_object, written = S3Backend.put_object, []

    def put(self: S3Backend, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> Any:
        written.append(key_name)
        return put_object(self, bucket_name, key_name, *args, **kwargs)

    monkeypatch.setattr(S3Backend, "put_object", put)
    with sim.streams.start(channel(sim)):
        sim.clock.advance(20)
    assert written == list(sim.recordings[0].objects)
    assert written[-1].endswith("events/recording-ended.json")


def denied(suffix: str) -> Callable[..., Any]:
    """Return an S3 that denies access to what ends so."""
    put_object = S3Backend.put_object

    def put(self: S3Backend, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> Any:
        if key_name.endswith(suffix):
            raise S3AccessDeniedError
        return put_object(self, bucket_name, key_name, *args, **kwargs)

    return put


def test_access_denied_at_the_start(sim: Emulator, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without access to the bucket a recording fails to start."""
    monkeypatch.setattr(S3Backend, "put_object", denied("started.json"))
    with sim.streams.start(channel(sim)):
        sim.clock.advance(20)
    assert statuses(sim) == [("Recording Start Failure", "ValidationException")]
    assert keys(s3) == []


def test_access_denied_at_the_end(sim: Emulator, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When something cannot be written, recording-failed.json takes the place of recording-ended.json."""
    monkeypatch.setattr(S3Backend, "put_object", denied("/1.ts"))
    with sim.streams.start(channel(sim)):
        sim.clock.advance(20)
    (recording,) = sim.recordings
    assert statuses(sim) == [("Recording Start", ""), ("Recording End Failure", "InternalServerException")]
    failed = json.loads(text(s3, f"{recording.key_prefix}/events/recording-failed.json"))
    assert failed["recording_status"] == "RECORDING_ENDED_WITH_FAILURE"
    assert not any(key.endswith("recording-ended.json") for key in keys(s3))
    assert any(key.endswith("1080p30/0.ts") for key in keys(s3))


def test_ordered_failure(sim: Emulator, s3: Any) -> None:
    """A failure at the end that a test ordered leaves the media, and recording-failed.json."""
    sim.faults.add("RecordingEnd", "InternalServerException")
    with sim.streams.start(channel(sim)):
        sim.clock.advance(20)
    assert sorted(keys(s3)) == sorted(sim.recordings[0].objects)


@pytest.mark.parametrize(("bucket", "expected"), [("shows", ["Start", "End"]), ("no-such-bucket", ["Start Failure"])])
def test_stream_within_a_subscriber(sim: Emulator, s3: Any, bucket: str, expected: list[str]) -> None:
    """A stream that begins and ends while events are told has its recording's events in order all the same."""
    arn = channel(sim, bucket)

    def on_event(event: dict[str, Any]) -> None:
        if event["detail"].get("event_name") == "Stream End" and event["resources"] != [arn]:
            with sim.streams.start(arn):
                pass

    sim.events.subscribe(on_event)
    with sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"]):
        pass
    assert [status for status, _ in statuses(sim)] == [f"Recording {name}" for name in expected]


def test_without_credentials() -> None:
    """What cannot be sent at all is a Recording Start Failure too."""
    sim = Emulator(deliver=True)
    with sim.streams.start(channel(sim)):
        pass
    assert statuses(sim) == [("Recording Start Failure", "ValidationException")]


def test_nothing_is_written_unasked() -> None:
    """Without `deliver=True` nothing is written."""
    with mock_aws(), mock_ivs() as sim:
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="shows")
        with sim.streams.start(channel(sim)):
            pass
        assert keys(s3) == []
        assert statuses(sim) == [("Recording Start", ""), ("Recording End", "")]


def test_nobody_waits_for_objects(sim: Emulator, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the objects of a recording are made, one after the other, others call: the emulator is not locked."""
    answers = []
    make = simulation.transport_stream

    def segment(*arguments: Any) -> bytes:
        with ThreadPoolExecutor(1) as other:
            answers.append(other.submit(call, sim, "ListChannels").result(timeout=20).status)
        return make(*arguments)

    with sim.streams.start(channel(sim)):
        sim.clock.advance(12)
        monkeypatch.setattr(simulation, "transport_stream", segment)
    assert set(answers) == {200}
    assert statuses(sim) == [("Recording Start", ""), ("Recording End", "")]
    assert any(key.endswith(".ts") for key in keys(s3))


@pytest.mark.parametrize("deliver", [True, "pictures"])
def test_it_plays_from_there(deliver: Any, tmp_path: Path) -> None:
    """What is in the bucket plays: with pictures where they are asked for, else with sound alone."""
    with mock_aws(), mock_ivs(seed=1, deliver=deliver) as sim:
        sim.clock.freeze(datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc))
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="shows")
        with sim.streams.start(channel(sim, type="STANDARD"), video={"videoWidth": 640, "videoHeight": 360}):
            sim.clock.advance(22)
        (recording,) = sim.recordings
        for key in keys(s3):
            file = tmp_path / key.removeprefix(f"{recording.key_prefix}/")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(s3.get_object(Bucket="shows", Key=key)["Body"].read())
    for name in ("master.m3u8", "byte-range-multivariant.m3u8"):
        its = decoded(str(tmp_path / "media" / "hls" / name))
        assert float(its.end - its.frames[0]) == pytest.approx(22, abs=0.1)
        assert len(its.pictures) == (22 * 30 if deliver == "pictures" else 0)
