"""ID3 tags, read back byte by byte."""

from __future__ import annotations

import pytest

from ivsim.media.id3 import tag


def size_of(four: bytes) -> int:
    """Return a number of four times seven bits."""
    assert all(byte < 0x80 for byte in four)
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


@pytest.mark.parametrize("text", ["", "x", "x" * 127, "x" * 128, "ä🎉" * 3000])
@pytest.mark.parametrize("description", ["", "segmentmetadata", "é"])
def test_tag(text: str, description: str) -> None:
    """A tag of version 2.4 has one TXXX in UTF-8, and both sizes count what follows them, in sevens of bits."""
    made = tag(text, description)
    assert made[:6] == b"ID3\4\0\0"
    assert size_of(made[6:10]) == len(made) - 10
    assert made[10:14] == b"TXXX"
    assert size_of(made[14:18]) == len(made) - 20
    assert made[18:21] == b"\0\0\3"
    assert made[21:].decode().split("\0") == [description, text]
