"""The playlists of recordings of stages, line by line."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from .recorded import needs_settings, playlist, read, record, recorded_stage

pytestmark = [pytest.mark.usefixtures("frozen"), needs_settings]


def test_multivariant(sim: Emulator) -> None:
    """The multivariant playlist names the one rendition, with its size and bitrate."""
    recording = record(sim, recorded_stage(sim), 10, width=640, height=360, bitrate=900_000)
    assert read(recording, "media/hls/multivariant.m3u8").decode().splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-STREAM-INF:BANDWIDTH=900000,CODECS="avc1.42E01F,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=30.000',
        "high/playlist.m3u8",
    ]


def test_variant(sim: Emulator) -> None:
    """The rendition's playlist has each file, with its time and length, after what is read before all of them."""
    recording = record(sim, recorded_stage(sim), 10)
    assert read(recording, "media/hls/high/playlist.m3u8").decode().splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-MEDIA-SEQUENCE:0",
        '#EXT-X-MAP:URI="init-0.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-03-04T05:06:07.000Z",
        "#EXTINF:6.000,",
        "1.mp4",
        "#EXT-X-PROGRAM-DATE-TIME:2026-03-04T05:06:13.000Z",
        "#EXTINF:4.000,",
        "2.mp4",
        "#EXT-X-ENDLIST",
    ]


def test_while_it_goes_on(sim: Emulator) -> None:
    """While somebody publishes, the playlist is open, and has the files that are full."""
    ann = sim.stages.join(recorded_stage(sim))
    ann.publish()
    sim.clock.advance(17)
    (recording,) = sim.recordings
    parsed = playlist(recording, "high/playlist.m3u8")
    assert [segment.uri for segment in parsed.segments] == ["1.mp4", "2.mp4"]
    assert not parsed.is_endlist
    ann.leave()
    parsed = playlist(recording, "high/playlist.m3u8")
    assert [segment.duration for segment in parsed.segments] == [6, 6, 5]
    assert parsed.is_endlist
