"""Lines of playlists."""

from __future__ import annotations

from datetime import datetime, timezone

from ivsim.recordings.media import Piece
from ivsim.recordings.playlists import date_line, length_line, map_line, text


def test_lines() -> None:
    """Lines tell when a piece was recorded and how long it is, to the millisecond, and what is read before it."""
    piece = Piece(datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=timezone.utc), 5.5)
    assert date_line(piece) == "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:00.123Z"
    assert length_line(piece) == "#EXTINF:5.500,"
    assert map_line() == '#EXT-X-MAP:URI="init-0.mp4"'


def test_text() -> None:
    """A playlist ends with a line break, and one that is complete with the tag that says so."""
    assert text(["#EXTM3U", "a"]) == "#EXTM3U\na\n"
    assert text(["#EXTM3U"], is_complete=True) == "#EXTM3U\n#EXT-X-ENDLIST\n"
