"""Live playlists: the renditions of a broadcast, and the segments of each as they come.

Sources: captures of real playlists of 2022 to 2026, published by AWS's developer advocates and by viewers of a large
customer's channels; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime

from ...media.fmp4 import MAP_VERSION
from ...wire.serialize import iso8601
from ..ingest.renditions import AUDIO_ONLY, Rendition
from ..stream_sessions import StreamSession
from ..viewer_sessions import ViewerSession
from .timelines import Timeline

PREFETCHED = 2
"""The number of segments to come that a live playlist hints at, where the channel's latency is to be low."""

SOURCE = "chunked"
"""The name of the rendition that is passed on unchanged, when there are others."""

_BANDWIDTHS = {3_400_000: 3_422_999, 1_400_000: 1_427_999}
"""The advertised bandwidths for the bitrates of 720p60 and 480p30; other bitrates are advertised as they are."""


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
        "FUTURE": "true" if is_low_latency(stream) else None,
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


def variant(
    stream: StreamSession,
    timeline: Timeline,
    now: datetime,
    url_of: Callable[[int], str],
    *,
    initialization_of: Callable[[int], str] | None = None,
) -> str:
    """Return the playlist of one rendition: the newest segments by their URLs, and two to come unless it has ended.

    `initialization_of` returns the URL of what players have to read before a segment that is a fragment of MP4; None
    where segments are none.
    """
    first = timeline.first_listed
    read_before = initialization_of(first) if initialization_of else None
    forgotten = timeline.changes(first) - (timeline.stretch(first).first == first)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{MAP_VERSION if initialization_of else 3}",
        f"#EXT-X-TARGETDURATION:{timeline.target_seconds}",
        f"#EXT-X-MEDIA-SEQUENCE:{first}",
        *([f"#EXT-X-DISCONTINUITY-SEQUENCE:{forgotten}"] if forgotten > 0 else []),
        f"#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE:{first}",
        f"#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS:{timeline.elapsed(first):.3f}",
        f"#EXT-X-NET-LIVE-VIDEO-TOTAL-SECS:{timeline.elapsed(timeline.count):.3f}",
        *([f'#EXT-X-MAP:URI="{read_before}"'] if read_before else []),
        f'#EXT-X-DATERANGE:ID="playlist-creation-{int(now.timestamp())}",CLASS="timestamp",START-DATE="{_iso(now)}",'
        f'END-ON-NEXT=YES,X-SERVER-TIME="{now.timestamp():.2f}"',
    ]
    for number in range(first, timeline.count):
        begin, stretch = timeline.begin(number), timeline.stretch(number)
        if number in (first, stretch.first):
            lines += _sources(timeline, number, begin)
            if initialization_of and read_before != (read_before := initialization_of(number)):
                lines.append(f'#EXT-X-MAP:URI="{read_before}"')
        duration = f"{timeline.duration(number):.3f}"
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:{_iso(begin)}", f"#EXTINF:{duration},{stretch.source}", url_of(number)]
    if stream.end_time:
        lines.append("#EXT-X-ENDLIST")
    elif is_low_latency(stream):
        lines += [f"#EXT-X-PREFETCH:{url_of(timeline.count + ahead)}" for ahead in range(PREFETCHED)]
    return "\n".join(lines) + "\n"


def is_low_latency(stream: StreamSession) -> bool:
    """Return whether viewers are to see a broadcast as early as can be."""
    return stream.channel.latency_mode == "LOW"


def _sources(timeline: Timeline, number: int, begin: datetime) -> list[str]:
    """Return the tags that say where segments come from, in front of the first of them that is listed."""
    first, source, ad_break = timeline.stretch(number)
    lines = []
    if ad_break is not None:
        start = timeline.begin(first)
        lines.append(
            f'#EXT-X-DATERANGE:ID="stitched-ad-{int(start.timestamp())}-{ad_break.seconds * 10**9}",'
            f'CLASS="live-video-net-stitched-ad",START-DATE="{_iso(start)}",DURATION={ad_break.seconds:.3f},'
            f'X-NET-LIVE-VIDEO-AD-AD-BREAK-ID="{ad_break.ad_break_id}"'
        )
    lines.append(
        f'#EXT-X-DATERANGE:ID="source-{int(begin.timestamp())}",CLASS="live-video-net-stream-source",'
        f'START-DATE="{_iso(begin)}",END-ON-NEXT=YES,X-NET-LIVE-VIDEO-STREAM-SOURCE="{source}"'
    )
    if number == first > 0:
        lines.append("#EXT-X-DISCONTINUITY")
    return lines


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


def _digits(length: int, text: str) -> str:
    """Return a number of so many digits, always the same for a text."""
    least = 10 ** (length - 1)
    return str(least + int(hashlib.sha256(text.encode()).hexdigest(), 16) % (9 * least))


def _iso(moment: datetime) -> str:
    return iso8601(moment, "milliseconds")
