"""POSTs of JSON to the programs that stand for parts of AWS."""

from __future__ import annotations

import re
from http.client import HTTPConnection, HTTPSConnection
from typing import NamedTuple
from urllib.parse import urlsplit

_MOST_BYTES = 1024 * 1024
"""Of an answer; what is after that is not read."""

_PRINTED = re.compile("[!-~]+")
"""ASCII without spaces and control characters; `urlsplit()` drops some of them, and HTTP cannot send others."""


class Posted(NamedTuple):
    """What was answered."""

    status: int
    function_error: str | None
    """What Lambda's Invoke says in its header when the function has failed, None when it has not."""
    body: bytes


def is_url(text: str) -> bool:
    """Return whether text is an http or https URL, without a user name in it."""
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0 and parts.username is None
        return parts.scheme in ("http", "https") and is_whole and bool(_PRINTED.fullmatch(text))
    except ValueError:
        return False


def connection_to(url: str, timeout: float) -> HTTPConnection:
    """Return a connection, still to be made. The timeout is for each thing that is waited for."""
    parts = urlsplit(url)
    return (HTTPSConnection if parts.scheme == "https" else HTTPConnection)(parts.netloc, timeout=timeout)


def post(connection: HTTPConnection, url: str, body: bytes) -> Posted:
    """POST JSON, and close the connection. Redirects are not followed, proxies not used.

    Raises OSError and HTTPException when there is no answer.
    """
    path, query = urlsplit(url)[2:4]
    try:
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request("POST", f"{path or '/'}?{query}" if query else path or "/", body, headers)
        with connection.getresponse() as response:
            return Posted(response.status, response.headers.get("X-Amz-Function-Error"), response.read(_MOST_BYTES))
    finally:
        connection.close()
