"""What a test holds in its hand: encoders, and the streams they send."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ivsim import Emulator, LiveStream, StreamRefused

from ..calling import call, send, signed

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def test_by_channel_or_key(sim: Emulator, created: Any) -> None:
    """An encoder is let in by its channel's ARN or by the key's value, in any account and region."""
    arn, key = created["channel"]["arn"], created["streamKey"]["value"]
    for credential in (arn, key):
        with sim.streams.start(credential) as live:
            assert isinstance(live, LiveStream)
            assert live.channel_arn == arn
            assert live.is_live
        assert not live.is_live
    elsewhere = send(sim, "POST", "/CreateChannel", b"{}", signed("eu-west-1", key="999988887777")).body
    with sim.streams.start(elsewhere["streamKey"]["value"]) as live:
        assert live.channel_arn == elsewhere["channel"]["arn"]


def test_refused(sim: Emulator, created: Any) -> None:
    """Ingest refuses unknown channels, wrong and deleted keys, and a second encoder; nothing happens then."""
    arn, key = created["channel"]["arn"], created["streamKey"]
    for credential, text in (
        (arn[:-1] + "0", "there is no channel"),
        (key["value"][:-1] + "0", "no channel has this stream key"),
        ("", "no channel has this stream key"),
        (key["arn"], "there is no channel"),
    ):
        with pytest.raises(StreamRefused, match=text):
            sim.streams.start(credential)
    with sim.streams.start(arn), pytest.raises(StreamRefused, match="live already"):
        sim.streams.start(key["value"])
    assert len(sim.events) == 4
    call(sim, "DeleteStreamKey", arn=key["arn"])
    with pytest.raises(StreamRefused, match="no channel has this stream key"):
        sim.streams.start(key["value"])
    with pytest.raises(StreamRefused, match="has no stream key"):
        sim.streams.start(arn)
    assert len(sim.events) == 4


def test_viewers(sim: Emulator, created: Any) -> None:
    """Viewers come and go while the stream is live."""
    with pytest.raises(ValueError, match="viewers: -1"):
        sim.streams.start(created["channel"]["arn"], viewers=-1)
    live = sim.streams.start(created["channel"]["arn"])
    with pytest.raises(ValueError, match="count: -1"):
        live.set_viewers(-1)
    live.set_viewers(0)
    live.end()
    with pytest.raises(StreamRefused, match="has ended"):
        live.set_viewers(1)


def test_metadata_with_its_time(sim: Emulator, created: Any) -> None:
    """Metadata is there with the time it was inserted, after the end too."""
    sim.clock.freeze(NOON)
    arn = created["channel"]["arn"]
    live = sim.streams.start(arn)
    assert live.metadata == []
    call(sim, "PutMetadata", channelArn=arn, metadata="one")
    sim.clock.advance(10)
    call(sim, "PutMetadata", channelArn=arn, metadata="two")
    live.end()
    assert live.metadata == [(NOON, "one"), (NOON + timedelta(seconds=10), "two")]


def test_end_is_the_end(sim: Emulator, created: Any) -> None:
    """Ending twice, or after StopStream, or after a reset, is nothing."""
    arn = created["channel"]["arn"]
    live = sim.streams.start(arn)
    call(sim, "StopStream", channelArn=arn)
    live.end()
    live.end()
    assert len(sim.events) == 4
    sim.reset()
    live.end()
    assert not live.is_live
    assert live.metadata == []


def test_repr(sim: Emulator, created: Any) -> None:
    """A stream says what it is."""
    with sim.streams.start(created["channel"]["arn"]) as live:
        assert repr(live) == f"<LiveStream {live.stream_id} on {live.channel_arn}, live>"
    assert repr(live).endswith("not live>")


def test_realistic_start() -> None:
    """With realistic transitions the stream is live some seconds after the encoder connected, unless it left before."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze(NOON)
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    with sim.streams.start(arn) as live:
        assert not live.is_live
        assert call(sim, "GetStream", channelArn=arn).code == "ChannelNotBroadcasting"
        assert call(sim, "ListStreams").body["streams"] == []
        assert call(sim, "DeleteChannel", arn=arn).code == "ConflictException"
        sim.clock.advance(4)
        assert bool(live.is_live)
        assert call(sim, "GetStream", channelArn=arn).body["stream"]["startTime"] == "2026-11-21T12:00:00Z"
    sim.streams.start(arn).end()
    sim.clock.advance(4)
    names = [event["detail"]["event_name"] for event in sim.events]
    assert names == [
        *("Session Created", "Stream Start", "Session Ended", "Stream End"),
        *("Session Created", "Session Ended"),
    ]
    assert [event["time"][-3:] for event in sim.events[:2]] == ["00Z", "04Z"]


