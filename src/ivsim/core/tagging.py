"""The three tag operations, which every service has alike."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from ..wire.errors import ResourceNotFoundException
from . import arns
from .service import Context, Service
from .stores import Table

_RATE = 10
MOST_TAGS = 50
"""The most tags that a resource can have; the model limits only those of one request."""


def add_tag_operations(service: Service[Any]) -> None:
    """Give a service TagResource, UntagResource and ListTagsForResource, over all its tables."""

    @service.operation(rate=_RATE)
    def tag_resource(ctx: Context[Any], resource_arn: str, tags: dict[str, str]) -> None:
        table, resource = _find(ctx, resource_arn)
        merged = {**resource.tags, **tags}
        ctx.check(len(merged) <= MOST_TAGS, "tags", f"Member must leave the resource with at most {MOST_TAGS} tags")
        table[resource_arn] = replace(resource, tags=merged)

    @service.operation(rate=_RATE)
    def untag_resource(ctx: Context[Any], resource_arn: str, tag_keys: list[str]) -> None:
        table, resource = _find(ctx, resource_arn)
        left = {key: value for key, value in resource.tags.items() if key not in tag_keys}
        table[resource_arn] = replace(resource, tags=left)

    @service.operation(rate=_RATE)
    def list_tags_for_resource(ctx: Context[Any], resource_arn: str) -> dict[str, Any]:
        return {"tags": _find(ctx, resource_arn)[1].tags}


def _find(ctx: Context[Any], arn: str) -> tuple[Table[Any], Any]:
    """Return a resource and the table it is in, by the resource type in its ARN."""
    parsed = arns.parse(arn)
    table = ctx.store.tables.get(parsed.resource_type) if parsed else None
    if table is None:
        raise ResourceNotFoundException(f"Resource: {arn} not found", resource=arn)
    return table, table[arn]
