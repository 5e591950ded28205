"""Nonsense over the events WebSocket of a stage: who sends it is told so or let go, and the others hear all."""

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
from .chatting import Raw
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
from .staging import Page
from .waiting import until


class Stage:
    """A stage on a port, on which somebody is who does nothing wrong."""

    def __init__(self, server: Server) -> None:
        self.server, self.sim = server, server.emulator
        self.arn = call(self.sim, "CreateStage").body["stage"]["arn"]
        self.member = Page(server, self.token("member"), "")

    def token(self, user_id: str) -> str:
        """Return a fresh token."""
        token: str = call(self.sim, "CreateParticipantToken", stageArn=self.arn, userId=user_id).body[
            "participantToken"
        ]["token"]
        return token

    def is_heard(self) -> bool:
        """Return whether the member is answered now, whatever came before."""
        self.member.say(type="PING")
        while self.member.hears() != {"type": "PONG"}:
            pass
        return True

    def user_ids(self) -> list[str]:
        """Return who is there."""
        return [each.user_id for each in self.sim.stages.participants]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that all examples come to; when all are gone, nothing is left of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ivsim.server.stages.hub.PATIENCE", 0.01)
        with Emulator(history=100).serve() as server:
            stage = Stage(server)
            yield stage
            stage.member.socket.close()
            until_nobody_is_left()
            assert stage.sim.stages.participants == []


TYPES = st.sampled_from(["PING", "SET_STATE", "aws:ivs:EXCHANGE_TOKEN", "HELLO"])
EXCHANGE = st.dictionaries(
    st.sampled_from(["oldToken", "newToken", "requestId", "traceId"]), ANY_TEXT | st.just("eyJ.e30.x"), max_size=4
)
SAID = st.builds(
    lambda kind, muted, stopped, payload, more: json.dumps(
        {**more, "type": kind, "audioMuted": muted, "videoStopped": stopped, "payload": payload}
    ).encode(),
    TYPES | JSON,
    st.booleans() | JSON,
    st.booleans() | JSON,
    EXCHANGE | JSON,
    st.dictionaries(ANY_TEXT, JSON, max_size=2),
)
PAYLOADS = st.one_of(
    SAID,
    ODD_JSON,
    CLOSES,
    st.binary(max_size=130),
    ANY_TEXT.map(lambda text: text.encode("utf-8", "surrogatepass")),
)
GOOD_FRAMES = st.builds(frame, st.sampled_from([0x81, 0x89, 0x8A]), SAID, st.just(b"abcd"), st.none())


@settings(deadline=None)
@given(
    said=st.lists(st.one_of(GOOD_FRAMES, frames(PAYLOADS), st.binary(max_size=40)), max_size=5),
    rest=st.sampled_from([b"", frame(0x81, b"{}", b"abcd", None), b"\xff"]),
    end=st.sampled_from(["half", "close", "reset"]),
)
def test_frames(stage: Stage, said: list[bytes], rest: bytes, end: str) -> None:
    """Whatever somebody on a stage sends, and however it ends: the others hear all, and they alone stay."""
    with Watch() as log:
        with Raw(stage.server, stage.token("odd"), rest=rest) as client:
            assert client.shake()[0] == 101
            send_and_end(client.socket, said, end)
        assert stage.is_heard()
        until(lambda: stage.user_ids() == ["member"])
    assert log.texts == []


@settings(deadline=None)
@given(
    headers=HANDSHAKE_HEADERS,
    token=st.sampled_from(["good", "good", "eyJ.e30.x", "eyJhbGciOiJLTVMifQ.e30.x", "x"]),
    target=st.sampled_from(
        [
            "/",
            "/?topic=x",
            "/?topic=",
            "/?error_over_ws=1",
            "/?error_over_ws=1&topic=a/b",
            "//",
            "//[",
            "/%ff?topic=%ff",
        ]
    ),
    rest=st.binary(max_size=20) | frames(PAYLOADS),
)
def test_handshakes(stage: Stage, headers: list[tuple[str, str]], token: str, target: str, rest: bytes) -> None:
    """Whatever a handshake is like, somebody joins or is refused, and nobody stays."""
    with Watch() as log:
        with Raw(stage.server, stage.token("odd") if token == "good" else token) as client:
            lines = (
                client.handshake.decode().replace("GET /", f"GET {target}", 1).removesuffix("\r\n\r\n").split("\r\n")
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
        assert stage.is_heard()
        until(lambda: stage.user_ids() == ["member"])
    assert log.texts == []
