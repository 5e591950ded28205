"""What tests of recordings of stages share: what is recorded, and how it is looked at."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import m3u8
import pytest

from ivsim import Emulator, LiveParticipant, Recording

from ...calling import call

MORNING = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)

needs_settings = pytest.mark.needs("StartParticipantReplication")
"""An older botocore does not know all that a stage can want of recordings; this operation came as late."""

CHANGE = "IVS Participant Recording State Change"


def store(sim: Emulator, bucket: str = "shows") -> str:
    """Return the ARN of a new storage configuration."""
    answer = call(sim, "CreateStorageConfiguration", s3={"bucketName": bucket})
    return str(answer.body["storageConfiguration"]["arn"])


def recorded_stage(sim: Emulator, bucket: str = "shows", **settings: Any) -> str:
    """Return the ARN of a new stage whose participants are recorded."""
    if "storageConfigurationArn" not in settings:
        settings["storageConfigurationArn"] = store(sim, bucket)
    answer = call(sim, "CreateStage", name="show", autoParticipantRecordingConfiguration=settings)
    return str(answer.body["stage"]["arn"])


def record(sim: Emulator, stage: str, seconds: float, **sent: Any) -> Recording:
    """Return what is recorded of somebody who publishes for so many seconds, and leaves."""
    with sim.stages.join(stage, user_id="ann") as ann:
        ann.publish(video=sent)
        sim.clock.advance(seconds)
    return sim.recordings[-1]


def seen(sim: Emulator, participant: LiveParticipant) -> tuple[str, str, str]:
    """Return what GetParticipant says of a participant's recording: state, bucket and prefix."""
    about = {"sessionId": participant.session_id, "participantId": participant.participant_id}
    answer = call(sim, "GetParticipant", stageArn=participant.stage_arn, **about).body["participant"]
    return answer["recordingState"], answer["recordingS3BucketName"], answer["recordingS3Prefix"]


def state(sim: Emulator, participant: LiveParticipant) -> str:
    """Return the state of a participant's recording."""
    return seen(sim, participant)[0]


def details(sim: Emulator) -> list[dict[str, Any]]:
    """Return what the events of all recordings said."""
    return [event["detail"] for event in sim.events.of(CHANGE)]


def story(sim: Emulator) -> list[tuple[str, float]]:
    """Return which events of recordings there were, and how many seconds after the start."""
    told = []
    for event in sim.events.of(CHANGE):
        after = datetime.fromisoformat(event["time"].replace("Z", "+00:00")) - MORNING
        told.append((event["detail"]["event_name"], after.total_seconds()))
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


def realistic() -> Emulator:
    """Return an emulator where things take their time."""
    sim = Emulator(seed=1, transitions="realistic")
    sim.clock.freeze(MORNING)
    return sim


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)
