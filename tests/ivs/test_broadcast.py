"""What a broadcast goes through while nobody calls the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ivsim import Emulator, StreamRefused

from ..calling import call
from .broadcasts import CODES, NOON, channel, has_error, session, stream, told

pytestmark = pytest.mark.usefixtures("noon")


# Health


def test_starvation(sim: Emulator) -> None:
    """A stream without data is STARVING until data comes back; both are told, once, and neither is an error."""
    arn = channel(sim)
    live = sim.streams.start(arn)
    sim.clock.advance(10)
    live.starve()
    live.starve()
    assert stream(sim, arn)["health"] == "STARVING"
    assert len(call(sim, "ListStreams", filterBy={"health": "STARVING"}).body["streams"]) == 1
    sim.clock.advance(29)
    live.recover()
    live.recover()
    assert stream(sim, arn)["health"] == "HEALTHY"
    assert told(sim)[2:] == ["Starvation Start 10", "Starvation End 39"]
    event = sim.events.of("IVS Stream Health Change")[0]
    assert list(event["detail"].items()) == [
        ("event_name", "Starvation Start"),
        ("channel_name", "show"),
        ("stream_id", live.stream_id),
    ]
    assert [event["type"] for event in session(sim, arn)["truncatedEvents"][:2]] == ["IVS Stream Health Change"] * 2
    assert not has_error(sim, arn)


def test_thirty_seconds_without_data(sim: Emulator) -> None:
    """After 30 seconds without data the encoder counts as gone; an interruption that is over does not count."""
    arn = channel(sim)
    live = sim.streams.start(arn)
    live.starve()
    sim.clock.advance(20)
    live.recover()
    sim.clock.advance(5)
    live.starve()
    sim.clock.advance(29)
    assert bool(live.is_live)
    sim.clock.advance(1000)
    assert not live.is_live
    assert told(sim)[-2:] == ["Session Ended 55", "Stream End 55"]
    assert session(sim, arn)["endTime"] == "2026-11-21T12:00:55Z"


def test_ended_while_starving(sim: Emulator) -> None:
    """A stream that ended while it starved is not ended again."""
    with sim.streams.start(channel(sim)) as live:
        live.starve()
    sim.clock.advance(60)
    assert told(sim)[2:] == ["Starvation Start 0", "Session Ended 0", "Stream End 0"]


def test_small_steps_add_up(sim: Emulator) -> None:
    """300 tenths of a second are 30 seconds, to the microsecond."""
    live = sim.streams.start(channel(sim))
    live.starve()
    for _ in range(299):
        sim.clock.advance(0.1)
    assert bool(live.is_live)
    sim.clock.advance(timedelta(milliseconds=100))
    assert not live.is_live
    assert sim.clock.now() == NOON + timedelta(seconds=30)


def test_a_jump_of_the_clock(sim: Emulator) -> None:
    """What fell due while the clock was set ahead happens at its own time, in its order."""
    sim.streams.start(channel(sim)).starve()
    other = sim.streams.start(channel(sim))
    sim.clock.freeze(NOON + timedelta(hours=1))
    assert told(sim)[-2:] == ["Session Ended 30", "Stream End 30"]
    other.end()
    assert told(sim)[-1] == "Stream End 3600"


def test_starving_before_the_start(slow: Emulator) -> None:
    """What is not live yet cannot starve."""
    live = slow.streams.start(channel(slow))
    with pytest.raises(StreamRefused, match="has not started yet"):
        live.starve()
    slow.clock.advance(4)
    live.starve()


def test_a_lost_connection(sim: Emulator) -> None:
    """The fault of a lost connection lets a stream starve as soon as it is live."""
    arn = channel(sim)
    sim.faults.add("Ingest", "ConnectionLost", when={"channelArn": arn})
    live = sim.streams.start(arn)
    assert stream(sim, arn)["health"] == "STARVING"
    sim.clock.advance(30)
    assert not live.is_live


def test_lost_before_the_start(slow: Emulator) -> None:
    """An encoder that is gone when its connection would have been lost starves nobody."""
    slow.faults.add("Ingest", "ConnectionLost")
    slow.streams.start(channel(slow)).end()
    slow.clock.advance(10)
    assert told(slow) == ["Session Created 0", "Session Ended 0"]


# The failover slate


@pytest.fixture
def slated(sim: Emulator) -> str:
    """A channel with a failover slate: after 3 seconds, for 5 at least and 60 at most."""
    slate = call(sim, "CreateFailoverSlateConfiguration", minSlateDisplaySeconds=5)
    if slate.code == "UnknownOperationException":
        pytest.skip("the installed botocore has no failover slates")
    return channel(sim, failoverSlateConfigurationArn=slate.body["failoverSlateConfiguration"]["arn"])


def test_slate(sim: Emulator, slated: str) -> None:
    """While ingest is interrupted viewers see the slate, from its threshold on and for as long as it may be shown."""
    live = sim.streams.start(slated)
    live.starve()
    shown = []
    for _ in range(64):
        shown.append(live.shows_slate)
        sim.clock.advance(1)
    assert shown == [False] * 3 + [True] * 60 + [False]
    assert told(sim)[-2:] == ["Session Ended 63", "Stream End 63"]


def test_slate_is_shown_for_a_while(sim: Emulator, slated: str) -> None:
    """A slate that is up stays for its shortest time when data comes back; one that is not never shows."""
    live = sim.streams.start(slated)
    live.starve()
    sim.clock.advance(2)
    live.recover()
    sim.clock.advance(2)
    assert not live.shows_slate
    live.starve()
    sim.clock.advance(4)
    live.recover()
    shown = []
    for _ in range(5):
        shown.append(live.shows_slate)
        sim.clock.advance(1)
    assert shown == [True] * 4 + [False]


def test_data_that_come_back_with_the_slate(sim: Emulator, slated: str) -> None:
    """Data that come back in the very moment of the slate find it up: it stays for its shortest time."""
    live = sim.streams.start(slated)
    live.starve()
    sim.clock.advance(3)
    live.recover()
    assert live.shows_slate
    sim.clock.advance(5)
    assert not live.shows_slate


def test_slate_that_is_needed_again(sim: Emulator, slated: str) -> None:
    """A slate that still shows when data stops again goes on showing, and no longer than it may in all."""
    live = sim.streams.start(slated)
    live.starve()
    sim.clock.advance(4)
    live.recover()
    sim.clock.advance(1)
    live.starve()
    shown = []
    for _ in range(59):
        shown.append(live.shows_slate)
        sim.clock.advance(1)
    assert shown == [True] * 58 + [False]
    assert told(sim)[-1] == "Stream End 63"


def test_other_media_during_the_slate(sim: Emulator, slated: str) -> None:
    """The session goes on with the same media only, and within its limits."""
    first = sim.streams.start(slated)
    first.starve()
    sim.clock.advance(3)
    with pytest.raises(StreamRefused, match="had other media"):
        sim.streams.start(slated, video={"videoHeight": 720, "videoWidth": 1280})
    back = sim.streams.start(slated, viewers=5)
    assert stream(sim, slated)["viewerCount"] == 5
    back.starve()
    sim.clock.advance(3)
    assert not sim.streams.start(slated, video={"targetBitrate": 9_000_000}).is_live
    assert told(sim)[-4:] == ["Starvation End 6", "Ingest Bitrate 6", "Session Ended 6", "Stream End 6"]


def test_an_encoder_that_comes_back_during_the_slate(sim: Emulator, slated: str) -> None:
    """While the slate is shown an encoder may come back to the same session; the first one has no say any more."""
    first = sim.streams.start(slated)
    first.starve()
    sim.clock.advance(1)
    with pytest.raises(StreamRefused, match="live already"):
        sim.streams.start(slated)
    sim.clock.advance(3)
    second = sim.streams.start(slated)
    assert second.stream_id == first.stream_id
    assert told(sim)[2:] == ["Starvation Start 0", "Starvation End 4"]
    first.end()
    assert bool(second.is_live)
    second.end()
    assert not second.shows_slate


# Failures, and limits of ingest


def test_failure(sim: Emulator) -> None:
    """A failure has a reason, ends the stream, and is an error of the session."""
    arn = channel(sim)
    live = sim.streams.start(arn)
    live.fail()
    assert told(sim)[2:] == ["Stream Failure 0", "Session Ended 0", "Stream End 0"]
    assert list(sim.events[2]["detail"].items()) == [
        ("event_name", "Stream Failure"),
        ("channel_name", "show"),
        ("stream_id", live.stream_id),
        ("reason", "Transcode capacity exceeded. Please try again."),
    ]
    assert has_error(sim, arn)
    live = sim.streams.start(arn)
    with pytest.raises(TypeError, match="reason: None is not text"):
        live.fail(None)  # type: ignore[arg-type]
    live.fail("A reason of my own.")
    assert sim.events[-3]["detail"]["reason"] == "A reason of my own."


def test_no_capacity(sim: Emulator) -> None:
    """The fault of exceeded capacity lets the next stream fail before it starts."""
    sim.faults.add("Ingest", "TranscodeCapacityExceeded")
    arn = channel(sim)
    live = sim.streams.start(arn)
    assert not live.is_live
    assert told(sim) == ["Session Created 0", "Stream Failure 0", "Session Ended 0"]
    assert sim.streams.start(arn).is_live


def test_a_fault_waits_for_who_gets_in(sim: Emulator) -> None:
    """A fault of ingest is not used up by an encoder that is refused anyway."""
    arn = channel(sim)
    live = sim.streams.start(arn, priority=5)
    sim.faults.add("Ingest", "TranscodeCapacityExceeded")
    for priority in (None, 5):
        with pytest.raises(StreamRefused):
            sim.streams.start(arn, priority=priority)
    live.end()
    assert not sim.streams.start(arn).is_live
    sim.streams.start(arn)
    sim.faults.add("Ingest", "TranscodeCapacityExceeded")
    assert not sim.streams.start(arn, priority=6).is_live


def test_a_slow_start(sim: Emulator, slow: Emulator) -> None:
    """A latency of ingest is how long a stream takes to start; who took it over by then is not who lost the line."""
    for each in (sim, slow):
        each.faults.latency("Ingest", 20)
        each.faults.add("Ingest", "ConnectionLost")
        live = each.streams.start(channel(each))
        each.clock.advance(19)
        assert not live.is_live
        each.clock.advance(1)
        assert told(each) == ["Session Created 0", "Stream Start 20", "Starvation Start 20"]
    slow.faults.add("Ingest", "ConnectionLost")
    arn = channel(slow)
    slow.streams.start(arn)
    slow.streams.start(arn, priority=1)
    slow.clock.advance(25)
    assert stream(slow, arn)["health"] == "HEALTHY"


def test_refused_connection(sim: Emulator) -> None:
    """The fault of a refused connection keeps encoders out, with a text of the test's if it gave one."""
    arn = channel(sim)
    sim.faults.add("Ingest", "ConnectionRefused")
    sim.faults.add("Ingest", "ConnectionRefused", message="maintenance")
    with pytest.raises(StreamRefused, match="was refused"):
        sim.streams.start(arn)
    with pytest.raises(StreamRefused, match="maintenance"):
        sim.streams.start(arn)
    assert len(sim.events) == 0


