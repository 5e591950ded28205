"""Chat over WebSocket: the same rooms as in process, for clients that come through the port."""

from __future__ import annotations

import gc
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun import freeze_time
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from ivsim import ChatConnection, Emulator
from ivsim.server.chat.hub import Hub
from ivsim.server.chat.socket import ChatSocket
from ivsim.server.connection import HttpConnection
from ivsim.server.run import Server

from ...calling import call
from ...ivschat.conftest import EVERYTHING, Room
from ..chatting import Client, Raw, close, text
from ..waiting import DEADLINE, until

HANDLER = "arn:aws:lambda:us-east-1:123456789012:function:review"


@pytest.fixture
def room(sim: Emulator) -> Room:
    return Room(sim, maximumMessageRatePerSecond=100)


@pytest.fixture(autouse=True)
def _no_bug(caplog: pytest.LogCaptureFixture, server: Server, request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing that a client does makes the server log an error, and nothing of it stays."""
    caplog.set_level(logging.INFO)
    yield
    server.close()
    if "bug" not in request.node.name:
        assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []


@pytest.fixture
def join(server: Server, room: Room) -> Iterator[Any]:
    """A function that joins the room over WebSocket."""
    clients: list[Client] = []

    def join(user: str, *capabilities: str, **more: Any) -> Client:
        clients.append(Client(server, room.token(user, *(capabilities or EVERYTHING), **more)))
        return clients[-1]

    yield join
    for client in clients:
        client.socket.close()


def connection(sim: Emulator, user: str) -> ChatConnection:
    """Return the connection of a user."""
    return next(each for each in sim.chat.connections if each.user_id == user)


def refusal(server: Server, *tokens: str) -> tuple[int, str]:
    """Return status and reason of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused:
        Client(server, *tokens)
    response = refused.value.response
    assert response.headers["Content-Type"] == "application/json"
    body = json.loads(bytes(response.body or b""))
    assert body["ErrorCode"] == response.status_code
    return response.status_code, body["ErrorMessage"]


def test_the_same_frames(room: Room, join: Any) -> None:
    """Clients of both kinds are in one room, and both get every frame, byte for byte."""
    inside, ada = room.join("bob"), join("ada")
    ada.say("héllo", RequestId="1", Attributes={"b": "2", "a": "<1>"})
    inside.send_message("hi")
    call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="app:score")
    assert [ada.receive() for _ in range(3)] == inside.frames


def test_only_what_is_its_own(room: Room, join: Any) -> None:
    """A client gets what was sent since it joined, and of the ERRORs its own."""
    ada = join("ada")
    ada.say("before")
    assert ada.hears() == "before"
    bob = join("bob", "SEND_MESSAGE")
    bob.socket.send("{}")
    bob.say("after")
    assert [bob.hears(), bob.hears()] == [400, "after"]
    assert ada.hears() == "after"


def test_any_path(sim: Emulator, server: Server, room: Room) -> None:
    """The path does not matter; the token, which is the subprotocol, is echoed."""
    token = room.token("ada")
    with Client(server, token, "/any/where?x=1") as ada:
        assert ada.socket.subprotocol == token
        assert connection(sim, "ada").room_arn == room.arn


def test_the_first_subprotocol_is_the_token(server: Server, room: Room) -> None:
    """Of several subprotocols the first one counts."""
    token = room.token("ada")
    with Raw(server, f"{token}, other") as raw:
        assert raw.shake()[1]["sec-websocket-protocol"] == token


