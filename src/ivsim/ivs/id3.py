"""ID3 tags: how the texts of PutMetadata travel in media."""

from __future__ import annotations


def tag(text: str) -> bytes:
    """Return an ID3v2.4 tag with a text, in UTF-8, as a user-defined frame."""
    content = b"\x03metadata\0" + text.encode() + b"\0"
    frame = b"TXXX" + _synchsafe(len(content)) + b"\0\0" + content
    return b"ID3\x04\0\0" + _synchsafe(len(frame)) + frame


def _synchsafe(size: int) -> bytes:
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