# Viewers


def test_nobody_watches_what_never_starts(sim: Emulator) -> None:
    """Viewers of a stream that does not start exceed no quota; a number set before the start counts."""
    sim.quotas["Concurrent views"] = 10
    sim.streams.start(channel(sim), viewers=20, video={"targetBitrate": 10**9})
    assert told(sim) == ["Session Created 0", "Ingest Bitrate 0", "Session Ended 0"]


# The end


def test_forty_eight_hours(sim: Emulator) -> None:
    """After 48 hours a stream is ended, and one that ended before is not ended again."""
    arn = channel(sim)
    sim.streams.start(arn).end()
    live = sim.streams.start(arn)
    sim.clock.advance(timedelta(hours=48, seconds=-1))
    assert bool(live.is_live)
    sim.clock.advance(1)
    assert not live.is_live
    assert told(sim)[-2:] == ["Session Ended 172800", "Stream End 172800"]
    assert len(sim.events) == 8


# Takeovers


def test_takeover(sim: Emulator) -> None:
    """An encoder with a higher priority takes the stream over: the session goes on, the old encoder has no say."""
    arn = channel(sim)
    first = sim.streams.start(arn)
    second = sim.streams.start(arn, priority=1, video={"targetBitrate": 1_000})
    assert second.stream_id == first.stream_id
    assert told(sim) == ["Session Created 0", "Stream Start 0", "Stream Takeover 0"]
    first.end()
    with pytest.raises(StreamRefused, match="another encoder took it over"):
        first.starve()
    assert bool(second.is_live)
    assert session(sim, arn)["ingestConfiguration"]["video"]["targetBitrate"] == 1_000
    key = call(sim, "GetStreamKey", arn=call(sim, "ListStreamKeys", channelArn=arn).body["streamKeys"][0]["arn"])
    third = sim.streams.start(f"{key.body['streamKey']['value']}?priority=2")
    third.end()
    assert not second.is_live
    assert told(sim)[3:] == ["Stream Takeover 0", "Session Ended 0", "Stream End 0"]


