"""The three tag operations, which every service has alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..wire.errors import ResourceNotFoundException
from .service import Context, Service
from .stores import Table

_RATE = 10
MOST_TAGS = 50
"""Tags a resource can have; the model limits only what one request brings."""


def add_tag_operations(service: Service[Any]) -> None:
    """Give a service TagResource, UntagResource and ListTagsForResource, over all its tables."""

    @service.operation(rate=_RATE)
    def tag_resource(ctx: Context[Any], resource_arn: str, tags: dict[str, str]) -> None:
        table = _table_of(ctx, resource_arn)
        merged = {**table[resource_arn].tags, **tags}
        ctx.check(len(merged) <= MOST_TAGS, "tags", f"Member must leave the resource with at most {MOST_TAGS} tags")
        table[resource_arn] = replace(table[resource_arn], tags=merged)

    @service.operation(rate=_RATE)
    def untag_resource(ctx: Context[Any], resource_arn: str, tag_keys: list[str]) -> None:
        table = _table_of(ctx, resource_arn)
        left = {key: value for key, value in table[resource_arn].tags.items() if key not in tag_keys}
        table[resource_arn] = replace(table[resource_arn], tags=left)

    @service.operation(rate=_RATE)
    def list_tags_for_resource(ctx: Context[Any], resource_arn: str) -> dict[str, Any]:
        return {"tags": _table_of(ctx, resource_arn)[resource_arn].tags}


def _table_of(ctx: Context[Any], arn: str) -> Table[Any]:
    table: Table[Any] | None = ctx.store.table_of(arn)
    if table is None:
        raise ResourceNotFoundException(f"Resource: {arn} not found", resource=arn)
    return table
