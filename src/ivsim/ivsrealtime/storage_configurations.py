"""Storage configurations: the buckets that recordings go to."""

from __future__ import annotations

from msgspec import Struct

from ._service import Context, service
from .destinations import delete_unless_used

STORAGE_CONFIGURATIONS = service.quota("StorageConfigurations", 5)

DEFAULT_PAGE = 100


class StorageConfiguration(Struct, frozen=True):
    """A storage configuration. There is no operation to change one; the bucket is not looked at."""

    arn: str
    s3: dict[str, str]
    name: str = ""
    tags: dict[str, str] = {}


@service.operation(rate=5)
def create_storage_configuration(
    ctx: Context, s3: dict[str, str], *, name: str = "", tags: dict[str, str] | None = None
) -> dict[str, object]:
    table = ctx.store.storage_configurations
    ctx.check_quota(STORAGE_CONFIGURATIONS, len(table), table)
    configuration = StorageConfiguration(ctx.new_arn(table), s3, name, tags or {})
    table[configuration.arn] = configuration
    return {"storage_configuration": configuration}


@service.operation(rate=5)
def get_storage_configuration(ctx: Context, arn: str) -> dict[str, object]:
    return {"storage_configuration": ctx.store.storage_configurations[arn]}


@service.operation(rate=5)
def delete_storage_configuration(ctx: Context, arn: str) -> None:
    delete_unless_used(ctx, ctx.store.storage_configurations, arn)


@service.operation(rate=5)
def list_storage_configurations(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.storage_configurations, max_results, next_token)
    return {"storage_configurations": page.items, "next_token": page.next_token}
