"""A stage on the air and on tape, and the tests: one composition for each show, begun and cleaned up by events.

EventBridge calls `on_stage_update` when somebody publishes: the first one on a stage puts it on the air, on its
channel, and on tape, in a bucket. An idempotency token keeps events that come twice from doing so twice.
`on_composition` keeps the list of shows: what is on the air, and where its video is afterwards.

Run it: `python -m pytest examples/test_composed_show.py`
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest

from ivsim import Emulator

# The code under test ------------------------------------------------------------------------------------------------

realtime = boto3.client("ivs-realtime", region_name="us-west-2")

LIVE = {"Destination Start", "Destination Reconnecting"}
OVER = {"Session End", "Session Failure"}


@dataclass
class Show:
    """A show that is on the air, or was."""

    stage: str
    is_on_air: bool = True
    has_failed: bool = False
    video: str = ""
    notes: list[str] = field(default_factory=list)


shows: dict[str, Show] = {}
"""By the ARN of the composition."""


def on_stage_update(event: dict[str, Any], _context: object) -> None:
    """Put a stage on the air when somebody begins to publish on it."""
    detail, stage = event["detail"], event["resources"][0]
    if detail["event_name"] != "Participant Published":
        return
    tags = realtime.get_stage(arn=stage)["stage"]["tags"]
    tape = {"storageConfigurationArn": tags["storage"], "encoderConfigurationArns": [tags["encoder"]]}
    air = {"channelArn": tags["channel"], "encoderConfigurationArn": tags["encoder"]}
    composition = realtime.start_composition(
        stageArn=stage,
        idempotencyToken=detail["session_id"],  # one composition for each session
        layout={"grid": {"featuredParticipantAttribute": "host"}},
        destinations=[{"name": "air", "channel": air}, {"name": "tape", "s3": tape}],
    )["composition"]
    tape_detail = composition["destinations"][1]["detail"]["s3"]
    video = f"{tape_detail['recordingPrefix']}/media/hls/multivariant.m3u8"
    shows.setdefault(composition["arn"], Show(stage, video=video))


def on_composition(event: dict[str, Any], _context: object) -> None:
    """Keep the list of shows."""
    show, name = shows.get(event["resources"][0]), event["detail"]["event_name"]
    if show is None:
        return  # the composition of somebody else
    if name in OVER:
        show.is_on_air, show.has_failed = False, name == "Session Failure"
    elif name not in LIVE:
        show.notes.append(name)


# Its tests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(ivsim: Emulator) -> str:
    """A stage with a channel and a bucket, in an account where EventBridge calls the functions above."""
    shows.clear()
    ivsim.clock.freeze()
    ivsim.events.subscribe(deliver)
    channel = boto3.client("ivs", region_name="us-west-2").create_channel(name="evening-show")["channel"]["arn"]
    encoder = realtime.create_encoder_configuration(video={"width": 640, "height": 360})["encoderConfiguration"]["arn"]
    storage = realtime.create_storage_configuration(s3={"bucketName": "videos"})["storageConfiguration"]["arn"]
    tags = {"channel": channel, "encoder": encoder, "storage": storage}
    arn: str = realtime.create_stage(name="evening-show", tags=tags)["stage"]["arn"]
    return arn


def deliver(event: dict[str, Any]) -> None:
    """Do as EventBridge does: call the function for events of a kind, with the event as JSON."""
    targets = {"IVS Stage Update": on_stage_update, "IVS Composition State Change": on_composition}
    if event["detail-type"] in targets:
        targets[event["detail-type"]](json.loads(json.dumps(event)), None)


def channel_of(stage: str) -> str:
    """Return the ARN of the channel of a show."""
    arn: str = realtime.get_stage(arn=stage)["stage"]["tags"]["channel"]
    return arn


def test_a_show_is_on_the_air_and_on_tape(ivsim: Emulator, stage: str) -> None:
    """The first to publish puts the show on the air; a minute after the last one it ends, and there is a video."""
    host = ivsim.stages.join(stage, user_id="ada", attributes={"host": "true"})
    guest = ivsim.stages.join(stage, user_id="bob")
    host.publish()
    guest.publish()
    assert [(show.is_on_air, show.has_failed) for show in shows.values()] == [(True, False)]
    assert [live.channel_arn for live in ivsim.streams.live] == [channel_of(stage)]
    ivsim.clock.advance(90)
    host.leave()
    guest.leave()
    ivsim.clock.advance(60)
    (show,) = shows.values()
    assert not show.is_on_air
    assert ivsim.streams.live == []
    (recording,) = ivsim.recordings.of_stage(stage)
    assert show.video in recording.objects
    assert recording.duration.total_seconds() == 150


def test_an_event_that_comes_twice(ivsim: Emulator, stage: str) -> None:
    """EventBridge may tell twice that somebody publishes; the show is on the air once."""
    ivsim.stages.join(stage, user_id="ada").publish()
    for event in ivsim.events.of("IVS Stage Update"):
        deliver(event)
    assert len(shows) == len(realtime.list_compositions()["compositions"]) == 1


def test_a_show_that_is_stopped_by_mistake(ivsim: Emulator, stage: str) -> None:
    """Somebody stops the stream of the channel; the show comes back by itself."""
    ivsim.stages.join(stage, user_id="ada").publish()
    boto3.client("ivs", region_name="us-west-2").stop_stream(channelArn=channel_of(stage))
    assert ivsim.streams.live == []
    ivsim.clock.advance(5)
    assert len(ivsim.streams.live) == 1


def test_the_channel_is_busy(ivsim: Emulator, stage: str) -> None:
    """Another encoder is on the channel: the show is on tape all the same, and the list says what is missing."""
    ivsim.streams.start(channel_of(stage))
    ivsim.stages.join(stage, user_id="ada").publish()
    (show,) = shows.values()
    assert (show.is_on_air, show.notes) == (True, ["Session Start", "Destination Failure"])
    assert len(ivsim.recordings.of_stage(stage)) == 1


def test_the_stage_is_deleted(ivsim: Emulator, stage: str) -> None:
    """A show whose stage is deleted has failed; what is on tape stays."""
    ivsim.stages.join(stage, user_id="ada").publish()
    ivsim.clock.advance(30)
    realtime.delete_stage(arn=stage)
    (show,) = shows.values()
    assert (show.is_on_air, show.has_failed) == (False, True)
    (recording,) = ivsim.recordings.of_stage(stage)
    assert show.video in recording.objects
