"""The recording of a composition, as its pipeline begins and finishes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ivsim import Emulator, Recording, mock_ivs
from ivsim.core.deliveries import Delivery

from ...calling import call
from ...decoding import decoded, grey
from .recorded import MORNING, needs_settings, paths, playlist, read, read_json, seconds, store

pytestmark = [pytest.mark.usefixtures("frozen"), needs_settings]

THUMBNAILS = [{"storage": ["SEQUENTIAL", "LATEST"], "targetIntervalSeconds": 10}]


class Pipeline:
    """A composition that goes to S3, which a test begins and finishes; `told` has what EventBridge heard of it."""

    def __init__(self, sim: Emulator, **video: Any) -> None:
        self.sim = sim
        self.stage = call(sim, "CreateStage").body["stage"]["arn"]
        self.storage = store(sim)
        made = call(sim, "CreateEncoderConfiguration", video=video)
        self.encoder = made.body["encoderConfiguration"]["arn"]

    @property
    def told(self) -> list[str]:
        return [event["detail"]["event_name"] for event in self.sim.events.of("IVS Composition State Change")]

    def compose(self, **settings: Any) -> Pipeline:
        tape = {"storageConfigurationArn": self.storage, "encoderConfigurationArns": [self.encoder], **settings}
        answer = call(self.sim, "StartComposition", stageArn=self.stage, destinations=[{"s3": tape}])
        self.arn = answer.body["composition"]["arn"]
        (self.destination,) = answer.body["composition"]["destinations"]
        return self

    def begin(self) -> None:
        self.sim.stages.join(self.stage, user_id="ann").publish()

    def finish(self) -> None:
        call(self.sim, "StopComposition", arn=self.arn)

    def record(self, length: float) -> Recording:
        self.begin()
        self.sim.clock.advance(length)
        self.finish()
        return self.sim.recordings[-1]


@pytest.fixture
def pipeline(sim: Emulator) -> Pipeline:
    """A pipeline in the usual size."""
    return Pipeline(sim)


def test_tree(pipeline: Pipeline) -> None:
    """A composition has the documented tree: thumbnails in folders by size, media by quality and an id."""
    recording = pipeline.compose(thumbnailConfigurations=THUMBNAILS).record(5)
    (rendition,) = read_json(recording, "ended")["media"]["hls"]["renditions"]
    name = rendition["path"]
    assert name.startswith("720p30-")
    assert len(name) == len("720p30-") + 12
    assert paths(recording) == [
        "events/recording-started.json",
        "media/hls/multivariant.m3u8",
        f"media/hls/{name}/init-0.mp4",
        f"media/hls/{name}/1.mp4",
        f"media/hls/{name}/2.mp4",
        f"media/hls/{name}/3.mp4",
        f"media/hls/{name}/playlist.m3u8",
        "media/thumbnails/1280x720/1.jpg",
        "media/latest_thumbnail/1280x720/thumb.jpg",
        "events/recording-ended.json",
    ]
    ids = (each.rpartition("/")[2] for each in (pipeline.stage, pipeline.arn))
    assert recording.key_prefix == "/".join([*ids, pipeline.destination["id"], "composite"])
    assert recording.key_prefix == pipeline.destination["detail"]["s3"]["recordingPrefix"]
    assert pipeline.told == ["Session Start", "Destination Start", "Destination End", "Session End"]


def test_metadata_files(pipeline: Pipeline) -> None:
    """The metadata files have the members of AWS's, in their order: no session and no participant, but sizes."""
    recording = pipeline.compose(thumbnailConfigurations=THUMBNAILS).record(70)
    name = paths(recording)[2].split("/")[2]
    size = {"resolution_width": 1280, "resolution_height": 720}
    about = {"version": "v1", "stage_arn": pipeline.stage, "recording_started_at": "2026-03-04T05:06:07Z"}
    hls = {
        "path": "media/hls",
        "playlist": "multivariant.m3u8",
        "renditions": [{"path": name, "playlist": "playlist.m3u8", **size}],
    }
    thumbnails = {
        each: {"path": f"media/{each}", "resolutions": [{"path": "1280x720", **size}]}
        for each in ("thumbnails", "latest_thumbnail")
    }
    assert read(recording, "events/recording-started.json").decode() == json.dumps(
        {**about, "recording_status": "RECORDING_STARTED", "media": {"hls": hls, **thumbnails}}
    )
    assert read(recording, "events/recording-ended.json").decode() == json.dumps(
        {
            **about,
            "recording_ended_at": "2026-03-04T05:07:17Z",
            "recording_status": "RECORDING_ENDED",
            "media": {"hls": {"duration_ms": 70_000, **hls}, **thumbnails},
        }
    )


