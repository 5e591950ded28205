"""What tests of recordings share: what is recorded, and how it is looked at."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import m3u8
import pytest

from ivsim import Emulator, Recording

from ...calling import call

MORNING = datetime(2026, 3, 4, 5, 6, 7, tzinfo=timezone.utc)


CHANGE = "IVS Recording State Change"


needs_fragments = pytest.mark.needs("CreateChannel.containerFormat")


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


def realistic(seed: int = 1) -> Emulator:
    """Return an emulator where things take their time."""
    sim = Emulator(seed=seed, transitions="realistic")
    sim.clock.freeze(MORNING - timedelta(seconds=100))
    return sim


def reconnect(sim: Emulator, after: float = 10, window: int = 60, **second: Any) -> list[Recording]:
    """Return what two streams are recorded in that follow each other, the second with another encoder."""
    arn = channel(sim, configure(sim, recordingReconnectWindowSeconds=window))
    record(sim, arn, 20)
    sim.clock.advance(after)
    record(sim, arn, 30, **second)
    sim.clock.advance(window)
    return sim.recordings.of(arn)
