"""Logging configurations: where the messages of rooms are logged."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ..wire.errors import ConflictException
from ._service import Context, service

LOGGING_CONFIGURATIONS = service.quota("Logging configurations", 10)

LoggingConfigurationState: TypeAlias = Literal[
    "CREATING", "ACTIVE", "CREATE_FAILED", "UPDATING", "UPDATE_FAILED", "DELETING", "DELETE_FAILED"
]

_ABOUT = ("arn", "name")
CREATION = service.incident("LoggingConfigurationCreation", "CREATE_FAILED", about=_ABOUT)
UPDATE = service.incident("LoggingConfigurationUpdate", "UPDATE_FAILED", about=_ABOUT)
DELETION = service.incident("LoggingConfigurationDeletion", "DELETE_FAILED", about=_ABOUT)
"""The incidents of a logging configuration. Each change is done with the call, unless a test delays or fails it."""

DEFAULT_PAGE = 50


class LoggingConfiguration(Struct, frozen=True):
    """A logging configuration. Rooms log to it while it is ACTIVE."""

    arn: str
    id: str
    create_time: datetime
    update_time: datetime
    destination_configuration: dict[str, Any]
    name: str | None = None
    state: LoggingConfigurationState = "CREATING"
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
    ctx.settle(table, arn, 0, "ACTIVE", incident=CREATION)
    return replace(configuration, state="ACTIVE")  # the answer knows no other, whatever becomes of it


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
    table = ctx.store.logging_configurations
    before = table[identifier]
    _check_state(before, "ACTIVE", "UPDATE_FAILED")
    changes = {
        "name": before.name if name is None else name,
        "destination_configuration": destination_configuration or before.destination_configuration,
    }
    updated = table.become(identifier, "UPDATING", update_time=ctx.now)
    table.move_to_end(identifier)
    ctx.settle(table, identifier, 0, "ACTIVE", incident=UPDATE, **changes)
    return replace(updated, state="ACTIVE", **changes)  # as with a new one


@service.operation(rate=3)
def delete_logging_configuration(ctx: Context, identifier: str) -> None:
    table = ctx.store.logging_configurations
    _check_state(table[identifier], "ACTIVE", "CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED")
    for room in ctx.store.rooms.values():
        if identifier in (room.logging_configuration_identifiers or ()):
            raise ConflictException(f"Resource: {identifier} is attached to {room.arn}", resource=identifier)
    table.become(identifier, "DELETING")
    ctx.soon(0, _delete, identifier, incident=DELETION)


@service.task
def _delete(ctx: Context, arn: str) -> None:
    table = ctx.store.logging_configurations
    configuration = table[arn]
    if ctx.strike(DELETION, arn=arn, name=configuration.name or ""):
        table.become(arn, "DELETE_FAILED")
    else:
        del table[arn]


def _check_state(configuration: LoggingConfiguration, *states: LoggingConfigurationState) -> None:
    """Refuse a request for a configuration that is in none of these states."""
    if configuration.state not in states:
        raise ConflictException(f"Resource: {configuration.arn} is {configuration.state}", resource=configuration.arn)


@service.operation(rate=3)
def list_logging_configurations(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.logging_configurations, max_results, next_token, newest_first=True)
    return {"logging_configurations": page.items, "next_token": page.next_token}
