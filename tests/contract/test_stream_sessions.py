from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from .conftest import Services


def test_stream_session(aws: Services, channel: Any) -> None:
    """A session shows the channel as it was when it went live, what the encoder sends, and its events, newest first."""
    with aws.go_live(channel, video={"videoHeight": 720, "video_width": 1280}, audio={"channels": 1}) as live:
        session = aws.ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
        assert session["streamId"] == live.stream_id
        assert session["channel"] == channel
        assert "endTime" not in session
        video = session["ingestConfiguration"]["video"]
        assert (video["videoHeight"], video["videoWidth"], video["avcProfile"]) == (720, 1280, "Baseline")
        assert session["ingestConfiguration"]["audio"]["channels"] == 1
        assert [event["name"] for event in session["truncatedEvents"]] == ["Stream Start", "Session Created"]
        assert "recordingConfiguration" not in session
    aws.ivs.update_channel(arn=channel["arn"], name="renamed")
    ended = aws.ivs.get_stream_session(channelArn=channel["arn"], streamId=live.stream_id)["streamSession"]
    assert ended["channel"]["name"] == "show"
    assert ended["endTime"] >= ended["startTime"]
    assert [event["name"] for event in ended["truncatedEvents"]][:2] == ["Stream End", "Session Ended"]
    assert {event["type"] for event in ended["truncatedEvents"]} == {"IVS Stream State Change"}


def test_session_shows_configurations_as_they_were(aws: Services) -> None:
    """What was attached when the channel went live stays in the session."""
    created = aws.ivs.create_recording_configuration(destinationConfiguration={"s3": {"bucketName": "abc"}})
    arn = created["recordingConfiguration"]["arn"]
    recording = aws.ivs.get_recording_configuration(arn=arn)["recordingConfiguration"]
    channel = aws.ivs.create_channel(recordingConfigurationArn=arn)["channel"]
    aws.go_live(channel).end()
    aws.ivs.update_channel(arn=channel["arn"], recordingConfigurationArn="")
    session = aws.ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
    assert session["recordingConfiguration"] == recording


def test_list_stream_sessions(aws: Services, channel: Any) -> None:
    """Sessions are listed newest first; the live one has no end. Other channels' are not among them."""
    aws.go_live(aws.ivs.create_channel()["channel"]).end()
    assert aws.ivs.list_stream_sessions(channelArn=channel["arn"])["streamSessions"] == []
    first = aws.go_live(channel)
    first.end()
    with aws.go_live(channel) as second:
        sessions = aws.ivs.list_stream_sessions(channelArn=channel["arn"], nextToken="")["streamSessions"]
        assert [session["streamId"] for session in sessions] == [second.stream_id, first.stream_id]
        assert "endTime" not in sessions[0]
        assert set(sessions[1]) == {"streamId", "startTime", "endTime", "hasErrorEvent"}
        assert sessions[1]["hasErrorEvent"] is False


def test_sessions_outlive_their_channel(aws: Services, channel: Any) -> None:
    """Sessions of a deleted channel can be looked up for 60 days; a channel that never was live is simply unknown."""
    never_live = aws.ivs.create_channel()["channel"]["arn"]
    with aws.go_live(channel) as live:
        pass
    for arn in (channel["arn"], never_live):
        aws.ivs.delete_channel(arn=arn)
    assert aws.ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]["streamId"] == live.stream_id
    assert len(aws.ivs.list_stream_sessions(channelArn=channel["arn"])["streamSessions"]) == 1
    assert aws.code(aws.ivs.list_stream_sessions, channelArn=never_live) == "ResourceNotFoundException"
    aws.sim.clock.advance(timedelta(days=60))
    assert aws.code(aws.ivs.list_stream_sessions, channelArn=channel["arn"]) == "ResourceNotFoundException"
    assert aws.code(aws.ivs.get_stream_session, channelArn=channel["arn"]) == "ResourceNotFoundException"


def test_unknown_session(aws: Services, channel: Any) -> None:
    """A stream id that the channel never had is ResourceNotFoundException."""
    aws.go_live(channel).end()
    unknown = "st-1" + "a" * 22
    assert (
        aws.code(aws.ivs.get_stream_session, channelArn=channel["arn"], streamId=unknown) == "ResourceNotFoundException"
    )


def test_session_with_an_error(aws: Services, channel: Any) -> None:
    """A session that a limit cut off has an error event; it never was live, and the channel can be changed again."""
    aws.go_live(channel, video={"targetBitrate": 9_000_000})
    with pytest.raises(aws.ivs.exceptions.ChannelNotBroadcasting):
        aws.ivs.get_stream(channelArn=channel["arn"])
    (summary,) = aws.ivs.list_stream_sessions(channelArn=channel["arn"])["streamSessions"]
    assert summary["hasErrorEvent"]
    session = aws.ivs.get_stream_session(channelArn=channel["arn"])["streamSession"]
    assert [(event["type"], event["name"]) for event in session["truncatedEvents"]] == [
        ("IVS Stream State Change", "Session Ended"),
        ("IVS Limit Breach", "Ingest Bitrate"),
        ("IVS Stream State Change", "Session Created"),
    ]
    aws.ivs.update_channel(arn=channel["arn"], name="quieter")


def test_sessions_page_by_page(aws: Services, channel: Any) -> None:
    """The sessions of a channel come newest first, page after page, without those of another channel."""
    other = aws.ivs.create_channel()["channel"]
    ids = []
    for _ in range(5):
        with aws.go_live(channel) as live, aws.go_live(other):
            ids.append(live.stream_id)
    seen, token = [], ""
    while True:
        page = aws.ivs.list_stream_sessions(channelArn=channel["arn"], maxResults=2, nextToken=token)
        seen += [session["streamId"] for session in page["streamSessions"]]
        token = page.get("nextToken")
        if not token:
            break
    assert seen == ids[::-1]