def test_takeover_with_too_much(sim: Emulator) -> None:
    """Whoever takes over is bound by the limits of ingest, and may bring viewers."""
    arn = channel(sim)
    sim.streams.start(arn, viewers=3)
    sim.streams.start(arn, priority=1)
    assert stream(sim, arn)["viewerCount"] == 3
    sim.streams.start(arn, priority=2, viewers=8)
    assert stream(sim, arn)["viewerCount"] == 8
    sim.streams.start(arn, priority=3, video={"targetBitrate": 50_000_000})
    assert told(sim)[-4:] == ["Stream Takeover 0", "Ingest Bitrate 0", "Session Ended 0", "Stream End 0"]


def test_priority_of_a_first_encoder(sim: Emulator) -> None:
    """A priority out of range is none, where nothing is taken over."""
    arn = channel(sim)
    sim.streams.start(arn, priority=2**40)
    sim.streams.start(arn, priority=1)
    found = sim.streams.live[0]
    found.end()
    found.reconnect()
    with pytest.raises(StreamRefused, match="StreamTakeoverInvalidPriority"):
        sim.streams.start(arn, priority=1)


def test_takeover_of_a_starving_stream(sim: Emulator) -> None:
    """Whoever takes over sends data again."""
    arn = channel(sim)
    sim.streams.start(arn).starve()
    sim.streams.start(arn, priority=5)
    assert told(sim)[-2:] == ["Stream Takeover 0", "Starvation End 0"]
    assert stream(sim, arn)["health"] == "HEALTHY"
    sim.clock.advance(100)
    assert stream(sim, arn)


