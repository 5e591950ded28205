"""What nobody should send, at the door of HTTP: answered or hung up on, and nothing is left of it."""

from __future__ import annotations

import gc
import logging
import socket
from collections.abc import Iterator
from time import monotonic

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator
from ivsim.server.connection import HttpConnection
from ivsim.server.run import Server

_DEADLINE = 10

_TOKENS = st.sampled_from(
    [
        *(
            b"GET",
            b"POST",
            b"PUT",
            b"DELETE",
            b"OPTIONS",
            b"HEAD",
            b"PRI",
            b" ",
            b"  ",
            b"\t",
            b"\r\n",
            b"\n",
            b"\r\n\r\n",
        ),
        *(b"/", b"/ListChannels", b"/CreateChannel", b"/tags/arn%3Aaws%3Aivs", b"/tags/%ff", b"/_ivsim/", b"/%", b"*"),
        *(
            b"http://ivs.us-east-1.amazonaws.com/ListChannels",
            b"//",
            b"?",
            b"?tagKeys=%",
            b"#",
            b"/api/video/v1/x.m3u8",
        ),
        *(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9", b"Host: x", b"Connection: close", b"Connection: Upgrade"),
        *(b"Upgrade: h2c", b"Upgrade: websocket", b"Sec-WebSocket-Protocol: token", b"Sec-WebSocket-Version: 13"),
        *(
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            b"Sec-WebSocket-Key: x",
            b"Expect: 100-continue",
            b"Origin: x",
        ),
        *(b"Content-Length: 2", b"Content-Length: -1", b"Content-Length: 99999999", b"Content-Length: 2, 2", b": :"),
        *(b"Transfer-Encoding: chunked", b"Transfer-Encoding: gzip", b"Content-Encoding: gzip", b"Content-Encoding: x"),
        *(b"2\r\n{}\r\n0\r\n\r\n", b"ffffffffff\r\n", b"-1\r\n", b"{}", b"[", b'{"name": "x"}', b'"', b"\x00", b"\xff"),
        *(
            b"Authorization: AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/ivs/aws4_request, ",
            b"Authorization: \xff",
        ),
    ]
)
_LINES = st.lists(st.one_of(_TOKENS, st.binary(max_size=20)), max_size=20).map(b"".join)
_REQUESTS = st.builds(
    lambda method, path, headers, body: b"".join(
        [method, b" ", path, b" HTTP/1.1\r\n", *(header + b"\r\n" for header in headers), b"\r\n", body]
    ),
    _TOKENS,
    _TOKENS,
    st.lists(_TOKENS, max_size=6),
    st.one_of(_TOKENS, st.binary(max_size=200)),
)


@pytest.fixture(scope="module")
def door() -> Iterator[Server]:
    """A server that all examples knock at."""
    with Emulator().serve() as server:
        yield server


@settings(deadline=None)
@given(sent=st.lists(st.one_of(st.binary(max_size=300), _LINES, _REQUESTS), min_size=1, max_size=4), half=st.booleans())
def test_bytes(door: Server, sent: list[bytes], half: bool) -> None:
    """Whatever bytes come, in whatever pieces, whoever else calls is answered, and there is no 500."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=_DEADLINE) as client:
        received = b""
        try:
            for piece in sent:
                client.sendall(piece)
            if half:
                client.shutdown(socket.SHUT_WR)
                while more := client.recv(65536):  # the server hangs up, now that nothing more can come
                    received += more
        except TimeoutError:
            pytest.fail("it hangs")
        except OSError:
            pass  # it has hung up already
        assert b"HTTP/1.1 5" not in received
    assert _lists_channels(door)


def test_nothing_is_left(door: Server, caplog: pytest.LogCaptureFixture) -> None:
    """When clients are gone, in whatever state, the server keeps nothing of their connections."""
    with caplog.at_level(logging.ERROR):
        for sent in (b"", b"POST", b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n", b"\xff", b"GET / HTTP/1.1\r\n\r\n"):
            for _ in range(20):
                with socket.create_connection(("127.0.0.1", door.port), timeout=_DEADLINE) as client:
                    client.sendall(sent)
        assert _lists_channels(door)
        end = monotonic() + _DEADLINE
        while alive := sum(type(each) is HttpConnection for each in gc.get_objects()):
            assert monotonic() < end, f"{alive} connections"
            gc.collect()
    assert not caplog.records


def _lists_channels(door: Server) -> bool:
    body = b"{}"
    with socket.create_connection(("127.0.0.1", door.port), timeout=_DEADLINE) as client:
        client.sendall(
            b"POST /ListChannels HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n" + body
        )
        received = b""
        while more := client.recv(65536):
            received += more
    return received.startswith(b"HTTP/1.1 200") and b'{"channels":[' in received
