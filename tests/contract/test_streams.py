from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from .conftest import Services


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("get_stream", {}),
        ("stop_stream", {}),
        ("put_metadata", {"metadata": "x"}),
        pytest.param("insert_ad_break", {"durationSeconds": 30}, marks=pytest.mark.needs("InsertAdBreak")),
    ],
)
def test_offline(aws: Services, channel: Any, operation: str, members: dict[str, Any]) -> None:
    """What needs a stream answers ChannelNotBroadcasting while there is none, and 404 while there is no channel."""
    call = getattr(aws.ivs, operation)
    with pytest.raises(aws.ivs.exceptions.ChannelNotBroadcasting) as refused:
        call(channelArn=channel["arn"], **members)
    response = refused.value.response
    text = f"ChannelNotBroadcasting: Channel: {channel['arn']} is not currently online"
    assert response["Error"]["Message"] == text
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 404
    aws.ivs.delete_channel(arn=channel["arn"])
    assert aws.code(call, channelArn=channel["arn"], **members) == "ResourceNotFoundException"


def test_get_stream(aws: Services, channel: Any) -> None:
    """A live stream shows where, since when, how well and to how many it plays."""
    with aws.go_live(channel, viewers=3) as live:
        stream = aws.ivs.get_stream(channelArn=channel["arn"])["stream"]
        assert stream == {
            "channelArn": channel["arn"],
            "streamId": live.stream_id,
            "playbackUrl": channel["playbackUrl"],
            "startTime": stream["startTime"],
            "state": "LIVE",
            "health": "HEALTHY",
            "viewerCount": 3,
        }
        assert re.fullmatch("st-1[A-Za-z0-9]{22}", stream["streamId"])
        assert stream["startTime"].microsecond == 0
        live.set_viewers(5)
        assert aws.ivs.get_stream(channelArn=channel["arn"])["stream"]["viewerCount"] == 5


def test_list_streams(aws: Services, channel: Any) -> None:
    """Only live streams are listed, without their playback URL."""
    other = aws.ivs.create_channel()["channel"]
    assert aws.ivs.list_streams()["streams"] == []
    with aws.go_live(channel):
        shown = aws.ivs.get_stream(channelArn=channel["arn"])["stream"]
        del shown["playbackUrl"]
        assert aws.ivs.list_streams()["streams"] == [shown]
        with aws.go_live(other):
            first = aws.ivs.list_streams(maxResults=1)
            assert [each["channelArn"] for each in first["streams"]] == [channel["arn"]]
            second = aws.ivs.list_streams(maxResults=1, nextToken=first["nextToken"])
            assert [each["channelArn"] for each in second["streams"]] == [other["arn"]]
    assert aws.ivs.list_streams()["streams"] == []


def test_list_streams_by_health(aws: Services, channel: Any) -> None:
    """Streams can be listed by their health."""
    with aws.go_live(channel):
        assert len(aws.ivs.list_streams(filterBy={"health": "HEALTHY"})["streams"]) == 1
        assert aws.ivs.list_streams(filterBy={"health": "STARVING"})["streams"] == []
        assert len(aws.ivs.list_streams(filterBy={})["streams"]) == 1


