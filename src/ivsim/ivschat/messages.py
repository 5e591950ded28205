"""Messages and events of a room, as a back end steers them over HTTP.

Rooms keep no history and delete nothing: what is sent reaches who is connected at that moment.
"""

from __future__ import annotations

from . import conversation
from ._service import Context, byte_size, service

MOST_EVENT_ATTRIBUTE_BYTES = 4096
"""The most bytes of keys and values in SendEvent's attributes; 1 KB until 2025-11-19."""


@service.operation(rate=100)
def send_event(
    ctx: Context,
    room_identifier: str,
    event_name: str,
    *,
    attributes: dict[str, str] | None = None,
) -> dict[str, object]:
    small = byte_size(attributes or {}) <= MOST_EVENT_ATTRIBUTE_BYTES
    ctx.check(small, "attributes", f"Member must have at most {MOST_EVENT_ATTRIBUTE_BYTES} bytes of keys and values")
    return {"id": conversation.publish_event(ctx, ctx.store.rooms[room_identifier], event_name, attributes)}


@service.operation(rate=100)
def delete_message(ctx: Context, room_identifier: str, id: str, *, reason: str = "") -> dict[str, object]:
    return {"id": conversation.delete_message(ctx, ctx.store.rooms[room_identifier], id, reason)}


@service.operation(rate=100)
def disconnect_user(ctx: Context, room_identifier: str, user_id: str, *, reason: str = "") -> None:
    conversation.disconnect_user(ctx, ctx.store.rooms[room_identifier], user_id, reason)
