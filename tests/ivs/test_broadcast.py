"""What a broadcast goes through while nobody calls the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.session import get_session

from ivsim import Emulator, LiveStream, StreamRefused

from ..calling import call, send, signed

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)

CODES = "code" in get_session().get_service_model("ivs").shape_for("StreamEvent").members
"""Whether the installed botocore knows that events in a session can have a code."""

MULTITRACK = {"enabled": True, "policy": "ALLOW", "maximumResolution": "FULL_HD"}


@pytest.fixture
def sim() -> Emulator:
    """An emulator whose clock stands at noon."""
    sim = Emulator(seed=1)
    sim.clock.freeze(NOON)
    return sim


@pytest.fixture
def slow() -> Emulator:
    """The same, where everything takes its time."""
    sim = Emulator(seed=1, transitions="realistic")
    sim.clock.freeze(NOON)
    return sim


def channel(sim: Emulator, **settings: Any) -> str:
    return str(call(sim, "CreateChannel", name="show", **settings).body["channel"]["arn"])


def told(sim: Emulator) -> list[str]:
    """Return what EventBridge heard, with the seconds since noon."""
    return [
        f"{event['detail'].get('event_name') or event['detail']['limit_name']} "
        f"{(datetime.fromisoformat(event['time'].replace('Z', '+00:00')) - NOON).total_seconds():.0f}"
        for event in sim.events
    ]


def stream(sim: Emulator, arn: str) -> Any:
    return call(sim, "GetStream", channelArn=arn).body["stream"]


def session(sim: Emulator, arn: str) -> Any:
    return call(sim, "GetStreamSession", channelArn=arn).body["streamSession"]


def has_error(sim: Emulator, arn: str) -> bool:
    return bool(call(sim, "ListStreamSessions", channelArn=arn).body["streamSessions"][0]["hasErrorEvent"])


def hd(**more: Any) -> dict[str, Any]:
    return {"videoWidth": 1280, "videoHeight": 720, "targetBitrate": 2_000_000, **more}


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


@pytest.mark.parametrize(
    ("kind", "video", "limit"),
    [
        ("STANDARD", {"targetBitrate": 8_503_000}, ("Ingest Bitrate", 8_500_000, 3_000, "bits per second")),
        ("ADVANCED_HD", {"targetBitrate": 8_500_001}, ("Ingest Bitrate", 8_500_000, 1, "bits per second")),
        ("BASIC", {"targetBitrate": 3_500_001}, ("Ingest Bitrate", 3_500_000, 1, "bits per second")),
        (
            "BASIC",
            {"targetBitrate": 1_500_001, "videoHeight": 480, "videoWidth": 852},
            ("Ingest Bitrate", 1_500_000, 1, "bits per second"),
        ),
        (
            "STANDARD",
            {"videoHeight": 1440, "videoWidth": 2560},
            ("Ingest Resolution", 2_100_000, 1_586_400, "total pixels"),
        ),
        ("BASIC", {"videoHeight": 720, "videoWidth": 2000}, ("Ingest Resolution", 1920, 80, "pixels per edge")),
    ],
)
def test_limits_of_ingest(sim: Emulator, kind: str, video: dict[str, int], limit: tuple[Any, ...]) -> None:
    """An encoder that sends more than the channel's type takes is disconnected before it is live."""
    arn = channel(sim, type=kind)
    live = sim.streams.start(arn, video=video)
    assert not live.is_live
    assert told(sim) == ["Session Created 0", f"{limit[0]} 0", "Session Ended 0"]
    (event,) = sim.events.of("IVS Limit Breach")
    assert event["resources"] == [arn]
    names = ("limit_name", "limit_value", "exceeded_by", "limit_unit", "channel_name", "stream_id")
    assert list(event["detail"].items()) == list(zip(names, (*limit, "show", live.stream_id), strict=True))
    assert has_error(sim, arn)
    assert [event["name"] for event in session(sim, arn)["truncatedEvents"]] == [
        "Session Ended",
        limit[0],
        "Session Created",
    ]


def test_just_at_the_limit(sim: Emulator) -> None:
    """What is just allowed is allowed, and a quota that is raised allows more."""
    arn = channel(sim)
    with sim.streams.start(arn, video={"targetBitrate": 8_500_000}) as live:
        assert bool(live.is_live)
    sim.quotas["Ingest bitrate (if channel type is STANDARD, with single-track input)"] = 20_000_000
    assert sim.streams.start(arn, video={"targetBitrate": 20_000_000}).is_live


@pytest.mark.parametrize("name", ["Ingest Bitrate", "Ingest Resolution"])
def test_breach_while_live(sim: Emulator, name: str) -> None:
    """A breach of ingest disconnects a live stream."""
    live = sim.streams.start(channel(sim))
    live.breach(name, exceeded_by=500)
    assert told(sim)[2:] == [f"{name} 0", "Session Ended 0", "Stream End 0"]
    assert sim.events[2]["detail"]["exceeded_by"] == 500


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [("Concurrent Broadcasts", 100, "active streams"), ("Concurrent Viewers", 15000, "viewers")],
)
def test_breach_of_what_is_shared(sim: Emulator, name: str, value: int, unit: str) -> None:
    """A breach of a limit that all streams share names no channel, and ends nothing."""
    arn = channel(sim)
    live = sim.streams.start(arn)
    live.breach(name)
    event = sim.events[-1]
    assert event["resources"] == []
    assert event["detail"] == {"limit_name": name, "limit_value": value, "exceeded_by": 1, "limit_unit": unit}
    assert bool(live.is_live)
    assert has_error(sim, arn)


