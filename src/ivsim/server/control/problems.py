"""Refusals of the control endpoints: application/problem+json, RFC 9457."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from msgspec import UNSET, UnsetType
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class ProblemDetails(msgspec.Struct):
    """The reason why a request was refused; `field` is the member, the parameter or the header at fault.

    `code` is what AWS's clients, or the event about it, have for the reason: "STAGE_DELETED", say.
    """

    type: str
    title: str
    status: int
    detail: str
    field: str | UnsetType = UNSET
    code: str | UnsetType = UNSET


class RequestRefused(Exception):
    """A control endpoint does not do what it was asked for; `response()` says why, as a problem."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        field: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.field = field
        self.code = code
        self.headers = headers

    def response(self) -> Response:
        """Return the answer."""
        title = HTTPStatus(self.status).phrase
        field, code = (UNSET if each is None else each for each in (self.field, self.code))
        details = ProblemDetails("about:blank", title, self.status, str(self), field, code)
        return Response(msgspec.json.encode(details), self.status, self.headers, MEDIA_TYPE)
