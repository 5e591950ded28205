"""The requests library: calls signed by hand.

The patch sits on `Session.get_adapter`, above the place where moto and the responses library put theirs: whichever of
them is active, outside or inside, IVS is answered here and every other host is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ..wire.http import Request
from . import Handle, is_ours, patched, when_imported

if TYPE_CHECKING:
    import requests


@contextmanager
def intercept(handle: Handle) -> Iterator[None]:
    """Answer the requests library's requests to IVS, from now on or, where it is not imported yet, from when it is."""
    with (
        ExitStack() as patches,
        when_imported("requests.sessions", lambda found: patches.enter_context(_patch(found, handle))),
    ):
        yield


@contextmanager
def _patch(sessions: Any, handle: Handle) -> Iterator[None]:
    original = sessions.Session.get_adapter
    ours = cache(lambda: _adapter_class()(handle))  # made when it is needed: here requests may be half imported

    def get_adapter(session: requests.Session, url: str) -> Any:
        return ours() if is_ours(url) else original(session, url)

    with patched(sessions.Session, "get_adapter", get_adapter):
        yield


@cache
def _adapter_class() -> Any:
    import requests  # noqa: PLC0415
    from requests.adapters import BaseAdapter, HTTPAdapter  # noqa: PLC0415
    from urllib3 import HTTPResponse  # noqa: PLC0415

    class Adapter(BaseAdapter):
        def __init__(self, handle: Handle) -> None:
            super().__init__()
            self._handle = handle

        def send(
            self,
            request: requests.PreparedRequest,
            stream: bool = False,  # noqa: ARG002
            timeout: Any = None,
            verify: Any = True,  # noqa: ARG002
            cert: Any = None,  # noqa: ARG002
            proxies: Any = None,  # noqa: ARG002
        ) -> requests.Response:
            response = self._handle(
                Request(request.method or "", request.url or "", request.headers, _bytes(request.body))
            )
            read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
            if read_timeout is not None and response.latency >= read_timeout:
                raise requests.exceptions.ReadTimeout(f"Read timed out. (read timeout={read_timeout})", request=request)
            raw = HTTPResponse(
                BytesIO(response.body), headers=response.headers, status=response.status, preload_content=False
            )
            return HTTPAdapter().build_response(request, raw)

        def close(self) -> None:
            """Have nothing to close."""

    return Adapter


def _bytes(body: Any) -> bytes:
    """Return a body, which requests takes as text, bytes, a file or an iterable, as bytes."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    return b"".join(part.encode() if isinstance(part, str) else part for part in body)
