"""What the tests send that nobody should, and how they watch a server that gets it."""

from __future__ import annotations

import gc
import json
import logging
import socket
import struct
import threading
from collections.abc import Iterable

import h11
import pytest
from hypothesis import strategies as st

from ivsim.server.chat.socket import ChatSocket
from ivsim.server.connection import HttpConnection
from ivsim.server.run import Server
from ivsim.server.stages.socket import StageSocket

from .raw import RawClient
from .waiting import until

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=12)
"""Text with everything, halves of surrogate pairs among it."""

_NUMBERS = st.one_of(st.integers(), st.sampled_from([2**31, -(2**63), 2**64, 10**400]), st.floats())

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, ANY_TEXT),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)

ODD_JSON = st.sampled_from(
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe{\x00}\x00",
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": ' + b"9" * 5000 + b"}",
        b'{"name": 1e999}',
        b'{"name": NaN}',
        b'{"name": ' + b"[" * 100_000,
        b'{"name": ' + b'{"a":' * 2000 + b"1" + b"}" * 2001,
        b'{"name": "a", "name": "b"}',
    ]
)


CLOSES = st.builds(
    lambda code, reason: struct.pack("!H", code) + reason,
    st.sampled_from([0, 999, 1000, 1001, 1004, 1005, 1006, 1011, 1015, 2999, 3000, 4999, 5000, 65535]),
    st.binary(max_size=130),
)

_NAMES = st.sampled_from(
    [
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "Connection",
        "Upgrade",
        "Host",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "Authorization",
        "Expect",
        "Cookie",
    ]
)
_VALUES = st.sampled_from(
    [
        "",
        ",",
        "websocket",
        "WebSocket",
        "Upgrade",
        "upgrade, close",
        "8",
        "13",
        "13, 8",
        "x",
        "x y",
        "=",
        "10",
        "chunked",
        "AAAAAAAAAAAAAAAAAAAAAA==",
        "permessage-deflate; server_max_window_bits=1",
        "100-continue",
        "null",
        "[",
        "ÿ",
    ]
) | st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=12)

HANDSHAKE_HEADERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=4)
"""Headers that a handshake has in the place of its own, or besides."""


def frame(first: int, payload: bytes, mask: bytes | None, size: int | None) -> bytes:
    """Return a frame as it goes over the wire, right or wrong."""
    told = len(payload) if size is None else size
    masked = 128 if mask is not None else 0
    if told < 126:
        head = struct.pack("!BB", first, masked | told)
    elif told < 65536:
        head = struct.pack("!BBH", first, masked | 126, told)
    else:
        head = struct.pack("!BBQ", first, masked | 127, told)
    if mask is None:
        return head + payload
    return head + mask + bytes(each ^ mask[index % 4] for index, each in enumerate(payload))


def frames(payloads: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return frames with these payloads, right or wrong in every other respect."""
    return st.builds(
        frame,
        st.sampled_from([0x81, 0x81, 0x81, 0x01, 0x00, 0x80, 0x82, 0x88, 0x89, 0x8A, 0x09, 0x83, 0x8F, 0xC1, 0xF1]),
        payloads,
        st.sampled_from([b"\x00\x00\x00\x00", b"\x01\x02\x03\x04", b"\xff\xff\xff\xff", None]),
        st.sampled_from([None, None, None, None, None, 0, 125, 126, 65536, 2**20, 2**63 - 1, 2**64 - 1]),
    )


def members(names: Iterable[str], values: st.SearchStrategy[object] = JSON) -> st.SearchStrategy[bytes]:
    """Return bodies with some of these members, and perhaps others, of whatever type."""
    known = st.sampled_from(sorted(names)) if names else ANY_TEXT
    return st.dictionaries(known | ANY_TEXT, values, max_size=4).map(lambda given: json.dumps(given).encode())


class Watch(logging.Handler):
    """What the server wrote to its log that it does not write while all is well."""

    def __init__(self, level: int = logging.ERROR) -> None:
        super().__init__(level)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.texts.append(self.format(record))

    def __enter__(self) -> Watch:
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger().removeHandler(self)


def exchange(port: int, sent: bytes, *, half: bool = True) -> bytes:
    """Send something and close that side, or reset the connection; return all that comes back. A hang fails."""
    with RawClient(port) as client:
        try:
            client.send(sent)
            if half:
                client.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it hung up before it had heard everything, and what it said is still there to be read
        if not half:
            reset(client.socket)
            return b""
        return client.read_all()


def send_and_end(client: socket.socket, said: Iterable[bytes], end: str) -> None:
    """Send frames, then close that side and wait for the other ("half"), reset ("reset"), or leave it to the caller."""
    try:
        for each in said:
            client.sendall(each)
        if end == "half":
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):  # or it hangs
                pass
    except TimeoutError:
        pytest.fail("it hangs")
    except OSError:
        pass  # the server has hung up already
    if end == "reset":
        reset(client)


def reset(client: socket.socket) -> None:
    """Have closing send a RST."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def answers(methods: Iterable[str], received: bytes) -> list[tuple[h11.Response, bytes]]:
    """Return the answers to requests of these methods, as far as they were answered. What is no HTTP raises."""
    client, found = h11.Connection(h11.CLIENT), []
    client.receive_data(received)
    client.receive_data(b"")
    for method in methods:
        if client.states[h11.SERVER] is not h11.IDLE or client.trailing_data[0] == b"":
            break
        client.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        client.send(h11.EndOfMessage())
        response, body = None, b""
        while not isinstance(event := client.next_event(), (h11.EndOfMessage, h11.ConnectionClosed)):
            if isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
        if response is None:
            break
        found.append((response, body))
        if client.our_state is not h11.DONE or client.their_state is not h11.DONE:
            break
        client.start_next_cycle()
    assert not client.trailing_data[0] or found[-1][0].status_code == 400, "more came than was asked for"
    return found


def is_served(server: Server) -> bool:
    """Return whether who comes now is answered as if nothing had been."""
    with RawClient(server.port) as client:
        reply = client.call("/ListChannels")
        return reply.status == 200 and reply.body.startswith(b'{"channels":[')


def until_nobody_is_left() -> None:
    """Wait until nothing of any connection is in memory, nor a thread of the server's that reviews."""

    def is_left() -> bool:
        gc.collect()
        kinds = (HttpConnection, ChatSocket, StageSocket)
        return any(type(each) in kinds for each in gc.get_objects()) or "ivsim review" in {
            thread.name for thread in threading.enumerate()
        }

    until(lambda: not is_left())
