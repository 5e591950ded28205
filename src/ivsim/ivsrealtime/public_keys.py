"""Public keys: with them the tokens are checked that a back end signs itself."""

from __future__ import annotations

from msgspec import Struct

from ..core import keys
from ..wire.errors import ConflictException
from ._service import Context, service

PUBLIC_KEYS = service.quota("PublicKeys", 3)

DEFAULT_PAGE = 50


class PublicKey(Struct, frozen=True):
    """A public key; the private half never reaches AWS."""

    arn: str
    public_key_material: str
    fingerprint: str
    name: str = ""
    tags: dict[str, str] = {}


@service.operation(rate=3)
def import_public_key(
    ctx: Context, public_key_material: str, *, name: str = "", tags: dict[str, str] | None = None
) -> dict[str, object]:
    der = keys.der(public_key_material)
    rule = "Member must be a PEM-encoded public key on the ECDSA curve P-384 (secp384r1)"
    ctx.check(der, "public_key_material", rule)
    fingerprint = keys.fingerprint(der or public_key_material.encode())  # any text will do where nothing is checked
    table = ctx.store.public_keys
    twin = next((key for key in table.values() if key.fingerprint == fingerprint), None)
    if twin is not None:
        raise ConflictException(f"The public key is imported already, as {twin.arn}", resource=twin.arn)
    ctx.check_quota(PUBLIC_KEYS, len(table), table)
    key = PublicKey(ctx.new_arn(table), public_key_material, fingerprint, name, tags or {})
    table[key.arn] = key
    return {"public_key": key}


@service.operation(rate=3)
def get_public_key(ctx: Context, arn: str) -> dict[str, object]:
    return {"public_key": ctx.store.public_keys[arn]}


@service.operation(rate=3)
def delete_public_key(ctx: Context, arn: str) -> None:
    del ctx.store.public_keys[arn]


@service.operation(rate=3)
def list_public_keys(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.public_keys, max_results, next_token)
    return {"public_keys": page.items, "next_token": page.next_token}
