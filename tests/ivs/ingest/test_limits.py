"""Limits of ingest, and those that all streams of a region share."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator, StreamRefused

from ...calling import call
from ..broadcasts import CODES, MULTITRACK, channel, has_error, hd, session, stream, told

pytestmark = pytest.mark.usefixtures("noon")


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
