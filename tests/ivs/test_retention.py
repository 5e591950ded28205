"""What IVS keeps of a long life."""

from __future__ import annotations

from typing import Any

from ..calling import call
from ..lives import Life


def session(life: Life, channel: str, stream_id: str) -> Any:
    """Return the answer to a question for a session."""
    return call(life.sim, "GetStreamSession", channelArn=channel, streamId=stream_id)


def test_the_newest_broadcasts_stay() -> None:
    """Of what is over the newest sessions stay, at least as many as were asked for; an older one is unknown."""
    life = Life(5)
    ids: list[str] = []
    for _ in range(30):
        life.happen("broadcast")
        ids.insert(0, life.sim.events[-1]["detail"]["stream_id"])
    listed = call(life.sim, "ListStreamSessions", channelArn=life.channel).body["streamSessions"]
    assert 5 <= len(listed) < 30
    assert [each["streamId"] for each in listed] == ids[: len(listed)]
    assert session(life, life.channel, ids[0]).status == 200
    assert session(life, life.channel, ids[-1]).code == "ResourceNotFoundException"


def test_broadcasts_stay_with_their_recording() -> None:
    """A broadcast whose recording waits for another one stays, however many came after it, until that is forgotten."""
    life = Life(5)
    bucket = {"s3": {"bucketName": "abc"}}
    configuration = call(
        life.sim,
        "CreateRecordingConfiguration",
        destinationConfiguration=bucket,
        recordingReconnectWindowSeconds=300,
    ).body["recordingConfiguration"]["arn"]
    channel = call(life.sim, "CreateChannel", recordingConfigurationArn=configuration).body["channel"]["arn"]
    with life.sim.streams.start(channel) as live:
        life.sim.clock.advance(20)
    for _ in range(30):
        life.happen("broadcast")
    (waiting,) = life.sim.recordings.of(channel)
    assert waiting.ended_at is None
    assert session(life, channel, live.stream_id).status == 200
    life.sim.clock.advance(300)
    for _ in range(30):
        life.happen("recorded broadcast")
    assert life.sim.recordings.of(channel) == []
    assert session(life, channel, live.stream_id).code == "ResourceNotFoundException"
