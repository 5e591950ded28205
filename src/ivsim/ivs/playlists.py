"""Live playlists: the renditions of a broadcast, and the segments of each as they come.

Sources: captures of real playlists of 2022 to 2026, published by AWS's developer advocates and by viewers of a large
customer's channels; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from ..wire.serialize import iso8601
from .renditions import AUDIO_ONLY, Rendition
from .stream_sessions import StreamSession
from .viewer_sessions import ViewerSession

SEGMENT_SECONDS = 2.0
WINDOW = 15
"""Seconds of a segment, and how many segments a playlist lists."""

PREFETCHED = 2
"""How many segments to come a live playlist hints at."""

SOURCE = "chunked"
"""What the rendition that is passed on as it came is called among others."""

_BANDWIDTHS = {3_400_000: 3_422_999, 1_400_000: 1_427_999}
"""What is advertised for the bitrates of 720p60 and 480p30; that of others is told as it is."""


class Span(NamedTuple):
    """A time in which data arrived."""

    start: datetime
    end: datetime


class Timeline:
    """When the segments of a broadcast begin: one in two seconds, from its start on, while data arrives.

    A segment is listed from its first moment, so a channel has something to play as soon as it is live.
    """

    def __init__(self, stream: StreamSession, now: datetime) -> None:
        self._spans = _spans(stream, now)
        on_air = sum((span.end - span.start for span in self._spans), timedelta())
        self.count = int(on_air.total_seconds() // SEGMENT_SECONDS) + 1

    def begin(self, number: int) -> datetime:
        """Return when a segment begins; they are numbered from 0."""
        offset = timedelta(seconds=number * SEGMENT_SECONDS)
        for span in self._spans[:-1]:
            if offset <= span.end - span.start:
                return span.start + offset
            offset -= span.end - span.start
        return self._spans[-1].start + offset


def multivariant(
    viewer: ViewerSession,
    stream: StreamSession,
    now: datetime,
    *,
    country: str | None,
    cluster: str,
    renditions: Iterable[tuple[Rendition, str]],
) -> str:
    """Return the playlist of the renditions, each with its URL, as a cluster of hosts serves it to a country."""
    assert stream.started_at is not None
    _, _, _, _, account, channel = viewer.channel_arn.split(":")
    serving = hashlib.sha256(viewer.id.encode()).hexdigest()
    about = {
        "NODE": f"cloudfront_prod_{cluster}",
        "MANIFEST-NODE-TYPE": "weaver_cluster",
        "MANIFEST-NODE": f"elastic-weaver.{cluster}",
        "SUPPRESS": "true",
        "SERVER-TIME": f"{now.timestamp():.2f}",
        "TRANSCODESTACK": "2023-Transcode-QS-V1",
        "USER-IP": "127.0.0.1",
        "SERVING-ID": serving[:32],
        "CLUSTER": f"cloudfront_prod_{cluster}",
        "ABS": "true",
        "VIDEO-SESSION-ID": _digits(19, viewer.id),
        "BROADCAST-ID": _digits(12, stream.stream_id),
        "STREAM-TIME": f"{(now - stream.started_at).total_seconds():.6f}",
        "FUTURE": "true",
        "USER-COUNTRY": country,
        "MANIFEST-CLUSTER": cluster,
        "ORIGIN": cluster,
        "CUSTOMER_ID": account,
        "CONTENT_ID": channel.partition("/")[2],
    }
    lines = ["#EXTM3U"]
    lines += [f'#EXT-X-SESSION-DATA:DATA-ID="{name}",VALUE="{value}"' for name, value in about.items() if value]
    for rendition, url in renditions:
        passed_on = rendition.is_source and len(stream.ingest.video) == 1
        lines += [*_rendition(rendition, SOURCE if passed_on else rendition.name), url]
    return "\n".join(lines) + "\n"


def variant(stream: StreamSession, now: datetime, url_of: Callable[[int], str]) -> str:
    """Return the playlist of one rendition: the newest segments by their URLs, and two to come unless it has ended."""
    timeline = Timeline(stream, now)
    first = max(timeline.count - WINDOW, 0)
    begin = timeline.begin(first)
    elapsed = first * SEGMENT_SECONDS
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:3",
        "#EXT-X-TARGETDURATION:6",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        f"#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE:{first}",
        f"#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS:{elapsed:.3f}",
        f"#EXT-X-NET-LIVE-VIDEO-TOTAL-SECS:{timeline.count * SEGMENT_SECONDS:.3f}",
        f'#EXT-X-DATERANGE:ID="playlist-creation-{int(now.timestamp())}",CLASS="timestamp",START-DATE="{_iso(now)}",'
        f'END-ON-NEXT=YES,X-SERVER-TIME="{now.timestamp():.2f}"',
        f'#EXT-X-DATERANGE:ID="source-{int(begin.timestamp())}",CLASS="live-video-net-stream-source",'
        f'START-DATE="{_iso(begin)}",END-ON-NEXT=YES,X-NET-LIVE-VIDEO-STREAM-SOURCE="live"',
    ]
    for number in range(first, timeline.count):
        lines += [
            f"#EXT-X-PROGRAM-DATE-TIME:{_iso(timeline.begin(number))}",
            f"#EXTINF:{SEGMENT_SECONDS:.3f},live",
            url_of(number),
        ]
    if stream.end_time:
        lines.append("#EXT-X-ENDLIST")
    else:
        lines += [f"#EXT-X-PREFETCH:{url_of(timeline.count + ahead)}" for ahead in range(PREFETCHED)]
    return "\n".join(lines) + "\n"


def _rendition(rendition: Rendition, group: str) -> list[str]:
    """Return the two tags that announce a rendition; a name leaves out that there are 30 frames a second."""
    if rendition.name == AUDIO_ONLY:
        return [
            f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="{group}",NAME="{rendition.name}",AUTOSELECT=NO,DEFAULT=NO',
            f'#EXT-X-STREAM-INF:BANDWIDTH={rendition.bandwidth},CODECS="{rendition.codecs}",VIDEO="{group}"',
        ]
    name = rendition.name.removesuffix("30")
    told = {} if rendition.is_source else _BANDWIDTHS
    bandwidth = told.get(rendition.bandwidth, rendition.bandwidth)
    return [
        f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="{group}",NAME="{name}",AUTOSELECT=YES,DEFAULT=YES',
        f"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},RESOLUTION={rendition.width}x{rendition.height},"
        f'CODECS="{rendition.codecs}",VIDEO="{group}",FRAME-RATE={rendition.framerate:.3f}',
    ]


def _spans(stream: StreamSession, now: datetime) -> list[Span]:
    """Return the times in which data arrived, up to now or the end; what interrupted them is among the events."""
    assert stream.started_at is not None
    spans: list[Span] = []
    start: datetime | None = stream.started_at
    for event in reversed(stream.truncated_events):
        moment = max(event.event_time, stream.started_at)
        if event.name == "Starvation Start" and start is not None:
            spans.append(Span(start, moment))
            start = None
        elif event.name == "Starvation End":
            start = start or moment  # of the first one that is kept, the start may not be
    return spans if start is None else [*spans, Span(start, stream.end_time or now)]


def _digits(length: int, text: str) -> str:
    """Return a number of so many digits, always the same for a text."""
    least = 10 ** (length - 1)
    return str(least + int(hashlib.sha256(text.encode()).hexdigest(), 16) % (9 * least))


def _iso(moment: datetime) -> str:
    return iso8601(moment, "milliseconds")