def test_what_it_shows(sim: Emulator, pipeline: Pipeline) -> None:
    """`sim.recordings` names the composition and its stage; no participant is in it, and no session."""
    recording = pipeline.compose().record(1)
    assert sim.recordings.of_stage(pipeline.stage) == [recording]
    assert recording.composition_arn == pipeline.arn
    assert (recording.participant_id, recording.session_id, recording.channel_arn) == ("", "", "")
    assert (recording.bucket, recording.recording_id) == ("shows", "composite")
    assert recording.duration == seconds(1)  # even of so little there are media
    assert not any(path.endswith(".jpg") for path in paths(recording))
    assert sim.events.of("IVS Participant Recording State Change") == []


@pytest.mark.parametrize(
    ("video", "name", "codecs"),
    [
        ({"width": 640, "height": 360}, "360p30", "avc1.4D401F"),
        ({"width": 720, "height": 1280}, "720p30", "avc1.4D401F"),
        ({"framerate": 60}, "720p60", "avc1.4D4020"),
        ({"width": 1920, "height": 1080, "framerate": 29.97}, "1080p30", "avc1.4D4028"),
        ({"width": 1920, "height": 1080, "framerate": 60}, "1080p60", "avc1.4D402A"),
    ],
)
def test_renditions(sim: Emulator, video: Any, name: str, codecs: str) -> None:
    """The rendition is as the encoder configuration says, and so is its name."""
    recording = Pipeline(sim, bitrate=1_000_000, **video).compose().record(10)
    (variant,) = playlist(recording, "multivariant.m3u8").playlists
    assert variant.uri.startswith(f"{name}-")
    assert variant.stream_info.codecs == f"{codecs},mp4a.40.2"
    assert variant.stream_info.bandwidth == 1_000_000
    assert variant.stream_info.resolution == (video.get("width", 1280), video.get("height", 720))


def test_it_plays(sim: Emulator, tmp_path: Path) -> None:
    """A decoder that is not ours plays it, in files as long as the destination asks for."""
    pipeline = Pipeline(sim, width=320, height=180, framerate=15)
    settings = {"recordingConfiguration": {"hlsConfiguration": {"targetSegmentDurationSeconds": 5}}}
    recording = pipeline.compose(**settings).record(13)
    for path in paths(recording):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(read(recording, path))
    its = decoded(str(tmp_path / "media" / "hls" / "multivariant.m3u8"))
    assert (its.size, len(its.pictures)) == ("320x180", 13 * 15)
    assert float(its.end - its.pictures[0]) == pytest.approx(13, abs=0.1)


def test_finished_twice_or_never_begun(sim: Emulator, pipeline: Pipeline) -> None:
    """What never began leaves no recording; what is stopped twice is finished once."""
    pipeline.compose().finish()
    assert len(sim.recordings) == 0
    recording = pipeline.compose().record(10)
    sim.clock.advance(10)
    pipeline.finish()
    assert recording.duration == seconds(10)
    assert pipeline.told == ["Session End", "Session Start", "Destination Start", "Destination End", "Session End"]


def test_who_is_seen(sim: Emulator) -> None:
    """The pictures show who publishes at the time."""
    pipeline = Pipeline(sim, width=320, height=180, framerate=15)
    pipeline.compose(thumbnailConfigurations=THUMBNAILS).begin()
    (recording,) = sim.recordings
    sim.clock.advance(15)
    sim.stages.join(pipeline.stage, user_id="bob").publish()
    sim.clock.advance(15)
    pipeline.finish()

    def shown(number: int) -> list[bytes]:
        """Return the pictures of a file, without the strip."""
        files = [read(recording, path) for path in paths(recording) if path.endswith(("init-0.mp4", f"/{number}.mp4"))]
        return [each[: 320 * 90] for each in grey("-", b"".join(files), 320, 180)]

    assert set(shown(1)) == set(shown(7))
    assert set(shown(1)).isdisjoint(shown(15))


@pytest.mark.parametrize("what", ["storage", "encoder"])
def test_a_configuration_that_is_not_there(what: str) -> None:
    """Where nothing is checked a composition may name configurations that do not exist, and is not recorded."""
    sim = Emulator(seed=1, strict=False)
    pipeline = Pipeline(sim)
    setattr(pipeline, what, getattr(pipeline, what)[:-1])
    pipeline.compose().begin()
    assert pipeline.told == ["Session Start", "Destination Failure", "Session Failure"]
    assert len(sim.recordings) == 0


def test_saved_in_the_middle(pipeline: Pipeline, tmp_path: Path) -> None:
    """An emulator that loads a recording under way finishes it as the one that saved."""
    pipeline.compose(thumbnailConfigurations=THUMBNAILS).begin()
    pipeline.sim.save(tmp_path / "state.json")
    copy = Emulator()
    copy.load(tmp_path / "state.json")
    ended = []
    for sim in (pipeline.sim, copy):
        pipeline.sim = sim
        sim.clock.advance(10)
        pipeline.finish()
        (recording,) = sim.recordings
        ended.append(dict(recording.objects))
    assert ended[0] == ended[1]


