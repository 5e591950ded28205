"""Clients of stages for the tests: what AWS's web SDK does over the events WebSocket, and AWS's Python samples."""

from __future__ import annotations

import json
from threading import Thread
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from ivsim.server.run import Server

from .chatting import Raw
from .waiting import DEADLINE

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"


def sdk_path(stage: str) -> str:
    """Return what the web SDK asks for, to hear of a stage."""
    return f"/?error_over_ws=1&topic={stage.rpartition('/')[2]}/publishers&traceid=1-6930a1b2-0123456789abcdef01234567"


def join_error(server: Server, token: str, stage: str) -> str:
    """Return the code with which the web SDK is refused, by the one frame before the end.

    The library's client before websockets 14 loses a frame that comes in one packet with the end.
    """
    with Raw(server, token) as raw:
        raw.handshake = raw.handshake.replace(b"GET / ", f"GET {sdk_path(stage)} ".encode())
        assert raw.shake()[0] == 101
        opcode, text = raw.frame()
        frame = json.loads(text)
        assert (opcode, frame["type"], raw.end()) == (Opcode.TEXT, "aws:ivs:JOIN_ERROR", (1000, ""))
    assert frame["payload"]["message"]
    code: str = frame["payload"]["code"]
    return code


class Page:
    """The events WebSocket of a page."""

    def __init__(self, server: Server, token: str, path: str) -> None:
        url, tokens = server.chat_url + path, [Subprotocol(token)]
        self.socket: ClientConnection = connect(url, subprotocols=tokens, user_agent_header=CHROME).__enter__()

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        reading = Thread(target=self.rest)  # as the library's `close()` waits until all that came was read
        reading.start()
        self.socket.close()
        reading.join()

    def say(self, **frame: Any) -> None:
        """Send a frame."""
        self.socket.send(json.dumps(frame))

    def receive(self) -> str:
        """Return the next frame."""
        text = self.socket.recv(timeout=DEADLINE)
        assert isinstance(text, str)
        return text

    def hears(self) -> Any:
        """Return the next frame, in JSON."""
        return json.loads(self.receive())

    def sees(self) -> list[str]:
        """Return the user ids of those who are there, by the next frame, which is a state."""
        frame = self.hears()
        assert frame["type"] == "STAGE_STATE", frame
        return [each["userId"] for each in frame["payload"]["participants"]]

    def until_it_sees(self, *user_ids: str) -> Any:
        """Read until these are there; return the frame."""
        while True:
            frame = self.hears()
            if [each["userId"] for each in frame["payload"].get("participants", [])] == list(user_ids):
                return frame

    def rest(self) -> tuple[list[Any], int]:
        """Return the frames until the end, and the close code; 1006 where there was none."""
        told = []
        try:
            while True:
                told.append(self.hears())
        except ConnectionClosed:
            close = self.socket.protocol.close_rcvd
            return told, int(close.code) if close else 1006
