"""Failover slate configurations: what viewers see while a broadcast's ingest is interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

from msgspec import Struct

from ..wire.errors import ConflictException
from ._service import Context, service
from .channels import delete_unless_attached

if TYPE_CHECKING:
    from typing_extensions import Unpack

FAILOVER_SLATE_CONFIGURATIONS = service.quota("Failover slate configurations", 20)

FailoverSlateConfigurationState: TypeAlias = Literal["CREATING", "CREATED", "UPDATING", "CREATE_FAILED"]

CREATION = service.incident("FailoverSlateConfigurationCreation", "CREATE_FAILED", about=("arn", "name"))

DEFAULT_PAGE = 100

SECONDS_TO_CREATED = 5.0
"""The duration of CREATING and UPDATING when transitions are realistic; taken from recording configurations."""


class FailoverSlateSettings(TypedDict, total=False):
    """The settings that CreateFailoverSlateConfiguration and UpdateFailoverSlateConfiguration take."""

    name: str
    activation_threshold_seconds: int
    min_slate_display_seconds: int
    max_slate_display_seconds: int


class FailoverSlateConfiguration(Struct, frozen=True):
    """A failover slate configuration. There is no user-guide page yet; the rules are the model's."""

    arn: str
    name: str = ""
    activation_threshold_seconds: int = 3
    min_slate_display_seconds: int = 3
    max_slate_display_seconds: int = 60
    state: FailoverSlateConfigurationState = "CREATING"
    tags: dict[str, str] = {}


@service.operation(rate=3, settings=FailoverSlateSettings)
def create_failover_slate_configuration(
    ctx: Context, *, tags: dict[str, str] | None = None, **settings: Unpack[FailoverSlateSettings]
) -> dict[str, object]:
    table = ctx.store.failover_slate_configurations
    ctx.check_quota(FAILOVER_SLATE_CONFIGURATIONS, len(table), table)
    configuration = FailoverSlateConfiguration(ctx.new_arn(table), tags=tags or {}, **settings)
    table[configuration.arn] = configuration
    ctx.settle(table, configuration.arn, SECONDS_TO_CREATED, "CREATED", incident=CREATION)
    return {"failover_slate_configuration": configuration}


@service.operation(rate=3)
def get_failover_slate_configuration(ctx: Context, arn: str) -> dict[str, object]:
    return {"failover_slate_configuration": ctx.store.failover_slate_configurations[arn]}


@service.operation(rate=3, settings=FailoverSlateSettings)
def update_failover_slate_configuration(
    ctx: Context, arn: str, **settings: Unpack[FailoverSlateSettings]
) -> dict[str, object]:
    table = ctx.store.failover_slate_configurations
    before = table[arn]
    if before.state != "CREATED":
        raise ConflictException(f"Resource: {arn} is {before.state}", resource=arn)
    configuration = table.become(arn, "UPDATING", **settings)
    ctx.settle(table, arn, SECONDS_TO_CREATED, "CREATED")
    return {"failover_slate_configuration": configuration}


@service.operation(rate=3)
def delete_failover_slate_configuration(ctx: Context, arn: str) -> None:
    delete_unless_attached(ctx, ctx.store.failover_slate_configurations, arn, "failover_slate_configuration_arn")


@service.operation(rate=3)
def list_failover_slate_configurations(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.failover_slate_configurations, max_results, next_token)
    return {"failover_slate_configurations": page.items, "next_token": page.next_token}