def test_refusals(sim: Emulator, server: Server, room: Room) -> None:
    """Who has no token that opens a connection is refused before the upgrade, and told why."""
    token = room.token("ada")
    with Client(server, token):
        assert refusal(server, token) == (403, "the token was used already; each opens one connection")
    assert refusal(server, "nobodys") == (403, "CreateChatToken never returned this token")
    expired = room.token("ada")
    sim.clock.advance(timedelta(hours=2))
    assert refusal(server, expired)[1].startswith("the token expired at")
    sim.quotas["Concurrent chat connections"] = 0
    status, reason = refusal(server, room.token("ada"))
    assert (status, reason) == (429, "Quota exceeded: Concurrent chat connections, limit: 0")
    with Raw(server) as raw:
        status, headers = raw.shake()
        assert (status, headers["connection"]) == (401, "close")
        assert b"there is no token" in raw.read()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Sec_WebSocket_Key": "short"}, 400),
        ({"Sec_WebSocket_Version": "8"}, 400),
        ({"Sec_WebSocket_Protocol": "a b"}, 400),
        ({"Connection": "Upgrade, ,"}, 101),
    ],
)
def test_a_broken_handshake(server: Server, room: Room, headers: dict[str, Any], status: int) -> None:
    """A handshake that is none is refused, and the token stays good."""
    token = room.token("ada")
    with Raw(server, token, **headers) as raw:
        assert raw.shake()[0] == status
    if status != 101:
        with Client(server, token):
            pass


