"""Many at once, and those who mean no good: what others notice of them."""

from __future__ import annotations

import random
import socket
import struct
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from ivsim import Emulator
from ivsim.server.live import push as push_module
from ivsim.server.run import Server

from ..control_client import call
from ..waiting import DEADLINE, until
from . import publisher
from .conftest import Encode, Watch


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starves."""
    monkeypatch.setattr(push_module, "SECONDS_TO_STARVATION", 1000.0)


def connected(server: Server) -> socket.socket:
    """Return a connection to the port for encoders."""
    assert server.rtmp_url
    address = urlsplit(server.rtmp_url)
    return socket.create_connection((address.hostname, address.port), DEADLINE)


def test_who_reads_nothing(sim: Emulator, created: Any, encode: Encode, watch: Watch, server: Server) -> None:
    """200 viewers who read nothing, and an encoder that stalls in the middle of a chunk, harm nobody."""
    encoder = encode(created["streamKey"]["value"]).send(3, bitrate=4_000_000)
    viewer = watch(created)
    url = urlsplit(viewer.urls()[0])
    ask = f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode()
    other = call(sim, "CreateChannel", name="other")
    with ExitStack() as idle:
        for _ in range(200):
            client = idle.enter_context(closing(socket.create_connection((url.hostname, url.port), DEADLINE)))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(ask)
        stalled = idle.enter_context(closing(connected(server)))
        stalled.sendall(publisher.opening(other["streamKey"]["value"]) + publisher.media()[:-7])
        until(lambda: len(sim.streams.live) == 2)
        encoder.send(4, bitrate=4_000_000)
        bodies = [viewer.body(each) for each in viewer.urls()]
        assert [len(each) // 100_000 for each in bodies] == [10, 5, 10]
        assert len(call(sim, "ListStreams")["streams"]) == 2


def test_nonsense_at_the_port(
    sim: Emulator, created: Any, encode: Encode, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    """What is no RTMP, or has become none on the way, ends its own connection, and nothing else."""
    encoder = encode(created["streamKey"]["value"]).send(3)
    other = call(sim, "CreateChannel", name="other")["streamKey"]["value"]
    session = publisher.opening(other) + publisher.metadata(encoder="x") + publisher.media(60)
    chance = random.Random(10)
    for number in range(300):
        sent = bytearray(session)
        for _ in range(chance.randint(1, 20)):
            place = chance.randrange(len(sent))
            match number % 3:
                case 0:
                    sent[place] = chance.randrange(256)
                case 1:
                    del sent[place : place + chance.randrange(100)]
                case _:
                    sent[place:place] = struct.pack(">I", chance.getrandbits(32))
        with closing(connected(server)) as client:
            try:
                client.sendall(sent)
                client.shutdown(socket.SHUT_WR)
                while client.recv(65536):
                    pass
            except ConnectionError:
                pass
    until(lambda: len(sim.streams.live) == 1)
    encoder.send(3)
    assert encoder.milliseconds == 6000
    assert "a bug in ivsim" not in caplog.text
