"""Stream keys: the secret with which an encoder goes live on a channel."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from ._service import Context, batch_get, service

STREAM_KEYS = service.quota("Stream key", 1)

DEFAULT_PAGE = 1

FIRST_KEY_INHERITS_TAGS = True
"""True if the key that comes with a channel gets its tags. No sample shows it; IAM's condition keys suggest it."""


class StreamKey(Struct, frozen=True):
    """A stream key. `value` is what an encoder is configured with."""

    arn: str
    value: str
    channel_arn: str
    tags: dict[str, str] = {}


@service.operation(rate=5)
def create_stream_key(ctx: Context, channel_arn: str, *, tags: dict[str, str] | None = None) -> dict[str, object]:
    channel = ctx.store.channels[channel_arn]
    ctx.check_quota(STREAM_KEYS, len(channel.stream_key_arns), ctx.store.stream_keys)
    key = issue(ctx, channel_arn, tags or {})
    ctx.store.channels[channel_arn] = replace(channel, stream_key_arns=(*channel.stream_key_arns, key.arn))
    return {"stream_key": key}


@service.operation(rate=5)
def get_stream_key(ctx: Context, arn: str) -> dict[str, object]:
    return {"stream_key": ctx.store.stream_keys[arn]}


@service.operation(rate=5)
def batch_get_stream_key(ctx: Context, arns: list[str]) -> dict[str, object]:
    keys, errors = batch_get(ctx, ctx.store.stream_keys, arns)
    return {"stream_keys": keys, "errors": errors}


@service.operation(rate=5)
def delete_stream_key(ctx: Context, arn: str) -> None:
    key = ctx.store.stream_keys[arn]
    channel = ctx.store.channels[key.channel_arn]
    left = tuple(each for each in channel.stream_key_arns if each != arn)
    ctx.store.channels[channel.arn] = replace(channel, stream_key_arns=left)
    del ctx.store.stream_keys[arn]


@service.operation(rate=5)
def list_stream_keys(
    ctx: Context, channel_arn: str, *, next_token: str | None = None, max_results: int | None = None
) -> dict[str, object]:
    channel = ctx.store.channels[channel_arn]
    page = ctx.page(
        ctx.store.stream_keys,
        max_results or DEFAULT_PAGE,
        next_token,
        among=channel.stream_key_arns,
        filters=channel_arn,
    )
    ctx.hint_at_cut("list_stream_keys", page, max_results)
    return {"stream_keys": page.items, "next_token": page.next_token}


def issue(ctx: Context, channel_arn: str, tags: dict[str, str]) -> StreamKey:
    """Make a stream key for a channel. Its value repeats the key's own id, not the channel's."""
    key_id = ctx.ids.alphanumeric(12)
    arn = ctx.arn(ctx.store.stream_keys.resource_type, key_id)
    value = f"sk_{ctx.region}_{key_id}_{ctx.ids.alphanumeric(30)}"
    key = ctx.store.stream_keys[arn] = StreamKey(arn, value, channel_arn, tags)
    return key


def find(ctx: Context, value: str) -> StreamKey | None:
    """Return the key of this account and region that has a value, which names the key's id."""
    parts = value.split("_")
    key = ctx.store.stream_keys.get(ctx.arn(ctx.store.stream_keys.resource_type, parts[2])) if len(parts) > 2 else None
    return key if key and key.value == value else None


def tags_of_first_key(channel_tags: dict[str, str]) -> dict[str, str]:
    """Return the tags of the key that comes with a channel."""
    return channel_tags if FIRST_KEY_INHERITS_TAGS else {}
