"""RTMP as a server of encoders has it, without input or output: bytes go in, events and bytes come out.

Source: Adobe, *Real-Time Messaging Protocol*, 1.0, by whose sections the comments go; beside it, what ffmpeg, OBS and
GStreamer were seen to send.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias

from . import amf
from .amf import AmfRefused, Value

MOST_MESSAGE = 4 * 1024 * 1024
"""The most bytes of a message: a key frame of 4K is shorter."""

_MOST_STREAMS = 64
"""The most chunk streams of a connection."""

_WINDOW = 2_500_000
"""Bytes after which each side tells that it has them."""

_CHUNK = 4096
"""The size of the chunks that are sent."""

_HANDSHAKE = 1536
_EXTENDED = 0xFFFFFF
"""The timestamp in whose place four more bytes have it."""

_HEADER_SIZES = (11, 7, 3, 0)

_SET_CHUNK_SIZE, _ABORT, _ACKNOWLEDGEMENT, _USER_CONTROL, _WINDOW_SIZE, _BANDWIDTH = 1, 2, 3, 4, 5, 6
_AUDIO, _VIDEO, _DATA_3, _COMMAND_3, _DATA, _COMMAND, _AGGREGATE = 8, 9, 15, 17, 18, 20, 22
_STREAM_BEGIN, _PING, _PONG = 0, 6, 7

_STREAM = 1
"""The number of the one message stream that a connection is given."""


class RtmpRefused(Exception):
    """What a client sent is no RTMP, or has what no encoder sends. The connection is of no use any more."""


class Publish(NamedTuple):
    """An encoder wants to publish; `accept()` or `reject()` answers."""

    app: str
    key: str


class Metadata(NamedTuple):
    """What an encoder says of its media, `onMetaData`; some say it again and again."""

    values: dict[str, Value]


class Media(NamedTuple):
    """Sound or a picture as FLV has it, at a time in milliseconds, which begins anew after 2^32."""

    kind: Literal["audio", "video"]
    time: int
    payload: bytes


class Unpublish(NamedTuple):
    """The encoder has stopped, and said so."""


Event: TypeAlias = Publish | Metadata | Media | Unpublish


class _ChunkStream:
    """A message that comes in chunks, and what the next one takes over from it (5.3.1)."""

    def __init__(self) -> None:
        self.time = self.delta = self.length = self.kind = self.stream = 0
        self.extended: int | None = None
        self.data = bytearray()


class _Header(NamedTuple):
    """The headers of a chunk, which are `size` bytes; `delta` is the timestamp itself in the first form."""

    number: int
    form: int
    fields: bytes
    delta: int
    extended: int | None
    size: int


class Connection:
    """One encoder's connection. `receive()` what it sends; send it what `take_bytes()` returns, after every call."""

    def __init__(self) -> None:
        self._unread = bytearray()
        self._unsent: list[bytes] = []
        self._awaits: Literal["C1", "C2", "chunks"] = "C1"
        self._chunk_size = 128
        self._streams: dict[int, _ChunkStream] = {}
        self._received = self._told = 0
        self._app = ""
        self._is_asked = False
        self.is_publishing = False
        """True from `accept()` until the encoder stops or is stopped."""

    def receive(self, data: bytes) -> Iterator[Event]:
        """Return what happens with some bytes, piece by piece. Raises RtmpRefused."""
        self._unread += data
        self._received += len(data)
        if self._received - self._told >= _WINDOW:
            self._told = self._received
            self._send(2, _ACKNOWLEDGEMENT, struct.pack(">I", self._received & 0xFFFFFFFF))
        while self._awaits != "chunks":
            if not self._shake_hands():
                return
        at = 0
        try:
            while end := self._chunk(at):
                at, message = end
                if message is not None:
                    yield from self._message(message.kind, message.time, bytes(message.data))
                    message.data.clear()
        except (AmfRefused, struct.error, IndexError) as error:
            raise RtmpRefused(f"a message cannot be read: {error}") from None
        finally:
            del self._unread[:at]

    def take_bytes(self) -> bytes:
        """Return what is to be sent, and count it as sent."""
        data = b"".join(self._unsent)
        self._unsent.clear()
        return data

    def accept(self) -> None:
        """Let the encoder begin to send."""
        self.is_publishing = True
        self._send(2, _USER_CONTROL, struct.pack(">HI", _STREAM_BEGIN, _STREAM))
        self._tell_status("status", "NetStream.Publish.Start", "Publishing has begun.")

    def reject(self, text: str, code: str = "NetStream.Publish.BadName") -> None:
        """Refuse to let the encoder publish; its tool prints the text. Then the connection is to be closed."""
        self._tell_status("error", code, text)

    def stop(self, text: str) -> None:
        """Tell the encoder that it has been stopped. Then the connection is to be closed."""
        self.is_publishing = False
        self._tell_status("status", "NetStream.Unpublish.Success", text)

    def _shake_hands(self) -> bool:
        """Go on with the handshake (5.2), if enough is there."""
        if self._awaits == "C1":
            if self._unread and self._unread[0] != 3:
                raise RtmpRefused(f"this is no RTMP, as it begins with {bytes(self._unread[:1])!r}")
            if len(self._unread) <= _HANDSHAKE:
                return False
            theirs = bytes(self._unread[1 : 1 + _HANDSHAKE])
            ours = bytes(8) + os.urandom(_HANDSHAKE - 8)
            self._unsent.append(b"\3" + ours + theirs)
            del self._unread[: 1 + _HANDSHAKE]
            self._awaits = "C2"
        if len(self._unread) < _HANDSHAKE:
            return False
        del self._unread[:_HANDSHAKE]
        self._awaits = "chunks"
        return True

    def _chunk(self, at: int) -> tuple[int, _ChunkStream | None] | None:
        """Read a chunk; return where it ends, and its message if that is whole; None if the chunk itself is not."""
        header = self._header(at)
        if header is None:
            return None
        stream = self._streams.get(header.number) or _ChunkStream()
        length = int.from_bytes(header.fields[3:6], "big") if header.form < 2 else stream.length
        if length > MOST_MESSAGE:
            raise RtmpRefused(f"a message has {length} bytes, and at most {MOST_MESSAGE} are taken")
        begin = at + header.size
        end = begin + min(self._chunk_size, length - len(stream.data))
        if len(self._unread) < end:
            return None
        self._streams[header.number] = stream  # the chunk is whole: from here on things change
        if header.form < 3:
            stream.extended = header.extended
            stream.delta = header.delta if header.form else 0
            stream.time = stream.time + header.delta if header.form else header.delta
            stream.length = length
            stream.kind = header.fields[6] if header.form < 2 else stream.kind
        elif not stream.data:
            stream.time += stream.delta
        stream.time &= 0xFFFFFFFF
        stream.data += self._unread[begin:end]
        if header.number < 64 and stream.extended is None:
            end = self._following(0xC0 | header.number, stream, end)
        return end, stream if len(stream.data) == stream.length else None

    def _following(self, first_byte: int, stream: _ChunkStream, at: int) -> int:
        """Read the chunks by which a message goes on, as long as they are whole: most are so, with a byte as header."""
        unread, size = self._unread, self._chunk_size
        left = stream.length - len(stream.data)
        while left and at < len(unread) and unread[at] == first_byte:
            length = min(size, left)
            end = at + 1 + length
            if end > len(unread):
                break
            stream.data += unread[at + 1 : end]
            at, left = end, left - length
        return at

    def _header(self, at: int) -> _Header | None:
        """Read the headers of the chunk at a place (5.3.1.1 to 5.3.1.3); None if they are not whole."""
        data = self._unread[at : at + 18]
        if not data:
            return None
        form, number = data[0] >> 6, data[0] & 63
        basic = (2, 3)[number] if number < 2 else 1
        size = basic + _HEADER_SIZES[form]
        if len(data) < size:
            return None
        if number < 2:
            number = 64 + int.from_bytes(data[1:basic], "little")
        stream = self._streams.get(number)
        if stream is None and (form == 3 or len(self._streams) >= _MOST_STREAMS):
            raise RtmpRefused("a chunk goes on with a stream that has not begun, or there are too many streams")
        if stream is not None and stream.data and form != 3:
            raise RtmpRefused("a message begins before the one before it is whole")
        fields = bytes(data[basic:size])
        delta = int.from_bytes(fields[:3], "big")
        extended = stream.extended if stream is not None and form == 3 else None
        if delta == _EXTENDED or extended is not None:
            more = data[size : size + 4]
            is_left_out = extended is not None and not struct.pack(">I", extended).startswith(more)
            if not is_left_out:  # as it is by some, in chunks that go on
                if len(more) < 4:
                    return None
                delta = extended = int.from_bytes(more, "big")
                size += 4
        return _Header(number, form, fields, delta, extended, size)

    def _message(self, kind: int, time: int, data: bytes) -> Iterator[Event]:
        if kind in (_AUDIO, _VIDEO):
            if self.is_publishing and data:
                yield Media("audio" if kind == _AUDIO else "video", time, data)
        elif kind in (_COMMAND, _COMMAND_3):
            yield from self._command(amf.decode(data[kind == _COMMAND_3 :]))
        elif kind in (_DATA, _DATA_3):
            yield from self._data(amf.decode(data[kind == _DATA_3 :]))
        elif kind == _AGGREGATE:
            yield from self._aggregate(time, data)
        elif kind == _SET_CHUNK_SIZE:
            self._chunk_size = struct.unpack(">I", data)[0] & 0x7FFFFFFF
            if not 1 <= self._chunk_size <= MOST_MESSAGE:
                raise RtmpRefused(f"chunks may not have {self._chunk_size} bytes")
        elif kind == _ABORT:
            aborted = self._streams.get(struct.unpack(">I", data)[0])
            if aborted is not None:
                aborted.data.clear()
        elif kind == _USER_CONTROL and data[:2] == struct.pack(">H", _PING):
            self._send(2, _USER_CONTROL, struct.pack(">H", _PONG) + data[2:6])

    def _aggregate(self, time: int, data: bytes) -> Iterator[Event]:
        """Take apart messages that come as one (7.1.6); their times count from the first one's."""
        at, first = 0, None
        while at < len(data):
            kind, length = data[at], int.from_bytes(data[at + 1 : at + 4], "big")
            its_time = int.from_bytes(data[at + 4 : at + 7], "big") | data[at + 7] << 24
            first = its_time if first is None else first
            if kind != _AGGREGATE:
                yield from self._message(kind, time + its_time - first & 0xFFFFFFFF, data[at + 11 : at + 11 + length])
            at += 11 + length + 4

    def _command(self, values: list[Value]) -> Iterator[Event]:
        name, transaction, *arguments = [*values, None, None][: max(len(values), 2)]
        if name == "connect":
            about = arguments[0] if arguments else None
            self._app = str(about.get("app", "")) if isinstance(about, dict) else ""
            self._send(2, _WINDOW_SIZE, struct.pack(">I", _WINDOW))
            self._send(2, _BANDWIDTH, struct.pack(">IB", _WINDOW, 2))
            self._send(2, _SET_CHUNK_SIZE, struct.pack(">I", _CHUNK))
            server: Value = {"fmsVer": "FMS/3,0,1,123", "capabilities": 31.0}
            self._reply(transaction, server, _status("status", "NetConnection.Connect.Success", "Connected."))
        elif name == "createStream":
            self._reply(transaction, None, float(_STREAM))
        elif name == "publish":
            if self._is_asked:
                raise RtmpRefused("an encoder publishes one stream over a connection")
            self._is_asked = True
            yield Publish(self._app, str(arguments[1]) if len(arguments) > 1 else "")
        elif name in ("FCUnpublish", "deleteStream", "closeStream"):
            if self.is_publishing:
                self.is_publishing = False
                yield Unpublish()
        elif name == "FCPublish":
            self._reply(transaction, None, None)
            self._command_to_client("onFCPublish", 0.0, None, _status("status", "NetStream.Publish.Start", ""))
        elif name in ("releaseStream", "_checkbw", "getStreamLength"):
            self._reply(transaction, None, None)

    def _data(self, values: list[Value]) -> Iterator[Event]:
        if values[:1] == ["@setDataFrame"]:
            values = values[1:]
        if values[:1] == ["onMetaData"] and len(values) > 1 and isinstance(values[1], dict):
            yield Metadata(values[1])

    def _reply(self, transaction: Value, *values: Value) -> None:
        self._command_to_client("_result", transaction, *values)

    def _tell_status(self, level: str, code: str, text: str) -> None:
        self._command_to_client("onStatus", 0.0, None, _status(level, code, text), stream=_STREAM)

    def _command_to_client(self, *values: Value, stream: int = 0) -> None:
        self._send(3, _COMMAND, amf.encode(*values), stream)

    def _send(self, number: int, kind: int, data: bytes, stream: int = 0) -> None:
        """Send a message, in chunks whose first header is whole."""
        header = struct.pack(">B3x", number) + len(data).to_bytes(3, "big") + bytes([kind]) + struct.pack("<I", stream)
        # Before the client is told of it, chunks have 128 bytes; what is sent by then is shorter, but for the answer.
        pieces = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
        self._unsent.append(header + bytes([0xC0 | number]).join(pieces))


def _status(level: str, code: str, text: str) -> dict[str, Value]:
    return {"level": level, "code": code, "description": text, "objectEncoding": 0.0}
