"""Ingest configurations: how an encoder publishes to a stage, by RTMP or RTMPS, as a participant of its own."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..wire.errors import ConflictException
from . import participants, presence
from ._service import Context, check_attributes, service

INGEST_CONFIGURATIONS = service.quota("IngestConfigurations", 100)

DEFAULT_PAGE = 50

REDUNDANT = 2
"""The number of encoders that redundant ingest has credentials for; AWS's is not known."""


class RedundantIngestCredential(Struct, frozen=True):
    """What one of several encoders publishes with."""

    participant_id: str
    stream_key: str


class IngestConfiguration(Struct, frozen=True):
    """An ingest configuration, ACTIVE while an encoder publishes with it. An empty ARN stands for no stage."""

    arn: str
    ingest_protocol: str
    stream_key: str
    participant_id: str
    name: str = ""
    stage_arn: str = ""
    state: str = "INACTIVE"
    user_id: str = ""
    attributes: dict[str, str] | None = None
    redundant_ingest: bool | None = None
    redundant_ingest_credentials: tuple[RedundantIngestCredential, ...] | None = None
    tags: dict[str, str] = {}

    @property
    def participant_ids(self) -> dict[str, str]:
        """The ids of the participants as whom encoders publish, by stream key; more than one for redundant ingest."""
        more = {each.stream_key: each.participant_id for each in self.redundant_ingest_credentials or ()}
        return {self.stream_key: self.participant_id, **more}


@service.operation(rate=5)
def create_ingest_configuration(
    ctx: Context,
    ingest_protocol: str,
    *,
    name: str = "",
    stage_arn: str = "",
    user_id: str = "",
    attributes: dict[str, str] | None = None,
    insecure_ingest: bool = False,
    redundant_ingest: bool | None = None,
    tags: dict[str, str] | None = None,
) -> dict[str, object]:
    ctx.check(
        ingest_protocol != "RTMP" or insecure_ingest,
        "insecure_ingest",
        "Member must be true when ingestProtocol is RTMP",
    )
    ctx.check(
        not stage_arn or stage_arn in ctx.store.stages, "stage_arn", "Member must be the ARN of a stage, or empty"
    )
    check_attributes(ctx, attributes, "attributes")
    table = ctx.store.ingest_configurations
    ctx.check_quota(INGEST_CONFIGURATIONS, len(table), table)
    arn = ctx.new_arn(table)
    credential = _credential(ctx, arn)
    configuration = table[arn] = IngestConfiguration(
        arn,
        ingest_protocol,
        credential.stream_key,
        credential.participant_id,
        name=name,
        stage_arn=stage_arn,
        user_id=user_id,
        attributes=attributes,
        tags=tags or {},
        **_redundancy(ctx, arn, redundant_ingest),
    )
    return {"ingest_configuration": configuration}


@service.operation(rate=5)
def get_ingest_configuration(ctx: Context, arn: str) -> dict[str, object]:
    return {"ingest_configuration": ctx.store.ingest_configurations[arn]}


@service.operation(rate=5)
def update_ingest_configuration(
    ctx: Context, arn: str, *, stage_arn: str | None = None, redundant_ingest: bool | None = None
) -> dict[str, object]:
    before = ctx.store.ingest_configurations[arn]
    if stage_arn:
        ctx.check_exists(ctx.store.stages, stage_arn)
    _refuse_if_active(before, "updated")
    changes: dict[str, Any] = {}
    if stage_arn is not None:
        changes["stage_arn"] = stage_arn
    if redundant_ingest is not None and redundant_ingest != before.redundant_ingest:
        changes |= _redundancy(ctx, arn, redundant_ingest)
    configuration = ctx.store.ingest_configurations[arn] = replace(before, **changes)
    return {"ingest_configuration": configuration}


@service.operation(rate=5)
def delete_ingest_configuration(ctx: Context, arn: str, *, force: bool = False) -> None:
    configuration = ctx.store.ingest_configurations[arn]
    if not force:
        _refuse_if_active(configuration, "deleted")
    stage = ctx.store.stages.get(configuration.stage_arn)
    for each in participants.connected(ctx, stage.active_session_id) if stage else ():
        if each.ingest_configuration_arn == arn:
            presence.leave(ctx, each, presence.DISCONNECTED)
    del ctx.store.ingest_configurations[arn]


@service.operation(rate=5)
def list_ingest_configurations(
    ctx: Context,
    *,
    filter_by_stage_arn: str | None = None,
    filter_by_state: str | None = None,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    both = filter_by_stage_arn is not None and filter_by_state is not None
    ctx.check(not both, "filter_by_state", "Member must be absent when filterByStageArn is given")

    def is_wanted(configuration: IngestConfiguration) -> bool:
        return filter_by_stage_arn in (None, configuration.stage_arn) and filter_by_state in (None, configuration.state)

    filters = (filter_by_stage_arn, filter_by_state)
    page = ctx.page(ctx.store.ingest_configurations, max_results, next_token, where=is_wanted, filters=filters)
    return {"ingest_configurations": page.items, "next_token": page.next_token}


def _refuse_if_active(configuration: IngestConfiguration, done: str) -> None:
    arn = configuration.arn
    if configuration.state == "ACTIVE":
        raise ConflictException(f"Resource: {arn} is ACTIVE and cannot be {done}", resource=arn)


def _credential(ctx: Context, arn: str) -> RedundantIngestCredential:
    key_id = f"{ctx.account}_{ctx.region}_{arn.rpartition('/')[2]}"
    return RedundantIngestCredential(ctx.ids.alphanumeric(12), f"rt_{key_id}_{ctx.ids.alphanumeric(30)}")


def _redundancy(ctx: Context, arn: str, redundant: bool | None) -> dict[str, Any]:
    """Return the members of a configuration that several encoders publish with, or one again."""
    credentials = tuple(_credential(ctx, arn) for _ in range(REDUNDANT)) if redundant else None
    return {"redundant_ingest": redundant, "redundant_ingest_credentials": credentials}
