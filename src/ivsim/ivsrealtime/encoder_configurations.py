"""Encoder configurations: how a composition's picture is encoded."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, convert

from ._service import Context, service
from .destinations import Video, delete_unless_used

ENCODER_CONFIGURATIONS = service.quota("EncoderConfigurations", 20)

DEFAULT_PAGE = 100

MOST_PIXELS = 2_073_600
"""The most pixels of a picture: 1920 by 1080, or the other way round."""


class EncoderConfiguration(Struct, frozen=True):
    """An encoder configuration. There is no operation to change one."""

    arn: str
    name: str = ""
    video: Video = Video()
    tags: dict[str, str] = {}


@service.operation(rate=5)
def create_encoder_configuration(
    ctx: Context, *, name: str = "", video: dict[str, Any] | None = None, tags: dict[str, str] | None = None
) -> dict[str, object]:
    picture = convert(video or {}, Video)
    for side in ("width", "height"):
        ctx.check(getattr(picture, side) % 2 == 0, f"video.{side}", "Member must be even")
    small = picture.width * picture.height <= MOST_PIXELS
    ctx.check(small, "video", f"Member must have width times height less than or equal to {MOST_PIXELS}")
    table = ctx.store.encoder_configurations
    ctx.check_quota(ENCODER_CONFIGURATIONS, len(table), table)
    configuration = EncoderConfiguration(ctx.new_arn(table), name, picture, tags or {})
    table[configuration.arn] = configuration
    return {"encoder_configuration": configuration}


@service.operation(rate=5)
def get_encoder_configuration(ctx: Context, arn: str) -> dict[str, object]:
    return {"encoder_configuration": ctx.store.encoder_configurations[arn]}


@service.operation(rate=5)
def delete_encoder_configuration(ctx: Context, arn: str) -> None:
    delete_unless_used(ctx, ctx.store.encoder_configurations, arn)


@service.operation(rate=5)
def list_encoder_configurations(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.encoder_configurations, max_results, next_token)
    return {"encoder_configurations": page.items, "next_token": page.next_token}
