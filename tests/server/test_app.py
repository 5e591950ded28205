from __future__ import annotations

import asyncio
import gzip
import json
import logging
import re
import select
import struct
import threading
import zlib
from collections.abc import AsyncIterator, Callable
from functools import partial
from queue import Queue
from socket import SO_LINGER, SOL_SOCKET
from typing import Any

import boto3
import m3u8
import pytest
import requests

from ivsim import Emulator, LiveStream, Response, web
from ivsim.dispatcher import MOST_BYTES
from ivsim.server import app as app_module
from ivsim.server.app import App
from ivsim.server.deliverer import Deliverer
from ivsim.server.maker import Maker
from ivsim.server.rules.rules import Rules
from ivsim.server.run import Server
from ivsim.server.stages.whip import Whip
from ivsim.server.urls import Urls
from ivsim.server.web_broadcast.offers import Offers
from ivsim.services import SERVICES

from ..calling import call, signed
from .raw import RawClient, Reply, chunked, request
from .waiting import DEADLINE, until

CHANNEL = "arn:aws:ivs:us-west-2:123456789012:channel/AbCdEf123456"


def code(reply: Reply) -> tuple[int, str | None]:
    return reply.status, reply.headers.get("x-amzn-errortype")


@pytest.fixture
def client(server: Server) -> Any:
    with RawClient(server.port) as client:
        yield client


def test_one_state(sim: Emulator, server: Server) -> None:
    """What comes over the port and what is done in process meet in one emulator."""
    ivs = boto3.client(
        "ivs", endpoint_url=server.url, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    arn = ivs.create_channel(name="evening-show")["channel"]["arn"]
    sim.streams.start(arn, viewers=3)
    assert ivs.get_stream(channelArn=arn)["stream"]["viewerCount"] == 3
    ivs.close()


# What a request means


@pytest.mark.parametrize(
    ("headers", "target", "region", "account"),
    [
        ([], "/CreateChannel", "us-east-1", "123456789012"),
        ([f"Authorization: {signed('eu-west-1')['authorization']}"], "/CreateChannel", "eu-west-1", "123456789012"),
        (
            [f"authorization: {signed(key='210987654321')['authorization']}"],
            "/CreateChannel",
            "us-east-1",
            "210987654321",
        ),
        (
            [],
            "/CreateChannel?X-Amz-Credential=AKID%2F20261120%2Fap-south-1%2Fivs%2Faws4_request&X-Amz-Signature=0",
            "ap-south-1",
            "123456789012",
        ),
    ],
    ids=["unsigned", "signed", "account", "presigned"],
)
def test_place(client: RawClient, headers: list[str], target: str, region: str, account: str) -> None:
    """Region and account are the signature's, in the header or in the query, or the emulator's own."""
    arn = json.loads(client.call(target, b"{}", *headers).body)["channel"]["arn"]
    assert arn.startswith(f"arn:aws:ivs:{region}:{account}:channel/")


@pytest.mark.parametrize(
    "encode",
    [
        lambda arn: arn,
        lambda arn: arn.replace("/", "%2F"),
        lambda arn: arn.replace("/", "%2f").replace(":", "%3a"),
        lambda arn: arn.replace("channel", "%63hannel"),
    ],
    ids=["raw", "half", "whole", "needless"],
)
def test_tags(client: RawClient, encode: Callable[[str], str]) -> None:
    """An ARN in a path may be encoded, half-encoded or raw; + in a query is a blank, %2B a plus."""
    arn = json.loads(client.call("/CreateChannel", b'{"tags": {"a b": "1", "a+b": "2", "c": "3"}}').body)["channel"][
        "arn"
    ]
    target = f"/tags/{encode(arn)}"
    assert code(client.call(f"{target}?tagKeys=a+b&tagKeys=c", b"", method="DELETE")) == (200, None)
    assert json.loads(client.call(target, b"", method="GET").body) == {"tags": {"a+b": "2"}}
    assert client.call(f"{target}?tagKeys=a%2Bb", b"", method="DELETE").status == 200
    assert json.loads(client.call(target, b"", method="GET").body) == {"tags": {}}


def test_chat_and_low_latency(sim: Emulator, client: RawClient) -> None:
    """The path decides between the services whatever the signature says, the ARN where both have the path."""
    header = f"Authorization: {signed(service='ivs')['authorization']}"
    room = json.loads(client.call("/CreateRoom", b'{"tags": {"a": "b"}}', header).body)["arn"]
    assert json.loads(client.call(f"/tags/{room}", b"", method="GET").body) == {"tags": {"a": "b"}}
    assert [call.service for call in sim.calls] == ["ivschat", "ivschat"]


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/pre/fix/ListChannels"),
        ("POST", "//ListChannels"),
        ("GET", "/ListChannels"),
        ("HEAD", "/nowhere"),
        ("PUT", "/"),
        ("OPTIONS", "*"),
        ("GET", "/tags/%ff%zz"),
        ("GET", "/tags/"),
        ("GET", "/%"),
        ("GET", "/nowhere?" + "a" * 5000),
    ],
)
def test_no_operation(client: RawClient, method: str, target: str) -> None:
    """What is no operation is told so, under a path in front of one too, and the connection goes on."""
    assert code(client.call(target, b"", method=method)) == (404, "UnknownOperationException")
    assert client.call("/ListChannels").status == 200


