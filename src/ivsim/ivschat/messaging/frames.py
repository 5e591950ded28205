"""Frames: what the Messaging API sends to clients, byte for byte as it was captured from the service.

Member order is that of the captures; everything else (maps sorted by key, `null` for what was never given, the escapes,
the times) is what Go's encoding/json makes of it, which the service seems to be written with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple
from zlib import crc32

from ...wire.serialize import GO_ESCAPES

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SECOND = 10**9

_SAME_MOMENT = 10**6
"""Frames within this many nanoseconds are put in order; further back, somebody set the clock back."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Frame(NamedTuple):
    """A frame that was sent in a room, at a time in nanoseconds; `to` one connection, or to all there were."""

    text: str
    to: str | None
    sent: int


def message(
    frame_id: str,
    *,
    request_id: str,
    attributes: Mapping[str, str] | None,
    content: str,
    sent: int,
    user_id: str,
    user_attributes: Mapping[str, str],
) -> str:
    """Return the frame of a message that everybody in a room gets."""
    return to_json(
        {
            "Type": "MESSAGE",
            "Id": frame_id,
            "RequestId": request_id,
            "Attributes": _sorted(attributes),
            "Content": content,
            "SendTime": time_text(sent),
            "Sender": {"UserId": user_id, "Attributes": _sorted(user_attributes)},
        }
    )


def event(frame_id: str, *, request_id: str, name: str, attributes: Mapping[str, str] | None, sent: int) -> str:
    """Return the frame of an event that everybody in a room gets."""
    return to_json(
        {
            "Type": "EVENT",
            "Id": frame_id,
            "RequestId": request_id,
            "EventName": name,
            "Attributes": _sorted(attributes),
            "SendTime": time_text(sent),
        }
    )


def error(frame_id: str, *, request_id: str, code: int, text: str) -> str:
    """Return the ERROR frame for a sender whose request was refused, in the order of the documentation's sample."""
    return to_json({"ErrorCode": code, "ErrorMessage": text, "Id": frame_id, "RequestId": request_id, "Type": "ERROR"})


def to_json(value: Mapping[str, Any]) -> str:
    """Return JSON as Go's encoding/json writes it: no whitespace, no escapes but for what HTML would trip over."""
    return _encode(value).translate(GO_ESCAPES)


def sending_time(now: int, frame_id: str, last: int) -> int:
    """Return the time in nanoseconds of a frame sent `now`, in microseconds; it is later than the room's last one.

    The emulator's clock has microseconds. The three digits beyond come from the frame's id, so they are the same in
    every run with the same seed; frames of one moment follow each other by a nanosecond.
    """
    sent = now * 1000 + crc32(frame_id.encode()) % 1000
    return last + 1 if sent <= last < sent + _SAME_MOMENT else sent


def time_text(sent: int) -> str:
    """Return a time as RFC 3339 with nanoseconds, zeros at the end left out."""
    seconds, nanoseconds = divmod(sent, _SECOND)
    fraction = f".{nanoseconds:09}".rstrip("0") if nanoseconds else ""
    return f"{moment(seconds * _SECOND):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def moment(sent: int) -> datetime:
    """Return a time as an aware datetime, cut to milliseconds."""
    return _EPOCH + timedelta(milliseconds=sent // 10**6)


def _sorted(attributes: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if attributes is None else dict(sorted(attributes.items()))
