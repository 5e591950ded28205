"""aiobotocore and aioboto3, of which it imports neither: botocore.py finds the endpoint class, this answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from . import Handle, botocore, is_ours


class _Response(AWSResponse):  # type: ignore[misc]
    """A response whose content has to be awaited."""

    @property
    def content(self) -> Any:
        return self._read()

    async def _read(self) -> bytes:
        return b"".join(self.raw.stream())


class _AsyncEmitter:
    def __init__(self, emitter: Any, handle: Handle, context: Mapping[str, Any]) -> None:
        self._emitter = emitter
        self._handle = handle
        self._context = context

    async def emit(self, event_name: str, **arguments: Any) -> Any:
        if not event_name.startswith("before-send."):
            return await self._emitter.emit(event_name, **arguments)
        request = arguments["request"]
        response = botocore.answer(self._handle, request, self._context)
        return [(None, _Response(request.url, response.status, response.headers, botocore.Raw(response.body)))]


def answering(original: Callable[..., Any], handle: Handle) -> Callable[..., Any]:
    """Return a coroutine function that answers in the place of an asynchronous endpoint's `_do_get_response`."""

    async def do_get_response(endpoint: Any, request: AWSPreparedRequest, operation_model: Any, context: Any) -> Any:
        if is_ours(request.url):
            endpoint = botocore.StandIn(endpoint, _AsyncEmitter(endpoint._event_emitter, handle, context))
        return await original(endpoint, request, operation_model, context)

    return do_get_response
