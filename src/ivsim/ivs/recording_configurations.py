"""Recording configurations: how and where a channel's broadcasts are recorded to S3."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from ._service import Context, service
from .channels import delete_unless_attached

RECORDING_CONFIGURATIONS = service.quota("Recording configurations", 20)

RecordingConfigurationState: TypeAlias = Literal["CREATING", "ACTIVE", "CREATE_FAILED"]

CREATION = service.incident("RecordingConfigurationCreation", "CREATE_FAILED", about=("arn", "name"))
"""AWS sets a configuration up after it has answered, and fails at a bucket that it may not write to, or elsewhere."""

DEFAULT_PAGE = 100

SECONDS_TO_ACTIVE = 5.0
"""The duration of CREATING when transitions are realistic: "typically a few seconds"."""


class ThumbnailConfiguration(Struct, frozen=True):
    """The thumbnails of a recording. Without a resolution they have the source's."""

    recording_mode: str = "INTERVAL"
    target_interval_seconds: int | None = 60
    resolution: str | None = None
    storage: tuple[str, ...] = ("SEQUENTIAL",)


class RenditionConfiguration(Struct, frozen=True):
    """The renditions to record; `renditions` counts when the selection is CUSTOM."""

    rendition_selection: str = "ALL"
    renditions: tuple[str, ...] = ()


class RecordingConfiguration(Struct, frozen=True):
    """A recording configuration. There is no operation to change one."""

    arn: str
    destination_configuration: dict[str, Any]
    name: str = ""
    state: RecordingConfigurationState = "CREATING"
    thumbnail_configuration: ThumbnailConfiguration = ThumbnailConfiguration()
    recording_reconnect_window_seconds: int = 0
    rendition_configuration: RenditionConfiguration = RenditionConfiguration()
    tags: dict[str, str] = {}


@service.operation(rate=3)
def create_recording_configuration(
    ctx: Context,
    destination_configuration: dict[str, Any],
    *,
    name: str = "",
    thumbnail_configuration: dict[str, Any] | None = None,
    recording_reconnect_window_seconds: int = 0,
    rendition_configuration: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> dict[str, object]:
    ctx.check(destination_configuration, "destination_configuration", "Member must have exactly one destination")
    thumbnails = _thumbnails(ctx, thumbnail_configuration or {})
    renditions = RenditionConfiguration(**(rendition_configuration or {}))
    ctx.check(
        renditions.rendition_selection != "CUSTOM" or renditions.renditions,
        "rendition_configuration.renditions",
        "Member must not be empty when renditionSelection is CUSTOM",
    )
    table = ctx.store.recording_configurations
    ctx.check_quota(RECORDING_CONFIGURATIONS, len(table), table)
    configuration = RecordingConfiguration(
        arn=ctx.new_arn(table),
        destination_configuration=destination_configuration,
        name=name,
        thumbnail_configuration=thumbnails,
        recording_reconnect_window_seconds=recording_reconnect_window_seconds,
        rendition_configuration=renditions,
        tags=tags or {},
    )
    table[configuration.arn] = configuration
    ctx.settle(table, configuration.arn, SECONDS_TO_ACTIVE, "ACTIVE", incident=CREATION)
    return {"recording_configuration": configuration}


@service.operation(rate=3)
def get_recording_configuration(ctx: Context, arn: str) -> dict[str, object]:
    return {"recording_configuration": ctx.store.recording_configurations[arn]}


@service.operation(rate=3)
def delete_recording_configuration(ctx: Context, arn: str) -> None:
    delete_unless_attached(ctx, ctx.store.recording_configurations, arn, "recording_configuration_arn")


@service.operation(rate=3)
def list_recording_configurations(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.recording_configurations, max_results, next_token)
    return {"recording_configurations": page.items, "next_token": page.next_token}


def _thumbnails(ctx: Context, given: dict[str, Any]) -> ThumbnailConfiguration:
    thumbnails = ThumbnailConfiguration(**given)
    if thumbnails.recording_mode != "DISABLED":
        return thumbnails
    ctx.check(
        "target_interval_seconds" not in given,
        "thumbnail_configuration.target_interval_seconds",
        "Member must be absent when recordingMode is DISABLED",
    )
    return replace(thumbnails, target_interval_seconds=None)
