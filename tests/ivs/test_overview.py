"""What the overview says of a channel beyond GetChannel."""

from __future__ import annotations

from ivsim import Emulator
from ivsim.ivs.overview import MOST_SESSIONS

from ..calling import call


def test_channel(sim: Emulator) -> None:
    """A channel has its keys, its stream, its newest sessions, and those who watch now."""
    made = call(sim, "CreateChannel", name="x").body
    arn = made["channel"]["arn"]
    (channel,) = sim.overview()["channels"]
    assert (channel["stream"], channel["streamSessions"], channel["viewerSessions"]) == (None, [], [])
    assert channel["streamKeys"] == [made["streamKey"]]
    for _ in range(MOST_SESSIONS + 1):
        sim.streams.start(arn).end()
    with sim.streams.start(arn):
        sim.playback.request(arn)  # watches no more
    stream = sim.streams.start(arn, viewers=2)
    viewer = sim.playback.request(arn).viewer_session
    (channel,) = sim.overview()["channels"]
    assert channel["stream"] == call(sim, "GetStream", channelArn=arn).body["stream"]
    assert len(channel["streamSessions"]) == MOST_SESSIONS
    newest = call(sim, "GetStreamSession", channelArn=arn).body["streamSession"]
    assert channel["streamSessions"][0] == newest
    assert newest["streamId"] == stream.stream_id
    (watching,) = channel["viewerSessions"]
    assert viewer is not None
    assert (watching["id"], watching["viewerId"]) == (viewer.id, None)
    assert watching["openedAt"].endswith("Z")


def test_old_sessions(sim: Emulator) -> None:
    """A session that the API has forgotten is not shown."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    sim.streams.start(arn).end()
    sim.clock.advance(61 * 24 * 3600)
    assert sim.overview()["channels"][0]["streamSessions"] == []
