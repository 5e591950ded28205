"""What IVS keeps of a long life."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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


def test_who_ended_last_stays() -> None:
    """Of recordings those are the newest that ended last, whenever they began."""
    life = Life(1)
    configuration = call(life.sim, "ListRecordingConfigurations").body["recordingConfigurations"][0]["arn"]
    longest = call(life.sim, "CreateChannel", recordingConfigurationArn=configuration).body["channel"]["arn"]
    with life.sim.streams.start(longest):
        life.happen("recorded broadcast")
        life.sim.clock.advance(10)
    while len(life.sim.recordings) > 1:
        life.happen("call")
    assert len(life.sim.recordings.of(longest)) == 1


@pytest.mark.needs("InsertAdBreak")
def test_ad_breaks_go_with_their_broadcast(tmp_path: Path) -> None:
    """Nothing is kept of the ad breaks of a broadcast that is forgotten."""
    life = Life(2)
    tailor = "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/ads"
    ads = call(
        life.sim, "CreateAdConfiguration", mediaTailorPlaybackConfigurations=[{"playbackConfigurationArn": tailor}]
    )
    channel = call(life.sim, "CreateChannel", adConfigurationArn=ads.body["adConfiguration"]["arn"]).body["channel"]
    for _ in range(20):
        with life.sim.streams.start(channel["arn"]):
            assert call(life.sim, "InsertAdBreak", channelArn=channel["arn"], durationSeconds=10).status == 200
    life.sim.save(tmp_path / "state.json")
    stores = json.loads((tmp_path / "state.json").read_bytes())["stores"]
    kept = sum(len(store["series"]["ad-breaks"]["by_key"]) for store in stores if "ad-breaks" in store["series"])
    assert 2 <= kept < 20
