"""A stream as a test holds it, seen from its encoder: one that a test plays, or a real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivsim import Emulator, StreamRefused
from ivsim.ivs.ingest.encoders import ingest

from ..calling import call
from .broadcasts import channel, channel_and_key, session, stream
from .pushes import Pushed, Sent

pytestmark = pytest.mark.usefixtures("noon")


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


def test_viewer_count_is_late(slow: Emulator) -> None:
    """When it is realistic, a new viewer is counted after 15 seconds, and one who left for another minute."""
    arn = channel(slow)
    live = slow.streams.start(arn, viewers=3)
    counts = []

    def count() -> None:
        counts.append(stream(slow, arn)["viewerCount"])

    for seconds in (4, 14, 1):
        slow.clock.advance(seconds)
        count()
    live.set_viewers(1)
    live.set_viewers(1)
    live.set_viewers(2)
    for seconds in (15, 44, 1):
        slow.clock.advance(seconds)
        count()
    assert counts == [0, 0, 3, 4, 4, 2]
    live.set_viewers(9)
    live.end()
    with slow.streams.start(arn):
        slow.clock.advance(15)
        count()
    assert counts[-1] == 0


def test_nobody_is_counted_after_the_end(slow: Emulator) -> None:
    """Viewers who came shortly before the end of a stream are not counted when it is over."""
    live = slow.streams.start(channel(slow), viewers=3)
    slow.clock.advance(10)
    live.end()
    slow.clock.advance(60)
    assert live.session
    assert live.session.viewer_count == 0


def test_reconnect(sim: Emulator) -> None:
    """After StopStream an encoder comes back with what it had: a new session. While it is connected it cannot."""
    arn = channel(sim)
    live = sim.streams.start(arn, viewers=7, encoder="ffmpeg", video={"targetBitrate": 1})
    with pytest.raises(StreamRefused, match="still connected"):
        live.reconnect()
    call(sim, "StopStream", channelArn=arn)
    again = live.reconnect()
    assert again.stream_id != live.stream_id
    assert stream(sim, arn)["viewerCount"] == 7
    assert session(sim, arn)["ingestConfiguration"]["video"]["targetBitrate"] == 1
    again.end()
    call(sim, "DeleteStreamKey", arn=call(sim, "ListStreamKeys", channelArn=arn).body["streamKeys"][0]["arn"])
    call(sim, "CreateStreamKey", channelArn=arn)
    with pytest.raises(StreamRefused, match="no channel has this stream key"):
        again.reconnect()


def test_nothing_after_the_end(sim: Emulator) -> None:
    """An encoder that is gone can do nothing more."""
    live = sim.streams.start(channel(sim))
    live.end()
    actions: list[Callable[[], object]] = [
        live.starve,
        live.recover,
        live.fail,
        lambda: live.breach("Ingest Bitrate"),
        lambda: live.set_viewers(1),
        lambda: live.report(ingest("OBS", None, None)),
        lambda: live.judge_bitrate(10**9),
    ]
    for action in actions:
        with pytest.raises(StreamRefused, match="has ended"):
            action()
    assert len(sim.events) == 4


def test_what_is_measured_of_a_push(sim: Emulator, created: Any) -> None:
    """What was measured takes the place of what was known; more than the channel takes ends the session."""
    arn = created["channel"]["arn"]
    push = Pushed(sim, created, video={"target_bitrate": 90_000_000})
    assert bool(push.live.is_live)  # it merely says so
    push.live.report(ingest("OBS", {"target_bitrate": 5_000_000}, None))
    assert session(sim, arn)["ingestConfiguration"]["video"]["targetBitrate"] == 5_000_000
    push.live.judge_bitrate(9_350_000)
    assert bool(push.live.is_live)  # encoders vary around what they are set to
    push.live.judge_bitrate(9_350_001)
    assert not push.live.is_live
    assert [event["detail"] for event in sim.events.of("IVS Limit Breach")] == [
        {
            "limit_name": "Ingest Bitrate",
            "limit_value": 8_500_000,
            "exceeded_by": 850_001,
            "limit_unit": "bits per second",
            "channel_name": "show",
            "stream_id": push.live.stream_id,
        }
    ]


def test_too_large_a_push(sim: Emulator, created: Any) -> None:
    """The pictures of a push are judged at once."""
    push = Pushed(sim, created, video={"video_width": 3840, "video_height": 2160})
    assert not push.live.is_live
    assert sim.events.of("IVS Limit Breach")[0]["detail"]["limit_name"] == "Ingest Resolution"


def test_what_is_pushed(sim: Emulator, created: Any) -> None:
    """A push has its media, which whoever takes it over goes on with; a simulated stream has none."""
    push = Pushed(sim, created)
    assert push.live.pushed is push.media
    taker = sim.streams.admit(f"{created['streamKey']['value']}?priority=1").push(ingest("OBS", None, None), Sent())
    assert [taker.pushed] == [push.media]
    push.live.drop_pushed()
    assert [taker.pushed] == [None]
    assert sim.streams.start(channel(sim)).pushed is None


def test_metadata_from(sim: Emulator, created: Any) -> None:
    """Texts of PutMetadata are told from a place on."""
    arn = created["channel"]["arn"]
    live = Pushed(sim, created).live
    assert live.metadata_from(0) == ([], 0)
    for text in ("one", "two"):
        call(sim, "PutMetadata", channelArn=arn, metadata=text)
    assert live.metadata_from(0) == (["one", "two"], 2)
    assert live.metadata_from(1) == (["two"], 2)


@pytest.mark.needs("CreateFailoverSlateConfiguration")
def test_shows_slate(sim: Emulator) -> None:
    """It is known whether viewers see the slate; after a reset they see nothing."""
    slate = call(sim, "CreateFailoverSlateConfiguration").body["failoverSlateConfiguration"]
    live = sim.streams.start(channel(sim, failoverSlateConfigurationArn=slate["arn"]))
    shown = [live.shows_slate]
    live.starve()
    sim.clock.advance(3)
    shown.append(live.shows_slate)
    sim.reset()
    shown.append(live.shows_slate)
    assert shown == [False, True, False]
