from __future__ import annotations

import asyncio
import gc
import logging
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from time import monotonic
from typing import cast

import pytest
from starlette.responses import FileResponse

from ivsim import Emulator
from ivsim.server.connection import MOST_HEAD, Gathering, HttpConnection, Limits
from ivsim.server.run import Server

from .chatting import Client
from .control_client import Control, call
from .raw import RawClient, chunked, request
from .waiting import until

H2C = b"POST /CreateChannel HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"


def test_one_piece(server: Server) -> None:
    """Headers and body of an answer come together."""
    with RawClient(server.port) as client:
        client.send(request("/ListChannels"))
        received = client.socket.recv(65536)
        assert received.startswith(b"HTTP/1.1 200 OK\r\n")
        assert received.endswith(b'\r\n\r\n{"channels":[]}')


def test_gathering() -> None:
    """What is written in one go is sent in one piece, when the loop turns or the transport closes."""

    class Transport:
        def __init__(self) -> None:
            self.sent: list[bytes] = []

        def write(self, data: bytes) -> None:
            self.sent.append(data)

        def close(self) -> None:
            self.sent.append(b"closed")

        def is_closing(self) -> bool:
            return False

    async def go() -> list[bytes]:
        inner = Transport()
        transport = Gathering(cast("asyncio.Transport", inner))
        transport.write(b"a")
        transport.write(b"b")
        assert inner.sent == []
        await asyncio.sleep(0)
        transport.write(b"c")
        transport.close()
        await asyncio.sleep(0)
        assert not transport.is_closing()
        return inner.sent

    assert asyncio.run(go()) == [b"ab", b"c", b"closed"]


def test_byte_by_byte(server: Server) -> None:
    """A request may come in as many pieces as it has bytes."""
    with RawClient(server.port) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request("/CreateChannel", b'{"name": "x"}'):
            client.send(bytes([byte]))
        assert client.read().status == 200


def test_pipelined(server: Server) -> None:
    """Requests that come at once are answered in their order."""
    with RawClient(server.port) as client:
        client.send(request("/CreateChannel") + request("/nowhere") + request("/ListChannels"))
        assert [client.read().status for _ in range(3)] == [200, 404, 200]


def test_old_and_impatient(server: Server) -> None:
    """HTTP/1.0, and who asks for it, gets one answer and the end of the connection."""
    for data in (b"POST /ListChannels HTTP/1.0\r\n\r\n", request("/ListChannels", b"{}", "Connection: close")):
        with RawClient(server.port) as client:
            reply = client.send(data).read()
            assert (reply.status, reply.headers.get("connection", "close")) == (200, "close")
            assert client.is_over()


