"""Fragments: boxes of MP4, valid as far as they go."""

from __future__ import annotations

from datetime import datetime, timezone

from ivsim.media.fmp4 import fragment, initialization

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def boxes(data: bytes) -> list[tuple[str, bytes]]:
    """Return the boxes in data, each with its content; they have to fill it."""
    found = []
    while data:
        length = int.from_bytes(data[:4], "big")
        assert 8 <= length <= len(data)
        found.append((data[4:8].decode(), data[8:length]))
        data = data[length:]
    return found


def test_initialization() -> None:
    """The initialization section has the file's type and a movie header of the standard's length."""
    (kind, _), (movie, content) = boxes(initialization())
    assert (kind, movie) == ("ftyp", "moov")
    assert [(name, len(inner)) for name, inner in boxes(content)] == [("mvhd", 100), ("mvex", 0)]


def test_fragment() -> None:
    """A fragment has its number, and an event with an ID3 tag for each text."""
    found = boxes(fragment(NOON, 7, ["hello", "world"]))
    assert [name for name, _ in found] == ["styp", "emsg", "emsg", "moof", "mdat"]
    for (_, event), text in zip(found[1:3], (b"hello", b"world"), strict=True):
        scheme, value, tag = event[24:].split(b"\0", 2)
        assert (scheme, value) == (b"https://aomedia.org/emsg/ID3", b"")
        assert tag.startswith(b"ID3\x04")
        assert text in tag
    ((_, header),) = boxes(found[3][1])
    assert header[-4:] == b"\0\0\0\x07"
