"""The shortest way for a test to call an emulator without a client library."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from ivsim import Emulator, Request, Response

AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential={key}/20261120/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"
)


class Answer(NamedTuple):
    """A response, its body decoded."""

    status: int
    code: str | None
    body: dict[str, Any]
    headers: dict[str, str]


def call(sim: Emulator, operation: str, **members: Any) -> Answer:
    """Call an operation by name, unsigned."""
    return send(sim, "POST", f"/{operation}", json.dumps(members).encode())


def send(sim: Emulator, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
    """Send a request."""
    response = sim.handle(Request(method, url, headers or {}, body))
    decoded = json.loads(response.body) if response.body else {}
    return Answer(response.status, response.headers.get("x-amzn-ErrorType"), decoded, response.headers)


def signed(region: str = "us-east-1", service: str = "ivs", key: str = "AKIDEXAMPLE") -> dict[str, str]:
    """Return the headers of a signed request."""
    return {"authorization": AUTHORIZATION.format(key=key, region=region, service=service)}


def respond_in_parts(_: Emulator, __: Request) -> Response:
    """Stand in for `Emulator.respond`, with a body that is waited for part by part."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return Response(200, {"Content-Type": "video/mp2t"}, parts())
