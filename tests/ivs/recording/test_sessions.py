"""Recording sessions: how long they are, and which streams become one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ivsim import Emulator

from ...calling import call
from .recorded import (
    CHANGE,
    MORNING,
    channel,
    configure,
    details,
    needs_fragments,
    paths,
    playlist,
    read_json,
    realistic,
    reconnect,
    record,
    story,
)

pytestmark = pytest.mark.usefixtures("frozen")


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
