"""The playlists of a recording: its renditions, their segments and ranges of bytes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ivsim import Emulator

from ...calling import call
from .recorded import (
    MORNING,
    channel,
    configure,
    needs_fragments,
    paths,
    playlist,
    read,
    read_json,
    reconnect,
    record,
)

pytestmark = pytest.mark.usefixtures("frozen")


def test_merged_media(sim: Emulator) -> None:
    """The files of merged streams are numbered throughout; the playlists have a discontinuity between the streams."""
    (recording,) = reconnect(sim)
    for name, starts in (("playlist.m3u8", [0, 10, 30, 40, 50]), ("byte-range-variant.m3u8", None)):
        parsed = playlist(recording, f"720p30/{name}")
        breaks = [segment for segment in parsed.segments if segment.discontinuity]
        assert [segment.uri for segment in breaks] == ["2.ts"]
        assert breaks[0].program_date_time == MORNING + timedelta(seconds=30)
        if starts:
            times = [segment.program_date_time - MORNING for segment in parsed.segments]
            assert times == [timedelta(seconds=start) for start in starts]
    assert read_json(recording, "started")["recording_started_at"] == "2026-03-04T05:06:07Z"
    assert sum("720p30" in path and path.endswith(".ts") for path in paths(recording)) == 5


@pytest.mark.needs("CreateChannel.multitrackInputConfiguration")
def test_multitrack(sim: Emulator) -> None:
    """Tracks of multitrack input are renditions; of two tracks of one size the better one is recorded."""
    multitrack = {"enabled": True, "policy": "ALLOW", "maximumResolution": "FULL_HD"}
    arn = channel(sim, configure(sim), containerFormat="FRAGMENTED_MP4", multitrackInputConfiguration=multitrack)
    tracks = [{}, {"video_height": 720, "video_width": 1280, "target_bitrate": 1}]
    recording = record(sim, arn, 10, video=[*tracks, {**tracks[1], "target_bitrate": 2}])
    variants = playlist(recording, "master.m3u8").playlists
    assert [variant.stream_info.bandwidth for variant in variants] == [3_500_000, 2]
    assert len(recording.objects) == len(set(recording.objects))


def test_multivariant(sim: Emulator) -> None:
    """The playlist of the renditions is AWS's, line by line."""
    arn = channel(sim, configure(sim))
    video = {"target_framerate": 60, "codec": "avc1.64002A", "target_bitrate": 6_000_000}
    recording = record(sim, arn, 10, video=video)
    expected = [
        "#EXTM3U",
        f'#EXT-X-SESSION-DATA:DATA-ID="net.live-video.content.id",VALUE="{arn[-12:]}"',
        '#EXT-X-SESSION-DATA:DATA-ID="net.live-video.customer.id",VALUE="123456789012"',
    ]
    for name, shown, bandwidth, codec, size in (
        ("1080p60", "1080p60", 6_000_000, "avc1.64002A", "1920x1080"),
        ("720p60", "720p60", 3_330_599, "avc1.4D401F", "1280x720"),
        ("480p30", "480p", 1_335_600, "avc1.4D401F", "852x480"),
        ("360p30", "360p", 630_000, "avc1.4D401F", "640x360"),
        ("160p30", "160p", 230_000, "avc1.4D401F", "284x160"),
    ):
        expected += [
            f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="{name}",NAME="{shown}",AUTOSELECT=YES,DEFAULT=YES',
            f'#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={bandwidth},CODECS="{codec},mp4a.40.2",RESOLUTION={size},'
            f'VIDEO="{name}"',
            f"{name}/playlist.m3u8",
        ]
    assert read(recording, "media/hls/master.m3u8").decode().splitlines() == expected


def test_audio_only(sim: Emulator) -> None:
    """A rendition of audio alone has no resolution, and players do not choose it by themselves."""
    recording = record(sim, channel(sim, configure(sim), type="ADVANCED_SD"), 10)
    variant = playlist(recording, "master.m3u8").playlists[-1]
    assert variant.stream_info.resolution is None
    assert variant.stream_info.bandwidth == 64_000
    assert variant.media[0].name == "Audio Only"
    assert variant.media[0].default == "NO"


def test_variant(sim: Emulator) -> None:
    """The playlist of a rendition has the tags of AWS's, and a segment of ten seconds for each file."""
    recording = record(sim, channel(sim, configure(sim)), 24)
    lines = read(recording, "media/hls/720p30/playlist.m3u8").decode().splitlines()
    assert lines[:8] == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:10",
        "#ID3-EQUIV-TDTG:2026-03-04T05:06:31",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-TWITCH-ELAPSED-SECS:0.000",
        "#EXT-X-TWITCH-TOTAL-SECS:24.000",
    ]
    assert lines[8:11] == ["#EXT-X-PROGRAM-DATE-TIME:2026-03-04T05:06:07.000Z", "#EXTINF:10.000,", "0.ts"]
    parsed = playlist(recording, "720p30/playlist.m3u8")
    assert [(segment.uri, segment.duration) for segment in parsed.segments] == [("0.ts", 10), ("1.ts", 10), ("2.ts", 4)]
    assert parsed.is_endlist


@pytest.mark.parametrize(
    ("container", "suffix", "version"),
    [("TS", "ts", 4), pytest.param("FRAGMENTED_MP4", "mp4", 6, marks=needs_fragments)],
)
def test_byte_ranges(sim: Emulator, container: str, suffix: str, version: int) -> None:
    """The ranges of bytes cover each file without a gap, two seconds each."""
    arn = channel(sim, configure(sim), containerFormat=container)
    live = sim.streams.start(arn)
    sim.clock.advance(5)
    call(sim, "PutMetadata", channelArn=arn, metadata="x" * 1000)
    sim.clock.advance(20)
    live.end()
    (recording,) = sim.recordings
    parsed = playlist(recording, "720p30/byte-range-variant.m3u8")
    assert (parsed.version, parsed.target_duration, parsed.is_endlist) == (version, 2, True)
    assert [segment.duration for segment in parsed.segments] == [2] * 12 + [1]
    assert [segment.program_date_time - MORNING for segment in parsed.segments] == [
        timedelta(seconds=2 * number) for number in range(13)
    ]
    reached: dict[str, int] = {}
    for segment in parsed.segments:
        length, _, offset = segment.byterange.partition("@")
        assert reached.get(segment.uri, 0) == int(offset)
        reached[segment.uri] = int(offset) + int(length)
    assert reached == {
        f"{number}.{suffix}": len(read(recording, f"media/hls/720p30/{number}.{suffix}")) for number in range(3)
    }


@needs_fragments
def test_fragmented_mp4(sim: Emulator) -> None:
    """A channel with fragmented MP4 is recorded so, with an initialization section."""
    recording = record(sim, channel(sim, configure(sim), containerFormat="FRAGMENTED_MP4"), 20)
    for name in ("playlist.m3u8", "byte-range-variant.m3u8"):
        parsed = playlist(recording, f"480p30/{name}")
        assert parsed.version == 6
        assert {segment.init_section.uri for segment in parsed.segments} == {"init-0.mp4"}
        assert {segment.uri for segment in parsed.segments} == {"0.mp4", "1.mp4"}
    assert "media/hls/480p30/init-0.mp4" in paths(recording)
    assert read(recording, "media/hls/480p30/init-0.mp4")[4:8] == b"ftyp"
