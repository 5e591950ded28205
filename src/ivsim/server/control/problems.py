"""Refusals of the control endpoints: application/problem+json, RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(msgspec.Struct):
    """The reason why a request was refused; `field` is the member, the parameter or the header at fault."""

    type: str
    title: str
    status: int
    detail: str
    field: str | UnsetType = UNSET


class RequestRefused(Exception):
    """A control endpoint does not do what it was asked for; `response()` says why, as a problem."""

    def __init__(
        self, status: int, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.field = field
        self.headers = headers

    def response(self) -> Response:
        """Return the answer."""
        title = HTTPStatus(self.status).phrase
        details = ProblemDetails(
            "about:blank", title, self.status, str(self), UNSET if self.field is None else self.field
        )
        return Response(msgspec.json.encode(details), self.status, self.headers, MEDIA_TYPE)
