"""The values that every door exchanges with the emulator: one in, one out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from .errors import NotEmulated

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

    @property
    def content_type(self) -> str:
        """The type of its body, in lower case and without parameters; empty when the request has none."""
        return self.header("content-type").partition(";")[0].strip().lower()


class Recipe(NamedTuple):
    """A recipe for a body that takes long to make: a function and its arguments.

    Arguments are values that do not change, so recipes can be made anywhere and at any time, and equal ones make the
    same bytes.
    """

    function: Callable[..., bytes]
    arguments: tuple[Any, ...] = ()

    def make(self) -> bytes:
        """Return the body."""
        return self.function(*self.arguments)


class Paced(NamedTuple):
    """A body that can be had only as the time goes by that it is about: from its beginning on, for some seconds.

    `recipe` returns the recipe for it when the time has begun, None when there will be none.
    """

    recipe: Callable[[], Recipe | None]
    begins: datetime
    seconds: float

    def make(self) -> bytes:
        """Return the body as it would be if the time had come."""
        recipe = self.recipe()
        return recipe.make() if recipe else b""


class Response(NamedTuple):
    """An HTTP response, as a door sends it.

    `body` is bytes, or the recipe that they are made by, at once or `Paced`, or an iterable of parts that are waited
    for one by one. A door that answers in one go, as all in process do, sends `whole()`.

    `latency` is how many seconds the answer took on the emulator's clock (0 unless a fault made it slow), so
    that a door can time out as a network would. `operation` is what was called ("ivs:CreateChannel"), empty when the
    request meant no operation.
    """

    status: int
    headers: dict[str, str]
    body: bytes | Recipe | Paced | AsyncIterable[bytes] = b""
    latency: float = 0.0
    operation: str = ""

    def whole(self) -> WholeResponse:
        """Return the response with its body as bytes; a recipe is made now.

        A body in parts is refused, as NotEmulated: they become ready as time goes by, and nobody in process waits.
        """
        status, headers, body, latency, operation = self
        if isinstance(body, (Recipe, Paced)):
            body = body.make()
        elif not isinstance(body, bytes):
            status = NotEmulated.status
            headers = {**headers, "Content-Type": "application/json", "x-amzn-ErrorType": NotEmulated.__name__}
            body = json.dumps({"message": _IN_PARTS}).encode()
        return WholeResponse(status, headers, body, latency, operation)


class WholeResponse(Response):
    """A response whose body is bytes, as `Emulator.handle()` returns it."""

    __slots__ = ()

    if TYPE_CHECKING:
        body: bytes

    def whole(self) -> WholeResponse:
        """Return it as it is."""
        return self


_IN_PARTS = "This is sent in parts, as they become ready, and so by a server alone: sim.serve(), or ivsim serve"