def test_breach_of_nothing(sim: Emulator) -> None:
    """There are four limits, and one is exceeded by 1 at least."""
    live = sim.streams.start(channel(sim))
    with pytest.raises(ValueError, match="limit_name: there is no limit 'Ingest'; did you mean"):
        live.breach("Ingest")
    with pytest.raises(ValueError, match="exceeded_by: 0 is not"):
        live.breach("Ingest Bitrate", exceeded_by=0)
    assert bool(live.is_live)


def test_concurrent_broadcasts(sim: Emulator) -> None:
    """One stream more than the quota is not let in, which is told without a channel; it has no session."""
    sim.quotas["Concurrent streams"] = 2
    arns = [channel(sim) for _ in range(3)]
    first, _ = (sim.streams.start(arn) for arn in arns[:2])
    with pytest.raises(StreamRefused, match="2 channels are streaming in us-east-1 already"):
        sim.streams.start(arns[2])
    (event,) = sim.events.of("IVS Limit Breach")
    assert event["resources"] == []
    assert list(event["detail"].items()) == [
        ("limit_name", "Concurrent Broadcasts"),
        ("limit_value", 2),
        ("exceeded_by", 1),
        ("limit_unit", "active streams"),
    ]
    assert call(sim, "ListStreamSessions", channelArn=arns[2]).body["streamSessions"] == []
    sim.quotas["Concurrent streams"] = 1
    with pytest.raises(StreamRefused):
        sim.streams.start(arns[2])
    assert sim.events[-1]["detail"]["exceeded_by"] == 2
    sim.quotas["Concurrent streams"] = 2
    first.end()
    assert sim.streams.start(arns[2]).is_live


# Viewers


def test_nobody_watches_what_never_starts(sim: Emulator) -> None:
    """Viewers of a stream that does not start exceed no quota; a number set before the start counts."""
    sim.quotas["Concurrent views"] = 10
    sim.streams.start(channel(sim), viewers=20, video={"targetBitrate": 10**9})
    assert told(sim) == ["Session Created 0", "Ingest Bitrate 0", "Session Ended 0"]


def test_concurrent_viewers(sim: Emulator) -> None:
    """Viewers beyond the quota of the region do not get in, and that is told."""
    sim.quotas["Concurrent views"] = 100
    one, two = (sim.streams.start(channel(sim), viewers=60) for _ in range(2))
    assert stream(sim, one.channel_arn)["viewerCount"] == 60
    assert stream(sim, two.channel_arn)["viewerCount"] == 40
    (event,) = sim.events.of("IVS Limit Breach")
    assert event["detail"] == {
        "limit_name": "Concurrent Viewers",
        "limit_value": 100,
        "exceeded_by": 20,
        "limit_unit": "viewers",
    }
    one.set_viewers(10)
    two.set_viewers(60)
    assert stream(sim, two.channel_arn)["viewerCount"] == 60
    sim.quotas["Concurrent views"] = 5
    two.set_viewers(30)
    two.set_viewers(40)
    assert stream(sim, two.channel_arn)["viewerCount"] == 30
    assert [event["detail"]["exceeded_by"] for event in sim.events.of("IVS Limit Breach")] == [20, 45]
    assert has_error(sim, two.channel_arn)
    assert not has_error(sim, one.channel_arn)


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
    ]
    for action in actions:
        with pytest.raises(StreamRefused, match="has ended"):
            action()
    assert len(sim.events) == 4


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


@pytest.mark.needs("CreateChannel.multitrackInputConfiguration")
@pytest.mark.parametrize(
    ("settings", "video", "code"),
    [
        (None, [hd(), hd()], "MultitrackInputNotAllowed"),
        ({**MULTITRACK, "policy": "REQUIRE"}, hd(), "MultitrackInputRequired"),
        (MULTITRACK, [hd()] * 6, "InvalidMultitrackInputTrackCount"),
        (MULTITRACK, [hd(), hd(codec="vp09.00")], "InvalidMultitrackInputVideoTrackMediaProperties"),
        (MULTITRACK, [hd(), hd(targetFramerate=120)], "InvalidMultitrackInputVideoTrackMediaProperties"),
    ],
)
def test_wrong_tracks(sim: Emulator, settings: Any, video: Any, code: str) -> None:
    """A session with the wrong tracks ends at once, with a code that the event has too."""
    more = {"containerFormat": "FRAGMENTED_MP4", "multitrackInputConfiguration": settings} if settings else {}
    arn = channel(sim, **more)
    live = sim.streams.start(arn, video=video)
    assert not live.is_live
    assert told(sim) == ["Session Created 0", "Session Ended 0"]
    assert list(sim.events[-1]["detail"].items()) == [
        ("event_name", "Session Ended"),
        ("channel_name", "show"),
        ("code", code),
        ("stream_id", live.stream_id),
    ]
    assert session(sim, arn)["truncatedEvents"][0].get("code") == (code if CODES else None)


