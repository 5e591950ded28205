"""A client for the control endpoints of a running server, as the command line uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException, HTTPResponse
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

_SECONDS = 60.0
"""The longest wait for an answer, or for a sign of life."""


class RequestFailed(Exception):  # noqa: N818 - what happened
    """The request failed: no server answers, or it refuses. The text tells a person why."""


class Message(NamedTuple):
    """A server-sent event."""

    name: str
    data: Any


class Client:
    """A client of the server at a URL. Every failure raises RequestFailed."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._opener = build_opener(ProxyHandler({}))  # the server is near, whatever proxies are set
        if not _is_url(url):
            raise RequestFailed(f"{url!r} is not the URL of a server, such as http://127.0.0.1:4870")

    def get(self, path: str, **query: str | None) -> Any:
        """Return the answer at a path."""
        return self._json(self.send("GET", path + _query(query)))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Post a body to a path; return the answer, None for an empty one."""
        answer = self.send("POST", path, json.dumps(body or {}).encode())
        return self._json(answer) if answer else None

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send a request; return the body of the answer."""
        with self._open(method, path, body) as response:
            try:
                return response.read()
            except (OSError, HTTPException) as error:
                raise RequestFailed(f"{self._url} broke off: {error}") from None

    def follow(self, path: str, **query: str | None) -> Iterator[Message]:
        """Yield server-sent events as they come, for ever."""
        name, data = "message", ""
        response = self._open("GET", path + _query(query), accept="text/event-stream")
        with response, suppress(OSError, HTTPException):
            for line in response:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    data = value
                elif not field and data:
                    yield Message(name, json.loads(data))
                    name, data = "message", ""
        raise RequestFailed(f"the server at {self._url} has stopped")

    def _open(self, method: str, path: str, body: bytes | None = None, *, accept: str = "*/*") -> HTTPResponse:
        headers = {"Content-Type": "application/json", "Accept": accept}
        request = Request(f"{self._url}/_ivsim{path}", body, headers, method=method)
        try:
            response: HTTPResponse = self._opener.open(request, timeout=_SECONDS)
        except HTTPError as error:
            with error:
                raise RequestFailed(self._refusal(error)) from None
        except URLError as error:
            raise RequestFailed(
                f"no server answers at {self._url} ({error.reason}); `ivsim serve` starts one"
            ) from None
        except (OSError, HTTPException) as error:
            raise RequestFailed(f"the server at {self._url} is not ivsim: {error!r}") from None
        return response

    def _refusal(self, error: HTTPError) -> str:
        try:
            problem = json.loads(error.read())
            return ": ".join(str(problem[name]) for name in ("field", "detail") if name in problem or name == "detail")
        except (ValueError, TypeError, KeyError, OSError, HTTPException):
            return f"the server at {self._url} is not ivsim: it answered {error.code}"

    def _json(self, text: bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            raise RequestFailed(f"the server at {self._url} is not ivsim: its answer is not JSON") from None


def _query(members: dict[str, str | None]) -> str:
    given = {name: value for name, value in members.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)
