"""Ad configurations: which MediaTailor configurations fill a channel's ad breaks."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ._service import Context, service
from .channels import delete_unless_attached

AD_CONFIGURATIONS = service.quota("Ad configurations", 20)

DEFAULT_PAGE = 100


class PostRollConfiguration(Struct, frozen=True):
    """The ads after the end of a stream, and their duration in seconds."""

    enabled: bool = False
    duration_seconds: int = 15


class AdConfiguration(Struct, frozen=True):
    """An ad configuration; the first MediaTailor configuration is the default one."""

    arn: str
    media_tailor_playback_configurations: list[dict[str, str]]
    name: str = ""
    post_roll_configuration: PostRollConfiguration = PostRollConfiguration()
    tags: dict[str, str] = {}


@service.operation(rate=3)
def create_ad_configuration(
    ctx: Context,
    media_tailor_playback_configurations: list[dict[str, str]],
    *,
    name: str = "",
    post_roll_configuration: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> dict[str, object]:
    table = ctx.store.ad_configurations
    ctx.check_quota(AD_CONFIGURATIONS, len(table), table)
    post_roll = PostRollConfiguration(**(post_roll_configuration or {}))
    configuration = AdConfiguration(
        ctx.new_arn(table), media_tailor_playback_configurations, name, post_roll, tags or {}
    )
    table[configuration.arn] = configuration
    return {"ad_configuration": configuration}


@service.operation(rate=3)
def get_ad_configuration(ctx: Context, arn: str) -> dict[str, object]:
    return {"ad_configuration": ctx.store.ad_configurations[arn]}


@service.operation(rate=3)
def update_ad_configuration(
    ctx: Context,
    arn: str,
    *,
    media_tailor_playback_configurations: list[dict[str, str]] | None = None,
    name: str | None = None,
    post_roll_configuration: dict[str, Any] | None = None,
) -> dict[str, object]:
    before = ctx.store.ad_configurations[arn]
    configuration = ctx.store.ad_configurations[arn] = replace(
        before,
        media_tailor_playback_configurations=(
            media_tailor_playback_configurations or before.media_tailor_playback_configurations
        ),
        name=before.name if name is None else name,
        post_roll_configuration=replace(before.post_roll_configuration, **(post_roll_configuration or {})),
    )
    return {"ad_configuration": configuration}


@service.operation(rate=3)
def delete_ad_configuration(ctx: Context, arn: str) -> None:
    delete_unless_attached(ctx, ctx.store.ad_configurations, arn, "ad_configuration_arn")


@service.operation(rate=3)
def list_ad_configurations(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.ad_configurations, max_results, next_token)
    return {"ad_configurations": page.items, "next_token": page.next_token}
