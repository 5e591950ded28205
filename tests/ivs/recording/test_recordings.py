"""What becomes of broadcasts on channels with a recording configuration."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import m3u8
import pytest

from ivsim import Emulator, Recording
from ivsim.ivs.recording import objects as recorded_objects

from ...calling import call, send, signed

MORNING = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
CHANGE = "IVS Recording State Change"

needs_fragments = pytest.mark.needs("CreateChannel.containerFormat")


@pytest.fixture(autouse=True)
def _frozen(sim: Emulator) -> None:
    sim.clock.freeze(MORNING)


def configure(sim: Emulator, **members: Any) -> str:
    """Return the ARN of a new recording configuration."""
    destination = {"s3": {"bucketName": "shows"}}
    answer = call(sim, "CreateRecordingConfiguration", destinationConfiguration=destination, **members)
    arn: str = answer.body["recordingConfiguration"]["arn"]
    return arn


def channel(sim: Emulator, configuration: str, **members: Any) -> str:
    """Return the ARN of a new channel that is recorded."""
    members = {"name": "show", "recordingConfigurationArn": configuration, **members}
    arn: str = call(sim, "CreateChannel", **members).body["channel"]["arn"]
    return arn


def record(sim: Emulator, arn: str, seconds: float, **options: Any) -> Recording:
    """Return what a stream of so many seconds is recorded in."""
    with sim.streams.start(arn, **options):
        sim.clock.advance(seconds)
    return sim.recordings.of(arn)[-1]


def details(sim: Emulator) -> list[dict[str, Any]]:
    """Return what the events of all recordings said."""
    return [event["detail"] for event in sim.events.of(CHANGE)]


def story(sim: Emulator) -> list[tuple[str, float]]:
    """Return which events there were, and how many seconds after the start."""
    told = []
    for event in sim.events:
        after = datetime.fromisoformat(event["time"].replace("Z", "+00:00")) - MORNING
        told.append((event["detail"].get("event_name") or event["detail"]["recording_status"], after.total_seconds()))
    return told


def paths(recording: Recording) -> list[str]:
    """Return the keys of a recording's objects without its prefix."""
    return [key.removeprefix(f"{recording.key_prefix}/") for key in recording.objects]


def read(recording: Recording, path: str) -> bytes:
    """Return an object of a recording."""
    return recording.objects[f"{recording.key_prefix}/{path}"]


def read_json(recording: Recording, name: str) -> Any:
    """Return what a metadata file says."""
    return json.loads(read(recording, f"events/recording-{name}.json"))


def playlist(recording: Recording, path: str) -> Any:
    """Return a playlist of a recording, parsed."""
    return m3u8.loads(read(recording, f"media/hls/{path}").decode())


# --- events


def test_events(sim: Emulator) -> None:
    """A recorded stream has a Recording Start and a Recording End, with the members of AWS's in their order."""
    arn = channel(sim, configure(sim))
    recording = record(sim, arn, 70)
    same = {
        "recording_status_reason": "",
        "recording_s3_bucket_name": "shows",
        "recording_s3_key_prefix": recording.key_prefix,
    }
    stream_id = recording.stream_ids[0]
    after = {
        "channel_name": "show",
        "stream_id": stream_id,
        "recording_session_id": recording.session_id,
        "recording_session_stream_ids": [stream_id],
    }
    assert [json.dumps(detail) for detail in details(sim)] == [
        json.dumps({"recording_status": "Recording Start", **same, "recording_duration_ms": 0, **after}),
        json.dumps({"recording_status": "Recording End", **same, "recording_duration_ms": 70_000, **after}),
    ]
    assert [event["resources"] for event in sim.events.of(CHANGE)] == [[arn], [arn]]
    assert story(sim) == [
        ("Session Created", 0),
        ("Stream Start", 0),
        ("Recording Start", 0),
        ("Session Ended", 70),
        ("Stream End", 70),
        ("Recording End", 70),
    ]


def test_key_prefix(sim: Emulator) -> None:
    """The key prefix has account, channel and the minute in UTC, not padded."""
    arn = channel(sim, configure(sim))
    recording = record(sim, arn, 0)
    channel_id = arn.rpartition("/")[2]
    assert recording.key_prefix == f"ivs/v1/123456789012/{channel_id}/2026/3/4/5/6/{recording.recording_id}"
    assert len(recording.recording_id) == len(recording.session_id) == 12
    assert recording.recording_id != recording.session_id


def test_events_are_in_the_session(sim: Emulator) -> None:
    """The session has the recording's events, Recording End too, which comes after its end."""
    arn = channel(sim, configure(sim))
    record(sim, arn, 0)
    session = call(sim, "GetStreamSession", channelArn=arn).body["streamSession"]
    assert [(event["name"], event["type"]) for event in session["truncatedEvents"] if "Rec" in event["name"]] == [
        ("Recording End", CHANGE),
        ("Recording Start", CHANGE),
    ]
    summary = call(sim, "ListStreamSessions", channelArn=arn).body["streamSessions"][0]
    assert not summary["hasErrorEvent"]


def test_no_configuration(sim: Emulator) -> None:
    """A channel without a recording configuration is not recorded."""
    with sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"]):
        pass
    assert list(sim.recordings) == []
    assert details(sim) == []