def test_continue(server: Server) -> None:
    """Who waits to be asked for the body is asked for it."""
    with RawClient(server.port) as client:
        client.send(b"POST /ListChannels HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.read().status == 100
        assert client.send(b"{}").read().status == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (b"Content-Length: 13\r\n\r\n", b'{"name": "x"}'),
        (b"Transfer-Encoding: chunked\r\n\r\n", chunked(b'{"name"', b': "x"}')),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_upgrade_to_http_2(server: Server, headers: bytes, body: bytes, apart: bool) -> None:
    """Java's client asks to go on with HTTP/2; it is answered with HTTP/1.1, the body not lost, and so is its next."""
    with RawClient(server.port) as client:
        client.send(H2C + headers)
        if apart:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in [body[:4], body[4:]] if apart else [body]:
            client.send(part)
        assert b'"name":"x"' in client.read().body
        assert client.call("/ListChannels").status == 200
        client.send(H2C + headers + body + request("/ListChannels"))
        assert [client.read().status for _ in range(2)] == [200, 200]


def test_proxied(server: Server) -> None:
    """A target may name its host, as for a proxy; an unsigned call is then for the region in it."""
    with RawClient(server.port) as client:
        host = "ivs.eu-west-1.amazonaws.com"
        client.send(f"POST http://{host}/CreateChannel HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert b"arn:aws:ivs:eu-west-1:" in client.read().body


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"hello\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT ivs.us-east-1.amazonaws.com:443 HTTP/1.1\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"CONNECT / HTTP/1.1\r\n\r\n",
        b"CONNECT * HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"CONNECT http://x/ HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81",
        b"GET /tags/\xc3\xa9 HTTP/1.1\r\n\r\n",
        b"GET /?\xff HTTP/1.1\r\n\r\n",
        b"POST /ListChannels HTTP/1.1\r\nContent-Length: two\r\n\r\n",
        b"POST /ListChannels HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /ListChannels HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /ListChannels HTTP/1.1\r\nA\x00b: c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: " + b"a" * MOST_HEAD,
        b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * (MOST_HEAD // 6 + 1),
    ],
    ids=lambda data: repr(data[:50]),
)
def test_no_http(sim: Emulator, server: Server, data: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """What is no HTTP is told so in one line, and its connection closed; no other notices."""
    with RawClient(server.port) as other, RawClient(server.port) as client:
        assert client.send(data).read().status == 400
        assert client.is_over()
        assert other.call("/ListChannels").status == 200
    assert [(record.name, record.levelno) for record in caplog.records] == [("ivsim.server", logging.WARNING)]
    assert len(sim.calls) == 1


def test_trailers_without_end(server: Server) -> None:
    """Nor do headers behind a body go on for ever."""
    with RawClient(server.port) as client:
        client.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ")
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                client.send(b"a" * MOST_HEAD)


def test_half_said(server: Server) -> None:
    """Many who begin and do not go on cost the others nothing."""
    clients = [RawClient(server.port) for _ in range(50)]
    for client in clients:
        client.send(b"POST /CreateChannel HTTP/1.1\r\nContent-Le")
    with RawClient(server.port) as other:
        assert other.call("/ListChannels").body == b'{"channels":[]}'
    clients[0].send(b"ngth: 2\r\n\r\n{}")
    assert clients[0].read().status == 200
    for client in clients:
        client.__exit__()


def test_reads_nothing(sim: Emulator, server: Server) -> None:
    """Who asks and asks and reads no answer is not answered any more, and costs the others nothing."""
    with RawClient(server.port) as other, RawClient(server.port) as deaf:
        for _ in range(50):
            other.call("/CreateChannel", b'{"name": "%b"}' % (b"a" * 128))
        deaf.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            for _ in range(20_000):
                deaf.socket.send(request("/ListChannels") * 50)
        assert other.call("/ListRooms").status == 200


def test_says_everything_and_closes(sim: Emulator, server: Server) -> None:
    """A client that closes its side after the request, as netcat does, still gets its answer."""
    sim.faults.latency("ListChannels", 0.05)
    with RawClient(server.port) as client:
        client.send(request("/ListChannels")).socket.shutdown(socket.SHUT_WR)
        assert client.read().body == b'{"channels":[]}'
        assert client.is_over()


def test_says_everything_and_closes_while_it_is_answered(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """So it does when the answer has begun and takes its time, as a file's does."""
    monkeypatch.setattr(FileResponse, "chunk_size", 1)
    with RawClient(server.port) as client:
        client.send(request("/", b"", method="GET")).socket.recv(1, socket.MSG_PEEK)
        client.socket.shutdown(socket.SHUT_WR)
        assert client.read().body.endswith(b"</html>\n")
        assert client.is_over()


@pytest.mark.parametrize("data", [b"", b"POST /List", request("/ListChannels", b"{}")[:-1]])
def test_says_too_little_and_closes(sim: Emulator, server: Server, data: bytes) -> None:
    """One that closes it before is not waited for."""
    with RawClient(server.port) as client:
        client.send(data).socket.shutdown(socket.SHUT_WR)
        assert client.is_over()
    assert len(sim.calls) == 0


def test_says_nothing_more_and_closes(server: Server) -> None:
    """One that closes it when it has its answer is let go."""
    with RawClient(server.port) as client:
        client.call("/ListChannels")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.is_over()


@pytest.mark.parametrize("calls", [1, 2])
def test_says_all_and_listens(server: Server, calls: int) -> None:
    """A client that closes its side at once is answered, every request of it, and then hung up on."""
    with RawClient(server.port) as client:
        client.send(request("/ListChannels") * calls)
        client.socket.shutdown(socket.SHUT_WR)
        assert [client.read().status for _ in range(calls)] == [200] * calls
        assert client.is_over()


def test_reset_while_idle(server: Server) -> None:
    """Of a client that resets its connection between two requests nothing is kept."""
    with RawClient(server.port) as client:
        assert client.call("/ListChannels").status == 200
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing sends a RST
    until_nobody_is_connected()


def until_nobody_is_connected() -> None:
    """Wait until nothing is left of any connection."""

    def is_done() -> bool:
        gc.collect()
        return not any(type(each) is HttpConnection for each in gc.get_objects())

    until(is_done)


NEVER = Limits(*[3600.0] * len(Limits._fields))
"""Limits that no test reaches."""

Serve = Callable[..., Server]


@pytest.fixture
def serve(sim: Emulator) -> Iterator[Serve]:
    """A function that puts `sim` on a port with limits: those that are given, and no other."""
    with ExitStack() as stack:

        def serve(**limits: float) -> Server:
            server = stack.enter_context(Server(sim, port=0, limits=NEVER._replace(**limits)))
            server.start()
            return server

        yield serve


def test_a_bug_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A bug of ivsim's in looking who takes too long is in the log, and the next look is another one."""
    server = serve(head=0)
    with monkeypatch.context() as patch:
        patch.setattr(HttpConnection, "expire", lambda *_: 1 / 0)
        with RawClient(server.port) as client:
            client.send(b"P")
            until(lambda: "ZeroDivisionError" in caplog.text)
    with RawClient(server.port) as client:
        assert client.send(b"P").read().status == 408


def wait_for_a_look(server: Server) -> None:
    """Wait until the server has looked who takes too long, twice: what it had to do after the first look is done."""
    for _ in range(2):
        with RawClient(server.port) as client:
            client.send(b"P")
            client.read_all()


@pytest.mark.parametrize("before", [b"", request("/ListChannels")])
@pytest.mark.parametrize("data", [b"P", b"POST /ListChannels HTTP/1.1\r\nContent-Le", b"POST / HTTP/1.1\r\n\r"])
def test_half_a_head(sim: Emulator, serve: Serve, before: bytes, data: bytes) -> None:
    """Headers without an end are answered 408 when their time is over, whatever was asked before, and closed."""
    with RawClient(serve(head=0.01).port) as client:
        client.send(before + data)
        if before:
            assert client.read().status == 200
        reply = client.read()
        assert (reply.status, reply.headers["connection"]) == (408, "close")
        assert reply.body == b"The headers did not come within 0.01 s."
        assert "date" in reply.headers
        assert client.is_over()
    assert len(sim.calls) == (1 if before else 0)


@pytest.mark.parametrize("target", ["/ListChannels", "/_ivsim/clock/freeze"])
@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 2\r\n\r\n{",
        b"Content-Length: 2\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nA: b",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\n{",
    ],
)
def test_half_a_body(sim: Emulator, serve: Serve, target: str, rest: bytes) -> None:
    """So is a body without an end; nothing was done."""
    with RawClient(serve(body=0).port) as client:
        client.send(f"POST {target} HTTP/1.1\r\nHost: localhost\r\n".encode() + rest)
        reply = client.read()
        assert (reply.status, reply.body) == (408, b"The body did not come within 0 s.")
        assert client.is_over()
    assert not sim.calls


def test_half_sent_is_told(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    """However many end so at a time, the log has a line for them."""
    server = serve(head=0)
    clients = [RawClient(server.port).send(b"P") for _ in range(20)]
    for client in clients:
        assert client.read().status == 408
        client.__exit__()
    text = "requests that were half-sent for too long, and answered 408: "
    until(lambda: sum(int(message.removeprefix(text)) for message in caplog.messages) == 20)


def test_asked_for_the_body(serve: Serve) -> None:
    """Who waits to be asked for the body, and then sends none, is not waited for either."""
    with RawClient(serve(body=0).port) as client:
        client.send(b"POST /ListChannels HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert client.read().status == 100
        assert client.read().status == 408


def test_body_that_comes(serve: Serve) -> None:
    """A body has more time the more of it has come, so one that is long, or slow, may come to its end."""
    server = serve(head=0, body=0, body_rate=0.001)
    with RawClient(server.port) as client:
        client.send(b"POST /ListChannels HTTP/1.1\r\nContent-Length: 2\r\n\r\n{")
        wait_for_a_look(server)
        assert client.send(b"}").read().status == 200
        client.send(b"POST /ListChannels HTTP/1.1\r\nContent-Length: 2\r\n\r\n")
        assert client.read().status == 408


def test_each_part_has_its_own_time(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The time for headers begins with their first byte, that for a body with the end of its headers."""
    clock = [0.0]
    monkeypatch.setattr("ivsim.server.run.now", lambda: monotonic() + clock[0])
    server = serve(idle=200, head=60, body=60)
    with RawClient(server.port) as client, RawClient(server.port) as other:
        for part in (b"", b"POST /ListChannels HT", b"TP/1.1\r\nContent-Length: 2\r\n\r\n", b"{}" + H2C, b"\r\n"):
            with RawClient(server.port) as late:
                late.call("/ListChannels")
                late.send(b"P")
                other.call("/ListChannels")
                clock[0] += 40
                client.send(part)
                other.call("/ListChannels")
                clock[0] += 40
                assert late.read().status == 408
        assert [client.read().status for _ in range(2)] == [200, 200]


def test_time_begins_with_the_answer(sim: Emulator, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for a slow answer has all the time afterwards, to idle or for the request that was begun meanwhile."""
    clock = [0.0]
    monkeypatch.setattr("ivsim.server.run.now", lambda: monotonic() + clock[0])
    server = serve(idle=60, head=60)
    sim.faults.latency("ListRooms", 3600)
    with RawClient(server.port) as idle, RawClient(server.port) as half:
        idle.send(request("/ListRooms"))
        half.send(request("/ListRooms") + b"POST /ListCh")
        until(lambda: len(sim.calls) == 2)
        with RawClient(server.port) as other:
            other.call("/ListChannels")  # the server waits for what is slow, once it has answered
        clock[0] += 4000
        assert (idle.read().status, half.read().status) == (200, 200)
        with RawClient(server.port) as late:
            late.call("/ListChannels")
            clock[0] += 40
            assert idle.call("/ListChannels").status == 200
            assert half.send(b"annels HTTP/1.1\r\n\r\n").read().status == 200
            clock[0] += 40
            assert late.is_over()
        assert idle.call("/ListChannels").status == 200


@pytest.mark.parametrize("before", [b"", b"\r\n", request("/ListChannels")])
def test_idle(serve: Serve, before: bytes) -> None:
    """A connection on which no request begins is closed without a word, before the first and after others."""
    with RawClient(serve(idle=0).port) as client:
        client.send(before)
        if before.strip():
            assert client.read().status == 200
        assert client.is_over()


def test_in_time(serve: Serve) -> None:
    """Who is in time is served, though others are not, and may idle as long as that is allowed."""
    server = serve(head=0, body=0)
    with RawClient(server.port) as client:
        for _ in range(2):
            wait_for_a_look(server)
            assert client.call("/ListChannels").status == 200


def test_answers_have_time(sim: Emulator, serve: Serve) -> None:
    """An answer takes as long as it takes: one that is slow, and one that has no end."""
    server = serve(idle=0, head=0, body=0)
    sim.faults.latency("ListRooms", 3600)
    with RawClient(server.port) as slow, Control(server).follow("/events") as events:
        slow.send(request("/ListRooms"))
        until(lambda: sim.calls)
        wait_for_a_look(server)
        sim.streams.start(call(sim, "CreateChannel")["channel"]["arn"])
        assert next(events).name == "event"
        slow.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            slow.socket.recv(1)


@pytest.mark.parametrize("half", [b"POST /Li", b"POST /ListRooms HTTP/1.1\r\nContent-Length: 2\r\n\r\n"])
def test_half_sent_behind_a_slow_one(sim: Emulator, serve: Serve, half: bytes) -> None:
    """A request that is half-sent while another is answered has its time afterwards, so answers keep their order."""
    server = serve(head=0, body=0)
    sim.faults.latency("ListChannels", 0.6)
    with RawClient(server.port) as client:
        client.send(request("/ListChannels") + half)
        until(lambda: sim.calls)
        wait_for_a_look(server)
        assert [client.read().status for _ in range(2)] == [200, 408]
        assert client.is_over()


def test_answered_early(serve: Serve) -> None:
    """When a request was answered before its body came, and the body does not come, that is the end without 408."""
    with RawClient(serve(body=0).port) as client:
        client.send(b"POST /_ivsim/reset HTTP/1.1\r\nHost: ivs.example.com\r\nContent-Length: 2\r\n\r\n{")
        assert client.read().status == 403
        assert client.is_over()


def test_answered_early_and_whole(serve: Serve) -> None:
    """When the body comes after all, the next request is answered."""
    server = serve(head=0)
    with RawClient(server.port) as client:
        client.send(b"POST /_ivsim/reset HTTP/1.1\r\nHost: ivs.example.com\r\nContent-Length: 2\r\n\r\n{")
        assert client.read().status == 403
        client.send(b"}")
        wait_for_a_look(server)
        assert client.call("/ListChannels").status == 200


def test_answered_early_and_idle(serve: Serve) -> None:
    """And when none comes, it is a connection that idles."""
    with RawClient(serve(idle=0).port) as client:
        client.send(b"POST /_ivsim/reset HTTP/1.1\r\nHost: ivs.example.com\r\nContent-Length: 2\r\n\r\n{")
        assert client.read().status == 403
        client.send(b"}")
        assert client.is_over()


def test_half_sent_and_deaf(sim: Emulator, serve: Serve) -> None:
    """Who begins a request, and has not read the answer to the one before, is not waited for at the end either."""
    server = serve(head=0, closing=0)
    for _ in range(1000):
        call(sim, "CreateRoom", name="a" * 10_000)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((server.host, server.port))
        client.sendall(request("/_ivsim/calls", b"", method="GET") + b"P")
        assert client.recv(1)
        until_nobody_is_connected()


def test_chat_is_not_half_sent(sim: Emulator, serve: Serve) -> None:
    """A WebSocket on which nothing is said stays."""
    server = serve(idle=0, head=0, body=0, closing=0, quiet=0)
    room = call(sim, "CreateRoom")["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])["token"]
    with Client(server, token) as ann:
        wait_for_a_look(server)
        ann.say("still here")
        assert ann.hears() == "still here"
