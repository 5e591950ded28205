"""ID3 tags, in which the texts of PutMetadata, and the transcoder's own, travel in media."""

from __future__ import annotations


def tag(text: str, description: str = "") -> bytes:
    """Return an ID3v2.4 tag with one frame, a TXXX in UTF-8: a text and its description."""
    content = b"\x03" + description.encode() + b"\0" + text.encode()
    frame = b"TXXX" + _synchsafe(len(content)) + b"\0\0" + content
    return b"ID3\x04\0\0" + _synchsafe(len(frame)) + frame


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