@pytest.mark.needs("CreateChannel.multitrackInputConfiguration")
def test_multitrack(sim: Emulator) -> None:
    """Several tracks are let in where the channel takes them, up to limits of their own; the session shows them all."""
    sd = {**MULTITRACK, "maximumResolution": "SD"}
    arn = channel(sim, containerFormat="FRAGMENTED_MP4", multitrackInputConfiguration=sd)
    small = {"videoWidth": 640, "videoHeight": 360, "targetBitrate": 700_000}
    with sim.streams.start(arn, video=[small, small]) as live:
        assert bool(live.is_live)
        shown = session(sim, arn)
        tracks = shown["ingestConfigurations"]["videoConfigurations"]
        assert [track["track"] for track in tracks] == ["Track0", "Track1"]
        assert shown["ingestConfiguration"]["video"]["track"] == "Track0"
    sim.streams.start(arn, video=[hd(), small])
    assert sim.events[-2]["detail"]["limit_name"] == "Ingest Resolution"
    assert sim.events[-2]["detail"]["limit_value"] == 400_000
    sim.streams.start(arn, video=[{**small, "targetBitrate": 8_000_000}] * 2)
    assert sim.events[-2]["detail"]["limit_value"] == 15_000_000
    with sim.streams.start(arn, video=small) as live:
        assert bool(live.is_live)


@pytest.mark.parametrize("code", ["InvalidGetClientConfigurationStreamKey", "GetClientConfigurationStreamKeyRequired"])
def test_keys_of_get_client_configuration(sim: Emulator, code: str) -> None:
    """What depends on GetClientConfiguration, which is another service's, comes by a fault."""
    sim.faults.add("Ingest", code)
    sim.streams.start(channel(sim))
    assert sim.events[-1]["detail"]["code"] == code


# What the session tells


def test_early_members(slow: Emulator) -> None:
    """Before the stream has started the session knows nothing of what the encoder sends; then it does."""
    arn = channel(slow)
    slow.streams.start(arn)
    early = session(slow, arn)["ingestConfiguration"]
    assert {value for name, value in {**early["video"], **early["audio"]}.items() if name != "track"} <= {"", 0}
    slow.clock.advance(4)
    assert session(slow, arn)["ingestConfiguration"]["video"]["codec"] == "avc1.42C028"


@pytest.mark.parametrize(
    ("encoder", "name", "height"),
    [
        ("OBS", "obs-output module (libobs version 27.0.1)", 1080),
        ("ffmpeg", "Lavf58.45.100", 1080),
        ("WebRTC", "", 720),
    ],
)
def test_encoders(sim: Emulator, encoder: str, name: str, height: int) -> None:
    """Known encoders report what they do in life."""
    arn = channel(sim)
    with sim.streams.start(arn, encoder=encoder):
        video = session(sim, arn)["ingestConfiguration"]["video"]
    assert (video["encoder"], video["videoHeight"]) == (name, height)


def test_unknown_encoder(sim: Emulator) -> None:
    """There are three presets."""
    with pytest.raises(ValueError, match="encoder: there is no preset 'obs'; there are 'OBS'"):
        sim.streams.start(channel(sim), encoder="obs")


def test_the_channel_as_it_went_live(slow: Emulator) -> None:
    """The session keeps the channel and its configurations as they were when it went live."""
    bucket = {"s3": {"bucketName": "tapes"}}
    made = call(slow, "CreateRecordingConfiguration", destinationConfiguration=bucket).body["recordingConfiguration"]
    arn = channel(slow, recordingConfigurationArn=made["arn"])
    slow.clock.advance(3)
    slow.streams.start(arn)
    assert session(slow, arn)["recordingConfiguration"]["state"] == "CREATING"
    slow.clock.advance(10)
    assert session(slow, arn)["recordingConfiguration"]["state"] == "ACTIVE"
    call(slow, "StopStream", channelArn=arn)
    before = session(slow, arn)
    call(slow, "UpdateChannel", arn=arn, name="another", recordingConfigurationArn="")
    call(slow, "DeleteRecordingConfiguration", arn=made["arn"])
    assert session(slow, arn) == before
    assert before["channel"]["name"] == "show"


def test_events_are_truncated(sim: Emulator) -> None:
    """A session shows its 500 newest events; an error that is not among them any more is still one."""
    arn = channel(sim)
    live = sim.streams.start(arn)
    live.breach("Concurrent Viewers")
    for _ in range(300):
        live.starve()
        live.recover()
    events = session(sim, arn)["truncatedEvents"]
    assert len(events) == 500
    assert {event["type"] for event in events} == {"IVS Stream Health Change"}
    assert has_error(sim, arn)


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
