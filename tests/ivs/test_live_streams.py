"""A stream as a test holds it, and an encoder that is let in before it sends anything."""

from __future__ import annotations

import logging

import pytest

from ivsim import Emulator, StreamRefused

from ..calling import call


def channel_and_key(sim: Emulator, **members: object) -> tuple[str, str]:
    """Return a new channel's ARN and the value of its stream key."""
    created = call(sim, "CreateChannel", **members).body
    return created["channel"]["arn"], created["streamKey"]["value"]


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


def test_who_sends_learns_of_its_end(sim: Emulator) -> None:
    """Whoever pushes a stream hears of StopStream, of a takeover, and of a reset, and of nothing else's changes."""
    arn, _ = channel_and_key(sim)
    elsewhere, _ = channel_and_key(sim)
    heard: list[str] = []

    first = sim.streams.start(arn, priority=1)
    first.on_change(lambda: heard.append("first"))
    sim.streams.start(elsewhere).end()
    assert heard == []
    second = sim.streams.start(arn, priority=2)
    assert set(heard) == {"first"}
    assert (first.is_connected, second.is_connected) == (False, True)
    stop_listening = second.on_change(lambda: heard.append("second"))
    call(sim, "StopStream", channelArn=arn)
    assert "second" in heard
    assert not second.is_connected
    stop_listening()
    heard.clear()
    sim.reset()
    assert heard == ["first"]


def test_states_are_in_the_log(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Each state of a broadcast's life is a debug line in the log `ivsim.streams`."""
    arn, _ = channel_and_key(sim)
    with caplog.at_level(logging.DEBUG, logger="ivsim.streams"), sim.streams.start(arn) as stream:
        stream.starve()
        stream.recover()
    name = f"{stream.stream_id} on {arn} is "
    lines = [record.getMessage().removeprefix(name) for record in caplog.records if record.name == "ivsim.streams"]
    assert lines == ["starting", "live", "starving", "live", "ended"]
