"""ID3 tags, in which the texts of PutMetadata, and the transcoder's own, travel in media."""

from __future__ import annotations

import json

METADATA = "metadata.live-video.net"
"""The description of a tag that PutMetadata made, as players name it."""

TRANSCODER = "segmentmetadata"
"""The description of the tag with which each segment begins."""


def tag(text: str, description: str = "") -> bytes:
    """Return an ID3v2.4 tag with one frame, a TXXX in UTF-8: a text and its description."""
    content = b"\x03" + description.encode() + b"\0" + text.encode()
    frame = b"TXXX" + _synchsafe(len(content)) + b"\0\0" + content
    return b"ID3\x04\0\0" + _synchsafe(len(frame)) + frame


def latency_tag(elapsed: float, milliseconds: int) -> bytes:
    """Return the tag from which a player learns how late it is: where in the broadcast it is in, and when that was."""
    times = dict.fromkeys(("ingest_r", "ingest_s", "transc_r", "transc_s"), milliseconds)
    return tag(json.dumps({"broadc_s": 0, "cmd": "ld_lat_data", "stream_offset": elapsed, **times}), TRANSCODER)


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
