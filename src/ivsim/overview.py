"""Everything that an emulator has, in every account and region, as the API shows it; looked at beside the record."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from .core.service import Context, Contexts, Service
from .ivs.channels import Channel
from .ivs.viewer_sessions import ViewerSession
from .ivschat.conversation import Connection
from .ivschat.rooms import Room
from .wire.errors import ServiceError
from .wire.model import Operation

Item = dict[str, Any]

MOST_SESSIONS = 5
"""How many of a channel's newest stream sessions are shown."""


def look(ctx: Context[Any], operation: Operation, **arguments: object) -> Item | None:
    """Return what an operation that only reads would answer, None for a refusal: no fault, no rate, no call on record.

    Arguments have their Python names.
    """
    try:
        body = operation.serialize(ctx.service.handlers[operation.python_name].function(ctx, **arguments))
    except ServiceError:
        return None
    answer: Item = json.loads(body)
    return answer


def overview(*everything: tuple[Service[Any], Contexts[Any]]) -> dict[str, list[Item]]:
    """Return every resource by what its kind is called, each as its Get operation shows it, with account and region.

    A channel has its stream keys, stream, newest stream sessions and those who watch; a room has who is connected.
    """
    shown: dict[str, list[Item]] = {}
    for service, contexts in everything:
        for kind, operation in _getters(service):
            items = shown[_plural(operation)] = []
            for ctx in contexts:
                more = _MORE.get(kind, _nothing_more)(ctx)
                place = {"accountId": ctx.account, "region": ctx.region}
                for row in ctx.store.tables[kind].rows_after(None):
                    answer = look(ctx, operation, **dict.fromkeys(operation.python_members.values(), row.key)) or {}
                    resource = answer if "arn" in answer else next(iter(answer.values()))
                    items.append({**resource, **place, **more(row.record)})
    return shown


def _getters(service: Service[Any]) -> Iterator[tuple[str, Operation]]:
    """Yield, by resource type, the operations that get a resource by its ARN and nothing else."""
    for name, operation in sorted(service.model.operations.items()):
        if name.startswith("Get") and list(operation.members) in (["arn"], ["identifier"]):
            yield operation.arn_kind, operation


def _plural(operation: Operation) -> str:
    noun = operation.name.removeprefix("Get")
    return noun[0].lower() + (noun[1:-1] + "ies" if noun.endswith("y") and not noun.endswith("Key") else noun[1:] + "s")


def _about_channels(ctx: Context[Any]) -> Callable[[Channel], Item]:
    store, operations = ctx.store, ctx.service.model.operations
    watching: dict[str, list[ViewerSession]] = defaultdict(list)
    for session in store.viewer_sessions.values():
        if store.connected.get(session.channel_arn) == session.stream_id:
            watching[session.channel_arn].append(session)

    def get(operation: str, member: str, **arguments: object) -> Item | None:
        answer = look(ctx, operations[operation], **arguments)
        return answer and answer[member]

    def about(channel: Channel) -> Item:
        arn = channel.arn
        newest = reversed(store.sessions_of[arn][-MOST_SESSIONS:])
        sessions = (get("GetStreamSession", "streamSession", channel_arn=arn, stream_id=each) for each in newest)
        return {
            "streamKeys": [get("GetStreamKey", "streamKey", arn=each) for each in channel.stream_key_arns],
            "stream": get("GetStream", "stream", channel_arn=arn),
            "streamSessions": [session for session in sessions if session],
            "viewerSessions": [
                {
                    "id": session.id,
                    "viewerId": session.viewer_id,
                    "viewerSessionVersion": session.viewer_session_version,
                    "openedAt": ctx.service.time_text(session.opened_at),
                }
                for session in watching[arn]
            ],
        }

    return about


def _about_rooms(ctx: Context[Any]) -> Callable[[Room], Item]:
    connected: dict[str, list[Connection]] = defaultdict(list)
    for connection in ctx.store.connections.values():
        connected[connection.room_arn].append(connection)

    def about(room: Room) -> Item:
        return {"userIds": [connection.user_id for connection in connected[room.arn]]}

    return about


def _nothing_more(_: Context[Any]) -> Callable[[Any], Item]:
    return lambda _: {}


_MORE: dict[str, Callable[[Context[Any]], Callable[[Any], Item]]] = {"channel": _about_channels, "room": _about_rooms}
