"""What an encoder sends by RTMP, byte by byte: a publisher for the tests, and what it reads of the answers."""

from __future__ import annotations

import socket
import ssl
import struct
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from functools import cache
from urllib.parse import urlsplit

from ivsim.media import aac, h264
from ivsim.media.h264 import Format
from ivsim.media.picture import Scene, frames
from ivsim.server.live import amf
from ivsim.server.live.amf import Value

from ..waiting import DEADLINE

AUDIO, VIDEO, DATA, COMMAND = 8, 9, 18, 20
HANDSHAKE = b"\3" + bytes(1536)
FORM = Format(640, 360, 30, "avc1.4D401E")
LITTLE = Format(320, 180, 10, "avc1.42C014")
"""The form of the pictures that an `Encoder` sends, unless it is told another."""

_CHUNK = 65_536


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
    return message(VIDEO, b"\x17\0\0\0\0" + h264.configuration(form))


def picture(time: int, *, is_key: bool = False, size: int | None = None, offset: int = 0) -> bytes:
    """Return a picture, which needs no other or does: a unit of the right kind, with nothing in it."""
    unit = (b"\x65" if is_key else b"\x41") + bytes((150 if is_key else 10) if size is None else size)
    data = offset.to_bytes(3, "big", signed=True) + struct.pack(">I", len(unit)) + unit
    return message(VIDEO, (b"\x17" if is_key else b"\x27") + b"\1" + data, time=time)


def sound(time: int) -> bytes:
    """Return a frame of sound."""
    return message(AUDIO, b"\xaf\1" + aac.SILENCE, time=time, number=5)


def media(count: int = 30) -> bytes:
    """Return headers and so many pictures, the first a key frame, with sound between them."""
    pictures = [picture(at * 33, is_key=not at) + sound(at * 33) for at in range(count)]
    return headers() + b"".join(pictures)


@cache
def real_pictures(form: Format, count: int) -> list[bytes]:
    """Return real pictures as NAL units, a key frame and others that are like it; their strips say "live"."""
    scene = Scene("show", f"{form.height}p", "live", datetime(2026, 11, 21, 12, tzinfo=timezone.utc))
    return list(frames(form, scene, 0, count, offset=timedelta(), number=0, is_still=True))


class Encoder:
    """A little encoder, connected to the port: it sends real pictures and silence, and keeps its own time.

    `said` is what it says of its media; nothing by itself. As a context manager it hangs up with the block.
    """

    def __init__(
        self,
        url: str,
        *,
        form: Format = LITTLE,
        has_sound: bool = True,
        tls: ssl.SSLContext | None = None,
        **said: Value,
    ) -> None:
        address = urlsplit(url)
        connection = socket.create_connection((address.hostname, address.port), DEADLINE)
        self.socket = tls.wrap_socket(connection, server_hostname="localhost") if tls else connection
        self.form = form
        self.milliseconds = 0
        """The time of the picture that is sent next."""
        self.told = b""
        """What the server has answered."""
        self._has_sound = has_sound
        self._frames_of_sound = self._asked = 0
        key = address.path.removeprefix("/app/") + (f"?{address.query}" if address.query else "")
        self.socket.sendall(opening(key))
        while b"onStatus" not in self.told:
            self._read()
        with suppress(OSError):  # who is refused learns that from what was told
            self.socket.sendall(message(1, struct.pack(">I", _CHUNK), number=2))
            if said:
                self.socket.sendall(message(DATA, amf.encode("@setDataFrame", "onMetaData", said), chunk=_CHUNK))
            self.send_headers()

    def __enter__(self) -> Encoder:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send_headers(self, form: Format | None = None) -> None:
        """Say what a decoder has to know, of pictures of another form from now on."""
        self.form = form or self.form
        data = message(VIDEO, b"\x17\0\0\0\0" + h264.configuration(self.form), time=self.milliseconds, chunk=_CHUNK)
        if self._has_sound:
            data += message(AUDIO, b"\xaf\0" + aac.CONFIG, time=self.milliseconds, number=5)
        self.socket.sendall(data)

    def skip(self, seconds: float) -> None:
        """Go on as if some seconds of media had been lost."""
        self.milliseconds += round(seconds * 1000)
        self._frames_of_sound = self.milliseconds * aac.RATE // (aac.SAMPLES * 1000) + 1

    def send(self, seconds: float, *, every: float = 2.0, bitrate: int = 0) -> Encoder:
        """Send media of some seconds, at once, a key frame first and then every so often; return when they are taken.

        `bitrate` is that to which pictures are filled up, with what decoders pass over.
        """
        rate = self.form.framerate
        group = real_pictures(self.form, round(every * rate))
        data = bytearray()
        begins = self.milliseconds
        for number in range(round(seconds * rate)):
            place = number % len(group)
            at = begins + number * 1000 // rate
            units = [group[place]]
            if bitrate:
                units.append(b"\x0c" + b"\xff" * max(bitrate // 8 // rate - len(group[place]) - 15, 0) + b"\x80")
            lengths = b"".join(struct.pack(">I", len(unit)) + unit for unit in units)
            picture = (b"\x27" if place else b"\x17") + b"\1\0\0\0" + lengths
            data += message(VIDEO, picture, time=at, chunk=_CHUNK)
            data += self._sound_until(at + 1000 // rate)
        self.milliseconds = begins + round(seconds * 1000)
        with suppress(ConnectionError):  # it may be hung up on in the middle
            self.socket.sendall(data)
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until the server has taken all that was sent, or has hung up."""
        self._asked += 1
        with suppress(ConnectionError):
            self.socket.sendall(command("_checkbw", 100 + self._asked, None))
            while amf.encode("_result", 100.0 + self._asked) not in self.told and self._read():
                pass

    def rest(self) -> bytes:
        """Return all that was told, when the server has hung up."""
        with suppress(ConnectionError):
            while self._read():
                pass
        return self.told

    def _read(self) -> bool:
        part = self.socket.recv(65536)
        self.told += part
        return bool(part)

    def _sound_until(self, end: int) -> bytes:
        sent = b""
        while self._has_sound and (at := self._frames_of_sound * aac.SAMPLES * 1000 // aac.RATE) < end:
            sent += sound(at)
            self._frames_of_sound += 1
        return sent
