"""Rooms: the places where people chat, with their rules."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from msgspec import Struct
from msgspec.structs import replace

from ._service import Context, service

if TYPE_CHECKING:
    from typing_extensions import Unpack

ROOMS = service.quota("Rooms", 50_000)

DEFAULT_PAGE = 50


class RoomSettings(TypedDict, total=False):
    """The settings that CreateRoom and UpdateRoom take."""

    name: str
    maximum_message_rate_per_second: int
    maximum_message_length: int
    message_review_handler: dict[str, str]
    logging_configuration_identifiers: list[str]


class MessageReviewHandler(Struct, frozen=True):
    """The Lambda function that reviews messages. An empty `uri` shows that there was one, and is not any more."""

    uri: str = ""
    fallback_result: str = "ALLOW"


class Room(Struct, frozen=True):
    """A room. What was never given is absent, not empty: nothing is named automatically."""

    arn: str
    id: str
    create_time: datetime
    update_time: datetime
    name: str | None = None
    maximum_message_rate_per_second: int = 10
    maximum_message_length: int = 500
    message_review_handler: MessageReviewHandler | None = None
    logging_configuration_identifiers: list[str] | None = None
    tags: dict[str, str] = {}


@service.operation(rate=5, settings=RoomSettings)
def create_room(ctx: Context, *, tags: dict[str, str] | None = None, **settings: Unpack[RoomSettings]) -> Room:
    changes = _changes(ctx, None, settings)
    handler = changes.get("message_review_handler")
    if handler is not None and not handler.uri:
        del changes["message_review_handler"]  # there never was one
    table = ctx.store.rooms
    ctx.check_quota(ROOMS, len(table), table)
    arn = ctx.new_arn(table)
    now = ctx.now
    room = table[arn] = Room(arn, arn.rpartition("/")[2], now, now, tags=tags or {}, **changes)
    return room


@service.operation(rate=5)
def get_room(ctx: Context, identifier: str) -> Room:
    return ctx.store.rooms[identifier]


@service.operation(rate=5, settings=RoomSettings)
def update_room(ctx: Context, identifier: str, **settings: Unpack[RoomSettings]) -> Room:
    before = ctx.store.rooms[identifier]
    changes = _changes(ctx, before.message_review_handler, settings)
    room = ctx.store.rooms[identifier] = replace(before, update_time=ctx.now, **changes)
    ctx.store.rooms.move_to_end(identifier)
    return room


@service.operation(rate=5)
def delete_room(ctx: Context, identifier: str) -> None:
    del ctx.store.rooms[identifier]


@service.operation(rate=5)
def list_rooms(
    ctx: Context,
    *,
    name: str | None = None,
    message_review_handler_uri: str | None = None,
    logging_configuration_identifier: str | None = None,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    def is_wanted(room: Room) -> bool:
        handler = room.message_review_handler or MessageReviewHandler()
        return (
            name in (None, room.name)
            and message_review_handler_uri in (None, handler.uri)
            and (
                logging_configuration_identifier is None
                or logging_configuration_identifier in (room.logging_configuration_identifiers or ())
            )
        )

    filters = (name, message_review_handler_uri, logging_configuration_identifier)
    page = ctx.page(ctx.store.rooms, max_results, next_token, where=is_wanted, filters=filters, newest_first=True)
    return {"rooms": page.items, "next_token": page.next_token}


def _changes(ctx: Context, handler: MessageReviewHandler | None, settings: RoomSettings) -> dict[str, Any]:
    changes: dict[str, Any] = dict(settings)
    given = settings.get("message_review_handler")
    if given is not None:
        changes["message_review_handler"] = replace(handler or MessageReviewHandler(), **given)
    identifiers = settings.get("logging_configuration_identifiers")
    if identifiers is not None:
        configurations = ctx.store.logging_configurations
        ctx.check_exists(configurations, *identifiers)
        for configuration in filter(None, map(configurations.get, identifiers)):
            is_kept = configuration.state != "DELETING"
            ctx.check(is_kept, "logging_configuration_identifiers", f"{configuration.arn} is {configuration.state}")
        changes["logging_configuration_identifiers"] = identifiers or None
    return changes
