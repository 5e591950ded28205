"""Channels: the configuration of a broadcast, and the URL that viewers' players load."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from msgspec import Struct
from msgspec.structs import replace

from ..core import arns
from ..core.stores import Table
from ..wire.errors import ConflictException
from . import stream_keys
from ._service import Context, batch_get, service

if TYPE_CHECKING:
    from typing_extensions import Unpack

CHANNELS = service.quota("Channels", 5_000)

DEFAULT_PAGE = 100

ADVANCED = ("ADVANCED_SD", "ADVANCED_HD")


class ChannelSettings(TypedDict, total=False):
    """The settings that CreateChannel and UpdateChannel take."""

    name: str
    latency_mode: str
    type: str
    authorized: bool
    recording_configuration_arn: str
    insecure_ingest: bool
    preset: str
    playback_restriction_policy_arn: str
    multitrack_input_configuration: dict[str, Any]
    container_format: str
    ad_configuration_arn: str
    failover_slate_configuration_arn: str


class MultitrackInputConfiguration(Struct, frozen=True):
    """The permission for an encoder to send several renditions itself. The defaults are shown if nobody set any."""

    enabled: bool = False
    policy: str = "ALLOW"
    maximum_resolution: str = "FULL_HD"


class Channel(Struct, frozen=True):
    """A channel. Field defaults are the service's; an empty ARN stands for nothing attached."""

    arn: str
    srt_passphrase: str
    name: str = ""
    latency_mode: str = "LOW"
    type: str = "STANDARD"
    authorized: bool = False
    recording_configuration_arn: str = ""
    insecure_ingest: bool = False
    preset: str = ""
    playback_restriction_policy_arn: str = ""
    multitrack_input_configuration: MultitrackInputConfiguration = MultitrackInputConfiguration()
    container_format: str = "TS"
    ad_configuration_arn: str = ""
    failover_slate_configuration_arn: str = ""
    tags: dict[str, str] = {}
    stream_key_arns: tuple[str, ...] = ()

    @property
    def ingest_endpoint(self) -> str:
        """The host encoders connect to, by RTMPS or RTMP."""
        return f"{hosts_of(self.arn).host_id}.global-contribute.live-video.net"

    @property
    def playback_url(self) -> str:
        """The URL of the multivariant playlist."""
        return f"{hosts_of(self.arn).playback_prefix}{self.arn.rpartition('/')[2]}.m3u8"

    @property
    def srt(self) -> dict[str, str]:
        """The endpoint and the passphrase with which encoders connect by SRT."""
        return {"endpoint": f"{hosts_of(self.arn).host_id}.srt.live-video.net", "passphrase": self.srt_passphrase}


_BLANK = Channel(arn="", srt_passphrase="")


@service.operation(rate=5, settings=ChannelSettings)
def create_channel(
    ctx: Context, *, tags: dict[str, str] | None = None, **settings: Unpack[ChannelSettings]
) -> dict[str, object]:
    changes = _changes(ctx, _BLANK, settings)
    ctx.check_quota(CHANNELS, len(ctx.store.channels), ctx.store.channels)
    arn = ctx.new_arn(ctx.store.channels)
    key = stream_keys.issue(ctx, arn, stream_keys.tags_of_first_key(tags or {}))
    channel = Channel(
        arn=arn,
        srt_passphrase=ctx.ids.alphanumeric(69),
        tags=tags or {},
        stream_key_arns=(key.arn,),
        **changes,
    )
    ctx.store.channels[arn] = channel
    return {"channel": channel, "stream_key": key}


@service.operation(rate=5)
def get_channel(ctx: Context, arn: str) -> dict[str, object]:
    return {"channel": ctx.store.channels[arn]}


@service.operation(rate=5)
def batch_get_channel(ctx: Context, arns: list[str]) -> dict[str, object]:
    channels, errors = batch_get(ctx, ctx.store.channels, arns)
    return {"channels": channels, "errors": errors}


@service.operation(rate=5, settings=ChannelSettings)
def update_channel(ctx: Context, arn: str, **settings: Unpack[ChannelSettings]) -> dict[str, object]:
    before = ctx.store.channels[arn]
    _refuse_if_live(ctx, arn, "updated")
    channel = ctx.store.channels[arn] = replace(before, **_changes(ctx, before, settings))
    return {"channel": channel}


@service.operation(rate=5)
def delete_channel(ctx: Context, arn: str) -> None:
    channel = ctx.store.channels[arn]
    _refuse_if_live(ctx, arn, "deleted")
    for key_arn in channel.stream_key_arns:
        del ctx.store.stream_keys[key_arn]
    del ctx.store.channels[arn]