def test_new_name(sim: Emulator) -> None:
    """An event that comes after the channel was renamed has the new name; once it is deleted, the last it went by."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    record(sim, arn, 10)
    call(sim, "UpdateChannel", arn=arn, name="late-show")
    sim.clock.advance(60)
    assert [detail["channel_name"] for detail in details(sim)] == ["show", "late-show"]
    record(sim, arn, 10)
    call(sim, "DeleteChannel", arn=arn)
    sim.clock.advance(60)
    assert [detail["channel_name"] for detail in details(sim)[2:]] == ["late-show", "late-show"]


# --- time


def realistic(seed: int = 1) -> Emulator:
    """Return an emulator where things take their time."""
    sim = Emulator(seed=seed, transitions="realistic")
    sim.clock.freeze(MORNING - timedelta(seconds=100))
    return sim


def test_realistic_times() -> None:
    """Realistic: Recording Start a second after Stream Start, Recording End some seconds after the stream."""
    sim = realistic()
    arn = channel(sim, configure(sim))
    sim.clock.advance(100)
    with sim.streams.start(arn):
        sim.clock.advance(30)
    sim.clock.advance(30)
    assert story(sim) == [
        ("Session Created", 0),
        ("Stream Start", 4),
        ("Recording Start", 5),
        ("Session Ended", 30),
        ("Stream End", 30),
        ("Recording End", 33),
    ]
    assert details(sim)[1]["recording_duration_ms"] == 26_000


@pytest.mark.parametrize(("window", "end"), [(2, 33), (60, 90)])
def test_recording_end_waits_for_the_window(window: int, end: int) -> None:
    """Realistic: Recording End comes when all is written and the reconnect window is over, whichever is later."""
    sim = realistic()
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=window))
    sim.clock.advance(100)
    with sim.streams.start(arn):
        sim.clock.advance(30)
    sim.clock.advance(100)
    assert story(sim)[-1] == ("Recording End", end)


def test_stream_that_ends_before_its_recording_starts() -> None:
    """Realistic: a stream that ends within a second of Stream Start is not recorded, nor one that never started."""
    sim = realistic()
    arn = channel(sim, configure(sim))
    sim.clock.advance(100)
    for seconds in (1, 4.5):
        with sim.streams.start(arn):
            sim.clock.advance(seconds)
        sim.clock.advance(10)
    assert list(sim.recordings) == []


def test_slow_recording(sim: Emulator) -> None:
    """A test can say how long it takes until a recording starts and until it is written."""
    arn = channel(sim, configure(sim))
    sim.faults.latency("RecordingStart", 15)
    sim.faults.latency("RecordingEnd", 50)
    record(sim, arn, 40)
    sim.clock.advance(100)
    assert [pair for pair in story(sim) if "Recording" in pair[0]] == [("Recording Start", 15), ("Recording End", 90)]
    assert details(sim)[1]["recording_duration_ms"] == 40_000


@pytest.mark.parametrize(("seconds", "recorded"), [(0, 0), (9.9, 0), (10, 10), (10.9, 10), (86_400, 86_400)])
def test_duration(sim: Emulator, seconds: float, recorded: int) -> None:
    """The duration has whole seconds; a stream of less than ten leaves no media, only the metadata files."""
    recording = record(sim, channel(sim, configure(sim)), seconds)
    assert recording.duration == timedelta(seconds=recorded)
    assert details(sim)[1]["recording_duration_ms"] == recorded * 1000
    assert read_json(recording, "ended")["media"]["hls"]["duration_ms"] == recorded * 1000
    if not recorded:
        assert paths(recording) == ["events/recording-started.json", "events/recording-ended.json"]


def test_duration_is_not_off_by_a_rounding(sim: Emulator) -> None:
    """Times that are no round numbers do not cost a second."""
    arn = channel(sim, configure(sim))
    for fraction in range(1, 20):
        sim.clock.freeze(MORNING + timedelta(days=fraction, microseconds=fraction * 77_777))
        assert record(sim, arn, 33).duration == timedelta(seconds=33)


# --- merging


def reconnect(sim: Emulator, after: float = 10, window: int = 60, **second: Any) -> list[Recording]:
    """Return what two streams are recorded in that follow each other, the second with another encoder."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=window))
    record(sim, arn, 20)
    sim.clock.advance(after)
    record(sim, arn, 30, **second)
    sim.clock.advance(window)
    return sim.recordings.of(arn)


def test_merged(sim: Emulator) -> None:
    """A stream that comes back within the window goes on in the same recording, which ends once."""
    (recording,) = reconnect(sim)
    first, second = recording.stream_ids
    assert [event for event in story(sim) if "Recording" in event[0]] == [
        ("Recording Start", 0),
        ("Recording Start", 30),
        ("Recording End", 120),
    ]
    assert [detail["stream_id"] for detail in details(sim)] == [first, second, second]
    assert [detail["recording_session_stream_ids"] for detail in details(sim)] == [
        [first],
        [first, second],
        [first, second],
    ]
    assert {detail["recording_s3_key_prefix"] for detail in details(sim)} == {recording.key_prefix}
    assert {detail["recording_session_id"] for detail in details(sim)} == {recording.session_id}
    assert recording.duration == timedelta(seconds=50)
    assert details(sim)[-1]["recording_duration_ms"] == 50_000
    assert recording.started_at == MORNING
    assert recording.ended_at == MORNING + timedelta(seconds=120)
    arn = recording.channel_arn
    for stream_id, names in ((first, ["Recording Start"]), (second, ["Recording End", "Recording Start"])):
        session = call(sim, "GetStreamSession", channelArn=arn, streamId=stream_id).body["streamSession"]
        assert [event["name"] for event in session["truncatedEvents"] if event["type"] == CHANGE] == names


