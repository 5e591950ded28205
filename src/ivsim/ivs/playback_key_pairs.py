"""Playback key pairs: the public keys that the tokens of private channels are checked with."""

from __future__ import annotations

from msgspec import Struct

from ..core import keys
from ..wire.errors import ConflictException
from ._service import Context, service

PLAYBACK_KEY_PAIRS = service.quota("Playback authorization key pairs", 3)

DEFAULT_PAGE = 100


class PlaybackKeyPair(Struct, frozen=True):
    """A public key; the private half never reaches AWS. `public_key_material` is never returned."""

    arn: str
    public_key_material: str
    fingerprint: str
    name: str | None = None
    tags: dict[str, str] = {}


@service.operation(rate=3)
def import_playback_key_pair(
    ctx: Context, public_key_material: str, *, name: str | None = None, tags: dict[str, str] | None = None
) -> dict[str, object]:
    table = ctx.store.playback_key_pairs
    fingerprint = _fingerprint(ctx, public_key_material)
    twin = next((pair for pair in table.values() if pair.fingerprint == fingerprint), None)
    if twin is not None:
        raise ConflictException(f"The public key is imported already, as {twin.arn}", resource=twin.arn)
    ctx.check_quota(PLAYBACK_KEY_PAIRS, len(table), table)
    pair = PlaybackKeyPair(ctx.new_arn(table), public_key_material, fingerprint, name, tags or {})
    table[pair.arn] = pair
    return {"key_pair": pair}


@service.operation(rate=3)
def get_playback_key_pair(ctx: Context, arn: str) -> dict[str, object]:
    return {"key_pair": ctx.store.playback_key_pairs[arn]}


@service.operation(rate=3)
def delete_playback_key_pair(ctx: Context, arn: str) -> None:
    del ctx.store.playback_key_pairs[arn]


@service.operation(rate=3)
def list_playback_key_pairs(
    ctx: Context, *, next_token: str | None = None, max_results: int = DEFAULT_PAGE
) -> dict[str, object]:
    page = ctx.page(ctx.store.playback_key_pairs, max_results, next_token)
    return {"key_pairs": page.items, "next_token": page.next_token}


def _fingerprint(ctx: Context, public_key_material: str) -> str:
    """Return the MD5 over the key's DER, as hex in pairs; refuse what is no public key on the curve P-384.

    When constraints go unchecked, any text will do as a key, and is fingerprinted as it is.
    """
    der = keys.der(public_key_material)
    rule = "Member must be a PEM-encoded public key on the ECDSA curve P-384 (secp384r1)"
    ctx.check(der, "public_key_material", rule)
    return keys.fingerprint(der or public_key_material.encode())
