"""The values that every door exchanges with the dispatcher: one in, one out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_NO_HEADERS: Mapping[str, str] = {}


class Request(NamedTuple):
    """An HTTP request as a door received it.

    `url` is a whole URL or just the target of the request line, percent-encoding untouched. `headers` is
    any mapping that ignores the case of names, as every client library and server has one; values may be bytes.
    """

    method: str
    url: str
    headers: Mapping[str, str] | Mapping[str, bytes] = _NO_HEADERS
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return a header's value as text, empty when the request does not carry it."""
        value = self.headers.get(name)
        if value is None:
            return ""
        return value.decode("latin-1") if isinstance(value, bytes) else value


class Response(NamedTuple):
    """An HTTP response, complete; a door sends it as it is.

    `latency` is how many seconds the answer took on the emulator's clock (0 unless a fault made it slow), so
    that a door can time out as a network would. `operation` is what was called ("ivs:CreateChannel"), empty when the
    request meant no operation.
    """

    status: int
    headers: dict[str, str]
    body: bytes = b""
    latency: float = 0.0
    operation: str = ""