def test_merged_media(sim: Emulator) -> None:
    """The files of merged streams are numbered throughout; the playlists have a discontinuity between the streams."""
    (recording,) = reconnect(sim)
    for name, starts in (("playlist.m3u8", [0, 10, 30, 40, 50]), ("byte-range-variant.m3u8", None)):
        parsed = playlist(recording, f"720p30/{name}")
        breaks = [segment for segment in parsed.segments if segment.discontinuity]
        assert [segment.uri for segment in breaks] == ["2.ts"]
        assert breaks[0].program_date_time == MORNING + timedelta(seconds=30)
        if starts:
            times = [segment.program_date_time - MORNING for segment in parsed.segments]
            assert times == [timedelta(seconds=start) for start in starts]
    assert read_json(recording, "started")["recording_started_at"] == "2026-03-04T05:06:07Z"
    assert sum("720p30" in path and path.endswith(".ts") for path in paths(recording)) == 5


def test_short_streams_in_between(sim: Emulator) -> None:
    """A stream too short to leave media is one of the recording's streams all the same."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    for seconds in (20, 5, 20):
        record(sim, arn, seconds)
    (recording,) = sim.recordings.of(arn)
    assert len(recording.stream_ids) == 3
    assert recording.duration == timedelta(seconds=40)
    assert [
        segment.uri for segment in playlist(recording, "720p30/playlist.m3u8").segments if segment.discontinuity
    ] == ["2.ts"]


@pytest.mark.parametrize(
    "second",
    [
        {},
        {"video": {"target_bitrate": 5_250_000}},
        {"video": {"target_bitrate": 1_750_000}},
        {"audio": {"target_bitrate": 1}},
    ],
)
def test_alike(sim: Emulator, second: dict[str, Any]) -> None:
    """Streams of the same size, frame rate and codecs, within half of the first one's bitrate, are merged."""
    assert len(reconnect(sim, **second)) == 1


@pytest.mark.parametrize(
    "second",
    [
        {"video": {"target_bitrate": 5_250_001}},
        {"video": {"target_bitrate": 1_749_999}},
        {"video": {"video_width": 1918}},
        {"video": {"video_height": 1078}},
        {"video": {"target_framerate": 29}},
        {"video": {"codec": "avc1.640028"}},
        {"audio": {"codec": "mp4a.40.5"}},
        {"audio": [{}, {}]},
        {"after": 61},
        {"after": 60},
        {"after": 0, "window": 0},
    ],
)
def test_not_alike(sim: Emulator, second: dict[str, Any]) -> None:
    """Streams that differ, or come too late, are recorded each by itself."""
    recordings = reconnect(sim, **second)
    assert [recording.duration.seconds for recording in recordings] == [20, 30]
    assert len({recording.key_prefix for recording in recordings}) == 2
    assert {recording.status for recording in recordings} == {"RECORDING_ENDED"}


def test_bitrate_is_compared_with_the_first(sim: Emulator) -> None:
    """A bitrate that creeps up is compared with the first stream's."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    for bitrate in (2_000_000, 3_000_000, 4_000_000):
        record(sim, arn, 10, video={"target_bitrate": bitrate})
    assert [len(recording.stream_ids) for recording in sim.recordings] == [2, 1]


@pytest.mark.parametrize(
    "members",
    [
        {"type": "BASIC"},
        pytest.param({"containerFormat": "FRAGMENTED_MP4"}, marks=needs_fragments),
        {"recordingConfigurationArn": "another"},
    ],
)
def test_channel_changed_in_between(sim: Emulator, members: dict[str, Any]) -> None:
    """A channel that is configured otherwise in between gets another recording."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    record(sim, arn, 10)
    another = configure(sim, recordingReconnectWindowSeconds=60)
    call(sim, "UpdateChannel", arn=arn, **{**members, **({k: another for k in members if k.endswith("Arn")})})
    record(sim, arn, 10)
    assert len(sim.recordings) == 2


def test_twenty_streams(sim: Emulator) -> None:
    """At most twenty streams are merged."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    for _ in range(21):
        record(sim, arn, 10)
    assert [len(recording.stream_ids) for recording in sim.recordings] == [20, 1]


@pytest.mark.parametrize(("hours", "recordings"), [(47, 1), (48, 2)])
def test_48_hours(sim: Emulator, hours: int, recordings: int) -> None:
    """From 48 hours on a new recording begins."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    record(sim, arn, hours * 3600)
    record(sim, arn, 10)
    assert len(sim.recordings) == recordings


def reconnect_realistically(pause: float, window: int, seconds: float = 30, **second: Any) -> Emulator:
    """Let an encoder come back after a pause, where things take their time."""
    sim = realistic()
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=window))
    sim.clock.advance(100)
    with sim.streams.start(arn):
        sim.clock.advance(30)
    sim.clock.advance(pause)
    with sim.streams.start(arn, **second):
        sim.clock.advance(seconds)
    sim.clock.advance(100)
    return sim


@pytest.mark.parametrize(("pause", "recordings"), [(3, 1), (2, 2), (9, 1), (10, 2)])
def test_when_an_encoder_comes_back(pause: float, recordings: int) -> None:
    """Realistic: an encoder is in time when it connects after all was written and before the window is over."""
    sim = reconnect_realistically(pause, window=10)
    assert len(sim.recordings) == recordings
    assert {recording.status for recording in sim.recordings} == {"RECORDING_ENDED"}


