"""Actions: the requests of clients to a room, as frames. Source: Messaging API Reference, *Actions (Publish)*."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...wire.parse import BodyRefused, body_members
from .._service import byte_size
from ..tokens import MOST_ATTRIBUTE_BYTES

SEND_MESSAGE = "SEND_MESSAGE"
DELETE_MESSAGE = "DELETE_MESSAGE"
DISCONNECT_USER = "DISCONNECT_USER"

MOST_REASON_CHARACTERS = 256
MOST_USER_ID_CHARACTERS = 128

_REQUIRED = {SEND_MESSAGE: "Content", DELETE_MESSAGE: "Id", DISCONNECT_USER: "UserId"}
_OPTIONAL = {SEND_MESSAGE: "Attributes", DELETE_MESSAGE: "Reason", DISCONNECT_USER: "Reason"}
_LONGEST = {"Reason": MOST_REASON_CHARACTERS, "UserId": MOST_USER_ID_CHARACTERS}
_MESSAGE_ID = re.compile(r"[a-zA-Z0-9]{12}")

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class ActionRefused(Exception):
    """A request is refused; an ERROR answers it. `frame_id` is the id that the operation had by then, if it had one."""

    def __init__(self, code: int, text: str, frame_id: str = "") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.frame_id = frame_id


class Action(NamedTuple):
    """A frame, as far as it was understood, and the reason for a refusal, if it is refused.

    `subject` is the action's required member: the content, the message's id or the user's.
    """

    name: str = ""
    request_id: str = ""
    subject: str = ""
    attributes: dict[str, str] | None = None
    reason: str = ""
    refused: ActionRefused | None = None


def read(text: str) -> Action:
    """Return the request in a frame. Keys may be in any case; members that are null, or not known, do not count."""
    try:
        given = body_members(text.encode(errors="surrogatepass"))
    except BodyRefused:
        return Action(refused=ActionRefused(400, "Request must be a JSON object"))
    members = {name.lower(): value for name, value in given.items() if value is not None}
    request_id = members.get("requestid", "")
    if not isinstance(request_id, str):
        return Action(refused=ActionRefused(400, "RequestId must be a string"))
    try:
        return _read(members, request_id)
    except ActionRefused as refused:
        return Action(request_id=request_id, refused=refused)


def write(action: str, request_id: str, **members: object) -> str:
    """Return the frame that version 1.1.1 of the JavaScript SDK sends; members that are None are left out."""
    given = {name: value for name, value in members.items() if value is not None}
    return _encode({"Action": action, "RequestId": request_id, **given})


def is_attributes(value: object) -> bool:
    """Return whether a value is a map from strings to strings."""
    return isinstance(value, dict) and all(isinstance(each, str) for pair in value.items() for each in pair)


def _read(members: Mapping[str, Any], request_id: str) -> Action:
    name = members.get("action")
    if not isinstance(name, str) or name not in _REQUIRED:
        raise ActionRefused(400, f"Action must be one of {', '.join(_REQUIRED)}")
    subject = _text_member(members, _REQUIRED[name])
    if not subject:
        raise ActionRefused(400, f"{_REQUIRED[name]} must not be empty")
    if name == DELETE_MESSAGE and not _MESSAGE_ID.fullmatch(subject):
        raise ActionRefused(400, "Id must be the 12 letters and digits of a message")
    if _OPTIONAL[name] == "Reason":
        return Action(name, request_id, subject, reason=_text_member(members, "Reason"))
    attributes = members.get("attributes")
    if attributes is not None and not is_attributes(attributes):
        raise ActionRefused(400, "Attributes must be a map from strings to strings")
    if byte_size(attributes or {}) > MOST_ATTRIBUTE_BYTES:
        raise ActionRefused(413, f"Attributes must have at most {MOST_ATTRIBUTE_BYTES} bytes of keys and values")
    return Action(name, request_id, subject, attributes)


def _text_member(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name.lower(), "")
    if not isinstance(value, str):
        raise ActionRefused(400, f"{name} must be a string")
    if len(value) > _LONGEST.get(name, len(value)):
        raise ActionRefused(413, f"{name} must have at most {_LONGEST[name]} characters")
    return value
