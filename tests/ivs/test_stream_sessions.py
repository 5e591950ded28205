"""What a stream session tells, and for how long."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest

from ivsim import Emulator

from ..calling import call, send
from .broadcasts import channel, has_error, session

pytestmark = pytest.mark.usefixtures("noon")


def test_early_members(slow: Emulator) -> None:
    """Before the stream has started the session knows nothing of what the encoder sends; then it does."""
    arn = channel(slow)
    slow.streams.start(arn)
    early = session(slow, arn)["ingestConfiguration"]
    assert {value for name, value in {**early["video"], **early["audio"]}.items() if name != "track"} <= {"", 0}
    slow.clock.advance(4)
    assert session(slow, arn)["ingestConfiguration"]["video"]["codec"] == "avc1.42C028"


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


def test_a_tag_while_a_stream_starts(slow: Emulator) -> None:
    """What becomes of a channel after an encoder has connected, and before it is live, is in the session too."""
    arn = channel(slow)
    slow.streams.start(arn)
    assert send(slow, "POST", f"/tags/{quote(arn, safe='')}", b'{"tags": {"stage": "main"}}').status == 200
    assert session(slow, arn)["channel"]["tags"] == {}
    slow.clock.advance(4)
    assert session(slow, arn)["channel"]["tags"] == {"stage": "main"}


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


def test_sixty_days(sim: Emulator) -> None:
    """A session can be looked up for 60 days after its end, and not a moment longer."""
    arn = channel(sim)
    sim.streams.start(arn).end()
    sim.clock.advance(timedelta(days=60, seconds=-1))
    assert call(sim, "GetStreamSession", channelArn=arn).status == 200
    sim.clock.advance(1)
    assert call(sim, "GetStreamSession", channelArn=arn).code == "ResourceNotFoundException"
    assert call(sim, "ListStreamSessions", channelArn=arn).body["streamSessions"] == []
