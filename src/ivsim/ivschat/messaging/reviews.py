"""Message review: a Lambda function of the user's allows, changes or denies each message before anybody gets it.

Source: IVS Chat User Guide, *Chat Message Review Handler*.
"""

from __future__ import annotations

import json
import logging
import reprlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from ...core.clock import Clock
from ...wire.parse import BodyRefused, body_members
from .._service import Context, byte_size, service
from ..rooms import Room
from ..tokens import MOST_ATTRIBUTE_BYTES
from .actions import is_attributes

ReviewFunction: TypeAlias = Callable[[dict[str, Any]], Mapping[str, Any]]
"""A stand-in for the Lambda function: it takes the payload and returns the response."""

TIMEOUT = service.quota("Message review handler timeout period", 200)
"""The time a review may take, in milliseconds."""

MESSAGE_REVIEW = service.incident(
    "MessageReview",
    "AccessDeniedException",
    "ResourceNotFoundException",
    "ServiceException",
    "TooManyRequestsException",
    about=("room_identifier", "user_id", "uri"),
)

_SENDER_IP = "192.0.2.1"
"""The address from which every message comes: that of the User Guide's sample, which belongs to nobody."""

_log = logging.getLogger("ivsim.chat")


class Message(NamedTuple):
    """A message on its way, and who sent it."""

    id: str
    room_arn: str
    connection_id: str
    user_id: str
    user_attributes: dict[str, str]
    request_id: str
    content: str
    attributes: dict[str, str] | None


class Review(NamedTuple):
    """A message that waits to be reviewed, and the rules of its room as they were when it was sent."""

    message: Message
    uri: str
    fallback_result: str
    most_characters: int
    timeout: float
    delay: float
    failure: str | None


class Verdict(NamedTuple):
    """The outcome of a review: the message to deliver, or None, and the reason given."""

    message: Message | None
    reason: str = ""


class _ResponseRefused(Exception):
    """A response breaks a rule."""


def wanted(ctx: Context, room: Room, message: Message) -> Review | None:
    """Return the review that a room asks for, None when it has no handler."""
    handler = room.message_review_handler
    if handler is None or not handler.uri:
        return None
    fault = ctx.strike(MESSAGE_REVIEW, room_identifier=room.arn, user_id=message.user_id, uri=handler.uri)
    return Review(
        message,
        handler.uri,
        handler.fallback_result,
        room.maximum_message_length,
        timeout=ctx.quota(TIMEOUT) / 1000,
        delay=ctx.delay(MESSAGE_REVIEW),
        failure=fault.error_code if fault else None,
    )


def hold(review: Review, handler: ReviewFunction | None, clock: Clock, wait: Callable[[float], object]) -> Verdict:
    """Review a message. This is called outside of transactions, because the handler may do anything.

    A failure is reported in the log (`ivsim.chat`), and the room's fallback result decides. The service waits for
    an answer until the timeout and no longer; a handler is timed on the emulator's clock. `wait` lets the seconds pass
    by which a test delays the review.
    """
    if review.failure is not None:
        return _fallback(review, f"could not be called: {review.failure}")
    if handler is None:
        return _fallback(review, "does not exist; put a function into sim.chat.review_handlers under this ARN")
    began = clock.microseconds()
    try:
        response = handler(_payload(review.message))
    except Exception:  # noqa: BLE001 - whatever it is, it is the handler's
        return _fallback(review, "raised", with_traceback=True)
    took = (clock.microseconds() - began) / 1_000_000
    if review.delay:
        wait(min(review.delay, max(review.timeout - took, 0)))
    if took + review.delay > review.timeout:
        return _fallback(review, f"took longer than {review.timeout} s")
    try:
        return _judge(review, response)
    except _ResponseRefused as refused:
        return _fallback(review, f"returned a response that cannot be used: {refused}")


def _payload(message: Message) -> dict[str, Any]:
    payload: dict[str, Any] = {
        "Content": message.content,
        "MessageId": message.id,
        "RoomArn": message.room_arn,
        "Attributes": message.attributes,
        "Sender": {"Attributes": message.user_attributes, "UserId": message.user_id, "Ip": _SENDER_IP},
    }
    copy: dict[str, Any] = json.loads(json.dumps(payload))  # the handler may change what it is given
    return copy


def _judge(review: Review, response: Mapping[str, Any]) -> Verdict:
    """Return the verdict in a response. Raises _ResponseRefused for a response that breaks a rule."""
    try:
        members = body_members(json.dumps(response).encode())
    except (TypeError, ValueError, RecursionError, BodyRefused):
        raise _ResponseRefused(f"{reprlib.repr(response)} is not a JSON object") from None
    result, attributes, content = (members.get(name) for name in ("ReviewResult", "Attributes", "Content"))
    if result not in ("ALLOW", "DENY"):
        raise _ResponseRefused(f"ReviewResult: {reprlib.repr(result)} is neither 'ALLOW' nor 'DENY'")
    if attributes is not None and not is_attributes(attributes):
        raise _ResponseRefused(f"Attributes: {reprlib.repr(attributes)} is not a map from strings to strings")
    if byte_size(attributes or {}) > MOST_ATTRIBUTE_BYTES:
        raise _ResponseRefused(f"Attributes: more than {MOST_ATTRIBUTE_BYTES} bytes of keys and values")
    if result == "DENY":
        return Verdict(None, (attributes or {}).get("Reason", ""))
    if not isinstance(content, str) or not 1 <= len(content) <= review.most_characters:
        raise _ResponseRefused(
            f"Content: {reprlib.repr(content)} is not text of 1 to {review.most_characters} characters"
        )
    message = review.message._replace(content=content)
    return Verdict(message if attributes is None else message._replace(attributes=attributes))


def _fallback(review: Review, what: str, *, with_traceback: bool = False) -> Verdict:
    _log.warning(
        "message review handler %s %s; message %s: %s",
        review.uri,
        what,
        review.message.id,
        review.fallback_result,
        exc_info=with_traceback,
    )
    return Verdict(review.message if review.fallback_result == "ALLOW" else None)