def test_real_time(client: RawClient) -> None:
    """Operations of IVS Real-Time are answered at the same address."""
    assert client.call("/CreateStage").status == 200
    assert json.loads(client.call("/ListStages").body)["stages"]


def test_nothing_to_say(client: RawClient) -> None:
    """A body may be missing, its headers too."""
    assert client.send(b"POST /ListChannels HTTP/1.1\r\n\r\n").read().body == b'{"channels":[]}'


def test_odd_headers(client: RawClient) -> None:
    """Headers that are no text and no URL disturb nobody."""
    head = b"POST /ListChannels HTTP/1.1\r\nHost: \xff\xfe\r\nAuthorization: \xff Credential=\xe9\r\n\r\n"
    assert client.send(head).read().status == 200
    assert client.send(b"POST /ListChannels HTTP/1.1\r\nHost: [\r\n\r\n").read().status == 404


# Bodies


def bare(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize(
    ("coding", "compress"),
    [
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", lambda data: gzip.compress(data[:5]) + gzip.compress(data[5:])),
        ("deflate", zlib.compress),
        ("deflate", bare),
        ("deflate, gzip", lambda data: gzip.compress(zlib.compress(data))),
        ("gzip", lambda data: data),  # which is not so
        ("identity", lambda data: data),
    ],
)
def test_compressed(client: RawClient, coding: str, compress: Callable[[bytes], bytes]) -> None:
    """A compressed body is expanded: gzip, deflate with and without zlib's frame, one in the other."""
    reply = client.call("/CreateChannel", compress(b'{"name": "evening-show"}'), f"Content-Encoding: {coding}")
    assert json.loads(reply.body)["channel"]["name"] == "evening-show"


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(b'{"name": "x"}')[:-9]),
        ("gzip", gzip.compress(b'{"name": "x"}') + b"more"),
        ("gzip", b"\x1f\x8b\x08 and no more"),
        ("deflate, gzip", gzip.compress(b"\x00\x01\x02")),
        ("br", b"\x8b\x02\x80{}\x03"),
        ("gzip, gzip, gzip, gzip", gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"{}"))))),
    ],
)
def test_badly_compressed(sim: Emulator, client: RawClient, coding: str, body: bytes) -> None:
    """A body that is broken, or compressed as nobody does, is no JSON."""
    assert code(client.call("/CreateChannel", body, f"Content-Encoding: {coding}")) == (400, "ValidationException")
    assert client.call("/ListChannels").body == b'{"channels":[]}'


def test_nothing_compressed(client: RawClient) -> None:
    """No body at all is what it is."""
    assert client.call("/ListChannels", b"", "Content-Encoding: gzip").status == 200


