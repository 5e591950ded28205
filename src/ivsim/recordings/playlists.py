"""Lines that the playlists of all recordings have, as RFC 8216 wants them."""

from __future__ import annotations

from collections.abc import Iterable

from ..wire.serialize import iso8601
from .media import Piece

INITIALIZATION = "init-0.mp4"
"""The name of what is read before fragments of MP4."""


def map_line() -> str:
    """Return the line that names what is read before fragments."""
    return f'#EXT-X-MAP:URI="{INITIALIZATION}"'


def date_line(piece: Piece) -> str:
    """Return the line that tells when a piece of media was recorded."""
    return f"#EXT-X-PROGRAM-DATE-TIME:{iso8601(piece.at, 'milliseconds')}"


def length_line(piece: Piece) -> str:
    """Return the line that tells how long a piece of media is."""
    return f"#EXTINF:{piece.seconds:.3f},"


def text(lines: Iterable[str], *, is_complete: bool = False) -> str:
    """Return a playlist of lines; one that is complete says so."""
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if is_complete else []), ""])