@pytest.mark.parametrize("name", ["Connection", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol"])
def test_a_header_that_is_not_text(server: Server, room: Room, name: str) -> None:
    """A byte that is no text is refused in a header that the handshake reads, and let pass in any other."""
    for header, status in [(name, 400), ("Cookie", 101)]:
        with Raw(server, room.token("ada"), Cookie="odd") as raw:
            lines = raw.handshake.split(b"\r\n")
            odd = [line + b", \xa0" if line.startswith(header.encode() + b":") else line for line in lines]
            assert odd != lines
            raw.handshake = b"\r\n".join(odd)
            assert raw.shake()[0] == status


def test_a_bug_at_the_handshake(
    room: Room, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours is a 500, with the traceback in the log."""
    monkeypatch.setattr("ivsim.ivschat.conversation.join", lambda *_: 1 / 0)
    assert refusal(server, room.token("ann")) == (500, "ivsim failed; its log has the traceback")
    assert "ZeroDivisionError" in caplog.text


def test_a_bug_at_a_frame(
    room: Room, join: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours closes the connection at whose frame it showed, with 1011."""
    ada, bob = join("ada"), join("bob")
    with monkeypatch.context() as patch:
        patch.setattr("ivsim.ivschat.conversation.receive", lambda *_: 1 / 0)
        ada.say("x")
        assert ada.end() == (1011, "ivsim failed; its log has the traceback")
    bob.say("y")
    assert bob.hears() == "y"
    assert "ZeroDivisionError" in caplog.text


def test_a_bug_after_a_review(
    room: Room, join: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours in a review is in the log, and the connection goes on."""
    review(room, lambda payload: {"ReviewResult": "ALLOW", "Content": payload["Content"]})
    ada = join("ada")
    with monkeypatch.context() as patch:
        patch.setattr("ivsim.ivschat.conversation.conclude", lambda *_: 1 / 0)
        ada.say("x")
        until(lambda: "ZeroDivisionError" in caplog.text)
    ada.say("y")
    assert ada.hears() == "y"


@pytest.mark.parametrize("what", ["end", "write"])
def test_a_bug_in_what_is_told(
    room: Room, join: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """A bug of ours at what one is told does not keep from the others what they are told, then and later."""
    ada, bob, inside = join("ada"), join("bob"), room.join("eve")
    made = getattr(Hub, f"_{what}")

    def fail(hub: Hub, *told: Any) -> None:
        monkeypatch.setattr(Hub, f"_{what}", made)
        made(hub, *told)
        raise ZeroDivisionError

    monkeypatch.setattr(Hub, f"_{what}", fail)
    connection(room.sim, "ada").send_message("last")
    connection(room.sim, "ada").close()
    assert ada.hears() == bob.hears() == "last"
    assert ada.end() == (1000, "")
    inside.send_message("next")
    assert bob.hears() == "next"
    until(lambda: "ZeroDivisionError" in caplog.text)


def test_what_follows_in_the_same_packet(server: Server, room: Room) -> None:
    """Frames that are sent with the handshake, before its answer, count."""
    with Raw(server, room.token("ada", "SEND_MESSAGE"), rest=text("early").serialize(mask=True)) as raw:
        assert raw.shake()[0] == 101
        assert json.loads(raw.frame()[1])["Content"] == "early"


def test_after_another_request(server: Server, room: Room) -> None:
    """A connection that was used for HTTP can be upgraded; not while it waits for an answer."""
    with Raw(server, room.token("ada")) as raw:
        raw.socket.sendall(b"POST /ListRooms HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        status, headers = raw.response()
        raw.read(int(headers["content-length"]))
        assert (status, raw.shake()[0]) == (200, 101)
    with Raw(server, room.token("ada")) as raw:
        raw.socket.sendall(b"POST /ListRooms HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}" + raw.handshake)
        assert raw.end() is None


def test_an_answer_is_on_its_way(server: Server, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks to upgrade before the answer to another request has come gets that answer first."""
    read, asked = threading.Event(), threading.Event()
    receive = HttpConnection.data_received

    def received(which: HttpConnection, data: bytes) -> None:
        receive(which, data)
        read.set()
        asked.wait(DEADLINE)  # so that what comes next is found at the next turn, in which this one is answered

    monkeypatch.setattr(HttpConnection, "data_received", received)
    with Raw(server, room.token("ada")) as raw:
        raw.socket.sendall(b"POST /ListRooms HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert read.wait(DEADLINE)
        raw.socket.sendall(raw.handshake)
        asked.set()
        status, headers = raw.response()
        raw.read(int(headers.get("content-length", 0)))
        assert (status, raw.response()[0]) == (200, 101)


def test_moderation(room: Room, join: Any) -> None:
    """DeleteMessage and DisconnectUser reach sockets; who is disconnected is told first, and the reason at the end."""
    ada, bob = join("ada"), join("bob")
    ada.say("spam")
    assert (ada.hears(), bob.hears()) == ("spam", "spam")
    call(room.sim, "DeleteMessage", roomIdentifier=room.arn, id="A" * 12)
    call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada", reason="Kicked")
    assert [json.loads(frame)["EventName"] for frame in ada.rest()] == ["aws:DELETE_MESSAGE", "aws:DISCONNECT_USER"]
    assert ada.end() == (1000, "Kicked")
    assert [bob.hears(), bob.hears()] == ["aws:DELETE_MESSAGE", "aws:DISCONNECT_USER"]
    bob.say("gone")
    assert bob.hears() == "gone"


def test_the_session_ends(sim: Emulator, join: Any) -> None:
    """At the end of its session a client is sent away, with JSON for a reason."""
    ada = join("ada", sessionDurationInMinutes=1)
    sim.clock.advance(61)
    code, reason = ada.end()
    assert (code, json.loads(reason)) == (1000, {"ErrorCode": 401, "ErrorMessage": "Connection has expired"})


def test_the_session_ends_by_itself(sim: Emulator, join: Any) -> None:
    """It ends at its time though nobody calls."""
    ada = join("ada", sessionDurationInMinutes=1)
    sim.clock.advance(59.8)
    assert ada.end()[0] == 1000


def test_the_room_is_deleted(room: Room, join: Any) -> None:
    """Who is in a room that is deleted stays, and gets 404 for what is sent."""
    ada = join("ada")
    call(room.sim, "DeleteRoom", identifier=room.arn)
    ada.say("x")
    assert ada.hears() == 404


def test_a_client_leaves(sim: Emulator, server: Server, room: Room) -> None:
    """Who closes the WebSocket leaves the room, and gets all that was sent before."""
    inside = room.join("bob")
    with Raw(server, room.token("ada")) as raw:
        raw.shake()
        ends = connection(sim, "ada")
        for number in range(9):
            inside.send_message(str(number))
        raw.send(close(1000, "bye"))
        got = [raw.frame()[1].decode() for _ in range(9)]
        assert raw.end() == (1000, "bye")
    assert (ends.close_code, ends.closed) == (1000, True)
    inside.send_message("late")
    assert got == ends.frames


@pytest.mark.parametrize("how", ["reset", "end of what is sent", "silence"])
def test_a_client_is_gone(sim: Emulator, server: Server, room: Room, how: str) -> None:
    """Who is gone without a word has left too; others go on."""
    inside = room.join("bob")
    with Raw(server, room.token("ada")) as raw:
        assert raw.shake()[0] == 101
        ends = connection(sim, "ada")
        if how == "reset":
            raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raw.socket.close()
            raw._read.close()
        elif how == "end of what is sent":
            raw.socket.shutdown(socket.SHUT_WR)
            assert raw.end() is None
        else:
            raw.send(close())
            assert raw.end() == (1000, "")
            assert raw.read() == b""
        until(lambda: ends.closed)
    inside.send_message("x")
    assert len(inside.frames) == 1


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([Frame(Opcode.BINARY, b"x")], 1003),
        ([Frame(Opcode.TEXT, b"\xff")], 1007),
        ([Frame(Opcode.TEXT, b"x" * (128 * 1024 + 1))], 1009),
        ([Frame(Opcode.TEXT, b"x" * 80_000, fin=False), Frame(Opcode.CONT, b"x" * 80_000)], 1009),
        ([Frame(Opcode.CONT, b"x")], 1002),
        ([Frame(Opcode.CLOSE, b"\3")], 1002),
        ([close(1001, "going")], 1001),
        ([Frame(Opcode.CLOSE, b"")], 1005),
    ],
)
def test_the_end_by_a_frame(sim: Emulator, server: Server, room: Room, frames: list[Frame], code: int) -> None:
    """What is no text message ends the connection, with the code that says why; what was said before counts."""
    inside = room.join("bob")
    with Raw(server, room.token("ada", "SEND_MESSAGE")) as raw:
        raw.shake()
        raw.send(text("before"), *frames)
        opcode, payload = raw.frame()
        assert (opcode, json.loads(payload)["Content"]) == (Opcode.TEXT, "before")
        ended = raw.end()
        assert ended is not None
        assert ended[0] == code
    until(lambda: [each.user_id for each in sim.chat.connections] == ["bob"])
    assert len(inside.frames) == 1


def test_after_the_end_nothing_counts(sim: Emulator, server: Server, room: Room) -> None:
    """What comes in the same packet after a frame that ends the connection is not heard."""
    inside = room.join("bob")
    with Raw(server, room.token("ada", "SEND_MESSAGE")) as raw:
        raw.shake()
        raw.send(Frame(Opcode.BINARY, b"x"), text("after"))
        assert raw.end() == (1003, "frames must be text")
    assert inside.frames == []


def test_garbage(sim: Emulator, server: Server, room: Room) -> None:
    """Bytes that are no frames end the connection at once."""
    with Raw(server, room.token("ada")) as raw:
        raw.shake()
        raw.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")
        ended = raw.end()
        assert ended is not None
        assert ended[0] == 1002
    until(lambda: not sim.chat.connections)


def test_ping(server: Server, room: Room) -> None:
    """A ping is answered with a pong, also between the parts of a message."""
    with Raw(server, room.token("ada", "SEND_MESSAGE")) as raw:
        raw.shake()
        whole = text("whole").data
        raw.send(Frame(Opcode.TEXT, whole[:10], fin=False), Frame(Opcode.PING, b"?"), Frame(Opcode.CONT, whole[10:]))
        assert raw.frame() == (Opcode.PONG, b"?")
        assert json.loads(raw.frame()[1])["Content"] == "whole"
        raw.send(Frame(Opcode.PONG, b""))


def review(room: Room, handler: Any, fallback: str = "ALLOW") -> None:
    """Let a function review what is said in a room."""
    room.sim.chat.review_handlers[HANDLER] = handler
    room.sim.quotas["Message review handler timeout period"] = 60_000
    room.update(messageReviewHandler={"uri": HANDLER, "fallbackResult": fallback})


def test_a_slow_review(sim: Emulator, room: Room, join: Any) -> None:
    """A review holds up the one who sent the message, whose frames wait; everybody else goes on."""
    asked, go = threading.Event(), threading.Event()

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        if payload["Content"] == "slow":
            asked.set()
            go.wait(10)
        return {"ReviewResult": "DENY" if payload["Content"] == "bad" else "ALLOW", "Content": payload["Content"] + "!"}

    review(room, handler)
    ada, bob = join("ada"), join("bob")
    for content in ("slow", "bad", "next"):
        ada.say(content)
    assert asked.wait(10)
    bob.say("quick")
    assert (bob.hears(), ada.hears()) == ("quick!", "quick!")
    go.set()
    assert [ada.hears() for _ in range(3)] == ["slow!", 406, "next!"]
    assert [bob.hears() for _ in range(2)] == ["slow!", "next!"]


def test_the_end_during_a_review(sim: Emulator, server: Server, room: Room) -> None:
    """What was being reviewed is delivered though its sender has left; what waited behind it is not."""
    asked, go = threading.Event(), threading.Event()

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        go.wait(10)
        return {"ReviewResult": "ALLOW", "Content": payload["Content"]}

    review(room, handler)
    inside = room.join("bob")
    with Raw(server, room.token("ada", "SEND_MESSAGE")) as raw:
        raw.shake()
        raw.send(text("first"), text("second"), close())
        assert asked.wait(10)
        assert raw.end() == (1000, "")
    go.set()
    assert json.loads(until_frame(inside))["Content"] == "first"
    assert len(inside.frames) == 1


def until_frame(inside: ChatConnection) -> str:
    """Wait for a connection in process to be sent something; return it."""
    until(lambda: inside.frames)
    return inside.frames[-1]


def test_the_server_stops_during_a_review(sim: Emulator, server: Server, room: Room, join: Any) -> None:
    """A handler that takes its time does not hold up the end."""
    asked, go = threading.Event(), threading.Event()

    def handler(_: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        go.wait(10)
        return {"ReviewResult": "DENY"}

    review(room, handler)
    ada = join("ada")
    ada.say("x")
    assert asked.wait(10)
    server.close()
    assert not go.is_set()
    assert ada.end() == (1001, "the server stops")
    go.set()
    until(lambda: not any(each.name == "ivsim review" for each in threading.enumerate()))


def test_the_review_takes_time(sim: Emulator, room: Room, join: Any) -> None:
    """A latency of reviews is real time, and leaves the clock alone."""
    review(room, lambda payload: {"ReviewResult": "ALLOW", "Content": payload["Content"]})
    sim.clock.freeze()
    before = sim.clock.now()
    sim.faults.latency("MessageReview", 0.05)
    ada = join("ada")
    ada.say("x")
    assert ada.hears() == "x"
    assert sim.clock.now() == before


def test_latency(sim: Emulator, room: Room, join: Any) -> None:
    """A latency of requests delays the one who sends, in order, and nobody else's clock."""
    sim.clock.freeze()
    before = sim.clock.now()
    ada = join("ada")
    sim.faults.latency("MessagingRequest", 0.05)
    ada.say("one")
    ada.say("two")
    assert [ada.hears(), ada.hears()] == ["one", "two"]
    assert sim.clock.now() == before


def test_the_end_during_a_latency(sim: Emulator, server: Server, room: Room) -> None:
    """What its sender has not waited for is not said."""
    inside = room.join("bob")
    sim.faults.latency("MessagingRequest", 0.05)
    with Raw(server, room.token("ada", "SEND_MESSAGE")) as raw:
        raw.shake()
        raw.send(text("x"), close())
        assert raw.end() == (1000, "")
    sim.faults.latency("MessagingRequest", 0)
    with Client(server, room.token("eve", "SEND_MESSAGE")) as eve:
        sim.faults.latency("MessagingRequest", 0.1)
        eve.say("y")
        assert eve.hears() == "y"
    assert len(inside.frames) == 1


@pytest.mark.parametrize("how", ["reset", "load"])
def test_begin_anew(sim: Emulator, room: Room, join: Any, tmp_path: Path, how: str) -> None:
    """A connection that is not there any more after a reset, or in a state that was loaded, is closed."""
    sim.save(tmp_path / "before")
    ada = join("ada")
    if how == "reset":
        sim.reset()
    else:
        sim.load(tmp_path / "before")
    assert ada.end() == (1012, "the emulator was reset")


def test_isolated(sim: Emulator, room: Room, join: Any) -> None:
    """Who joined inside a block that is taken back is sent away; who was there before goes on with what comes."""
    inside, ada = room.join("bob"), join("ada")
    with sim.isolated():
        eve = join("eve")
        for number in range(3):
            inside.send_message(str(number))
        assert [ada.hears() for _ in range(3)] == [eve.hears() for _ in range(3)] == ["0", "1", "2"]
    assert eve.end() == (1012, "the emulator was reset")
    inside.send_message("after")
    assert ada.hears() == "after"


@pytest.mark.parametrize("how", ["leaves", "is kicked", "is reset away"])
def test_gone_inside_isolated(sim: Emulator, room: Room, join: Any, how: str) -> None:
    """Whose socket closed inside a block that is taken back is not in the room afterwards; who is there is not touched.

    A connection in process has no socket that could be gone, and is open again.
    """
    inside, ada, bob = room.join("eve", *EVERYTHING), join("ada"), join("bob")
    with sim.isolated():
        inside.close()
        if how == "leaves":
            ada.socket.close()
        elif how == "is kicked":
            call(sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada")
        else:
            sim.reset()
        until(lambda: "ada" not in {each.user_id for each in sim.chat.connections})
    assert {each.user_id for each in sim.chat.connections} == {"eve"} | ({"bob"} if how != "is reset away" else set())
    assert (ada.end()[0], connection(sim, "eve").id) == (1012 if how == "is reset away" else 1000, inside.id)
    inside.send_message("after")
    if how != "is reset away":
        while bob.hears() != "after":  # of those who came and went, too
            pass


def test_server_closed_inside_isolated(sim: Emulator, room: Room) -> None:
    """Nor is anybody in it who came through a server that was closed inside."""
    with sim.serve() as server, Client(server, room.token("ada")) as ada:
        with sim.isolated():
            server.close()
            assert ada.end() == (1001, "the server stops")
        assert sim.chat.connections == []


def test_a_kick_and_a_reset(sim: Emulator, room: Room, join: Any) -> None:
    """Who was sent away just before a reset is told so."""
    ada = join("ada")
    for _ in range(3):
        call(sim, "SendEvent", roomIdentifier=room.arn, eventName="app:x")
    call(sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada", reason="Kicked")
    sim.reset()
    assert len(ada.rest()) == 4
    assert ada.end() == (1000, "Kicked")


def test_many_connections_of_one_user() -> None:
    """DisconnectUser ends every connection of a user, however many, and however few things are remembered."""
    room = Room(Emulator(history=1))
    with room.sim.serve() as server:
        clients = [Client(server, room.token("ada")) for _ in range(100)]
        call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada", reason="Kicked")
        for client in clients:
            assert [json.loads(frame)["EventName"] for frame in client.rest()] == ["aws:DISCONNECT_USER"]
            assert client.end() == (1000, "Kicked")
            client.socket.close()
        assert room.sim.chat.connections == []


def test_two_servers(sim: Emulator, server: Server, room: Room) -> None:
    """Two ports of one emulator have the same rooms; when one stops, only those who came through it have to go."""
    with sim.serve() as other, Client(server, room.token("ada", *EVERYTHING)) as ada:
        with Client(other, room.token("bob", *EVERYTHING)) as bob:
            ada.say("one")
            assert ada.receive() == bob.receive()
            bob.say("two")
            assert ada.receive() == bob.receive()
            bob.socket.send("nothing")
            assert bob.hears() == 400
            other.close()
            assert bob.end() == (1001, "the server stops")
        ada.say("three")
        assert ada.hears() == "three"


def test_freezegun(sim: Emulator, server: Server, room: Room) -> None:
    """While freezegun stops Python's clock, delays and the end of sessions come as they should."""
    with freeze_time("2027-01-01") as frozen, Client(server, room.token("ada", sessionDurationInMinutes=1)) as ada:
        with Client(server, room.token("bob", "SEND_MESSAGE")) as bob:
            sim.faults.latency("MessagingRequest", 0.05)
            bob.say("x")
            assert (ada.hears(), bob.hears()) == ("x", "x")
        frozen.tick(60)
        assert ada.end()[0] == 1000


def test_the_server_stops(sim: Emulator, server: Server, join: Any) -> None:
    """Who is there when the server stops is told so, and has left."""
    ada = join("ada")
    server.close()
    assert ada.end() == (1001, "the server stops")
    assert sim.chat.connections == []


def test_closed_from_within(sim: Emulator, join: Any) -> None:
    """A test that holds the connection can close it, and send as its user."""
    ada = join("ada")
    inside = connection(sim, "ada")
    inside.send_message("by hand")
    inside.close()
    assert [json.loads(frame)["Content"] for frame in ada.rest()] == ["by hand"]
    assert ada.end() == (1000, "")


def test_threads(sim: Emulator, server: Server, room: Room) -> None:
    """While other threads talk and clients come and go, each gets exactly the frames of its connection, in order."""
    sim.quotas["Rate of messaging requests per connection"] = 1_000_000
    sim.quotas["Rate of SendMessage requests per room"] = 1_000_000
    sim.quotas["Rate of SendMessage requests across all your rooms"] = 1_000_000
    room.sim.clock.freeze()
    done = threading.Event()

    def talk(speaker: ChatConnection) -> None:
        for number in range(10_000):
            if done.is_set():
                return
            speaker.send_message(str(number))
            call(sim, "SendEvent", roomIdentifier=room.arn, eventName="app:x")
            sim.clock.advance(0.02)

    talkers = [threading.Thread(target=talk, args=(room.join(f"talker {number}"),)) for number in range(2)]
    for talker in talkers:
        talker.start()
    try:
        for number in range(15):
            user = f"ada {number}"
            with Client(server, room.token(user, "DISCONNECT_USER")) as client:
                inside = connection(sim, user)
                got = [client.receive() for _ in range(5)]
                if number % 2:
                    client.socket.send(json.dumps({"Action": "DISCONNECT_USER", "UserId": user}))
                else:
                    call(sim, "DisconnectUser", roomIdentifier=room.arn, userId=user)
                got += client.rest()
                assert client.end() == (1000, "")
            assert got == inside.frames
    finally:
        done.set()
        for talker in talkers:
            talker.join()


def test_a_slow_reader(sim: Emulator, server: Server, room: Room, join: Any) -> None:
    """Who does not read is dropped when too much waits; others get everything."""
    sim.quotas["Rate of SendMessage requests across all your rooms"] = 1_000_000
    with Raw(server, room.token("slow")) as raw:
        raw.shake()
        slow, ada = connection(sim, "slow"), join("ada")
        attributes = {"x": "y" * 1000}
        sent = 0
        while not slow.closed:
            assert sent < 100_000
            for _ in range(100):
                call(sim, "SendEvent", roomIdentifier=room.arn, eventName="app:x", attributes=attributes)
                ada.receive()
            sent += 100
        assert raw.end() == (1013, "too slow")
    assert len(slow.frames) < sent + 1
    ada.say("fine")
    assert ada.hears() == "fine"


def test_a_burst(sim: Emulator, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much is sent before the server has its turn: who reads gets it all, and for who does not little waits."""
    held: list[Hub] = []
    wake = Hub._wake

    def hold(hub: Hub) -> None:
        held.append(hub)

    monkeypatch.setattr(Hub, "_wake", hold)
    buffers: list[int] = []
    pause = ChatSocket.pause_writing

    def paused(which: ChatSocket) -> None:
        buffers.append(which.transport.get_write_buffer_size())
        pause(which)

    monkeypatch.setattr(ChatSocket, "pause_writing", paused)
    with sim.serve() as server, Raw(server, room.token("slow")) as raw, Raw(server, room.token("ada")) as ada:
        assert raw.shake()[0] == ada.shake()[0] == 101
        slow, inside = connection(sim, "slow"), connection(sim, "ada")
        for _ in range(8000):
            call(sim, "SendEvent", roomIdentifier=room.arn, eventName="app:x", attributes={"x": "y" * 1000})
        monkeypatch.setattr(Hub, "_wake", wake)
        sent = b"".join(Frame(Opcode.TEXT, each.encode()).serialize(mask=False) for each in inside.frames)
        held[0]._wake()
        assert ada.read(len(sent)) == sent
        until(lambda: slow.closed)
        assert raw.end() == (1013, "too slow")
    assert len(buffers) == 1
    assert buffers[0] < 1.2 * 2**20


def test_slow_at_the_end(server: Server, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was sent away is not sent away once more for reading slowly."""
    sockets: list[ChatSocket] = []
    made = ChatSocket.connection_made

    def note(which: ChatSocket, transport: Any) -> None:
        sockets.append(which)
        made(which, transport)

    monkeypatch.setattr(ChatSocket, "connection_made", note)
    with Raw(server, room.token("ada")) as raw:
        raw.shake()
        call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada", reason="Kicked")
        assert raw.end() == (1000, "Kicked")
        sockets[0].loop.call_soon_threadsafe(sockets[0].pause_writing)
        raw.send(Frame(Opcode.PING, b"?"))
        assert raw.frame() == (Opcode.PONG, b"?")
        raw.send(close())
        assert raw.read() == b""


def test_nothing_stays(sim: Emulator, server: Server, room: Room) -> None:
    """Of those who left, and of rooms without anybody, nothing is kept, not even until they would have been cut off."""
    with Raw(server, room.token("ada")) as raw:
        raw.shake()
        raw.send(close())
        assert raw.end() == (1000, "")
    last = time.monotonic() + 4
    while any(type(each).__name__ in ("ChatSocket", "_Room") for each in gc.get_objects()):
        assert time.monotonic() < last
        gc.collect()


def test_a_client_that_does_not_say_goodbye(
    sim: Emulator, server: Server, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was sent away and neither answers nor goes is cut off."""
    monkeypatch.setattr("ivsim.server.websocket._CLOSING_SECONDS", 0.05)
    with Raw(server, room.token("ada")) as raw:
        raw.shake()
        call(sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada", reason="Kicked")
        assert raw.end() == (1000, "Kicked")
        assert raw.read() == b""


def test_log(server: Server, room: Room, caplog: pytest.LogCaptureFixture) -> None:
    """Who comes, who is refused and who leaves, and why, is a line in the log, whatever the reason is."""
    token = room.token("ada")
    with Client(server, token) as ada:
        refusal(server, token)
        call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada", reason="Be\nnice")
        ada.rest()
    lines = [record.getMessage() for record in caplog.records if record.name == "ivsim.calls"]
    assert lines[0].startswith(f"101 chat: 'ada' joins {room.arn} ")
    assert lines[1].startswith('403 chat: {"ErrorCode":403,"ErrorMessage":"the token was used already;')
    assert lines[2:] == [f"1000 chat: 'ada' leaves {room.arn}: 'Be\\nnice'"]


def test_a_frame_that_comes_too_late(room: Room, join: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that crosses with the end of its connection is lost, as on a wire."""
    ada = join("ada")
    inside = connection(room.sim, "ada")
    with monkeypatch.context() as patch:
        patch.setattr(
            "ivsim.server.chat.hub.Hub.notify_members", lambda _: None
        )  # the news that it ended take their time
        inside.close()
        ada.say("x")
        assert ada.socket.ping().wait(DEADLINE)
    ada.socket.close()
    assert inside.frames == []