@pytest.mark.parametrize(
    ("seconds", "second", "end"),
    [
        (1, {}, 40),  # gone again before the window is over
        (3, {}, 42),  # gone again after it, and before it was live
        (30, {"video": {"target_framerate": 60}}, 44),  # another format, which is known when it is live
    ],
)
def test_encoder_that_comes_back_and_is_not_recorded_there(seconds: float, second: dict[str, Any], end: int) -> None:
    """Realistic: a recording does not wait longer than it must for an encoder that came back in time."""
    sim = reconnect_realistically(9, window=10, seconds=seconds, **second)
    assert next(at for name, at in story(sim) if name == "Recording End") == end
    assert sim.recordings[0].duration == timedelta(seconds=26)


def test_encoder_that_comes_back_to_a_channel_that_is_not_recorded(sim: Emulator) -> None:
    """A recording does not wait for a stream on a channel whose recording was switched off in between."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    record(sim, arn, 10)
    call(sim, "UpdateChannel", arn=arn, recordingConfigurationArn="")
    with sim.streams.start(arn):
        sim.clock.advance(100)
    assert story(sim)[-3] == ("Recording End", 70)
    assert len(sim.recordings) == 1


def test_two_recordings_at_a_time(sim: Emulator) -> None:
    """While a recording waits, one of another format can begin; the first still ends when its window is over."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    record(sim, arn, 10)
    with sim.streams.start(arn, encoder="WebRTC"):
        sim.clock.advance(100)
        assert [pair for pair in story(sim) if pair[0] == "Recording End"] == [("Recording End", 70)]
    sim.clock.advance(60)
    assert [pair for pair in story(sim) if pair[0] == "Recording End"] == [
        ("Recording End", 70),
        ("Recording End", 170),
    ]


# --- failures


def failure(sim: Emulator) -> dict[str, Any]:
    """Return what the one failure said."""
    (detail,) = [detail for detail in details(sim) if "Failure" in detail["recording_status"]]
    return detail


def check_not_started(sim: Emulator, arn: str, reason: str) -> None:
    """Check that the one recording of a channel did not start."""
    (recording,) = sim.recordings.of(arn)
    assert list(failure(sim).items()) == [
        ("recording_status", "Recording Start Failure"),
        ("recording_status_reason", reason),
        ("recording_s3_bucket_name", recording.bucket),
        ("recording_s3_key_prefix", ""),
        ("recording_duration_ms", 0),
        ("channel_name", "show"),
        ("stream_id", recording.stream_ids[0]),
        ("recording_session_id", recording.session_id),
        ("recording_session_stream_ids", recording.stream_ids),
    ]
    assert (recording.status, recording.reason) == ("RECORDING_START_FAILED", reason)
    assert (recording.key_prefix, recording.recording_id, recording.ended_at) == ("", "", None)
    assert dict(recording.objects) == {}
    assert recording.duration == timedelta()
    assert call(sim, "ListStreamSessions", channelArn=arn).body["streamSessions"][0]["hasErrorEvent"]
    assert len(details(sim)) == 1


@pytest.mark.parametrize("reason", ["ValidationException", "InternalServerException"])
def test_start_failure(sim: Emulator, reason: str) -> None:
    """A recording that a test lets fail at the start is none; the stream goes on, and the next one is recorded."""
    arn, other = (channel(sim, configure(sim)) for _ in range(2))
    sim.faults.add("RecordingStart", reason, when={"channelArn": arn})
    live = sim.streams.start(arn)
    sim.clock.advance(60)
    assert live.is_live
    live.end()
    sim.clock.advance(60)
    check_not_started(sim, arn, reason)
    assert repr(sim.recordings[0]) == f"<Recording {sim.recordings[0].session_id}, RECORDING_START_FAILED>"
    for each in (arn, other):
        assert record(sim, each, 10).status == "RECORDING_ENDED"


def test_configuration_that_is_not_active() -> None:
    """Realistic: a recording configuration that is CREATING as the encoder connects is a Recording Start Failure."""
    sim = realistic()
    arn = channel(sim, configure(sim))
    with sim.streams.start(arn):
        sim.clock.advance(100)
    check_not_started(sim, arn, "ValidationException")


def test_configuration_without_a_bucket() -> None:
    """Where nothing is checked, a configuration may name no bucket; that is a Recording Start Failure."""
    sim = Emulator(seed=1, strict=False)
    arn = call(sim, "CreateRecordingConfiguration", destinationConfiguration={}).body["recordingConfiguration"]["arn"]
    arn = channel(sim, arn)
    with sim.streams.start(arn):
        pass
    check_not_started(sim, arn, "ValidationException")


def test_configuration_that_does_not_exist() -> None:
    """Where references are not checked, a configuration that is none records nothing."""
    sim = Emulator(seed=1, strict=False)
    arn = channel(sim, "arn:aws:ivs:us-east-1:123456789012:recording-configuration/nonsense")
    with sim.streams.start(arn):
        pass
    assert list(sim.recordings) == []


