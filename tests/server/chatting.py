"""Chat clients for the tests: one that a library drives, and one that sends whatever bytes it is given."""

from __future__ import annotations

import json
import socket
import threading
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import Close, Frame, Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ivsim.server.run import Server

from .waiting import DEADLINE


class Client:
    """A WebSocket in a room, driven by the library."""

    def __init__(self, server: Server, token: str, path: str = "") -> None:
        url = server.chat_url + path
        self.socket: ClientConnection = connect(url, subprotocols=[Subprotocol(token)]).__enter__()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        # The library's `close()` waits until all that came was read, ten seconds at most, so somebody reads meanwhile.
        reading = threading.Thread(target=self.rest)
        reading.start()
        self.socket.close()
        reading.join()

    def say(self, content: str, **more: Any) -> None:
        """Send a message."""
        self.socket.send(json.dumps({"Action": "SEND_MESSAGE", "Content": content, **more}))

    def receive(self) -> str:
        """Return the next frame."""
        text = self.socket.recv(timeout=DEADLINE)
        assert isinstance(text, str)
        return text

    def hears(self) -> Any:
        """Return what the next frame is about: a message's content, an event's name, an error's code."""
        frame = json.loads(self.receive())
        return frame.get("Content") or frame.get("EventName") or frame["ErrorCode"]

    def rest(self) -> list[str]:
        """Return every frame that comes until the end."""
        frames = []
        try:
            while True:
                frames.append(self.receive())
        except ConnectionClosed:
            return frames

    def end(self) -> tuple[int, str]:
        """Return close code and reason, when all that came before was read."""
        self.rest()
        close = self.socket.protocol.close_rcvd
        assert close is not None
        return int(close.code), close.reason


class Raw:
    """A connection to the port, for bytes as they are given. Its handshake may have more in the same packet."""

    def __init__(self, server: Server, token: str = "", *, rest: bytes = b"", **headers: str | None) -> None:
        self.socket = socket.create_connection((server.host, server.port), timeout=DEADLINE)
        self._read = self.socket.makefile("rb")
        given = {
            "Host": "x",
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Protocol": token or None,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        lines = [f"{name}: {value}" for name, value in given.items() if value is not None]
        self.handshake = "\r\n".join(["GET / HTTP/1.1", *lines, "", ""]).encode()
        self._rest = rest

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self._read.close()
        self.socket.close()

    def shake(self) -> tuple[int, dict[str, str]]:
        """Send the handshake; return the status and headers of the answer."""
        self.socket.sendall(self.handshake + self._rest)
        return self.response()

    def response(self) -> tuple[int, dict[str, str]]:
        """Return the status and headers of an answer."""
        status = int(self._read.readline().split()[1])
        lines = iter(lambda: self._read.readline().decode().strip(), "")
        return status, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def send(self, *frames: Frame) -> None:
        """Send frames in one packet."""
        self.socket.sendall(b"".join(frame.serialize(mask=True) for frame in frames))

    def read(self, count: int = -1) -> bytes:
        """Return bytes as they come; all until the end by default."""
        return self._read.read(count)

    def frame(self) -> tuple[Opcode, bytes]:
        """Return the next frame's opcode and payload."""
        first, size = self.read(2)
        if size == 126:
            size = int.from_bytes(self.read(2), "big")
        elif size == 127:
            size = int.from_bytes(self.read(8), "big")
        return Opcode(first & 15), self.read(size)

    def end(self) -> tuple[int, str] | None:
        """Return code and reason of the close frame that is still to come; None when the end comes without."""
        while True:
            try:
                opcode, payload = self.frame()
            except (ValueError, ConnectionResetError):
                return None
            if opcode is Opcode.CLOSE:
                close = Close.parse(payload)
                return int(close.code), close.reason


def text(content: str, **more: Any) -> Frame:
    """Return a frame with a message."""
    return Frame(Opcode.TEXT, json.dumps({"Action": "SEND_MESSAGE", "Content": content, **more}).encode())


def close(code: int = 1000, reason: str = "") -> Frame:
    """Return a frame that says goodbye."""
    return Frame(Opcode.CLOSE, Close(code, reason).serialize())
