"""A client that says just what it is told to, byte for byte."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import NamedTuple

import pytest

from .waiting import DEADLINE


class Reply(NamedTuple):
    """What came back; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class RawClient:
    """One connection."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection((host, port), DEADLINE)
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> RawClient:
        """Say something."""
        self.socket.sendall(data)
        return self

    def call(self, target: str, body: bytes = b"{}", *headers: str, method: str = "POST") -> Reply:
        """Say a whole request, and read what comes back."""
        return self.send(request(target, body, *headers, method=method)).read(has_body=method != "HEAD")

    def read(self, *, has_body: bool = True) -> Reply:
        """Read one answer."""
        status = int(self._file.readline().split()[1])
        headers = {}
        while line := self._file.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0)) if has_body else 0
        return Reply(status, headers, self._file.read(length))

    def until(self, end: bytes) -> bytes:
        """Read until something has come, and return all that came."""
        received = b""
        while not received.endswith(end):
            received += self._file.read(1) or pytest.fail(f"the server closed the connection after {received!r}")
        return received

    def read_all(self) -> bytes:
        """Read until the server closes the connection."""
        parts = []
        try:
            while part := self._file.read1():
                parts.append(part)
        except ConnectionResetError:
            pass
        return b"".join(parts)

    def is_over(self) -> bool:
        """Read until the server closes the connection; return whether it had nothing more to say."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True


def request(target: str, body: bytes = b"{}", *headers: str, method: str = "POST") -> bytes:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def chunked(*parts: bytes) -> bytes:
    """Return a body as chunks."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, b""))