def test_start_failure_within_the_window(sim: Emulator) -> None:
    """A recording waits no longer when the stream that comes back fails to be recorded."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60))
    record(sim, arn, 10)
    sim.faults.add("RecordingStart", "InternalServerException")
    record(sim, arn, 10)
    record(sim, arn, 10)
    sim.clock.advance(100)
    assert [recording.status for recording in sim.recordings] == [
        "RECORDING_ENDED",
        "RECORDING_START_FAILED",
        "RECORDING_ENDED",
    ]


def test_end_failure(sim: Emulator) -> None:
    """A recording that a test lets fail at the end keeps its prefix and has recording-failed.json."""
    arn = channel(sim, configure(sim))
    sim.faults.add("RecordingEnd", "InternalServerException", when={"channelArn": arn})
    recording = record(sim, arn, 30)
    assert list(failure(sim).items())[:5] == [
        ("recording_status", "Recording End Failure"),
        ("recording_status_reason", "InternalServerException"),
        ("recording_s3_bucket_name", "shows"),
        ("recording_s3_key_prefix", recording.key_prefix),
        ("recording_duration_ms", 30_000),
    ]
    assert (recording.status, recording.reason) == ("RECORDING_ENDED_WITH_FAILURE", "InternalServerException")
    failed = read_json(recording, "failed")
    assert failed["recording_status"] == "RECORDING_ENDED_WITH_FAILURE"
    assert failed["recording_status_message"] == "InternalServerException"
    assert failed["media"]["hls"]["duration_ms"] == 30_000
    assert "events/recording-ended.json" not in paths(recording)
    assert call(sim, "ListStreamSessions", channelArn=arn).body["streamSessions"][0]["hasErrorEvent"]


def test_no_other_faults(sim: Emulator) -> None:
    """Only what can go wrong with a recording can be ordered."""
    with pytest.raises(ValueError, match="error_code"):
        sim.faults.add("RecordingEnd", "ThrottlingException")


# --- objects


def test_tree(sim: Emulator) -> None:
    """A recording has metadata files, playlists, segments and thumbnails, the file that says it ended last."""
    storage = {"storage": ["SEQUENTIAL", "LATEST"], "targetIntervalSeconds": 10}
    arn = channel(sim, configure(sim, thumbnailConfiguration=storage), type="BASIC")
    recording = record(sim, arn, 25)
    assert paths(recording) == [
        "events/recording-started.json",
        "media/hls/master.m3u8",
        "media/hls/byte-range-multivariant.m3u8",
        "media/hls/1080p30/playlist.m3u8",
        "media/hls/1080p30/byte-range-variant.m3u8",
        "media/hls/1080p30/0.ts",
        "media/hls/1080p30/1.ts",
        "media/hls/1080p30/2.ts",
        "media/thumbnails/thumb0.jpg",
        "media/thumbnails/thumb1.jpg",
        "media/thumbnails/thumb2.jpg",
        "media/latest_thumbnail/thumb.jpg",
        "events/recording-ended.json",
    ]


def test_metadata_files(sim: Emulator) -> None:
    """The metadata files have the members of AWS's, in their order."""
    storage = {"storage": ["SEQUENTIAL", "LATEST"], "resolution": "SD"}
    arn = channel(sim, configure(sim, thumbnailConfiguration=storage), type="ADVANCED_SD")
    recording = record(sim, arn, 70)

    def rendition(path: str, **size: int) -> dict[str, Any]:
        names = {"playlist": "playlist.m3u8", "byte_range_playlist": "byte-range-variant.m3u8"}
        return {"path": path, **names, **size}

    hls = {
        "path": "media/hls",
        "playlist": "master.m3u8",
        "byte_range_playlist": "byte-range-multivariant.m3u8",
        "renditions": [
            rendition("480p30", resolution_height=480, resolution_width=852),
            rendition("360p30", resolution_height=360, resolution_width=640),
            rendition("160p30", resolution_height=160, resolution_width=284),
            rendition("audio_only"),
        ],
    }
    size = {"resolution_height": 480, "resolution_width": 852}
    thumbnails = {
        "thumbnails": {"path": "media/thumbnails", **size},
        "latest_thumbnail": {"path": "media/latest_thumbnail/thumb.jpg", **size},
    }
    assert read(recording, "events/recording-started.json").decode() == json.dumps(
        {
            "version": "v1",
            "channel_arn": arn,
            "recording_started_at": "2026-03-04T05:06:07Z",
            "recording_status": "RECORDING_STARTED",
            "media": {"hls": hls, **thumbnails},
        }
    )
    assert read(recording, "events/recording-ended.json").decode() == json.dumps(
        {
            "version": "v1",
            "channel_arn": arn,
            "recording_ended_at": "2026-03-04T05:07:17Z",
            "recording_started_at": "2026-03-04T05:06:07Z",
            "recording_status": "RECORDING_ENDED",
            "media": {"hls": {"duration_ms": 70_000, **hls}, **thumbnails},
        }
    )


