"""Playback restriction policies: from which countries and sites a public channel may be watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct
from msgspec.structs import replace

from ._service import Context, service
from .channels import delete_unless_attached

if TYPE_CHECKING:
    from typing_extensions import Unpack

PLAYBACK_RESTRICTION_POLICIES = service.quota("Playback restriction policies", 3)
COUNTRIES = service.quota("Playback restriction policy countries", 200)
ORIGINS = service.quota("Playback restriction policy origins", 5)

DEFAULT_PAGE = 1


class PolicySettings(TypedDict, total=False):
    """The settings that CreatePlaybackRestrictionPolicy and UpdatePlaybackRestrictionPolicy take."""

    allowed_countries: list[str]
    allowed_origins: list[str]
    enable_strict_origin_enforcement: bool
    name: str


class PlaybackRestrictionPolicy(Struct, frozen=True):
    """A policy. An empty list allows everything."""

    arn: str
    allowed_countries: list[str] = []
    allowed_origins: list[str] = []
    enable_strict_origin_enforcement: bool = False
    name: str = ""
    tags: dict[str, str] = {}


@service.operation(rate=5, settings=PolicySettings)
def create_playback_restriction_policy(
    ctx: Context, *, tags: dict[str, str] | None = None, **settings: Unpack[PolicySettings]
) -> dict[str, object]:
    _check_lists(ctx, settings)
    table = ctx.store.playback_restriction_policies
    ctx.check_quota(PLAYBACK_RESTRICTION_POLICIES, len(table), table)
    policy = PlaybackRestrictionPolicy(ctx.new_arn(table), tags=tags or {}, **settings)
    table[policy.arn] = policy
    return {"playback_restriction_policy": policy}


@service.operation(rate=5)
def get_playback_restriction_policy(ctx: Context, arn: str) -> dict[str, object]:
    return {"playback_restriction_policy": ctx.store.playback_restriction_policies[arn]}


@service.operation(rate=5, settings=PolicySettings)
def update_playback_restriction_policy(ctx: Context, arn: str, **settings: Unpack[PolicySettings]) -> dict[str, object]:
    table = ctx.store.playback_restriction_policies
    _check_lists(ctx, settings)
    policy = table[arn] = replace(table[arn], **settings)
    return {"playback_restriction_policy": policy}


@service.operation(rate=5)
def delete_playback_restriction_policy(ctx: Context, arn: str) -> None:
    delete_unless_attached(ctx, ctx.store.playback_restriction_policies, arn, "playback_restriction_policy_arn")


@service.operation(rate=5)
def list_playback_restriction_policies(
    ctx: Context, *, next_token: str | None = None, max_results: int | None = None
) -> dict[str, object]:
    page = ctx.page(ctx.store.playback_restriction_policies, max_results or DEFAULT_PAGE, next_token)
    ctx.hint_at_cut("list_playback_restriction_policies", page, max_results)
    return {"playback_restriction_policies": page.items, "next_token": page.next_token}


def _check_lists(ctx: Context, settings: PolicySettings) -> None:
    ctx.check_length("allowed_countries", settings.get("allowed_countries", ()), COUNTRIES)
    ctx.check_length("allowed_origins", settings.get("allowed_origins", ()), ORIGINS)
