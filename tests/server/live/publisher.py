"""What an encoder sends by RTMP, byte by byte: a publisher for the tests, and what it reads of the answers."""

from __future__ import annotations

import struct

from ivsim.media import aac, h264
from ivsim.media.h264 import Format
from ivsim.server.live import amf
from ivsim.server.live.amf import Value

AUDIO, VIDEO, DATA, COMMAND = 8, 9, 18, 20
HANDSHAKE = b"\3" + bytes(1536)
FORM = Format(640, 360, 30, "avc1.4D401E")


def basic(form: int, number: int) -> bytes:
    """Return the basic header of a chunk, in as few bytes as it takes."""
    if number < 64:
        return bytes([form << 6 | number])
    if number < 320:
        return bytes([form << 6, number - 64])
    return bytes([form << 6 | 1]) + struct.pack("<H", number - 64)


def message(kind: int, data: bytes, *, time: int = 0, number: int = 4, chunk: int = 128, repeats: bool = True) -> bytes:
    """Return a message in chunks; a time that needs more room is repeated in each, or in the first alone."""
    extended = struct.pack(">I", time) if time >= 0xFFFFFF else b""
    head = min(time, 0xFFFFFF).to_bytes(3, "big") + len(data).to_bytes(3, "big") + bytes([kind]) + struct.pack("<I", 1)
    pieces = [data[at : at + chunk] for at in range(0, len(data), chunk)] or [b""]
    following = basic(3, number) + (extended if repeats else b"")
    return basic(0, number) + head + extended + following.join(pieces)


def command(*values: Value) -> bytes:
    """Return a command."""
    return message(COMMAND, amf.encode(*values), number=3)


def opening(key: str, app: str = "app") -> bytes:
    """Return all that an encoder says before it may send media, as if it did not wait for answers."""
    return b"".join(
        [
            *(HANDSHAKE, bytes(1536)),
            command("connect", 1, {"app": app, "tcUrl": "rtmp://127.0.0.1/app", "type": "nonprivate"}),
            command("releaseStream", 2, None, key),
            command("FCPublish", 3, None, key),
            command("createStream", 4, None),
            command("publish", 5, None, key, "live"),
        ]
    )


def metadata(**values: Value) -> bytes:
    """Return what an encoder says of its media."""
    return message(DATA, amf.encode("@setDataFrame", "onMetaData", dict(values)))


def headers() -> bytes:
    """Return what a decoder has to know of pictures and sound."""
    return video_header(FORM) + message(AUDIO, b"\xaf\0" + aac.CONFIG, number=5)


def video_header(form: Format) -> bytes:
    """Return what a decoder has to know of pictures."""
    sequence, picture = h264.parameter_sets(form)
    record = b"\1" + sequence[1:4] + b"\xff\xe1" + struct.pack(">H", len(sequence)) + sequence
    record += b"\1" + struct.pack(">H", len(picture)) + picture
    return message(VIDEO, b"\x17\0\0\0\0" + record)


def picture(time: int, *, is_key: bool = False) -> bytes:
    """Return a picture, which needs no other or does. What is in it is not looked at."""
    return message(VIDEO, (b"\x17" if is_key else b"\x27") + b"\1\0\0\0" + bytes(150 if is_key else 10), time=time)


def sound(time: int) -> bytes:
    """Return a frame of sound."""
    return message(AUDIO, b"\xaf\1" + aac.SILENCE, time=time, number=5)


def media(count: int = 30) -> bytes:
    """Return headers and so many pictures, the first a key frame, with sound between them."""
    pictures = [picture(at * 33, is_key=not at) + sound(at * 33) for at in range(count)]
    return headers() + b"".join(pictures)