@pytest.mark.parametrize("layers", [1, 2])
def test_bomb(client: RawClient, layers: int) -> None:
    """A small body that expands to a large one is refused as a large one is."""
    body = b" " * (20 * MOST_BYTES)
    for _ in range(layers):
        body = gzip.compress(body)
    assert len(body) < 250_000
    headers = f"Content-Encoding: {', '.join(['gzip'] * layers)}"
    assert code(client.call("/ListChannels", body, headers)) == (413, "RequestEntityTooLarge")
    assert client.call("/ListChannels").status == 200


def test_large(client: RawClient) -> None:
    """A body of some megabytes is read, in one piece or in chunks."""
    body = b'{"name": "x", "padding": "%b"}' % (b"a" * 3_000_000)
    assert client.call("/CreateChannel", body).status == 200
    head = b"POST /CreateChannel HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert client.send(head + chunked(body[:1000], body[1000:])).read().status == 200


def test_too_large(sim: Emulator, client: RawClient) -> None:
    """One of more than 10 MB is refused when all of it has come, and the connection closed."""
    reply = client.call("/CreateChannel", b"a" * (MOST_BYTES + 1))
    assert code(reply) == (413, "RequestEntityTooLarge")
    assert reply.headers["connection"] == "close"
    assert client.is_over()
    assert [call.error for call in sim.calls] == ["RequestEntityTooLarge"]


