"""Frames: what clients of a stage send over the events WebSocket, and what they are sent.

The names are those that AWS's web SDK takes in; docs/fidelity.md has how each was found.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from .participants import Participant

VERSION = "0"


class Ping(Struct, tag_field="type", tag="PING"):
    """A client asks whether somebody is there."""


class SetState(Struct, tag_field="type", tag="SET_STATE", rename="camel"):
    """A client says whether the sound that it sends is muted, or will be, and whether its picture is stopped."""

    audio_muted: bool
    video_stopped: bool


class Exchange(Struct, rename="camel"):
    """Two tokens, the second of which is to be in the place of the first, and the ids by which that is answered."""

    old_token: str
    new_token: str
    request_id: str
    trace_id: str


class ExchangeToken(Struct, tag_field="type", tag="aws:ivs:EXCHANGE_TOKEN"):
    """A client wants to go on with another token."""

    payload: Exchange


Said: TypeAlias = Ping | SetState | ExchangeToken

_decoder: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)
_encode = msgspec.json.Encoder().encode

PONG = _encode({"type": "PONG"})


class FrameRefused(ValueError):
    """A frame of a client is none that a stage takes."""


class _Shown(Struct, rename="camel"):
    id: str
    user_id: str
    attributes: dict[str, str]
    is_publishing: bool
    audio_muted: bool
    video_stopped: bool


class _State(Struct, rename="camel"):
    sequence_number: int
    stage_id: str
    participants: msgspec.Raw


class _Count(Struct, rename="camel"):
    sequence_number: int
    count: int


class _Ids(Struct, rename="camel"):
    request_id: str
    trace_id: str


class _Refused(Struct, rename="camel"):
    request_id: str
    code: str
    message: str


def read(text: str) -> Said:
    """Return what a client says. Raises FrameRefused for what is not JSON, or no frame that a stage takes."""
    try:
        return _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise FrameRefused(str(error)) from None
    except RecursionError:
        raise FrameRefused("it is nested too deeply") from None


def participants(there: Iterable[Participant]) -> bytes:
    """Return a list of who is on a stage, for `stage_state()`."""
    return _encode(
        [
            _Shown(
                each.participant_id,
                each.user_id,
                each.attributes or {},
                each.is_publishing,
                each.audio_muted,
                each.video_stopped,
            )
            for each in there
        ]
    )


def stage_state(number: int, stage_id: str, there: bytes) -> bytes:
    """Return the frame with everybody who is on a stage; a client takes in one with a higher number than the last."""
    payload = _State(number, stage_id, msgspec.Raw(there))
    return _encode({"type": "STAGE_STATE", "version": VERSION, "payload": payload})


def subscriber_count(number: int, count: int) -> bytes:
    """Return the frame with the number of those who subscribe to somebody; numbered as `stage_state()`."""
    return _frame("SUBSCRIBER_COUNT", _Count(number, count))


def disconnect(code: str, reason: str = "") -> bytes:
    """Return the frame that throws a client out, which then does not come back by itself; the reason is in words."""
    return _frame("DISCONNECT", {"code": code, "reason": reason} if reason else {"code": code})


def join_error(code: str, message: str) -> bytes:
    """Return the frame by which a client learns, before any other, that it may not join."""
    return _frame("JOIN_ERROR", {"code": code, "message": message})


def exchanged(exchange: Exchange) -> bytes:
    """Return the answer to a token exchange: with both ids it went well."""
    return _frame("EXCHANGE_TOKEN", _Ids(exchange.request_id, exchange.trace_id))


def not_exchanged(exchange: Exchange, code: str, message: str) -> bytes:
    """Return the answer to a token exchange that is refused, which one of the ids alone means."""
    return _frame("EXCHANGE_TOKEN", _Refused(exchange.request_id, code, message))


def error(message: str) -> bytes:
    """Return the answer to a frame that a stage does not take; AWS's web SDK ignores it."""
    return _encode({"type": "ERROR", "version": VERSION, "payload": {"message": message}})


def _frame(name: str, payload: Any) -> bytes:
    return _encode({"type": f"aws:ivs:{name}", "payload": payload})
