"""What nobody would send, sent."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator
from ivsim.server.run import Server

from .raw import RawClient

PIECES = [
    *(b"GET ", b"POST ", b"DELETE ", b"HEAD ", b"OPTIONS ", b"CONNECT ", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n", b"\r\n"),
    *(b"/CreateChannel", b"/ListChannels", b"/tags/arn%3Aaws%3Aivs", b"/api/video/v1/", b"http://[", b"*", b"%", b"?"),
    *(b"Host: a\r\n", b"Content-Length: 2\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n"),
    *(b"Content-Encoding: gzip, deflate\r\n", b"Origin: null\r\n", b"Access-Control-Request-Method: POST\r\n"),
    *(
        b"Authorization: AWS4-HMAC-SHA256 Credential=a/1/b/ivs/aws4_request\r\n",
        b"{}",
        b'{"name": ',
        b"2\r\n{}\r\n0\r\n",
    ),
]


@pytest.fixture(scope="module")
def stubborn() -> Iterator[Server]:
    """A server that all of it goes to."""
    with Emulator(seed=1).serve() as server:
        yield server


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(PIECES), st.binary(max_size=8)), max_size=16))
def test_any_bytes(stubborn: Server, pieces: list[bytes]) -> None:
    """Whatever comes over a connection, its end is reached without a failure, and the next client is answered."""
    with RawClient(stubborn.port) as client:
        with suppress(OSError):  # it may have been refused by then
            client.send(b"".join(pieces)).socket.shutdown(socket.SHUT_WR)
        received = client.read_all()
    assert b" 500 " not in received
    with RawClient(stubborn.port) as client:
        assert client.call("/ListRooms").status == 200
