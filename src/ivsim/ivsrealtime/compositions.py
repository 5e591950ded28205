"""Compositions: a stage as one picture, on its way to a channel or to a bucket."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from msgspec import Struct, convert

from ..core import arns
from ..wire.errors import ConflictException, ResourceNotFoundException
from . import pipeline
from ._service import Context, service
from .destinations import ENDED, Destination, DestinationConfiguration
from .layouts import GridConfiguration, LayoutConfiguration

COMPOSITIONS = service.quota("Compositions", 20)
COMPOSITIONS_OF_STAGE = service.quota("Compositions per stage", 5)

DEFAULT_PAGE = 100

CompositionState: TypeAlias = Literal["STARTING", "ACTIVE", "STOPPING", "FAILED", "STOPPED"]


class Composition(Struct, frozen=True):
    """A composition. It is gone some minutes after its end."""

    arn: str
    stage_arn: str
    layout: LayoutConfiguration
    destinations: tuple[Destination, ...]
    start_time: datetime
    requested: dict[str, Any]
    state: CompositionState = "STARTING"
    end_time: datetime | None = None
    alone_since: datetime | None = None
    """The time since which nobody publishes."""
    ends_as: Literal["STOPPED", "FAILED"] = "STOPPED"
    """The state that it will have when its destinations have ended."""
    tags: dict[str, str] = {}

    @property
    def used(self) -> set[str]:
        """The ARNs of the configurations that it is made with."""
        return {arn for destination in self.destinations for arn in destination.configuration.used}


@service.operation(rate=5)
def start_composition(
    ctx: Context,
    stage_arn: str,
    destinations: list[dict[str, Any]],
    *,
    idempotency_token: str = "",
    layout: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> dict[str, object]:
    requested = {
        "idempotency_token": idempotency_token,
        "stage_arn": stage_arn,
        "destinations": destinations,
        "layout": layout,
        "tags": tags,
    }
    before = _started_with(ctx, idempotency_token)
    if before is not None:
        if before.requested != requested:
            text = f"The idempotency token {idempotency_token} was used with other parameters"
            raise ConflictException(text, resource=before.arn)
        return {"composition": before}
    ctx.store.stages[stage_arn]
    shape = _layout(ctx, layout or {})
    configurations = convert(destinations, list[DestinationConfiguration])
    _check_destinations(ctx, configurations)
    table = ctx.store.compositions
    running = [each for each in table.values() if each.state not in ENDED]
    ctx.check_quota(COMPOSITIONS, len(running), table)
    ctx.check_quota(COMPOSITIONS_OF_STAGE, sum(each.stage_arn == stage_arn for each in running), table)
    arn = ctx.new_arn(table)
    composition = table[arn] = Composition(
        arn,
        stage_arn,
        shape,
        tuple(_destination(ctx, arn, stage_arn, each) for each in configurations),
        ctx.now,
        requested,
        tags=tags or {},
    )
    pipeline.start(ctx, arn)
    return {"composition": composition}


@service.operation(rate=5)
def get_composition(ctx: Context, arn: str) -> dict[str, object]:
    return {"composition": ctx.store.compositions[arn]}


@service.operation(rate=5)
def stop_composition(ctx: Context, arn: str) -> None:
    pipeline.stop(ctx, arn)


@service.operation(rate=5)
def list_compositions(
    ctx: Context,
    *,
    filter_by_stage_arn: str | None = None,
    filter_by_encoder_configuration_arn: str | None = None,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    def is_wanted(composition: Composition) -> bool:
        return filter_by_stage_arn in (None, composition.stage_arn) and (
            filter_by_encoder_configuration_arn is None or filter_by_encoder_configuration_arn in composition.used
        )

    filters = (filter_by_stage_arn, filter_by_encoder_configuration_arn)
    page = ctx.page(ctx.store.compositions, max_results, next_token, where=is_wanted, filters=filters)
    return {"compositions": page.items, "next_token": page.next_token}


def _started_with(ctx: Context, idempotency_token: str) -> Composition | None:
    given = idempotency_token
    same = (each for each in ctx.store.compositions.values() if given and each.requested["idempotency_token"] == given)
    return next(same, None)


def _layout(ctx: Context, given: dict[str, Any]) -> LayoutConfiguration:
    layout = convert(given, LayoutConfiguration)
    ctx.check(layout.grid is None or layout.pip is None, "layout", "Member must have one of grid and pip alone")
    return layout if layout.grid or layout.pip else LayoutConfiguration(grid=GridConfiguration())


def _check_destinations(ctx: Context, given: list[DestinationConfiguration]) -> None:
    """Refuse destinations that are of no kind or two, that are of one kind, and what they refer to and is not there."""
    for each in given:
        ctx.check(bool(each.channel) != bool(each.s3), "destinations", "Member must have one of channel and s3 each")
    channels, storages = ([each for each in given if getattr(each, kind)] for kind in ("channel", "s3"))
    small = max(len(channels), len(storages)) <= 1
    ctx.check(small, "destinations", "Member must have at most one channel and at most one s3")
    for each in channels:
        arn = arns.parse(each.channel.channel_arn) if each.channel else None
        here = arn is not None and (arn.account, arn.region) == (ctx.account, ctx.region)
        ctx.check(here, "destinations", "Member must have a channel of the stage's account and region")
        if each.channel and ctx.strict and not ctx.broadcaster.has_channel(each.channel.channel_arn):
            missing = each.channel.channel_arn
            raise ResourceNotFoundException(f"Resource: {missing} not found", resource=missing)
    for each in given:
        for arn_used in each.used:
            is_storage = each.s3 and arn_used == each.s3.storage_configuration_arn
            ctx.check_exists(
                ctx.store.storage_configurations if is_storage else ctx.store.encoder_configurations, arn_used
            )


def _destination(ctx: Context, arn: str, stage_arn: str, configuration: DestinationConfiguration) -> Destination:
    destination_id = ctx.ids.alphanumeric(12)
    stage_id, composition_id = (each.rpartition("/")[2] for each in (stage_arn, arn))
    prefix = f"{stage_id}/{composition_id}/{destination_id}/composite" if configuration.s3 else None
    return Destination(destination_id, configuration, recording_prefix=prefix)
