"""Every event that EventBridge gets from IVS, member by member, in the order of the User Guide's samples."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from ivsim import Emulator, LiveStream, StreamRefused

from ..calling import call

STATE, HEALTH, LIMIT = "IVS Stream State Change", "IVS Stream Health Change", "IVS Limit Breach"
RECORDING, ADS = "IVS Recording State Change", "IVS Ad Break State Change"

ABOUT = '"channel_name":"show","stream_id":"{stream}"'
RECORDED = (
    '"recording_s3_bucket_name":"tapes","recording_s3_key_prefix":"{prefix}","recording_duration_ms":{duration},'
    '"channel_name":"show","stream_id":"{stream}","recording_session_id":"{session}",'
    '"recording_session_stream_ids":["{stream}"]'
)


class Studio:
    """A live channel that is recorded and has ads, at noon, where one stream more is one too many."""

    def __init__(self) -> None:
        self.sim = Emulator(seed=1, quotas={"Concurrent streams": 1})
        self.sim.clock.freeze(datetime(2026, 11, 1, 9, 5, tzinfo=timezone.utc))
        bucket = {"s3": {"bucketName": "tapes"}}
        made = call(self.sim, "CreateRecordingConfiguration", destinationConfiguration=bucket)
        settings = {"name": "show", "recordingConfigurationArn": made.body["recordingConfiguration"]["arn"]}
        ads = "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/ads"
        configured = call(
            self.sim, "CreateAdConfiguration", mediaTailorPlaybackConfigurations=[{"playbackConfigurationArn": ads}]
        )
        if configured.status == 200:
            settings["adConfigurationArn"] = configured.body["adConfiguration"]["arn"]
        self.arn = call(self.sim, "CreateChannel", **settings).body["channel"]["arn"]
        self.other = call(self.sim, "CreateChannel", name="other").body["channel"]["arn"]

    def fail_to_start(self, name: str, code: str) -> LiveStream:
        """Start a stream after ordering a fault."""
        self.sim.faults.add(name, code)
        return self.sim.streams.start(self.arn)


def start(studio: Studio) -> LiveStream:
    return studio.sim.streams.start(studio.arn, priority=5)


def end(studio: Studio) -> LiveStream:
    live = start(studio)
    studio.sim.clock.advance(70)
    live.end()
    return live


def act(name: str, *arguments: Any, **options: Any) -> Callable[[Studio], LiveStream]:
    def run(studio: Studio) -> LiveStream:
        live = start(studio)
        getattr(live, name)(*arguments, **options)
        return live

    return run


def take_over(priority: int) -> Callable[[Studio], LiveStream]:
    def run(studio: Studio) -> LiveStream:
        live = start(studio)
        with contextlib.suppress(StreamRefused):
            studio.sim.streams.start(studio.arn, priority=priority)
        return live

    return run


def recover(studio: Studio) -> LiveStream:
    live = act("starve")(studio)
    live.recover()
    return live


def one_too_many(studio: Studio) -> LiveStream:
    live = start(studio)
    with pytest.raises(StreamRefused):
        studio.sim.streams.start(studio.other)
    return live


def send_two_tracks(studio: Studio) -> LiveStream:
    return studio.sim.streams.start(studio.arn, video=[{}, {}])


def insert_ads(studio: Studio) -> LiveStream:
    live = start(studio)
    members = {"channelArn": studio.arn, "durationSeconds": 20, "adBreakId": "hSi2o1WIVgij"}
    if call(studio.sim, "InsertAdBreak", **members).body.get("adBreakId") != members["adBreakId"]:
        pytest.skip("the installed botocore has no ad breaks with an id")
    return live


def fail_to_end(studio: Studio) -> LiveStream:
    studio.sim.faults.add("RecordingEnd", "InternalServerException")
    return end(studio)


@pytest.mark.parametrize(
    ("kind", "expected", "cause"),
    [
        (STATE, '{{"event_name":"Session Created",' + ABOUT + "}}", start),
        (STATE, '{{"event_name":"Stream Start",' + ABOUT + "}}", start),
        (STATE, '{{"event_name":"Session Ended",' + ABOUT + "}}", end),
        (STATE, '{{"event_name":"Stream End",' + ABOUT + "}}", end),
        (
            STATE,
            '{{"event_name":"Session Ended","channel_name":"show","code":"MultitrackInputNotAllowed",'
            '"stream_id":"{stream}"}}',
            send_two_tracks,
        ),
        (
            STATE,
            '{{"event_name":"Stream Failure",' + ABOUT + ',"reason":"Transcode capacity exceeded. Please try again."}}',
            lambda studio: studio.fail_to_start("Ingest", "TranscodeCapacityExceeded"),
        ),
        (STATE, '{{"event_name":"Stream Takeover",' + ABOUT + "}}", take_over(6)),
        (
            STATE,
            '{{"event_name":"Stream Takeover Failure",' + ABOUT + ',"code":"StreamTakeoverInvalidPriority"}}',
            take_over(5),
        ),
        (HEALTH, '{{"event_name":"Starvation Start",' + ABOUT + "}}", act("starve")),
        (HEALTH, '{{"event_name":"Starvation End",' + ABOUT + "}}", recover),
        (
            LIMIT,
            '{{"limit_name":"Ingest Bitrate","limit_value":8500000,"exceeded_by":3000,"limit_unit":"bits per second",'
            + ABOUT
            + "}}",
            act("breach", "Ingest Bitrate", exceeded_by=3000),
        ),
        (
            LIMIT,
            '{{"limit_name":"Ingest Resolution","limit_value":2100000,"exceeded_by":45,"limit_unit":"total pixels",'
            + ABOUT
            + "}}",
            act("breach", "Ingest Resolution", exceeded_by=45),
        ),
        (
            LIMIT,
            '{{"limit_name":"Concurrent Broadcasts","limit_value":1,"exceeded_by":1,"limit_unit":"active streams"}}',
            one_too_many,
        ),
        (
            LIMIT,
            '{{"limit_name":"Concurrent Viewers","limit_value":15000,"exceeded_by":11,"limit_unit":"viewers"}}',
            act("set_viewers", 15_011),
        ),
        (
            RECORDING,
            '{{"recording_status":"Recording Start","recording_status_reason":"",' + RECORDED + "}}",
            start,
        ),
        (
            RECORDING,
            '{{"recording_status":"Recording End","recording_status_reason":"",' + RECORDED + "}}",
            end,
        ),
        (
            RECORDING,
            '{{"recording_status":"Recording Start Failure","recording_status_reason":"ValidationException",'
            + RECORDED
            + "}}",
            lambda studio: studio.fail_to_start("RecordingStart", "ValidationException"),
        ),
        (
            RECORDING,
            '{{"recording_status":"Recording End Failure","recording_status_reason":"InternalServerException",'
            + RECORDED
            + "}}",
            fail_to_end,
        ),
        (
            ADS,
            '{{"event_name":"Ad Break Inserted",' + ABOUT + ',"ad_break_id":"hSi2o1WIVgij","duration_seconds":20,'
            '"target_start_time":"2026-11-01T09:05:00Z"}}',
            insert_ads,
        ),
    ],
)
def test_every_event(kind: str, expected: str, cause: Callable[[Studio], LiveStream]) -> None:
    """Each event has its envelope and its detail as in the samples, and is about its channel or about none."""
    studio = Studio()
    live = cause(studio)
    (recording,) = studio.sim.recordings or [None]
    values = {"stream": live.stream_id, "prefix": "", "session": "", "duration": 0}
    if recording is not None:
        duration = 0 if "Start" in expected else 70_000
        values |= {"prefix": recording.key_prefix, "session": recording.session_id, "duration": duration}
    text = expected.format(**values)
    found = [
        event for event in studio.sim.events.of(kind) if json.dumps(event["detail"], separators=(",", ":")) == text
    ]
    assert len(found) == 1, [event["detail"] for event in studio.sim.events.of(kind)]
    envelope = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
    assert list(found[0]) == envelope
    assert found[0]["source"] == "aws.ivs"
    assert found[0]["resources"] == ([studio.arn] if "stream_id" in found[0]["detail"] else [])


def test_key_prefix_is_not_padded() -> None:
    """The minute in a recording's key prefix has no zeros in front."""
    studio = Studio()
    start(studio)
    (recording,) = studio.sim.recordings
    channel_id = studio.arn.rpartition("/")[2]
    assert recording.key_prefix == f"ivs/v1/123456789012/{channel_id}/2026/11/1/9/5/{recording.recording_id}"