@pytest.mark.parametrize(
    ("thumbnails", "expected"),
    [
        ({}, ["media/thumbnails/thumb0.jpg", "media/thumbnails/thumb1.jpg"]),
        ({"targetIntervalSeconds": 30}, [f"media/thumbnails/thumb{number}.jpg" for number in range(3)]),
        ({"recordingMode": "DISABLED"}, []),
        ({"recordingMode": "DISABLED", "storage": ["LATEST"]}, []),
        ({"storage": ["LATEST"]}, ["media/latest_thumbnail/thumb.jpg"]),
        ({"storage": []}, []),
    ],
)
def test_thumbnails(sim: Emulator, thumbnails: dict[str, Any], expected: list[str]) -> None:
    """There are the thumbnails that the configuration asks for, and the metadata files say which."""
    recording = record(sim, channel(sim, configure(sim, thumbnailConfiguration=thumbnails)), 61)
    found = [path for path in paths(recording) if path.endswith(".jpg")]
    assert found == expected
    folders = [path.split("/")[1] for path in dict.fromkeys(path.rpartition("/")[0] for path in found)]
    media = read_json(recording, "ended")["media"]
    assert list(media) == ["hls", *folders]
    for path in found:
        body = read(recording, path)
        assert (body[:3], body[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")


@pytest.mark.parametrize(
    ("resolution", "kind", "expected"),
    [
        (None, "STANDARD", (1920, 1080)),
        ("FULL_HD", "STANDARD", (1920, 1080)),
        ("HD", "STANDARD", (1280, 720)),
        ("SD", "STANDARD", (852, 480)),
        ("LOWEST_RESOLUTION", "STANDARD", (640, 360)),
        ("SD", "BASIC", (1920, 1080)),
        ("HD", "ADVANCED_SD", (1920, 1080)),
    ],
)
def test_size_of_thumbnails(sim: Emulator, resolution: str | None, kind: str, expected: tuple[int, int]) -> None:
    """Thumbnails have the size that was asked for if there is such a rendition, else that of the source."""
    thumbnails = {"resolution": resolution} if resolution else {}
    recording = record(sim, channel(sim, configure(sim, thumbnailConfiguration=thumbnails), type=kind), 10)
    about = read_json(recording, "started")["media"]["thumbnails"]
    assert (about["resolution_width"], about["resolution_height"]) == expected


def test_interval_that_is_none() -> None:
    """Where nothing is checked, an interval of 0 is taken for the shortest there is."""
    sim = Emulator(seed=1, strict=False)
    sim.clock.freeze(MORNING)
    recording = record(sim, channel(sim, configure(sim, thumbnailConfiguration={"targetIntervalSeconds": 0})), 10)
    assert sum("thumb" in path for path in paths(recording)) == 10


_LOW = ["480p30", "360p30", "160p30"]
_ALL = ["1080p30", "720p30", *_LOW]


@pytest.mark.parametrize(
    ("kind", "selection", "expected"),
    [
        ("STANDARD", {}, _ALL),
        ("STANDARD", {"renditionSelection": "ALL"}, _ALL),
        ("STANDARD", {"renditionSelection": "NONE"}, []),
        ("STANDARD", {"renditionSelection": "CUSTOM", "renditions": ["HD", "SD"]}, ["720p30", "480p30"]),
        ("STANDARD", {"renditionSelection": "CUSTOM", "renditions": ["LOWEST_RESOLUTION"]}, ["360p30", "160p30"]),
        ("STANDARD", {"renditionSelection": "CUSTOM", "renditions": ["FULL_HD"]}, ["1080p30"]),
        ("ADVANCED_SD", {}, [*_LOW, "audio_only"]),
        ("ADVANCED_SD", {"renditionSelection": "CUSTOM", "renditions": ["HD"]}, ["480p30"]),
        ("ADVANCED_HD", {}, ["720p30", *_LOW, "audio_only"]),
        ("BASIC", {}, ["1080p30"]),
        ("BASIC", {"renditionSelection": "CUSTOM", "renditions": ["SD"]}, ["1080p30"]),
    ],
)
def test_renditions(sim: Emulator, kind: str, selection: dict[str, Any], expected: list[str]) -> None:
    """The renditions are those of the channel's type that the configuration selects, else the best there is."""
    recording = record(sim, channel(sim, configure(sim, renditionConfiguration=selection), type=kind), 10)
    found = dict.fromkeys(path.split("/")[2] for path in paths(recording) if path.count("/") > 2)
    about = read_json(recording, "ended")["media"]["hls"]["renditions"]
    assert list(found) == [rendition["path"] for rendition in about] == expected
    if expected:
        for name in ("master.m3u8", "byte-range-multivariant.m3u8"):
            variants = playlist(recording, name).playlists
            assert [variant.uri.split("/")[0] for variant in variants] == expected
            assert all(f"media/hls/{variant.uri}" in paths(recording) for variant in variants)
    else:
        assert not any(path.startswith("media/hls") for path in paths(recording))
        assert "media/thumbnails/thumb0.jpg" in paths(recording)


@pytest.mark.needs("CreateChannel.multitrackInputConfiguration")
def test_multitrack(sim: Emulator) -> None:
    """Tracks of multitrack input are renditions; of two tracks of one size the better one is recorded."""
    multitrack = {"enabled": True, "policy": "ALLOW", "maximumResolution": "FULL_HD"}
    arn = channel(sim, configure(sim), containerFormat="FRAGMENTED_MP4", multitrackInputConfiguration=multitrack)
    tracks = [{}, {"video_height": 720, "video_width": 1280, "target_bitrate": 1}]
    recording = record(sim, arn, 10, video=[*tracks, {**tracks[1], "target_bitrate": 2}])
    variants = playlist(recording, "master.m3u8").playlists
    assert [variant.stream_info.bandwidth for variant in variants] == [3_500_000, 2]
    assert len(recording.objects) == len(set(recording.objects))


def test_multivariant(sim: Emulator) -> None:
    """The playlist of the renditions is AWS's, line by line."""
    arn = channel(sim, configure(sim))
    video = {"target_framerate": 60, "codec": "avc1.64002A", "target_bitrate": 6_000_000}
    recording = record(sim, arn, 10, video=video)
    expected = [
        "#EXTM3U",
        f'#EXT-X-SESSION-DATA:DATA-ID="net.live-video.content.id",VALUE="{arn[-12:]}"',
        '#EXT-X-SESSION-DATA:DATA-ID="net.live-video.customer.id",VALUE="123456789012"',
    ]
    for name, shown, bandwidth, codec, size in (
        ("1080p60", "1080p60", 6_000_000, "avc1.64002A", "1920x1080"),
        ("720p60", "720p60", 3_330_599, "avc1.4D401F", "1280x720"),
        ("480p30", "480p", 1_335_600, "avc1.4D401F", "852x480"),
        ("360p30", "360p", 630_000, "avc1.4D401F", "640x360"),
        ("160p30", "160p", 230_000, "avc1.4D401F", "284x160"),
    ):
        expected += [
            f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="{name}",NAME="{shown}",AUTOSELECT=YES,DEFAULT=YES',
            f'#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={bandwidth},CODECS="{codec},mp4a.40.2",RESOLUTION={size},'
            f'VIDEO="{name}"',
            f"{name}/playlist.m3u8",
        ]
    assert read(recording, "media/hls/master.m3u8").decode().splitlines() == expected


def test_audio_only(sim: Emulator) -> None:
    """A rendition of audio alone has no resolution, and players do not choose it by themselves."""
    recording = record(sim, channel(sim, configure(sim), type="ADVANCED_SD"), 10)
    variant = playlist(recording, "master.m3u8").playlists[-1]
    assert variant.stream_info.resolution is None
    assert variant.stream_info.bandwidth == 64_000
    assert variant.media[0].name == "Audio Only"
    assert variant.media[0].default == "NO"


def test_variant(sim: Emulator) -> None:
    """The playlist of a rendition has the tags of AWS's, and a segment of ten seconds for each file."""
    recording = record(sim, channel(sim, configure(sim)), 24)
    lines = read(recording, "media/hls/720p30/playlist.m3u8").decode().splitlines()
    assert lines[:8] == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:10",
        "#ID3-EQUIV-TDTG:2026-03-04T05:06:31",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-TWITCH-ELAPSED-SECS:0.000",
        "#EXT-X-TWITCH-TOTAL-SECS:24.000",
    ]
    assert lines[8:11] == ["#EXT-X-PROGRAM-DATE-TIME:2026-03-04T05:06:07.000Z", "#EXTINF:10.000,", "0.ts"]
    parsed = playlist(recording, "720p30/playlist.m3u8")
    assert [(segment.uri, segment.duration) for segment in parsed.segments] == [("0.ts", 10), ("1.ts", 10), ("2.ts", 4)]
    assert parsed.is_endlist


@pytest.mark.parametrize(
    ("container", "suffix", "version"),
    [("TS", "ts", 4), pytest.param("FRAGMENTED_MP4", "mp4", 6, marks=needs_fragments)],
)
def test_byte_ranges(sim: Emulator, container: str, suffix: str, version: int) -> None:
    """The ranges of bytes cover each file without a gap, two seconds each."""
    arn = channel(sim, configure(sim), containerFormat=container)
    live = sim.streams.start(arn)
    sim.clock.advance(5)
    call(sim, "PutMetadata", channelArn=arn, metadata="x" * 1000)
    sim.clock.advance(20)
    live.end()
    (recording,) = sim.recordings
    parsed = playlist(recording, "720p30/byte-range-variant.m3u8")
    assert (parsed.version, parsed.target_duration, parsed.is_endlist) == (version, 2, True)
    assert [segment.duration for segment in parsed.segments] == [2] * 12 + [1]
    assert [segment.program_date_time - MORNING for segment in parsed.segments] == [
        timedelta(seconds=2 * number) for number in range(13)
    ]
    reached: dict[str, int] = {}
    for segment in parsed.segments:
        length, _, offset = segment.byterange.partition("@")
        assert reached.get(segment.uri, 0) == int(offset)
        reached[segment.uri] = int(offset) + int(length)
    assert reached == {
        f"{number}.{suffix}": len(read(recording, f"media/hls/720p30/{number}.{suffix}")) for number in range(3)
    }


@needs_fragments
def test_fragmented_mp4(sim: Emulator) -> None:
    """A channel with fragmented MP4 is recorded so, with an initialization section."""
    recording = record(sim, channel(sim, configure(sim), containerFormat="FRAGMENTED_MP4"), 20)
    for name in ("playlist.m3u8", "byte-range-variant.m3u8"):
        parsed = playlist(recording, f"480p30/{name}")
        assert parsed.version == 6
        assert {segment.init_section.uri for segment in parsed.segments} == {"init-0.mp4"}
        assert {segment.uri for segment in parsed.segments} == {"0.mp4", "1.mp4"}
    assert "media/hls/480p30/init-0.mp4" in paths(recording)
    assert read(recording, "media/hls/480p30/init-0.mp4")[4:8] == b"ftyp"


@pytest.mark.parametrize(
    ("container", "suffix"), [("TS", "ts"), pytest.param("FRAGMENTED_MP4", "mp4", marks=needs_fragments)]
)
def test_timed_metadata(sim: Emulator, container: str, suffix: str) -> None:
    """What PutMetadata inserted is in the segment of its time, in each of merged streams."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=60), containerFormat=container)
    for text in ("first", "second"):
        with sim.streams.start(arn):
            sim.clock.advance(12)
            call(sim, "PutMetadata", channelArn=arn, metadata=text)
            sim.clock.advance(10)
    (recording,) = sim.recordings
    bodies = [read(recording, f"media/hls/160p30/{number}.{suffix}") for number in range(6)]
    assert [[text for text in (b"first", b"second") if text in body] for body in bodies] == [
        [],
        [b"first"],
        [],
        [],
        [b"second"],
        [],
    ]


def test_while_it_is_live(sim: Emulator) -> None:
    """While the stream goes on, the files that are full are there, and the playlists are open."""
    arn = channel(sim, configure(sim))
    live = sim.streams.start(arn)
    (recording,) = sim.recordings
    assert paths(recording) == ["events/recording-started.json"]
    sim.clock.advance(29)
    assert (recording.status, recording.ended_at) == ("RECORDING_STARTED", None)
    assert recording.duration == timedelta(seconds=20)
    parsed = playlist(recording, "1080p30/playlist.m3u8")
    assert [segment.uri for segment in parsed.segments] == ["0.ts", "1.ts"]
    assert not parsed.is_endlist
    assert paths(recording)[-1] == "media/thumbnails/thumb0.jpg"
    live.end()
    assert recording.duration == timedelta(seconds=29)
    assert recording.ended_at == MORNING + timedelta(seconds=29)


def test_while_it_waits(sim: Emulator) -> None:
    """While a recording waits for the next stream, all media are there, and nothing says yet that it ended."""
    recording = record(sim, channel(sim, configure(sim, recordingReconnectWindowSeconds=60)), 25)
    assert recording.duration == timedelta(seconds=25)
    assert recording.status == "RECORDING_STARTED"
    assert not playlist(recording, "1080p30/playlist.m3u8").is_endlist
    assert "events/recording-ended.json" not in paths(recording)


def test_objects_are_a_mapping(sim: Emulator) -> None:
    """Objects are counted, found and missed as in any mapping."""
    recording = record(sim, channel(sim, configure(sim)), 25)
    objects = recording.objects
    assert len(objects) == len(list(objects)) == len(dict(objects))
    assert all(key in objects for key in objects)
    assert repr(objects) == f"<{len(objects)} objects under {recording.key_prefix}>"
    for missing in (
        "",
        "events/recording-ended.json",
        f"{recording.key_prefix}",
        f"{recording.key_prefix}/events/recording-failed.json",
        f"{recording.key_prefix}/media/hls/720p30/3.ts",
        f"{recording.key_prefix}/media/hls/720p30/00.ts",
        f"{recording.key_prefix}/media/hls/720p30/x.ts",
        f"{recording.key_prefix}/media/thumbnails/thumb1.jpg",
    ):
        assert missing not in objects
        with pytest.raises(KeyError):
            objects[missing]
    assert None not in objects


def test_nothing_is_made_that_nobody_reads(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a day's recording only the segments are made that are read."""
    made = []

    def segment(at: datetime, duration: float, metadata: list[str]) -> bytes:
        made.append(at)
        return b"media"

    monkeypatch.setattr(recorded_objects, "segment", segment)
    recording = record(sim, channel(sim, configure(sim)), 86_400)
    assert len(recording.objects) == 5 * (8640 + 2) + 2 + 1440 + 2
    assert f"{recording.key_prefix}/media/hls/720p30/8639.ts" in recording.objects
    assert len(playlist(recording, "720p30/playlist.m3u8").segments) == 8640
    assert made == []
    assert read(recording, "media/hls/720p30/8639.ts") == b"media" * 5
    assert made[0] == MORNING + timedelta(seconds=86_390)


def test_same_seed_same_bytes() -> None:
    """With the same seed and a frozen clock two recordings are the same, byte for byte."""
    both = []
    for _ in range(2):
        sim = Emulator(seed="evening")
        sim.clock.freeze(MORNING)
        arn = channel(sim, configure(sim, thumbnailConfiguration={"storage": ["SEQUENTIAL", "LATEST"]}))
        live = sim.streams.start(arn)
        sim.clock.advance(33.3)
        call(sim, "PutMetadata", channelArn=arn, metadata="hello")
        sim.clock.advance(33.3)
        live.end()
        both.append((dict(sim.recordings[0].objects), list(sim.events)))
    assert both[0] == both[1]


# --- sim.recordings


def test_sequence(sim: Emulator) -> None:
    """`sim.recordings` has the recordings of all accounts and regions, oldest first."""
    arn = channel(sim, configure(sim))
    headers = signed("eu-west-1", key="999988887777")
    destination = {"destinationConfiguration": {"s3": {"bucketName": "elsewhere"}}}
    answer = send(sim, "POST", "/CreateRecordingConfiguration", json.dumps(destination).encode(), headers)
    configuration = {"recordingConfigurationArn": answer.body["recordingConfiguration"]["arn"]}
    answer = send(sim, "POST", "/CreateChannel", json.dumps(configuration).encode(), headers)
    other = answer.body["channel"]["arn"]
    for each in (arn, other, arn):
        record(sim, each, 10)
    assert [recording.channel_arn for recording in sim.recordings] == [arn, other, arn]
    assert sim.recordings.of(arn) == [sim.recordings[0], sim.recordings[2]] == sim.recordings[::2]
    assert len(sim.recordings) == 3
    first, second, _ = sim.recordings
    assert second.key_prefix.startswith("ivs/v1/999988887777/")
    assert second.bucket == "elsewhere"
    assert first in sim.recordings
    assert first != second
    assert first != first.session_id
    assert len({*sim.recordings, first}) == 3
    assert repr(first) == f"<Recording {first.key_prefix}, RECORDING_ENDED>"
    assert repr(sim.recordings) == f"Recordings({list(sim.recordings)!r})"


def test_reset(sim: Emulator) -> None:
    """After a reset there are no recordings; one that somebody holds shows what it was."""
    recording = record(sim, channel(sim, configure(sim)), 10)
    sim.reset()
    assert len(sim.recordings) == 0
    assert recording.status == "RECORDING_ENDED"
    assert recording.duration == timedelta(seconds=10)


@pytest.mark.parametrize("what", ["nonsense", None, "arn:aws:ivs:us-east-1:123456789012:stream-key/abcdefghijkl"])
def test_recordings_of_no_channel(sim: Emulator, what: Any) -> None:
    """What is no channel's ARN has no recordings, and is refused rather than answered with none."""
    with pytest.raises(ValueError, match=r"channel_arn: .* is not the ARN of a channel"):
        sim.recordings.of(what)