def test_without_end(client: RawClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one that does not end only so much is read, and less is kept."""
    monkeypatch.setattr(web, "MOST_THROWN_AWAY", 2 * MOST_BYTES)
    client.send(b"POST /CreateChannel HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    client.send(b"%x\r\n%b\r\n" % (2 * MOST_BYTES + 1, b"a" * (2 * MOST_BYTES + 1)))
    assert code(client.read()) == (413, "RequestEntityTooLarge")
    assert client.is_over()


@pytest.mark.parametrize("reset", [False, True])
def test_gone_in_the_middle(sim: Emulator, server: Server, reset: bool) -> None:
    """A client that leaves before it has said everything has called nothing, and disturbs nobody."""
    with RawClient(server.port) as other, RawClient(server.port) as leaving:
        leaving.send(request("/CreateChannel", b"{" + b" " * 99)[:-1])
        if reset:
            leaving.socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
        leaving.__exit__()
        assert other.call("/ListChannels").body == b'{"channels":[]}'
        assert len(sim.calls) == 1


# Scripts in browsers


def test_preflight(client: RawClient) -> None:
    """A browser that asks first may send what SDKs send, from any site."""
    asked = "authorization,content-type,x-amz-date,x-amz-content-sha256,amz-sdk-request"
    headers = ("Origin: https://example.com", "Access-Control-Request-Method: POST")
    reply = client.call("/CreateChannel", b"", *headers, f"Access-Control-Request-Headers: {asked}", method="OPTIONS")
    assert reply.status == 204
    assert "content-length" not in reply.headers
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "POST" in reply.headers["access-control-allow-methods"]
    assert reply.headers["access-control-allow-headers"] == asked
    assert client.call("/x", b"", *headers, method="OPTIONS").headers["access-control-allow-headers"] == "*"


@pytest.mark.parametrize(("target", "status"), [("/ListChannels", 200), ("/GetChannel", 400), ("/nowhere", 404)])
def test_origin(client: RawClient, target: str, status: int) -> None:
    """A script of any site may read answers and refusals, with what SDKs read of their headers."""
    reply = client.call(target, b"{}", "Origin: https://example.com")
    assert reply.status == status
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-expose-headers"] == "x-amzn-RequestId,x-amzn-ErrorType,Date"
    assert "access-control-allow-origin" not in client.call(target).headers


# What goes wrong


def test_bug(
    sim: Emulator, client: RawClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ivsim's is a 500 for its client, with the traceback in the log; nothing has happened."""

    def create_channel(ctx: Any, **_: Any) -> None:
        ctx.store.channels["arn"] = object()
        raise ZeroDivisionError

    handlers = SERVICES["ivs"].handlers
    with monkeypatch.context() as patch:
        patch.setitem(handlers, "create_channel", handlers["create_channel"]._replace(function=create_channel))
        reply = client.call("/CreateChannel", b"{}", "Origin: https://example.com")
    assert code(reply) == (500, "InternalServerException")
    assert reply.headers["access-control-allow-origin"] == "*"
    assert "log" in json.loads(reply.body)["message"]
    assert "ZeroDivisionError" in caplog.text
    assert "POST http://localhost/CreateChannel" in caplog.text
    assert client.call("/ListChannels").body == b'{"channels":[]}'
    assert len(sim.calls) == 1


def test_fault(sim: Emulator, client: RawClient) -> None:
    """An error that was ordered is answered, once."""
    sim.faults.add("ListChannels", "AccessDeniedException", message="not you")
    reply = client.call("/ListChannels")
    assert code(reply) == (403, "AccessDeniedException")
    assert b"not you" in reply.body
    assert client.call("/ListChannels").status == 200


def test_latency(sim: Emulator, server: Server) -> None:
    """A slow answer is slow for who waits for it, and for nobody else."""
    sim.faults.latency("ListChannels", 3600)
    with RawClient(server.port) as slow, RawClient(server.port) as other:
        slow.send(request("/ListChannels"))
        until(lambda: len(sim.calls) == 1)
        assert other.call("/ListRooms").status == 200
        assert select.select([slow.socket], [], [], 0)[0] == []


def test_latency_is_over(sim: Emulator, client: RawClient) -> None:
    """And then it comes."""
    sim.faults.latency("ListChannels", 0.05)
    assert client.call("/ListChannels").status == 200


def test_latency_nobody_waits_for(sim: Emulator, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """Who does not wait for a slow answer is let go, and the call is in the log all the same."""
    caplog.set_level(logging.INFO, "ivsim")
    sim.faults.latency("ListChannels", 3600)
    with RawClient(server.port) as leaving:
        leaving.send(request("/ListChannels"))
        until(lambda: len(sim.calls) == 1)
        leaving.socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    until(lambda: "200 ivs:ListChannels" in caplog.text)


def test_log(client: RawClient, caplog: pytest.LogCaptureFixture) -> None:
    """One line a call: status, operation, error code, milliseconds; what is no operation by method and URL."""
    caplog.set_level(logging.INFO, "ivsim.calls")
    client.call("/ListChannels")
    client.call("/GetChannel", json.dumps({"arn": CHANNEL}).encode())
    client.call("/nowhere?a=b", method="GET")
    until(lambda: len(caplog.messages) == 3)
    assert [re.sub(r"[0-9]+\.[0-9] ms$", "0 ms", line) for line in caplog.messages] == [
        "200 ivs:ListChannels 0 ms",
        "404 ivs:GetChannel ResourceNotFoundException 0 ms",
        "404 GET http://localhost/nowhere?a=b UnknownOperationException 0 ms",
    ]


# Bodies in parts


def respond_with(monkeypatch: pytest.MonkeyPatch, parts: Callable[[], AsyncIterator[bytes]]) -> None:
    """Have a server answer everything with a body in parts."""
    monkeypatch.setattr(Emulator, "respond", lambda *_: Response(200, {"Content-Type": "video/mp2t"}, parts()))


def test_parts(client: RawClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body in parts is sent as they become ready, and the connection goes on after the last."""
    ready: Queue[Callable[[], object]] = Queue()

    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        is_ready = asyncio.Event()
        ready.put(partial(asyncio.get_running_loop().call_soon_threadsafe, is_ready.set))
        await is_ready.wait()
        yield b"two"

    respond_with(monkeypatch, parts)
    for _ in range(2):
        client.send(request("/v1/segment/x.ts", b"", method="GET"))
        received = client.until(b"3\r\none\r\n")
        assert b"transfer-encoding: chunked" in received.lower()
        assert b"content-length" not in received.lower()
        ready.get(timeout=DEADLINE)()
        assert client.until(b"0\r\n\r\n") == b"3\r\ntwo\r\n0\r\n\r\n"


def test_parts_nobody_waits_for(client: RawClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the client has left, the rest is not waited for."""
    given_up = threading.Event()

    async def parts() -> AsyncIterator[bytes]:
        try:
            yield b"one"
            await asyncio.Event().wait()
        finally:
            given_up.set()

    respond_with(monkeypatch, parts)
    client.send(request("/v1/segment/x.ts", b"", method="GET"))
    client.until(b"3\r\none\r\n")
    client.__exit__()
    assert given_up.wait(DEADLINE)


def test_a_bug_between_parts(
    client: RawClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After a bug between two parts the connection is closed, so that the client sees that something is missing."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        raise ZeroDivisionError

    respond_with(monkeypatch, parts)
    client.send(request("/v1/segment/x.ts", b"", method="GET"))
    client.until(b"3\r\none\r\n")
    assert client.is_over()
    assert "ZeroDivisionError" in caplog.text


# Bodies that take their time


def test_large_bodies_are_sent_in_pieces(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large body no more is handed over than a piece, until the client has taken that; in the end it has all."""
    body = bytes(range(256)) * 4096
    monkeypatch.setattr(Emulator, "respond", lambda *_: Response(200, {"Content-Type": "video/mp2t"}, body))
    sent: list[bytes] = []

    async def ask() -> None:
        may_send = asyncio.Semaphore(1)
        answered = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not answered.is_set():
                answered.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            return await asyncio.Future()

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                await may_send.acquire()
                sent.append(message["body"])

        scope = {"path": "/x", "method": "GET", "headers": [], "query_string": b"", "raw_path": b"/x", "scheme": "http"}
        app = App(sim, Maker(), Deliverer(sim), Urls(), Whip(sim), Offers(sim), Rules(sim, []))
        answering = asyncio.create_task(app(scope, receive, send))
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(sent) == 1
        for _ in range(20):
            may_send.release()
        await answering

    asyncio.run(ask())
    assert b"".join(sent) == body
    assert max(map(len, sent)) <= len(body) // 4


@pytest.fixture
def live(sim: Emulator) -> LiveStream:
    """A simulated broadcast, of which two segments are to come; the clock stands still."""
    sim.clock.freeze()
    live = sim.streams.start(call(sim, "CreateChannel").body["channel"]["arn"])
    sim.clock.advance(4)
    return live


def coming(sim: Emulator, live: LiveStream) -> str:
    """Return the target of the next segment but one."""
    (url, *_) = m3u8.loads(sim.playback.request(live.channel_arn).body).playlists
    playlist = str(sim.playback.request(url.uri).body)
    return str(re.findall(r"#EXT-X-PREFETCH:(.+)", playlist)[-1]).partition(".net")[2]


def test_paced(sim: Emulator, live: LiveStream, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A segment to come is sent as its time goes by on the emulator's clock, and in the end it is the one listed."""
    monkeypatch.setattr(app_module, "_PACE", 0.0)
    target = coming(sim, live)
    with requests.get(f"{server.url}{target}", stream=True, timeout=DEADLINE) as answer:
        parts = answer.iter_content(None)
        sim.clock.advance(5)
        first = next(parts)
        with RawClient(server.port) as other:
            for _ in range(20):  # meanwhile nothing more of it is due
                other.call("/ListChannels")
        sim.clock.advance(10)
        body = first + b"".join(parts)
    assert body == requests.get(f"{server.url}{target}", timeout=DEADLINE).content
    assert 0 < len(first) < len(body)


def test_nothing_more_is_to_come(sim: Emulator, live: LiveStream, server: Server) -> None:
    """Of a broadcast that ends first, the segment to come is empty."""
    with requests.get(f"{server.url}{coming(sim, live)}", stream=True, timeout=DEADLINE) as answer:
        live.end()
        sim.clock.advance(6)
        assert answer.content == b""
