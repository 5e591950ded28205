"""What other services send to channels."""

from __future__ import annotations

import m3u8
import pytest

from ivsim import Emulator
from ivsim.core.broadcasting import BroadcastRefused, Cell
from ivsim.core.clock import Task

from ..calling import call


@pytest.fixture
def channel(sim: Emulator) -> str:
    return str(call(sim, "CreateChannel").body["channel"]["arn"])


def begin(sim: Emulator, channel: str) -> str:
    """Send to a channel, for a composition that is not there any more."""
    then = Task("ivs-realtime", sim.account_id, sim.region, "_stop_long", ("gone",))
    with sim._state.transaction():
        return sim._state.broadcaster.begin(channel, then=then)


def test_who_is_not_let_in(sim: Emulator, channel: str) -> None:
    """A service hears why its broadcast is not let in."""
    sim.streams.start(channel)
    with pytest.raises(BroadcastRefused, match="is live already"):
        begin(sim, channel)
    keyless = call(sim, "CreateChannel").body
    call(sim, "DeleteStreamKey", arn=keyless["streamKey"]["arn"])
    with pytest.raises(BroadcastRefused, match="has no stream key"):
        begin(sim, keyless["channel"]["arn"])
    for nowhere in (channel[:-3] + "xyz", "nonsense"):
        assert not sim._state.broadcaster.has_channel(nowhere)
        with pytest.raises(BroadcastRefused, match="there is no channel"):
            begin(sim, nowhere)


def test_who_is_seen(sim: Emulator, channel: str) -> None:
    """Pictures change when it is said who is in them, for viewers and in thumbnails."""
    storage = {"s3": {"bucketName": "abc"}}
    recording = call(sim, "CreateRecordingConfiguration", destinationConfiguration=storage).body
    arn = recording["recordingConfiguration"]["arn"]
    call(sim, "UpdateChannel", arn=channel, recordingConfigurationArn=arn)
    sim.clock.freeze()
    stream_id = begin(sim, channel)

    def picture() -> bytes:
        best = m3u8.loads(sim.playback.request(channel).body).playlists[0].uri
        newest = m3u8.loads(sim.playback.request(best).body).segments[-1].uri
        return bytes(sim.playback.request(newest).body)  # type: ignore[arg-type]

    bars = picture()
    sim.clock.advance(1)
    with sim._state.transaction():
        sim._state.broadcaster.show(stream_id, [Cell("ada", 0, 0, 1, 1)])
    assert picture() == bars, "what is listed does not change"
    sim.clock.advance(1)
    ada = picture()
    with sim._state.transaction():
        sim._state.broadcaster.show(stream_id, [Cell("ada", 0, 0, 0.5, 1), Cell("bob", 0.5, 0, 0.5, 1, is_dark=True)])
    sim.clock.advance(2)
    both = picture()
    assert len({bars, ada, both}) == 3
    sim.clock.advance(120)
    (recorded,) = sim.recordings
    assert len({bytes(data) for key, data in recorded.objects.items() if key.endswith(".jpg")}) > 1
