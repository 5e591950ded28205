"""Stages: the places where participants meet, and how they are recorded."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, convert
from msgspec.structs import replace

from ..wire.errors import ConflictException, ResourceNotFoundException
from . import participant_tokens, participants, pipeline, presence
from ._service import Context, check_attributes, service
from .endpoints import endpoints_of

STAGES = service.quota("Stages", 1_000)

DEFAULT_PAGE = 50


class ParticipantThumbnailConfiguration(Struct, frozen=True):
    """The thumbnails of a recorded participant; there are none unless `recording_mode` is INTERVAL."""

    target_interval_seconds: int = 60
    storage: tuple[str, ...] = ("SEQUENTIAL",)
    recording_mode: str = "DISABLED"


class ParticipantRecordingHlsConfiguration(Struct, frozen=True):
    """The segments of a recorded participant."""

    target_segment_duration_seconds: int = 6


class AutoParticipantRecordingConfiguration(Struct, frozen=True):
    """How participants who publish are recorded, each by itself; not at all without a storage configuration."""

    storage_configuration_arn: str = ""
    media_types: tuple[str, ...] = ("AUDIO_VIDEO",)
    thumbnail_configuration: ParticipantThumbnailConfiguration = ParticipantThumbnailConfiguration()
    recording_reconnect_window_seconds: int = 0
    hls_configuration: ParticipantRecordingHlsConfiguration = ParticipantRecordingHlsConfiguration()
    record_participant_replicas: bool = True


class Stage(Struct, frozen=True):
    """A stage. It has an active session while somebody is there, and is not named automatically."""

    arn: str
    name: str = ""
    auto_participant_recording_configuration: AutoParticipantRecordingConfiguration = (
        AutoParticipantRecordingConfiguration()
    )
    tags: dict[str, str] = {}
    active_session_id: str | None = None

    @property
    def endpoints(self) -> dict[str, str]:
        """The addresses at which participants join and publish."""
        return endpoints_of(self.arn)


@service.operation(rate=5)
def create_stage(
    ctx: Context,
    *,
    name: str = "",
    participant_token_configurations: list[dict[str, Any]] | None = None,
    tags: dict[str, str] | None = None,
    auto_participant_recording_configuration: dict[str, Any] | None = None,
) -> dict[str, object]:
    recording = _recording(ctx, auto_participant_recording_configuration or {})
    wanted = participant_token_configurations or []
    for each in wanted:
        check_attributes(ctx, each.get("attributes"), "participant_token_configurations")
    table = ctx.store.stages
    ctx.check_quota(STAGES, len(table), table)
    arn = ctx.new_arn(table)
    stage = table[arn] = Stage(arn, name, recording, tags or {})
    return {"stage": stage, "participant_tokens": [participant_tokens.issue(ctx, arn, each) for each in wanted] or None}


@service.operation(rate=5)
def get_stage(ctx: Context, arn: str) -> dict[str, object]:
    return {"stage": ctx.store.stages[arn]}


@service.operation(rate=5)
def update_stage(
    ctx: Context,
    arn: str,
    *,
    name: str | None = None,
    auto_participant_recording_configuration: dict[str, Any] | None = None,
) -> dict[str, object]:
    before = ctx.store.stages[arn]
    recording = before.auto_participant_recording_configuration
    if auto_participant_recording_configuration is not None:
        recording = _recording(ctx, auto_participant_recording_configuration)
        present = participants.connected(ctx, before.active_session_id)
        if any(each.recording_state == "ACTIVE" for each in present):
            raise ConflictException(f"Resource: {arn} is being recorded", resource=arn)
    stage = ctx.store.stages[arn] = replace(
        before,
        name=before.name if name is None else name,
        auto_participant_recording_configuration=recording,
    )
    return {"stage": stage}


@service.operation(rate=5)
def delete_stage(ctx: Context, arn: str) -> None:
    stage = ctx.store.stages[arn]
    pipeline.fail_those_of(ctx, arn)
    for each in participants.connected(ctx, stage.active_session_id):
        presence.leave(ctx, each, presence.DELETED)
    del ctx.store.stages[arn]


@service.operation(rate=5)
def disconnect_participant(ctx: Context, stage_arn: str, participant_id: str, *, reason: str = "") -> None:
    participant = participants.find(ctx, stage_arn, ctx.store.stages[stage_arn].active_session_id, participant_id)
    if participant is None:
        raise ResourceNotFoundException(f"Resource: {participant_id} not found", resource=stage_arn)
    ctx.store.disconnected[f"{stage_arn} {participant_id}"] = ctx.now
    presence.leave(ctx, participant, presence.DISCONNECTED, reason)


@service.operation(rate=5)
def list_stages(ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE) -> dict[str, object]:
    page = ctx.page(ctx.store.stages, max_results, next_token)
    return {"stages": page.items, "next_token": page.next_token}


def _recording(ctx: Context, given: dict[str, Any]) -> AutoParticipantRecordingConfiguration:
    """Return how a stage is to be recorded; what is not given has its default, all of it without a storage."""
    arn = given.get("storage_configuration_arn")
    if not arn:
        return AutoParticipantRecordingConfiguration()
    ctx.check(
        arn in ctx.store.storage_configurations,
        "auto_participant_recording_configuration.storage_configuration_arn",
        "Member must be the ARN of a storage configuration that exists, or empty",
    )
    recording = convert(given, AutoParticipantRecordingConfiguration)
    return recording if recording.media_types else replace(recording, media_types=("AUDIO_VIDEO",))
