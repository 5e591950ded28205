"""Logging configurations: where the messages of rooms are logged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..wire.errors import ConflictException
from ._service import Context, service

LOGGING_CONFIGURATIONS = service.quota("Logging configurations", 10)

DEFAULT_PAGE = 50


class LoggingConfiguration(Struct, frozen=True):
    """A logging configuration; ACTIVE from the start, as the real service answers."""

    arn: str
    id: str
    create_time: datetime
    update_time: datetime
    destination_configuration: dict[str, Any]
    name: str | None = None
    state: str = "ACTIVE"
    tags: dict[str, str] = {}


@service.operation(rate=3)
def create_logging_configuration(
    ctx: Context,
    destination_configuration: dict[str, Any],
    *,
    name: str | None = None,
    tags: dict[str, str] | None = None,
) -> LoggingConfiguration:
    table = ctx.store.logging_configurations
    ctx.check_quota(LOGGING_CONFIGURATIONS, len(table), table)
    arn = ctx.new_arn(table)
    now = ctx.now
    configuration = table[arn] = LoggingConfiguration(
        arn, arn.rpartition("/")[2], now, now, destination_configuration, name, tags=tags or {}
    )
    return configuration


@service.operation(rate=3)
def get_logging_configuration(ctx: Context, identifier: str) -> LoggingConfiguration:
    return ctx.store.logging_configurations[identifier]


@service.operation(rate=3)
def update_logging_configuration(
    ctx: Context,
    identifier: str,
    *,
    name: str | None = None,
    destination_configuration: dict[str, Any] | None = None,
) -> LoggingConfiguration:
    before = ctx.store.logging_configurations[identifier]
    configuration = ctx.store.logging_configurations[identifier] = replace(
        before,
        update_time=ctx.now,
        name=before.name if name is None else name,
        destination_configuration=destination_configuration or before.destination_configuration,
    )
    ctx.store.logging_configurations.move_to_end(identifier)
    return configuration


@service.operation(rate=3)
def delete_logging_configuration(ctx: Context, identifier: str) -> None:
    ctx.store.logging_configurations[identifier]
    for room in ctx.store.rooms.values():
        if identifier in (room.logging_configuration_identifiers or ()):
            raise ConflictException(f"Resource: {identifier} is attached to {room.arn}", resource=identifier)
    del ctx.store.logging_configurations[identifier]


@service.operation(rate=3)
def list_logging_configurations(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.logging_configurations, max_results, next_token, newest_first=True)
    return {"logging_configurations": page.items, "next_token": page.next_token}