@pytest.fixture
def delivering() -> Iterator[Pipeline]:
    """A pipeline that writes to moto's S3, which has no bucket yet."""
    with mock_aws(), mock_ivs(seed=1, deliver=True) as sim:
        sim.clock.freeze(MORNING)
        yield Pipeline(sim)


def test_delivered(delivering: Pipeline) -> None:
    """The bucket has what `sim.recordings` shows: the first file at once, the others in the end."""
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="shows")
    delivering.compose(thumbnailConfigurations=THUMBNAILS).begin()
    (recording,) = delivering.sim.recordings

    def keys() -> list[str]:
        return [each["Key"] for each in s3.list_objects_v2(Bucket="shows")["Contents"]]

    assert keys() == [f"{recording.key_prefix}/events/recording-started.json"]
    delivering.sim.clock.advance(10)
    delivering.finish()
    assert sorted(keys()) == sorted(recording.objects)
    for key, body in recording.objects.items():
        assert s3.get_object(Bucket="shows", Key=key)["Body"].read() == body
    assert delivering.told == ["Session Start", "Destination Start", "Destination End", "Session End"]


def test_stopped_before_it_has_begun(delivering: Pipeline) -> None:
    """A composition that is stopped while its first file is on its way has not started there, and ends all the same."""
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="shows")
    waiting: list[Delivery] = []
    carry = delivering.sim.deliver_aside(waiting.append)
    delivering.compose().begin()
    delivering.finish()
    assert delivering.told == ["Session Start"]
    while waiting:
        waiting.pop(0)()
    carry()
    assert delivering.told == ["Session Start", "Session End"]
    (recording,) = delivering.sim.recordings
    assert recording.status == "RECORDING_ENDED"


def test_without_a_bucket(delivering: Pipeline, caplog: pytest.LogCaptureFixture) -> None:
    """Without its bucket it does not begin: the pipeline is told what S3 said, and so is the log."""
    delivering.compose().begin()
    assert delivering.told == ["Session Start", "Destination Failure", "Session Failure"]
    (recording,) = delivering.sim.recordings
    assert recording.status == "RECORDING_START_FAILED"
    assert f"{delivering.arn} is not recorded: bucket shows: NoSuchBucket" in caplog.text


def test_a_bucket_that_is_gone(delivering: Pipeline, caplog: pytest.LogCaptureFixture) -> None:
    """Without its bucket in the end it ends with a failure."""
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="shows")
    delivering.compose().begin()
    (recording,) = delivering.sim.recordings
    s3.delete_object(Bucket="shows", Key=next(iter(recording.objects)))
    s3.delete_bucket(Bucket="shows")
    delivering.sim.clock.advance(10)
    delivering.finish()
    assert recording.status == "RECORDING_ENDED_WITH_FAILURE"
    assert delivering.told[2:] == ["Destination Failure", "Session End"]
    assert "could not be written completely: bucket shows: NoSuchBucket" in caplog.text


@pytest.mark.parametrize(
    ("settings", "state"),
    [
        ({"encoderConfigurationArns": []}, "FAILED"),
        ({"thumbnailConfigurations": []}, "ACTIVE"),
        ({"thumbnailConfigurations": [*THUMBNAILS, {"targetIntervalSeconds": 60}]}, "ACTIVE"),
        ({"thumbnailConfigurations": [{"targetIntervalSeconds": 0}]}, "ACTIVE"),
        ({"recordingConfiguration": {"hlsConfiguration": {"targetSegmentDurationSeconds": 0}}}, "ACTIVE"),
    ],
)
def test_what_is_not_checked(settings: dict[str, Any], state: str) -> None:
    """Where nothing is checked, what a composition cannot be recorded with fails; the rest is the nearest there is."""
    pipeline = Pipeline(Emulator(seed=1, strict=False)).compose(**settings)
    pipeline.sim.clock.freeze()
    pipeline.begin()
    shown = call(pipeline.sim, "GetComposition", arn=pipeline.arn).body["composition"]
    assert shown["state"] == shown["destinations"][0]["state"] == state
    pipeline.sim.clock.advance(10)
    pipeline.finish()
    assert [recording.duration for recording in pipeline.sim.recordings] == [seconds(10)] * (state == "ACTIVE")
    for recording in pipeline.sim.recordings:
        number = sum("/thumbnails/" in path for path in paths(recording))
        wanted = settings.get("thumbnailConfigurations") or [{"targetIntervalSeconds": 100}]
        assert number == {0: 10, 10: 1, 100: 0}[wanted[0]["targetIntervalSeconds"]]