@pytest.fixture
def with_ads(sim: Emulator) -> str:
    """A channel that can have ad breaks, offline; it is noon and the clock stands still."""
    ads = call(
        sim,
        "CreateAdConfiguration",
        mediaTailorPlaybackConfigurations=[
            {"playbackConfigurationArn": "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/ads"}
        ],
    )
    if ads.code == "UnknownOperationException":
        pytest.skip("the installed botocore has no ad configurations")
    sim.clock.freeze(NOON)
    made = call(sim, "CreateChannel", adConfigurationArn=ads.body["adConfiguration"]["arn"]).body
    return str(made["channel"]["arn"])


def test_ad_break_in_the_past(sim: Emulator, with_ads: str) -> None:
    """An ad break that was to start in the past starts now."""
    with sim.streams.start(with_ads):
        past = {"targetStartAt": "2026-11-21T11:00:00Z", "durationSeconds": 10}
        call(sim, "InsertAdBreak", channelArn=with_ads, **past)
        event = sim.events.of("IVS Ad Break State Change")[0]
        assert event["detail"]["target_start_time"] == "2026-11-21T12:00:00Z"


@pytest.mark.needs("InsertAdBreak.targetStartAt")
def test_ad_break_while_one_runs(sim: Emulator, with_ads: str) -> None:
    """While an ad break runs, from its first moment until its end, none can be inserted, not even for much later."""
    sim.streams.start(with_ads)
    later = {"targetStartAt": "2026-11-21T13:00:00Z", "durationSeconds": 10}
    assert call(sim, "InsertAdBreak", channelArn=with_ads, durationSeconds=10).status == 200
    assert call(sim, "InsertAdBreak", channelArn=with_ads, **later).code == "ConflictException"
    sim.clock.advance(10)
    assert call(sim, "InsertAdBreak", channelArn=with_ads, **later).status == 200


@pytest.mark.needs("InsertAdBreak.targetStartAt")
def test_ad_break_at_the_end_of_time(sim: Emulator, with_ads: str) -> None:
    """An ad break can be planned for as long as the emulator's calendar goes."""
    sim.streams.start(with_ads)
    for start, status in (("9900-01-01T00:00:00Z", 400), ("9899-12-31T23:59:59Z", 200)):
        assert call(sim, "InsertAdBreak", channelArn=with_ads, targetStartAt=start, durationSeconds=10).status == status


def test_find(sim: Emulator) -> None:
    """A broadcast is found by its id, live or ended, also when its channel is gone."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    stream = sim.streams.start(arn)
    assert sim.streams.find(stream.stream_id).is_live
    stream.end()
    call(sim, "DeleteChannel", arn=arn)
    found = sim.streams.find(stream.stream_id)
    assert not found.is_live
    assert found.session is not None
    assert found.session.channel.arn == arn
    with pytest.raises(StreamRefused):
        found.reconnect()
    with pytest.raises(LookupError, match="there is no stream 'st-1'"):
        sim.streams.find("st-1")


def test_channel(sim: Emulator) -> None:
    """A channel is found by ARN, by name, unless several have it, and by stream key."""
    made = call(sim, "CreateChannel", name="one").body
    arn = made["channel"]["arn"]
    call(sim, "CreateChannel", name="two")
    call(sim, "CreateChannel", name="two")
    for named in (arn, "one", made["streamKey"]["value"]):
        assert sim.streams.channel(named) == arn
    for nothing in ("three", ""):
        with pytest.raises(LookupError, match="no channel has the ARN, the name or the stream key"):
            sim.streams.channel(nothing)
    with pytest.raises(StreamRefused, match="2 channels have the name 'two'; give the ARN of one of them"):
        sim.streams.channel("two")
