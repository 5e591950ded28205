"""The playlists of a recording, in the form in which IVS writes them to S3.

Sources: published recordings of a large customer of IVS; *Auto-Record to Amazon S3* in the IVS User Guide; RFC 8216.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import accumulate

from ...media.fmp4 import MAP_VERSION
from ...recordings.media import DISCONTINUITY, KEYFRAME_INTERVAL, Media
from ...recordings.playlists import date_line, length_line, map_line, text
from ...wire.serialize import iso8601
from ..ingest.renditions import AUDIO_ONLY, Rendition
from .sessions import SECONDS_PER_FILE

BREAKS = (DISCONTINUITY, "#EXT-X-TWITCH-DISCONTINUITY")
"""The lines before a file that does not follow on the one before it."""


def multivariant(renditions: Iterable[Rendition], variant_name: str, *, channel_id: str, account: str) -> str:
    """Return the playlist of the renditions; `variant_name` is what the playlist in the folder of each is called."""
    lines = [
        "#EXTM3U",
        f'#EXT-X-SESSION-DATA:DATA-ID="net.live-video.content.id",VALUE="{channel_id}"',
        f'#EXT-X-SESSION-DATA:DATA-ID="net.live-video.customer.id",VALUE="{account}"',
    ]
    for rendition in renditions:
        name, choice = rendition.name, "YES"
        size = f",RESOLUTION={rendition.width}x{rendition.height}"
        if name == AUDIO_ONLY:
            name, choice, size = "Audio Only", "NO", ""
        elif name.endswith("p30"):
            name = name.removesuffix("30")
        lines += [
            f'#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID="{rendition.name}",NAME="{name}",AUTOSELECT={choice},DEFAULT={choice}',
            f"#EXT-X-STREAM-INF:PROGRAM-ID=1,BANDWIDTH={rendition.bandwidth},"
            f'CODECS="{rendition.codecs}"{size},VIDEO="{rendition.name}"',
            f"{rendition.name}/{variant_name}",
        ]
    return text(lines)


def variant(media: Media, *, written_at: datetime, is_complete: bool) -> str:
    """Return the playlist of a rendition that has each file as one segment."""
    files = list(media.files())
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{MAP_VERSION if _map(media) else 3}",
        f"#EXT-X-TARGETDURATION:{max([SECONDS_PER_FILE, *(round(piece.seconds) for _, piece, _ in files)])}",
        f"#ID3-EQUIV-TDTG:{iso8601(written_at, 'seconds')[:-1]}",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-TWITCH-ELAPSED-SECS:0.000",
        f"#EXT-X-TWITCH-TOTAL-SECS:{media.seconds:.3f}",
        *_map(media),
    ]
    for name, piece, before in files:
        lines += [*before, date_line(piece), length_line(piece), name]
    return text(lines, is_complete=is_complete)


def byte_range_variant(media: Media, lengths: Callable[[int], Sequence[int]], *, is_complete: bool) -> str:
    """Return the playlist of a rendition whose segments are ranges of bytes, a keyframe in each.

    `lengths` returns the bytes of each range of a file, by its number.
    """
    files = [(*file, media.parts(number)) for number, file in enumerate(media.files())]
    longest = max((round(part.seconds) for *_, parts in files for part in parts), default=0)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{MAP_VERSION if _map(media) else 4}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-TARGETDURATION:{max(KEYFRAME_INTERVAL, longest)}",
        *_map(media),
    ]
    for number, (name, _, before, parts) in enumerate(files):
        sizes = lengths(number)
        offsets = accumulate(sizes, initial=0)
        lines += before
        for part, size, offset in zip(parts, sizes, offsets, strict=False):
            lines += [date_line(part), f"#EXT-X-BYTERANGE:{size}@{offset}", length_line(part), name]
    return text(lines, is_complete=is_complete)


def _map(media: Media) -> Sequence[str]:
    return (map_line(),) if media.suffix == ".mp4" else ()
