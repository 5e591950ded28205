"""The playlists of recordings of stages. Their names are documented; what is in them is what RFC 8216 asks for."""

from __future__ import annotations

from ...media.fmp4 import MAP_VERSION
from ...recordings.media import Media
from ...recordings.playlists import date_line, length_line, map_line, text
from .stage_recordings import Rendition

VARIANT = "playlist.m3u8"


def multivariant(rendition: Rendition) -> str:
    """Return the playlist that names the rendition's own."""
    size = f",RESOLUTION={rendition.width}x{rendition.height},FRAME-RATE={rendition.framerate:.3f}"
    about = f'BANDWIDTH={rendition.bandwidth},CODECS="{rendition.codecs}"{size if rendition.height else ""}'
    return text(
        [
            "#EXTM3U",
            f"#EXT-X-VERSION:{MAP_VERSION}",
            "#EXT-X-INDEPENDENT-SEGMENTS",
            f"#EXT-X-STREAM-INF:{about}",
            f"{rendition.folder}/{VARIANT}",
        ]
    )


def variant(media: Media, seconds_per_file: int, *, is_complete: bool) -> str:
    """Return the playlist of the rendition, with each file as a segment."""
    files = list(media.files())
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{MAP_VERSION}",
        f"#EXT-X-TARGETDURATION:{max([seconds_per_file, *(round(piece.seconds) for _, piece, _ in files)])}",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-MEDIA-SEQUENCE:0",
        map_line(),
    ]
    for name, piece, before in files:
        lines += [*before, date_line(piece), length_line(piece), name]
    return text(lines, is_complete=is_complete)
