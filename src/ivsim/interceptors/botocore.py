"""boto3 and everything else on botocore.

The patch sits on the endpoint's `_do_get_response`, which runs as it always does, but against a stand-in for the
endpoint whose `before-send` event is answered by the emulator. So retries, parsing and every other event are botocore's
own; clients made earlier work; and handlers on `before-send`, moto's above all, are not asked.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import copy
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.endpoint import Endpoint
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from botocore.signers import RequestSigner

from ..wire.http import Request, WholeResponse
from . import Handle, is_ours, patched

DUMMY = "ivsim"
"""The access key and secret of a client that has none."""


Answering = Callable[[Callable[..., Any], Handle], Callable[..., Any]]
"""A function that takes an endpoint's method, and returns the one that answers in its place."""


@contextmanager
def intercept(handle: Handle, *, asynchronous: Answering) -> Iterator[None]:
    """Answer botocore's requests to IVS; `asynchronous` answers in the place of a coroutine function."""
    with ExitStack() as patches:

        def patch_family(parent: type[Any], method: str, wrap: Callable[..., Any]) -> None:
            """Patch a method of a class and of its subclasses; aiobotocore's are such, and may be imported later."""

            def patch(each: type[Any]) -> None:
                if method in vars(each):
                    patches.enter_context(patched(each, method, wrap(vars(each)[method])))

            for each in _family(parent):
                patch(each)
            patches.enter_context(patched(parent, "__init_subclass__", classmethod(patch)))

        def answering(original: Callable[..., Any]) -> Callable[..., Any]:
            return (asynchronous if inspect.iscoroutinefunction(original) else _answering)(original, handle)

        patch_family(Endpoint, "_do_get_response", answering)
        patch_family(RequestSigner, "sign", _without_refresh)
        patches.enter_context(patched(URLLib3Session, "send", _sending(URLLib3Session.send, handle)))
        patches.enter_context(patched(SigV4Auth, "add_auth", _signing(SigV4Auth.add_auth)))
        yield


def answer(handle: Handle, request: AWSPreparedRequest, context: Mapping[str, Any]) -> WholeResponse:
    """Ask the emulator. Raises botocore's ReadTimeoutError when the answer is slower than the client waits."""
    response = handle(_request(request))
    if response.latency and response.latency >= context["client_config"].read_timeout:
        raise ReadTimeoutError(endpoint_url=request.url)
    return response


def _request(prepared: AWSPreparedRequest) -> Request:
    body = prepared.body or b""
    return Request(prepared.method, prepared.url, prepared.headers, body.encode() if isinstance(body, str) else body)


class StandIn:
    """An endpoint but for its event emitter."""

    def __init__(self, endpoint: Endpoint, emitter: Any) -> None:
        self._endpoint = endpoint
        self._event_emitter = emitter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._endpoint, name)


class Raw:
    """The body of a response, as AWSResponse reads one."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """Yield the body."""
        yield self._body


class _Emitter:
    def __init__(self, emitter: Any, handle: Handle, context: Mapping[str, Any]) -> None:
        self._emitter = emitter
        self._handle = handle
        self._context = context

    def emit(self, event_name: str, **arguments: Any) -> Any:
        if not event_name.startswith("before-send."):
            return self._emitter.emit(event_name, **arguments)
        request = arguments["request"]
        response = answer(self._handle, request, self._context)
        return [(None, AWSResponse(request.url, response.status, response.headers, Raw(response.body)))]


def _answering(original: Callable[..., Any], handle: Handle) -> Callable[..., Any]:
    def do_get_response(endpoint: Endpoint, request: AWSPreparedRequest, operation_model: Any, context: Any) -> Any:
        if is_ours(request.url):
            endpoint = StandIn(endpoint, _Emitter(endpoint._event_emitter, handle, context))
        return original(endpoint, request, operation_model, context)

    return do_get_response


def _sending(original: Callable[..., Any], handle: Handle) -> Callable[..., Any]:
    """Return a `send()` that answers requests which were signed by hand and use botocore's own HTTP session."""

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        if not is_ours(request.url):
            return original(session, request)
        response = handle(_request(request))
        return AWSResponse(request.url, response.status, response.headers, Raw(response.body))

    return send


def _without_refresh(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `sign()` that asks nobody for credentials; a client made before the mock may have some that refresh."""

    def sign(signer: RequestSigner, operation_name: str, request: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(signer._credentials, RefreshableCredentials) and is_ours(request.url):
            signer = copy(signer)
            signer._credentials = None
        return original(signer, operation_name, request, *args, **kwargs)

    return sign


class _Placeholder(SigV4Auth):  # type: ignore[misc]
    """A signer that writes all parts of a signature (access key, region and service above all), but computes none."""

    def canonical_request(self, _request: Any) -> str:
        return ""

    def string_to_sign(self, _request: Any, _canonical_request: str) -> str:
        return ""

    def signature(self, _string_to_sign: str, _request: Any) -> str:
        return "0" * 64

    def headers_to_sign(self, _request: Any) -> tuple[str, ...]:
        return "host", "x-amz-date"  # the least that is ever signed


def _signing(original: Callable[..., Any]) -> Callable[..., Any]:
    """Return an `add_auth()` that signs clients' calls to IVS, which stay in the process, with a placeholder.

    Nobody checks the signature, and it is a fifth of what a call costs. A client that was made before the mock, and
    has no credentials, could not sign at all: it gets dummy ones. Requests that are signed by hand are signed in full.
    """

    def add_auth(auth: SigV4Auth, request: Any) -> Any:
        if type(auth) is SigV4Auth and "client_config" in request.context and is_ours(request.url):
            auth.credentials = auth.credentials or Credentials(DUMMY, DUMMY)
            auth.__class__ = _Placeholder
        return original(auth, request)

    return add_auth


def _family(parent: type[Any]) -> Iterator[type[Any]]:
    yield parent
    for child in parent.__subclasses__():
        yield from _family(child)
