"""The streams that there are, and an encoder that is let in before it sends anything."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from ivsim import Emulator, LiveStream, StreamRefused
from ivsim.ivs.ingest.encoders import ingest

from ..calling import call, send, signed
from .broadcasts import channel, channel_and_key, session, stream
from .pushes import Pushed, Sent

pytestmark = pytest.mark.usefixtures("noon")


def test_in_two_steps(sim: Emulator) -> None:
    """An encoder is admitted by its key, and goes live when it is known what it sends; before, nothing has happened."""
    arn, key = channel_and_key(sim)
    admission = sim.streams.admit(f"{key}?priority=7")
    assert (admission.channel_arn, admission.priority) == (arn, 7)
    assert (sim.streams.live, len(sim.events)) == ([], 0)
    stream = admission.connect(video={"video_height": 480, "video_width": 852}, viewers=3)
    assert stream.is_live
    assert stream.session
    assert (stream.session.priority, stream.session.ingest.video[0].video_height, stream.session.viewers) == (7, 480, 3)
    assert stream.is_connected
    stream.end()
    again = stream.reconnect()
    assert again.stream_id != stream.stream_id
    assert (stream.is_connected, again.is_connected) == (False, True)


def test_the_priority_of_the_call(sim: Emulator) -> None:
    """A priority that is given by itself counts, whatever the key says."""
    arn, key = channel_and_key(sim)
    assert sim.streams.admit(f"{key}?priority=7", priority=3).priority == 3
    live = sim.streams.start(f"{key}?priority=7", priority=3)
    assert live.session
    assert live.session.priority == 3
    assert sim.streams.start(arn, priority=4).is_connected


def test_who_is_not_admitted(sim: Emulator) -> None:
    """What keeps an encoder out whatever it sends, keeps it out at once, in words that its user understands."""
    arn, key = channel_and_key(sim)
    with pytest.raises(StreamRefused, match="no channel has this stream key"):
        sim.streams.admit("sk_us-east-1_nobody")
    sim.streams.start(arn, priority=5)
    with pytest.raises(StreamRefused, match="is live already"):
        sim.streams.admit(key)
    with pytest.raises(StreamRefused) as refused:
        sim.streams.admit(key, priority=5)
    assert refused.value.code == "StreamTakeoverInvalidPriority"
    assert sim.events[-1]["detail"]["event_name"] == "Stream Takeover Failure"
    sim.quotas["Concurrent streams"] = 1
    _, other = channel_and_key(sim)
    with pytest.raises(StreamRefused, match="as many as the quota allows"):
        sim.streams.admit(other)
    assert sim.events[-1]["detail-type"] == "IVS Limit Breach"
    with pytest.raises(TypeError, match="stream_key_value: 5 is not text"):
        sim.streams.admit(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="priority: -1"):
        sim.streams.admit(key, priority=-1)


def test_what_an_admitted_encoder_sends_is_judged(sim: Emulator) -> None:
    """An admitted encoder is asked again when it connects: for its media, and whether its key is still there."""
    arn, key = channel_and_key(sim)
    sim.streams.start(arn, priority=1)
    taking_over = sim.streams.admit(key, priority=2)
    with pytest.raises(StreamRefused) as refused:
        taking_over.connect(video={"video_height": 480})
    assert refused.value.code == "StreamTakeoverMediaMismatch"
    with pytest.raises(ValueError, match="viewers: -1"):
        taking_over.connect(viewers=-1)
    assert taking_over.connect().is_live
    _, other = channel_and_key(sim)
    admitted = sim.streams.admit(other)
    call(sim, "DeleteStreamKey", arn=sim.overview()["streamKeys"][-1]["arn"])
    with pytest.raises(StreamRefused, match="no channel has this stream key"):
        admitted.connect()


def test_states_are_in_the_log(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Each state of a broadcast's life is a debug line in the log `ivsim.streams`."""
    arn, _ = channel_and_key(sim)
    with caplog.at_level(logging.DEBUG, logger="ivsim.streams"), sim.streams.start(arn) as stream:
        stream.starve()
        stream.recover()
    name = f"{stream.stream_id} on {arn} is "
    lines = [record.getMessage().removeprefix(name) for record in caplog.records if record.name == "ivsim.streams"]
    assert lines == ["starting", "live", "starving", "live", "ended"]


