"""A client for the control endpoints of a running server, as the command line uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from urllib3 import PoolManager
from urllib3.exceptions import ConnectTimeoutError, HTTPError, LocationParseError, NewConnectionError, ReadTimeoutError
from urllib3.util import parse_url

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_EVENT_STREAM = "text/event-stream"

_SECONDS = 60.0
"""The longest wait, in seconds, for a connection, an answer, or a sign of life."""


class RequestFailed(Exception):
    """The request failed: no server answers, or it refuses. The text tells a person why."""


class ServerSentEvent(NamedTuple):
    """A server-sent event: its name, and the JSON that it carries."""

    name: str
    data: Any


class Client:
    """A client of the server at a URL, past any proxy that is set. Every failure raises RequestFailed."""

    def __init__(self, url: str) -> None:
        if not _is_url(url):
            raise RequestFailed(f"{url!r} is not the URL of a server, such as http://127.0.0.1:4870")
        self._url = url.rstrip("/")
        self._pool = PoolManager(timeout=_SECONDS, retries=False)

    def get(self, path: str, **query: str | None) -> Any:
        """Return the answer at a path."""
        return self._json(self._read(self._open("GET", path, query=query)))

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Post a body to a path; return the answer, None for an empty one."""
        answer = self.send("POST", path, json.dumps(body or {}).encode())
        return self._json(answer) if answer else None

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send a request; return the body of the answer."""
        return self._read(self._open(method, path, body))

    def follow(self, path: str, **query: str | None) -> Iterator[ServerSentEvent]:
        """Yield server-sent events as they come, for ever."""
        name, data = "message", ""
        with self._open("GET", path, query=query, accept=_EVENT_STREAM) as response:
            if not response.headers.get("content-type", "").startswith(_EVENT_STREAM):
                raise RequestFailed(f"the server at {self._url} is not ivsim: its answer is not a stream of events")
            try:
                for line in response:
                    field, _, value = line.decode(errors="replace").rstrip("\n").partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data":
                        data = value
                    elif not field and data:
                        yield ServerSentEvent(name, self._json(data))
                        name, data = "message", ""
            except ReadTimeoutError as error:
                raise self._failure(error) from None
            except HTTPError:
                pass  # the stream was cut, as a server is that is killed
        raise RequestFailed(f"the server at {self._url} has stopped")

    def _open(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        query: Mapping[str, str | None] | None = None,
        accept: str = "*/*",
    ) -> BaseHTTPResponse:
        try:
            response = self._pool.request(
                method,
                f"{self._url}/_ivsim{path}",
                body=body,
                fields={name: value for name, value in (query or {}).items() if value is not None},
                headers={"Content-Type": "application/json", "Accept": accept},
                redirect=False,
                preload_content=False,
            )
        except HTTPError as error:
            raise self._failure(error) from None
        if not 200 <= response.status < 300:
            raise RequestFailed(self._refusal(response.status, self._read(response)))
        return response

    def _read(self, response: BaseHTTPResponse) -> bytes:
        try:
            with response:
                return response.read()
        except HTTPError as error:
            raise RequestFailed(f"{self._url} broke off: {error}") from None

    def _failure(self, error: HTTPError) -> RequestFailed:
        """Return the failure for an answer that never came. The error under urllib3's own says more, and is quoted."""
        cause = error.__context__ or error
        if isinstance(error, (NewConnectionError, ConnectTimeoutError)):
            return RequestFailed(f"no server answers at {self._url} ({cause}); `ivsim serve` starts one")
        if isinstance(error, ReadTimeoutError):
            return RequestFailed(f"the server at {self._url} has sent nothing for {_SECONDS:g} seconds")
        return RequestFailed(f"the server at {self._url} is not ivsim: {cause!r}")

    def _refusal(self, status: int, body: bytes) -> str:
        """Return the text of a refusal: field and rule, the rule alone for a 404, which names what was not found."""
        try:
            problem = json.loads(body)
            detail, field = problem["detail"], problem.get("field")
        except (ValueError, TypeError, LookupError):
            return f"the server at {self._url} is not ivsim: it answered {status}"
        return str(detail) if field is None or status == 404 else f"{field}: {detail}"

    def _json(self, text: str | bytes) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            raise RequestFailed(f"the server at {self._url} is not ivsim: its answer is not JSON") from None


def _is_url(text: str) -> bool:
    try:
        parts = parse_url(text)
    except LocationParseError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.host) and parts.query is None and parts.fragment is None