@service.operation(rate=5)
def list_channels(
    ctx: Context,
    *,
    filter_by_name: str | None = None,
    filter_by_recording_configuration_arn: str | None = None,
    filter_by_playback_restriction_policy_arn: str | None = None,
    filter_by_ad_configuration_arn: str | None = None,
    filter_by_failover_slate_configuration_arn: str | None = None,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    wanted = {
        "name": filter_by_name,
        "recording_configuration_arn": filter_by_recording_configuration_arn,
        "playback_restriction_policy_arn": filter_by_playback_restriction_policy_arn,
        "ad_configuration_arn": filter_by_ad_configuration_arn,
        "failover_slate_configuration_arn": filter_by_failover_slate_configuration_arn,
    }
    filters = [(attribute, value) for attribute, value in wanted.items() if value]  # an empty filter filters nothing
    if len(filters) > 1:
        raise ConflictException("Filters are mutually exclusive; give one")
    where = (lambda channel: getattr(channel, filters[0][0]) == filters[0][1]) if filters else None
    page = ctx.page(ctx.store.channels, max_results, next_token, where=where, filters=tuple(filters))
    return {"channels": page.items, "next_token": page.next_token}


def delete_unless_attached(ctx: Context, table: Table[Any], arn: str, member: str) -> None:
    """Delete a configuration or policy; raise ConflictException while a channel's `member` refers to it."""
    table[arn]
    holder = next((channel for channel in ctx.store.channels.values() if getattr(channel, member) == arn), None)
    if holder is not None:
        raise ConflictException(f"Resource: {arn} is attached to {holder.arn}", resource=arn)
    del table[arn]


def _changes(ctx: Context, before: Channel, settings: ChannelSettings) -> dict[str, Any]:
    """Return the changes that configure a channel; refuse those that the service would refuse."""
    store = ctx.store
    for member, table in (
        ("recording_configuration_arn", store.recording_configurations),
        ("playback_restriction_policy_arn", store.playback_restriction_policies),
        ("ad_configuration_arn", store.ad_configurations),
        ("failover_slate_configuration_arn", store.failover_slate_configurations),
    ):
        if settings.get(member):
            ctx.check_exists(table, settings[member])  # type: ignore[literal-required]
    changes: dict[str, Any] = dict(settings)
    kind = settings.get("type", before.type)
    container = settings.get("container_format", before.container_format)
    if kind in ADVANCED:
        changes["preset"] = settings.get("preset") or before.preset or "HIGHER_BANDWIDTH_DELIVERY"
    else:
        ctx.check(
            not settings.get("preset"),
            "preset",
            "Member must be empty unless type is ADVANCED_SD or ADVANCED_HD",
        )
        changes["preset"] = settings.get("preset", "")
    given = settings.get("multitrack_input_configuration")
    multitrack = before.multitrack_input_configuration
    if given is not None:
        multitrack = changes["multitrack_input_configuration"] = replace(multitrack, **given)
    if multitrack.enabled:
        member = "multitrack_input_configuration"
        complete = (
            given is None
            or before.multitrack_input_configuration.enabled
            or {"policy", "maximum_resolution"} <= given.keys()
        )
        ctx.check(complete, member, "Member must have policy and maximumResolution when it is enabled")
        ctx.check(kind == "STANDARD", member, "Member must not be enabled unless type is STANDARD")
        ctx.check(
            container == "FRAGMENTED_MP4",
            member,
            "Member must not be enabled unless containerFormat is FRAGMENTED_MP4",
        )
    ads = settings.get("ad_configuration_arn", before.ad_configuration_arn)
    ctx.check(
        not ads or container == "TS",
        "ad_configuration_arn",
        "Member must be empty unless containerFormat is TS",
    )
    return changes


def _refuse_if_live(ctx: Context, arn: str, done: str) -> None:
    if arn in ctx.store.connected:
        raise ConflictException(f"Channel: {arn} is live and cannot be {done}", resource=arn)


class Hosts(NamedTuple):
    """The hosts at which the channels of an account and region are reached, the same for all of them."""

    host_id: str
    playback_prefix: str


def hosts_of(arn: str) -> Hosts:
    """Return the hosts at which a channel is reached, by its ARN."""
    return _hosts(arn.partition("/")[0])


@lru_cache(maxsize=1024)
def _hosts(arn_prefix: str) -> Hosts:
    _, _, _, region, account, _ = arn_prefix.split(":")
    host_id = arns.host_id(account, region)
    prefix = f"https://{host_id}.{region}.playback.live-video.net/api/video/v1/{region}.{account}.channel."
    return Hosts(host_id, prefix)


def media_suffix(container_format: str) -> str:
    """Return the suffix of a channel's media files: that of fragmented MP4, or that of transport streams."""
    return "mp4" if container_format == "FRAGMENTED_MP4" else "ts"
