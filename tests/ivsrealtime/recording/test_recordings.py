"""Recordings of stages as a test sees them: `sim.recordings`."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from ...calling import call
from .recorded import MORNING, needs_settings, record, recorded_stage, seconds

pytestmark = [pytest.mark.usefixtures("frozen"), needs_settings]


def test_what_it_shows(sim: Emulator) -> None:
    """The recording of a participant names the stage, its session and the participant, and where it is in S3."""
    stage = recorded_stage(sim)
    ann = sim.stages.join(stage)
    ann.publish()
    sim.clock.advance(20)
    (recording,) = sim.recordings
    assert (recording.stage_arn, recording.session_id) == (stage, ann.session_id)
    assert (recording.participant_id, recording.composition_arn) == (ann.participant_id, "")
    assert (recording.channel_arn, recording.stream_ids) == ("", [])
    assert (recording.bucket, recording.recording_id) == ("shows", "2026-03-04T05-06-07Z")
    assert (recording.status, recording.reason, recording.ended_at) == ("RECORDING_STARTED", "", None)
    assert (recording.started_at, recording.duration) == (MORNING, seconds(18))
    ann.leave()
    assert (recording.status, recording.ended_at) == ("RECORDING_ENDED", MORNING + seconds(20))
    assert repr(recording) == f"<Recording {recording.key_prefix}, RECORDING_ENDED>"


def test_of_a_stage(sim: Emulator) -> None:
    """`of_stage()` has the recordings of one stage, those of channels stand between them in `sim.recordings`."""
    first, second = recorded_stage(sim), recorded_stage(sim)
    bucket = {"s3": {"bucketName": "shows"}}
    made = call(sim, "CreateRecordingConfiguration", destinationConfiguration=bucket).body["recordingConfiguration"]
    channel = call(sim, "CreateChannel", recordingConfigurationArn=made["arn"]).body["channel"]["arn"]
    record(sim, first, 10)
    with sim.streams.start(channel):
        sim.clock.advance(10)
    record(sim, second, 10)
    record(sim, first, 10)
    assert [recording.stage_arn or recording.channel_arn for recording in sim.recordings] == [
        first,
        channel,
        second,
        first,
    ]
    assert sim.recordings.of_stage(first) == [sim.recordings[0], sim.recordings[3]]
    assert sim.recordings.of(channel) == [sim.recordings[1]]


def test_reset(sim: Emulator) -> None:
    """After a reset there are no recordings; one that somebody holds shows what it was."""
    recording = record(sim, recorded_stage(sim), 10)
    sim.reset()
    assert len(sim.recordings) == 0
    assert recording.status == "RECORDING_ENDED"
    assert recording.duration == seconds(10)
