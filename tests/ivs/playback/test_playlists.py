"""Playlists as players parse them, and the tags that parsers leave alone."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import m3u8
import pytest

from ivsim import Emulator

from ...calling import call
from ..conftest import NOON, Channel, variant_urls


def multivariant(sim: Emulator, video: Any = None, **channel: Any) -> list[str]:
    """Return the lines that announce the renditions of a new channel, two tags and a URL for each."""
    sim.clock.freeze(NOON)
    arn = call(sim, "CreateChannel", **channel).body["channel"]["arn"]
    sim.streams.start(arn, video=video)
    return [line for line in sim.playback.request(arn).body.splitlines()[1:] if "SESSION-DATA" not in line]


def test_renditions(sim: Emulator) -> None:
    """Each rendition has two tags, as in captures; the one that is passed on is called chunked."""
    lines = multivariant(sim, {"targetFramerate": 60, "targetBitrate": 8_000_000, "codec": "avc1.64002A"})
    assert lines[0:2] == [
        '#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="chunked",NAME="1080p60",AUTOSELECT=YES,DEFAULT=YES',
        '#EXT-X-STREAM-INF:BANDWIDTH=8000000,RESOLUTION=1920x1080,CODECS="avc1.64002A,mp4a.40.2",VIDEO="chunked",'
        "FRAME-RATE=60.000",
    ]
    assert lines[3:5] == [
        '#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="720p60",NAME="720p60",AUTOSELECT=YES,DEFAULT=YES',
        '#EXT-X-STREAM-INF:BANDWIDTH=3422999,RESOLUTION=1280x720,CODECS="avc1.4D401F,mp4a.40.2",VIDEO="720p60",'
        "FRAME-RATE=60.000",
    ]
    assert lines[6] == '#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="480p30",NAME="480p",AUTOSELECT=YES,DEFAULT=YES'
    bandwidths = [int(match[1]) for line in lines if (match := re.search("BANDWIDTH=([0-9]+)", line))]
    assert bandwidths == [8_000_000, 3_422_999, 1_427_999, 630_000, 230_000]
    for url in lines[2::3]:
        assert re.fullmatch(r"https://use14\.playlist\.live-video\.net/v1/playlist/[\w-]+\.m3u8", url)


def test_audio_only(sim: Emulator) -> None:
    """Sound alone is a rendition without resolution, which players do not choose by themselves."""
    lines = multivariant(sim, type="ADVANCED_SD")
    assert lines[-3:-1] == [
        '#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="audio_only",NAME="audio_only",AUTOSELECT=NO,DEFAULT=NO',
        '#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.2",VIDEO="audio_only"',
    ]


@pytest.mark.needs("CreateChannel.multitrackInputConfiguration")
def test_several_tracks(sim: Emulator) -> None:
    """Several tracks that are passed on keep their names."""
    multitrack = {"enabled": True, "policy": "ALLOW", "maximumResolution": "FULL_HD"}
    video = [{"targetBitrate": 5_000_000}, {"videoHeight": 720, "videoWidth": 1280, "targetBitrate": 2_000_000}]
    lines = multivariant(sim, video, containerFormat="FRAGMENTED_MP4", multitrackInputConfiguration=multitrack)
    assert ['GROUP-ID="1080p30"' in lines[0], 'GROUP-ID="720p30"' in lines[3], len(lines)] == [True, True, 6]


def test_session_data(public: Channel) -> None:
    """The multivariant playlist says by whom, to whom and when it was served."""
    with public.sim.streams.start(public.arn):
        public.sim.clock.advance(1.5)
        text = public.watch(country="de").body
        again = public.watch().body
    data = dict(re.findall('#EXT-X-SESSION-DATA:DATA-ID="(.*)",VALUE="(.*)"', text))
    assert list(data) == [
        *("NODE", "MANIFEST-NODE-TYPE", "MANIFEST-NODE", "SUPPRESS", "SERVER-TIME", "TRANSCODESTACK", "USER-IP"),
        *("SERVING-ID", "CLUSTER", "ABS", "VIDEO-SESSION-ID", "BROADCAST-ID", "STREAM-TIME", "FUTURE"),
        *("USER-COUNTRY", "MANIFEST-CLUSTER", "ORIGIN", "CUSTOMER_ID", "CONTENT_ID"),
    ]
    assert data["MANIFEST-NODE-TYPE"] == "weaver_cluster"
    assert data["SERVER-TIME"] == f"{(NOON + timedelta(seconds=1.5)).timestamp():.2f}"
    assert data["STREAM-TIME"] == "1.500000"
    assert data["USER-COUNTRY"] == "DE"
    assert (data["CUSTOMER_ID"], data["CONTENT_ID"]) == ("123456789012", public.arn.rpartition("/")[2])
    assert re.fullmatch("[0-9a-f]{32}", data["SERVING-ID"])
    assert re.fullmatch("[0-9]{19}", data["VIDEO-SESSION-ID"])
    other = dict(re.findall('#EXT-X-SESSION-DATA:DATA-ID="(.*)",VALUE="(.*)"', again))
    assert "USER-COUNTRY" not in other
    assert other["BROADCAST-ID"] == data["BROADCAST-ID"]
    assert other["VIDEO-SESSION-ID"] != data["VIDEO-SESSION-ID"]


def test_variant(public: Channel) -> None:
    """A variant playlist has the tags of captures, in their order."""
    public.sim.streams.start(public.arn)
    url = variant_urls(public.watch())[0]
    public.sim.clock.advance(33.25)
    lines = public.sim.playback.request(url).body.splitlines()
    assert lines[:11] == [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:6",
        "#EXT-X-MEDIA-SEQUENCE:2",
        "#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE:2",
        "#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS:4.000",
        "#EXT-X-NET-LIVE-VIDEO-TOTAL-SECS:34.000",
        '#EXT-X-DATERANGE:ID="playlist-creation-1795262433",CLASS="timestamp",START-DATE="2026-11-21T12:00:33.250Z",'
        'END-ON-NEXT=YES,X-SERVER-TIME="1795262433.25"',
        '#EXT-X-DATERANGE:ID="source-1795262404",CLASS="live-video-net-stream-source",'
        'START-DATE="2026-11-21T12:00:04.000Z",END-ON-NEXT=YES,X-NET-LIVE-VIDEO-STREAM-SOURCE="live"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:04.000Z",
        "#EXTINF:2.000,live",
    ]
    assert re.fullmatch(
        r"https://[0-9a-f]{12}\.j\.cloudfront\.hls\.live-video\.net/v1/segment/[\w-]+\.ts\?dna=\w+", lines[11]
    )
    assert len(lines) == 9 + 15 * 3 + 2
    assert all(line.startswith("#EXT-X-PREFETCH:https://") for line in lines[-2:])


def test_it_advances(public: Channel) -> None:
    """There is something to play at once; then a segment comes every two seconds, and the oldest of 15 goes."""
    live = public.sim.streams.start(public.arn)
    url = variant_urls(public.watch())[0]
    seen = []
    for _ in range(20):
        playlist = m3u8.loads(public.sim.playback.request(url).body)
        numbers = range(playlist.media_sequence, playlist.media_sequence + len(playlist.segments))
        starts = [NOON + timedelta(seconds=2 * number) for number in numbers]
        assert [segment.program_date_time for segment in playlist.segments] == starts
        assert starts[-1] == public.sim.clock.now()
        prefetched = re.findall("#EXT-X-PREFETCH:(.*)", public.sim.playback.request(url).body)
        seen.append((playlist.segments[-1].uri, prefetched))
        public.sim.clock.advance(2)
    assert numbers == range(5, 20)
    for (_, ahead), (segment, _), (after, _) in zip(seen, seen[1:], seen[2:], strict=False):
        assert ahead == [segment, after]
    live.end()
    text = public.sim.playback.request(url).body
    assert m3u8.loads(text).is_endlist
    assert "PREFETCH" not in text


@pytest.mark.needs("CreateChannel.containerFormat")
def test_fragments(sim: Emulator) -> None:
    """A channel with fragmented MP4 is played so, with an initialization section; no URL leads to the other kind."""
    sim.clock.freeze(NOON)
    channel = call(sim, "CreateChannel", containerFormat="FRAGMENTED_MP4").body["channel"]
    sim.streams.start(channel["arn"])
    call(sim, "PutMetadata", channelArn=channel["arn"], metadata="<here>")
    sim.clock.advance(2)
    answer = sim.playback.request(variant_urls(sim.playback.request(channel["arn"]))[0])
    assert "#EXT-X-VERSION:6" in answer.body
    playlist = m3u8.loads(answer.body)
    initialization = sim.playback.request(playlist.segment_map[0].uri)
    fragments: list[Any] = [sim.playback.request(segment.uri) for segment in playlist.segments]
    for each in (initialization, *fragments):
        assert (each.status, each.headers["Content-Type"]) == (200, "video/mp4")
    assert [each.body[4:8] for each in (initialization, *fragments)] == [b"ftyp", b"styp", b"styp"]
    assert [b"<here>" in each.body for each in fragments] == [False, True]
    assert [each.body[each.body.index(b"mfhd") + 11] for each in fragments] == [1, 2]
    assert ".mp4?dna=" in re.findall("#EXT-X-PREFETCH:(.*)", answer.body)[0]
    for url in (playlist.segments[0].uri, playlist.segment_map[0].uri):
        assert sim.playback.request(url.replace(".mp4", ".ts")).status == 404


def test_no_initialization_of_transport_streams(public: Channel) -> None:
    """A channel with MPEG transport streams has nothing to read first."""
    public.sim.streams.start(public.arn)
    text = public.sim.playback.request(variant_urls(public.watch())[0]).body
    assert "EXT-X-MAP" not in text
    url = m3u8.loads(text).segments[0].uri
    head, _, name = url.partition("/v1/segment/")
    opaque, _, session = name.partition(".ts")
    stream = base64.urlsafe_b64decode(opaque + "=" * (-len(opaque) % 4)).decode().rpartition("/")[0]
    section = base64.urlsafe_b64encode(stream.encode()).decode().rstrip("=")
    for suffix in (".ts", ".mp4"):
        assert public.sim.playback.request(f"{head}/v1/segment/{section}{suffix}{session}").status == 404