def test_live_streams(sim: Emulator) -> None:
    """What is live can be found again, the oldest first, and steered as by the one who started it."""
    far = send(sim, "POST", "/CreateChannel", b"{}", signed("eu-west-1")).body["channel"]["arn"]
    arns = [channel(sim) for _ in range(2)] + [far]
    started: list[LiveStream] = []
    for arn in reversed(arns):
        started.insert(0, sim.streams.start(arn, viewers=2, encoder="WebRTC"))
        sim.clock.advance(1)
    started[1].end()
    assert [live.channel_arn for live in sim.streams.live] == [arns[2], arns[0]]
    found = sim.streams.live[1]
    assert isinstance(found, LiveStream)
    before = session(sim, arns[0])["ingestConfiguration"]
    found.end()
    assert not started[0].is_live
    found.reconnect()
    assert session(sim, arns[0])["ingestConfiguration"] == before
    assert stream(sim, arns[0])["viewerCount"] == 2


def test_the_oldest_is_first(sim: Emulator) -> None:
    """The broadcasts of several regions are in the order in which they began, wherever the first channel was made."""
    here = channel(sim)
    far = send(sim, "POST", "/CreateChannel", b"{}", signed("eu-west-1")).body["channel"]["arn"]
    for arn in (far, here):
        sim.streams.start(arn)
        sim.clock.advance(1)
    assert [live.channel_arn for live in sim.streams.live] == [far, here]


def test_found_before_it_is_counted(slow: Emulator) -> None:
    """A stream that is found before its viewers are counted has all of them when it comes back."""
    slow.streams.start(channel(slow), viewers=7)
    slow.clock.advance(4)
    (found,) = slow.streams.live
    found.end()
    found.reconnect()
    slow.clock.advance(20)
    assert stream(slow, found.channel_arn)["viewerCount"] == 7


@pytest.mark.parametrize("seconds", [0, 60])
def test_found_when_nobody_watches(slow: Emulator, seconds: int) -> None:
    """A stream that is found before it starts, or after its end, is back with the viewers that it was to have."""
    stream_id = slow.streams.start(channel(slow), viewers=7).stream_id
    slow.clock.advance(seconds)
    slow.streams.find(stream_id).end()
    found = slow.streams.find(stream_id)
    found.reconnect()
    slow.clock.advance(30)
    assert stream(slow, found.channel_arn)["viewerCount"] == 7


def test_found_without_its_key(sim: Emulator) -> None:
    """A stream whose key was deleted goes on, and cannot come back."""
    arn = channel(sim)
    sim.streams.start(arn)
    call(sim, "DeleteStreamKey", arn=call(sim, "ListStreamKeys", channelArn=arn).body["streamKeys"][0]["arn"])
    (found,) = sim.streams.live
    found.end()
    with pytest.raises(StreamRefused, match="has no stream key"):
        found.reconnect()


def test_not_live_yet(slow: Emulator) -> None:
    """A broadcast that has not started is not among the live ones."""
    slow.streams.start(channel(slow))
    assert slow.streams.live == []
    slow.clock.advance(4)
    assert len(slow.streams.live) == 1


def test_lost_pushes_are_hung_up(sim: Emulator, created: Any) -> None:
    """Of a state that was saved in the middle of a push the broadcast is ended, and simulated ones go on."""
    Pushed(sim, created).add(2)
    arn = channel(sim)
    sim.streams.start(arn)
    saved = sim.dumps()
    sim.streams.hang_up_lost()
    assert len(sim.streams.live) == 2
    other = Emulator()
    other.loads(saved)
    other.clock.freeze()
    other.streams.hang_up_lost()
    assert [live.channel_arn for live in other.streams.live] == [arn]
    assert [event["detail"]["event_name"] for event in other.events][-2:] == ["Session Ended", "Stream End"]
    assert Pushed(other, created).add(2).live.is_live


def test_simulated_and_pushed(sim: Emulator, created: Any) -> None:
    """Simulated media do not take over a push, nor a push simulated ones, though all else is alike."""
    key = created["streamKey"]["value"]
    pushed = Pushed(sim, created)
    with pytest.raises(StreamRefused, match="StreamTakeoverMediaMismatch"):
        sim.streams.start(key, priority=2)
    pushed.live.end()
    with sim.streams.start(key, priority=1), pytest.raises(StreamRefused, match="StreamTakeoverMediaMismatch"):
        sim.streams.admit(key, priority=2).push(ingest("OBS", None, None), Sent())
