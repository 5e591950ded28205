"""Nonsense over the WebSocket of a chat room: who sends it is refused or let go, and the others chat on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator
from ivsim.server.run import Server

from ..calling import call
from .chatting import Client, Raw
from .fuzzing import (
    ANY_TEXT,
    CLOSES,
    HANDSHAKE_HEADERS,
    JSON,
    ODD_JSON,
    Watch,
    frame,
    frames,
    send_and_end,
    until_nobody_is_left,
)
from .waiting import until

ALL = ["SEND_MESSAGE", "DELETE_MESSAGE", "DISCONNECT_USER"]


class Room:
    """A room on a port, in which somebody listens who does nothing wrong."""

    def __init__(self, server: Server) -> None:
        self.server, self.sim = server, server.emulator
        self.sim.quotas["Rate of messaging requests per connection"] = 10**9
        self.sim.quotas["Rate of SendMessage requests per room"] = 10**9
        self.arn = call(self.sim, "CreateRoom", maximumMessageRatePerSecond=100).body["arn"]
        self.member = Client(server, self.token("member"))

    def token(self, user: str, capabilities: list[str] | None = None) -> str:
        """Return a fresh token."""
        wanted = {
            "roomIdentifier": self.arn,
            "userId": user,
            "capabilities": ALL if capabilities is None else capabilities,
        }
        token: str = call(self.sim, "CreateChatToken", **wanted).body["token"]
        return token

    def is_heard(self) -> bool:
        """Return whether the member gets what is sent now, whatever came before."""
        name = call(self.sim, "SendEvent", roomIdentifier=self.arn, eventName="now").body["id"]
        while json.loads(self.member.receive())["Id"] != name:
            pass
        return True


@pytest.fixture(scope="module")
def room() -> Iterator[Room]:
    """A room that all examples come to; when all are gone, nothing is left of them."""
    with Emulator(history=100).serve() as server:
        room = Room(server)
        yield room
        room.member.socket.close()
        until_nobody_is_left()
        assert room.sim.chat.connections == []


ACTIONS = st.dictionaries(
    st.sampled_from(["Action", "action", "Content", "RequestId", "Attributes", "Id", "Reason", "UserId"]) | ANY_TEXT,
    st.sampled_from([*ALL, "nobody", "AbCdEf123456"]) | JSON,
    max_size=6,
).map(lambda given: json.dumps(given).encode())

VALID = st.builds(
    lambda action, text: json.dumps(
        {"Action": action, "Content": text, "Id": "AbCdEf123456", "UserId": "nobody"}
    ).encode(),
    st.sampled_from(ALL),
    ANY_TEXT,
)

PAYLOADS = st.one_of(
    VALID,
    ACTIONS,
    ODD_JSON,
    CLOSES,
    st.binary(max_size=130),
    ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
)


FRAMES = frames(PAYLOADS)
GOOD_FRAMES = st.builds(frame, st.sampled_from([0x81, 0x89, 0x8A]), VALID | ACTIONS, st.just(b"abcd"), st.none())
WORDS = st.one_of(GOOD_FRAMES, FRAMES, st.binary(max_size=40))


@settings(deadline=None)
@given(
    said=st.lists(WORDS, max_size=5),
    rest=st.sampled_from([b"", frame(0x81, b"{}", b"abcd", None), b"\xff"]),
    end=st.sampled_from(["half", "close", "reset"]),
    can=st.sampled_from([ALL, [], ["SEND_MESSAGE"]]),
    late=st.sampled_from([0, 0, 0, 0.002]),
)
def test_frames(room: Room, said: list[bytes], rest: bytes, end: str, can: list[str], late: float) -> None:
    """Whatever somebody in a room sends, and however it ends: the others get what is sent, and they alone stay."""
    with Watch() as log:
        room.sim.faults.latency("MessagingRequest", late)
        with Raw(room.server, room.token("odd", can), rest=rest) as client:
            assert client.shake()[0] == 101
            send_and_end(client.socket, said, end)
        assert room.is_heard()
        until(lambda: [each.user_id for each in room.sim.chat.connections] == ["member"])
    assert log.texts == []


@settings(deadline=None)
@given(
    headers=HANDSHAKE_HEADERS,
    token=st.sampled_from([True, False]),
    target=st.sampled_from(["/", "/x?y", "//", "*", "http://x/", "/%ff", "/\xff", "/_ivsim/feed"]),
    method=st.sampled_from(["GET", "GET", "GET", "POST", "CONNECT"]),
    rest=st.binary(max_size=20) | FRAMES,
)
def test_handshakes(
    room: Room, headers: list[tuple[str, str]], token: bool, target: str, method: str, rest: bytes
) -> None:
    """Whatever a handshake is like, it opens a connection or is refused, and nothing stays."""
    with Watch() as log:
        client = Raw(room.server, room.token("odd") if token else "x", rest=rest)
        with client:
            lines = (
                client.handshake.decode()
                .replace("GET /", f"{method} {target}", 1)
                .removesuffix("\r\n\r\n")
                .split("\r\n")
            )
            for name, value in headers:
                lines = [line for line in lines if not line.startswith(f"{name}:")] + [f"{name}: {value}"]
            received = b""
            try:
                client.socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + rest)
                client.socket.shutdown(socket.SHUT_WR)
                while more := client.socket.recv(65536):
                    received += more
            except TimeoutError:
                pytest.fail("it hangs")
            except OSError:
                pass
        assert b"HTTP/1.1 5" not in received
        assert room.is_heard()
        until(lambda: [each.user_id for each in room.sim.chat.connections] == ["member"])
    assert log.texts == []
