"""The errors a handler raises. Status, header and body come from the model when the answer is written."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import ClassVar


class ServiceError(Exception):
    """A refusal, as the client shall see it. The class name is the error code.

    `resource` is the ARN of what the refusal is about, `limit` the quota or rate that was hit: models that
    give an error such members (`resourceId`, `resourceType`, `limit`) get them from here.
    """

    status: ClassVar[int | None] = None
    """The HTTP status where no model knows one; None when the model does."""

    def __init__(self, message: str = "", *, resource: str = "", limit: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.resource = resource
        self.limit = limit

    @property
    def code(self) -> str:
        """The error code, as `x-amzn-ErrorType` carries it."""
        return type(self).__name__

    def details(self) -> dict[str, object]:
        """Return the members, by their Python names, that the error's own shape may ask for."""
        kind, _, identifier = self.resource.rpartition(":")[2].partition("/")
        return {
            "resource_id": identifier or None,
            "resource_type": kind.replace("-", "_").upper() or None,
            "limit": self.limit,
        }


class AccessDeniedException(ServiceError):
    """The caller may not do this."""


class ChannelNotBroadcasting(ServiceError):
    """The channel is offline."""


class ConflictException(ServiceError):
    """The change would leave something inconsistent."""


class InternalServerException(ServiceError):
    """The service failed."""


class PendingVerification(ServiceError):
    """The account is new and not verified yet."""


class ResourceNotFoundException(ServiceError):
    """The request names something that does not exist."""


class ServiceQuotaExceededException(ServiceError):
    """The request would exceed a quota."""


class ServiceUnavailable(ServiceError):
    """The service is out for now."""


class StreamUnavailable(ServiceError):
    """The stream is out for now."""


class ThrottlingException(ServiceError):
    """Too many requests in too short a time."""


class ValidationException(ServiceError):
    """The input breaks a rule. `fields` are (member, rule) pairs, for models that list them."""

    def __init__(self, message: str = "", *, reason: str = "OTHER", fields: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.reason = reason
        self.fields = fields

    def details(self) -> dict[str, object]:
        """Return `reason` and, when members are at fault, `field_list`."""
        listed = [{"name": name, "message": rule} for name, rule in self.fields]
        return {"reason": self.reason, "field_list": listed or None}


class MemberRefused(Exception):
    """A handler refuses an input member, for a rule that the model cannot express.

    `member` is its Python name, dotted where it is nested; the dispatcher, which knows the operation, turns it into
    the ValidationException that a broken constraint of the model would give.
    """

    def __init__(self, member: str, rule: str) -> None:
        super().__init__(member, rule)
        self.member = member
        self.rule = rule


# What AWS answers before a service is reached; "Common Errors" in both API references gives code and status.


class UnknownOperationException(ServiceError):
    """No operation has this method and path."""

    status = 404


class RequestEntityTooLarge(ServiceError):
    """The body is larger than the service reads."""

    status = 413


class NotEmulated(ServiceError):
    """AWS could do this, ivsim cannot yet, and says so rather than pretend. No error of AWS's."""

    status = 501


def by_code(code: str) -> type[ServiceError]:
    """Return the class of an error by its code. Raises KeyError for a code that none has."""
    return _classes()[code]


@cache
def _classes() -> dict[str, type[ServiceError]]:
    return {each.__name__: each for each in _descendants(ServiceError)}


def _descendants(cls: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)
