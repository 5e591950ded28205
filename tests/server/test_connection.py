from __future__ import annotations

import gc
import socket
import struct
from time import monotonic

import pytest

from ivsim.server.connection import HttpConnection
from ivsim.server.run import Server

_CALL = b"POST /ListChannels HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"


@pytest.mark.parametrize("calls", [1, 2])
def test_half_closed(server: Server, calls: int) -> None:
    """A client that has said everything is answered, every request of it, and then hung up on."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(_CALL * calls)
        client.shutdown(socket.SHUT_WR)
        received = b""
        while more := client.recv(65536):
            received += more
    assert received.count(b'{"channels":[]}') == calls


def test_half_a_request(server: Server) -> None:
    """A client that will not say the rest is hung up on."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(_CALL[:-1])
        client.shutdown(socket.SHUT_WR)
        assert client.recv(65536) == b""


def test_reset_while_idle(server: Server) -> None:
    """Of a client that resets its connection between two requests nothing is kept."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(_CALL)
        assert client.recv(65536)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # closing sends a RST
    end = monotonic() + 10
    while any(isinstance(each, HttpConnection) for each in gc.get_objects()):
        assert monotonic() < end
        gc.collect()
