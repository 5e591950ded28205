"""Chat tokens: with one of them a client connects to a room, once."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from ._service import Context, byte_size, service

DEFAULT_SESSION_MINUTES = 60

TOKEN_LIFETIME = timedelta(minutes=60)
"""The time for which a token can be used to connect; observed in 2024; older documentation said one minute."""

MOST_ATTRIBUTE_BYTES = 1024
"""The most bytes of keys and values in the attributes of a token, and of a message."""

_A_YEAR = 365 * 24 * 60
"""The longest session, in minutes, where constraints go unchecked; longer ones end beyond the last date."""


class ChatToken(Struct, frozen=True):
    """A token, and who it makes of the one who connects with it."""

    token: str
    room_arn: str
    user_id: str
    capabilities: tuple[str, ...]
    attributes: dict[str, str]
    token_expiration_time: datetime
    session_expiration_time: datetime
    used: bool = False


@service.operation(rate=200)
def create_chat_token(
    ctx: Context,
    room_identifier: str,
    user_id: str,
    *,
    capabilities: list[str] | None = None,
    session_duration_in_minutes: int = DEFAULT_SESSION_MINUTES,
    attributes: dict[str, str] | None = None,
) -> ChatToken:
    room = ctx.store.rooms[room_identifier]
    attributes = attributes or {}
    small = byte_size(attributes) <= MOST_ATTRIBUTE_BYTES
    ctx.check(small, "attributes", f"Member must have at most {MOST_ATTRIBUTE_BYTES} bytes of keys and values")
    now = ctx.now.replace(microsecond=0)
    token = ChatToken(
        # It travels as a WebSocket subprotocol, so it is made of the characters of an HTTP token alone.
        token=f"AQICAH{ctx.ids.base64url(33)}.{ctx.ids.base64url(78)}",
        room_arn=room.arn,
        user_id=user_id,
        capabilities=tuple(capabilities or ()),
        attributes=attributes,
        token_expiration_time=now + TOKEN_LIFETIME,
        session_expiration_time=now + timedelta(minutes=min(max(session_duration_in_minutes, 0), _A_YEAR)),
    )
    ctx.store.tokens[token.token] = token
    ctx.hints.is_born(token.token)
    return token
