"""Playlists as players parse them, and the tags that parsers leave alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import m3u8
import pytest

from ivsim import Emulator
from ivsim.ivs.channels import Channel as ChannelRecord
from ivsim.ivs.encoders import ingest
from ivsim.ivs.playlists import Timeline, variant
from ivsim.ivs.stream_sessions import HEALTH_CHANGE, STATE_CHANGE, StreamEvent, StreamSession

from ..calling import call
from .conftest import NOON, Channel, variant_urls


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


def stream(*events: tuple[str, float], ended: float | None = None) -> StreamSession:
    """Return a broadcast that started at noon, with events at seconds after it."""
    arn = "arn:aws:ivs:us-east-1:123456789012:channel/abcdefghijkl"
    happened = [
        StreamEvent(name, HEALTH_CHANGE if name.startswith("Starv") else STATE_CHANGE, NOON + timedelta(seconds=at))
        for name, at in events
    ]
    return StreamSession(
        stream_id="st-1",
        channel=ChannelRecord(arn, ""),
        start_time=NOON,
        ingest=ingest("OBS", None, None),
        started_at=NOON,
        end_time=None if ended is None else NOON + timedelta(seconds=ended),
        truncated_events=tuple(reversed(happened)),
    )


STARVED = (("Stream Start", 0), ("Starvation Start", 5), ("Starvation End", 12), ("Starvation Start", 15))


@pytest.mark.parametrize(
    ("now", "starts"),
    [
        (4, [0, 2, 4]),
        (6, [0, 2, 4]),
        (11, [0, 2, 4]),
        (12, [0, 2, 4]),
        (13, [0, 2, 4, 13]),
        (15, [0, 2, 4, 13, 15]),
        (99, [0, 2, 4, 13, 15]),
    ],
)
def test_starvation(now: int, starts: list[int]) -> None:
    """While no data arrives there are no new segments; they go on with the data, and what was listed stays."""
    so_far = tuple(event for event in STARVED if event[1] <= now)
    text = variant(stream(*so_far), NOON + timedelta(seconds=now), str)
    listed = [segment.program_date_time for segment in m3u8.loads(text).segments]
    assert listed == [NOON + timedelta(seconds=start) for start in starts]


def test_starvation_at_the_ends() -> None:
    """A broadcast may starve as it starts or ends, and of the oldest interruption the beginning may be forgotten."""
    timeline = Timeline(stream(("Starvation Start", 0)), NOON + timedelta(seconds=9))
    assert (timeline.count, timeline.begin(0)) == (1, NOON)
    timeline = Timeline(stream(("Starvation Start", -3), ("Starvation End", 4)), NOON + timedelta(seconds=9))
    assert [timeline.begin(number) for number in range(timeline.count)] == [
        NOON,
        NOON + timedelta(seconds=6),
        NOON + timedelta(seconds=8),
    ]
    assert Timeline(stream(("Starvation Start", 5), ended=10), NOON + timedelta(hours=1)).count == 3
    assert Timeline(stream(("Starvation End", 5), ended=10), NOON + timedelta(hours=1)).count == 6
