"""Recordings as a test sees them: `sim.recordings`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ivsim import Emulator

from ...calling import send, signed
from .recorded import (
    MORNING,
    channel,
    configure,
    paths,
    playlist,
    record,
)

pytestmark = pytest.mark.usefixtures("frozen")


def test_while_it_is_live(sim: Emulator) -> None:
    """While the stream goes on, the files that are full are there, and the playlists are open."""
    arn = channel(sim, configure(sim))
    live = sim.streams.start(arn)
    (recording,) = sim.recordings
    assert paths(recording) == ["events/recording-started.json"]
    sim.clock.advance(29)
    assert (recording.status, recording.ended_at) == ("RECORDING_STARTED", None)
    assert recording.duration == timedelta(seconds=20)
    parsed = playlist(recording, "1080p30/playlist.m3u8")
    assert [segment.uri for segment in parsed.segments] == ["0.ts", "1.ts"]
    assert not parsed.is_endlist
    assert paths(recording)[-1] == "media/thumbnails/thumb0.jpg"
    live.end()
    assert recording.duration == timedelta(seconds=29)
    assert recording.ended_at == MORNING + timedelta(seconds=29)


def test_while_it_waits(sim: Emulator) -> None:
    """While a recording waits for the next stream, all media are there, and nothing says yet that it ended."""
    recording = record(sim, channel(sim, configure(sim, recordingReconnectWindowSeconds=60)), 25)
    assert recording.duration == timedelta(seconds=25)
    assert recording.status == "RECORDING_STARTED"
    assert not playlist(recording, "1080p30/playlist.m3u8").is_endlist
    assert "events/recording-ended.json" not in paths(recording)


def test_sequence(sim: Emulator) -> None:
    """`sim.recordings` has the recordings of all accounts and regions, oldest first."""
    arn = channel(sim, configure(sim))
    headers = signed("eu-west-1", key="999988887777")
    destination = {"destinationConfiguration": {"s3": {"bucketName": "elsewhere"}}}
    answer = send(sim, "POST", "/CreateRecordingConfiguration", json.dumps(destination).encode(), headers)
    configuration = {"recordingConfigurationArn": answer.body["recordingConfiguration"]["arn"]}
    answer = send(sim, "POST", "/CreateChannel", json.dumps(configuration).encode(), headers)
    other = answer.body["channel"]["arn"]
    for each in (arn, other, arn):
        record(sim, each, 10)
    assert [recording.channel_arn for recording in sim.recordings] == [arn, other, arn]
    assert sim.recordings.of(arn) == [sim.recordings[0], sim.recordings[2]] == sim.recordings[::2]
    assert len(sim.recordings) == 3
    first, second, _ = sim.recordings
    assert second.key_prefix.startswith("ivs/v1/999988887777/")
    assert second.bucket == "elsewhere"
    assert first in sim.recordings
    assert first != second
    assert first != first.session_id
    assert len({*sim.recordings, first}) == 3
    assert repr(first) == f"<Recording {first.key_prefix}, RECORDING_ENDED>"
    assert repr(sim.recordings) == f"Recordings({list(sim.recordings)!r})"


def test_reset(sim: Emulator) -> None:
    """After a reset there are no recordings; one that somebody holds shows what it was."""
    recording = record(sim, channel(sim, configure(sim)), 10)
    sim.reset()
    assert len(sim.recordings) == 0
    assert recording.status == "RECORDING_ENDED"
    assert recording.duration == timedelta(seconds=10)


@pytest.mark.parametrize("what", ["nonsense", None, "arn:aws:ivs:us-east-1:123456789012:stream-key/abcdefghijkl"])
def test_recordings_of_no_channel(sim: Emulator, what: Any) -> None:
    """What is no channel's ARN has no recordings, and is refused rather than answered with none."""
    with pytest.raises(ValueError, match=r"channel_arn: .* is not the ARN of a channel"):
        sim.recordings.of(what)