@pytest.mark.parametrize(
    ("encoder", "code"),
    [
        ({"priority": 5}, "StreamTakeoverInvalidPriority"),
        ({"priority": 0}, "StreamTakeoverInvalidPriority"),
        ({"priority": 2_147_483_648}, "StreamTakeoverInvalidPriority"),
        ({"priority": 6, "video": {"videoWidth": 1280, "videoHeight": 720}}, "StreamTakeoverMediaMismatch"),
        ({"priority": 6, "video": {"codec": "avc1.640028"}}, "StreamTakeoverMediaMismatch"),
        ({"priority": 6, "audio": {"codec": "mp4a.40.5"}}, "StreamTakeoverMediaMismatch"),
        ({"priority": 6, "video": [{}, {}]}, "StreamTakeoverMediaMismatch"),
    ],
)
def test_failed_takeover(sim: Emulator, encoder: dict[str, Any], code: str) -> None:
    """A takeover without a higher priority, or with other media, fails with a code; the stream goes on."""
    arn = channel(sim)
    live = sim.streams.start(arn, priority=5)
    with pytest.raises(StreamRefused, match=code) as refused:
        sim.streams.start(arn, **encoder)
    assert refused.value.code == code
    assert list(sim.events[-1]["detail"].items()) == [
        ("event_name", "Stream Takeover Failure"),
        ("channel_name", "show"),
        ("stream_id", live.stream_id),
        ("code", code),
    ]
    event = session(sim, arn)["truncatedEvents"][0]
    assert (event["name"], event.get("code")) == ("Stream Takeover Failure", code if CODES else None)
    assert bool(live.is_live)


def test_too_many_takeovers(sim: Emulator) -> None:
    """A stream can be taken over as often as the quota says."""
    sim.quotas["Stream takeovers"] = 2
    arn = channel(sim)
    sim.streams.start(arn)
    sim.streams.start(arn, priority=1)
    sim.streams.start(arn, priority=2)
    with pytest.raises(StreamRefused, match="StreamTakeoverLimitBreached"):
        sim.streams.start(arn, priority=3)


# Multitrack


@pytest.mark.parametrize("code", ["InvalidGetClientConfigurationStreamKey", "GetClientConfigurationStreamKeyRequired"])
def test_keys_of_get_client_configuration(sim: Emulator, code: str) -> None:
    """What depends on GetClientConfiguration, which is another service's, comes by a fault."""
    sim.faults.add("Ingest", code)
    sim.streams.start(channel(sim))
    assert sim.events[-1]["detail"]["code"] == code


# What the session tells


def test_the_same_twice() -> None:
    """With the same seed and clock two days are the same, byte for byte."""

    def day() -> list[Any]:
        sim = Emulator(seed=7, transitions="realistic")
        sim.clock.freeze(NOON)
        arn = channel(sim)
        live = sim.streams.start(arn, viewers=9)
        sim.clock.advance(60)
        live.starve()
        sim.clock.advance(3600)
        sim.streams.start(arn).breach("Ingest Bitrate")
        return [list(sim.events), session(sim, arn)]

    assert day() == day()
