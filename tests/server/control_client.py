"""What the tests of the control endpoints send and receive with."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple

from ivsim import Emulator
from ivsim.server.run import Server

from .. import calling


def call(sim: Emulator, operation: str, **members: Any) -> Any:
    """Call the API in process; return the body of the answer."""
    return calling.call(sim, operation, **members).body


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: Any


class Control:
    """The control endpoints of a server."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request; a body that is no text is sent as JSON."""
        connection, response = self.open(method, path, body, **headers)
        text = response.read()
        connection.close()
        is_json = "json" in response.headers.get("content-type", "")
        shown = (json.loads(text) if text else None) if is_json else text
        return Answer(response.status, {name.lower(): value for name, value in response.headers.items()}, shown)

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[HTTPConnection, HTTPResponse]:
        """Send a request; return the answer, still to be read."""
        connection = HTTPConnection(self.server.host, self.server.port, timeout=10)
        sent = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/_ivsim{path}", sent, named)
        return connection, connection.getresponse()

    def follow(self, path: str, **headers: str) -> Stream:
        """Open a stream of server-sent events."""
        connection, response = self.open("GET", path, Accept="text/event-stream", **headers)
        return Stream(connection, response)


class Message(NamedTuple):
    """A server-sent event."""

    id: str
    name: str
    data: Any


class Stream:
    """A stream of server-sent events, from which one is taken after the other."""

    def __init__(self, connection: HTTPConnection, response: HTTPResponse) -> None:
        self.status = response.status
        self._connection = connection
        self._response = response
        self.socket: socket.socket | None = connection.sock
        assert self.line() == ": ivsim"
        assert not self.line()

    def line(self) -> str:
        """Return the next line."""
        return self._response.readline().decode().removesuffix("\n")

    def __next__(self) -> Message:
        identity, name, data, blank = (self.line() for _ in range(4))
        assert not blank
        return Message(
            identity.removeprefix("id: "), name.removeprefix("event: "), json.loads(data.removeprefix("data: "))
        )

    def take(self, count: int) -> list[Message]:
        """Return the next few."""
        return [next(self) for _ in range(count)]

    def __iter__(self) -> Iterator[Message]:
        return self

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._response.close()
        self._connection.close()
