"""A recording's life: when it starts and ends, what EventBridge hears of it, how it fails."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ivsim import Emulator

from ...calling import call
from .recorded import (
    CHANGE,
    channel,
    configure,
    details,
    paths,
    read_json,
    realistic,
    record,
    story,
)

pytestmark = pytest.mark.usefixtures("frozen")


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