def test_stop_stream(aws: Services, channel: Any) -> None:
    """A stopped stream is off; the encoder may come back, with a new session."""
    first = aws.go_live(channel)
    assert aws.ivs.stop_stream(channelArn=channel["arn"])["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert not first.is_live
    assert aws.code(aws.ivs.stop_stream, channelArn=channel["arn"]) == "ChannelNotBroadcasting"
    second = aws.go_live(channel)
    assert second.stream_id != first.stream_id
    first.end()
    assert second.is_live
    second.end()


def test_put_metadata(aws: Services, channel: Any) -> None:
    """Metadata of up to 1,024 bytes in UTF-8 goes into the stream; more is refused."""
    with aws.go_live(channel) as live:
        answer = aws.ivs.put_metadata(channelArn=channel["arn"], metadata="ä" * 512)
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
        refused = aws.refusal(aws.ivs.put_metadata, channelArn=channel["arn"], metadata="ä" * 512 + "!")
        assert refused["Error"]["Code"] == "ValidationException"
        assert refused["Error"]["Message"] == "Metadata size exceeds payload limit"
        assert [each.text for each in live.metadata] == ["ä" * 512]


@pytest.mark.needs("InsertAdBreak.adBreakId")
def test_insert_ad_break(aws: Services) -> None:
    """An ad break wants an ad configuration, and that none is running."""
    playback = "arn:aws:mediatailor:us-west-2:123456789012:playbackConfiguration/ads"
    ads = aws.ivs.create_ad_configuration(mediaTailorPlaybackConfigurations=[{"playbackConfigurationArn": playback}])
    channel = aws.ivs.create_channel(adConfigurationArn=ads["adConfiguration"]["arn"], name="show")["channel"]
    insert = aws.ivs.insert_ad_break
    with aws.go_live(channel) as live:
        answer = insert(channelArn=channel["arn"], durationSeconds=30)
        assert re.fullmatch("[A-Za-z0-9]{12}", answer["adBreakId"])
        assert aws.code(insert, channelArn=channel["arn"], durationSeconds=30) == "ConflictException"
        aws.sim.clock.advance(31)
        start = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(seconds=100)
        later = insert(channelArn=channel["arn"], durationSeconds=10, adBreakId="abcdefghijkl", targetStartAt=start)
        assert (later["adBreakId"], later["targetStartAt"]) == ("abcdefghijkl", start)
        (_, event) = aws.sim.events.of("IVS Ad Break State Change")
        assert event["resources"] == [channel["arn"]]
        assert event["detail"] == {
            "event_name": "Ad Break Inserted",
            "channel_name": "show",
            "stream_id": live.stream_id,
            "ad_break_id": "abcdefghijkl",
            "duration_seconds": 10,
            "target_start_time": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


@pytest.mark.needs("InsertAdBreak.targetStartAt")
def test_ad_break_at_the_end_of_time(aws: Services) -> None:
    """An ad break cannot be put off beyond the calendar."""
    playback = "arn:aws:mediatailor:us-west-2:123456789012:playbackConfiguration/ads"
    ads = aws.ivs.create_ad_configuration(mediaTailorPlaybackConfigurations=[{"playbackConfigurationArn": playback}])
    channel = aws.ivs.create_channel(adConfigurationArn=ads["adConfiguration"]["arn"])["channel"]
    far = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
    with aws.go_live(channel):
        refused = aws.refusal(
            aws.ivs.insert_ad_break, channelArn=channel["arn"], durationSeconds=300, targetStartAt=far
        )
        assert refused["Error"]["Code"] == "ValidationException"
        assert "'/targetStartAt'" in refused["Error"]["Message"]


@pytest.mark.needs("InsertAdBreak")
def test_ad_break_without_ads(aws: Services, channel: Any) -> None:
    """A channel without an ad configuration has no ad breaks."""
    with aws.go_live(channel):
        refused = aws.code(aws.ivs.insert_ad_break, channelArn=channel["arn"], durationSeconds=30)
        assert refused == "ValidationException"


def test_starving_stream(aws: Services, channel: Any) -> None:
    """A stream that gets no data is STARVING, in GetStream, in ListStreams and among the events of its session."""
    with aws.go_live(channel) as live:
        live.starve()
        assert aws.ivs.get_stream(channelArn=channel["arn"])["stream"]["health"] == "STARVING"
        (stream,) = aws.ivs.list_streams(filterBy={"health": "STARVING"})["streams"]
        assert stream["channelArn"] == channel["arn"]
        live.recover()
        assert aws.ivs.list_streams(filterBy={"health": "STARVING"})["streams"] == []
        session = aws.ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
        assert [(event["type"], event["name"]) for event in session["truncatedEvents"]] == [
            ("IVS Stream Health Change", "Starvation End"),
            ("IVS Stream Health Change", "Starvation Start"),
            ("IVS Stream State Change", "Stream Start"),
            ("IVS Stream State Change", "Session Created"),
        ]
