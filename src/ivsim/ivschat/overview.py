"""The connections that `sim.overview()` shows with a room."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from ._service import Context, service
from .conversation import Connection
from .rooms import Room


@service.overview("room")
def _about_rooms(ctx: Context) -> Callable[[Room], dict[str, object]]:
    """Return a function that tells of a room the ids of the users who are connected to it."""
    connected: dict[str, list[Connection]] = defaultdict(list)
    for connection in ctx.store.connections.values():
        connected[connection.room_arn].append(connection)
    return lambda room: {"user_ids": [connection.user_id for connection in connected[room.arn]]}
