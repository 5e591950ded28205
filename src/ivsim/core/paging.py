"""Pages of a table, and the tokens that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ..wire.errors import MemberRefused
from .stores import Table

_MAC_SIZE = 20
_CURSOR_SIZE = 8
_PREFIX = b"\x01\x02"  # so that tokens begin "AQ", as the real ones seen do


class Page(NamedTuple):
    """Some records of a list, and the token for the next ones; None on the last page."""

    items: list[Any]
    next_token: str | None


def page(
    table: Table[Any],
    *,
    secret: bytes,
    purpose: str,
    size: int,
    token: str | None,
    where: Callable[[Any], bool] | None = None,
    among: Sequence[str] | None = None,
    newest_first: bool = False,
) -> Page:
    """Return a page of `size` records.

    A token says after which row the next page starts, so inserts and deletes between pages neither skip nor repeat what
    stayed, and a page costs the same however long the table is. It is good for the list it came from alone: `purpose`
    names the operation, the place and the filters. Raises MemberRefused for any other; an empty token is the first
    page.
    """
    serial = _read(token, secret, purpose) if token else None
    items: list[Any] = []
    last = 0
    for row in table.rows_after(serial, newest_first=newest_first, among=among):
        if where is None or where(row.record):
            if len(items) == size:
                return Page(items, _write(last, secret, purpose))
            items.append(row.record)
            last = row.serial
    return Page(items, None)


def _write(serial: int, secret: bytes, purpose: str) -> str:
    cursor = _PREFIX + serial.to_bytes(_CURSOR_SIZE, "big")
    return base64.urlsafe_b64encode(cursor + _mac(cursor, secret, purpose)).decode()


def _read(token: str, secret: bytes, purpose: str) -> int:
    try:
        sealed = base64.b64decode(token, altchars=b"-_", validate=True)
        canonical = base64.urlsafe_b64encode(sealed).decode() == token
    except (binascii.Error, ValueError):
        sealed, canonical = b"", False
    cursor, mac = sealed[:-_MAC_SIZE], sealed[-_MAC_SIZE:]
    if not canonical or not hmac.compare_digest(mac, _mac(cursor, secret, purpose)):
        raise MemberRefused("next_token", "Member must be a token that this operation returned, with the same filters")
    return int.from_bytes(cursor[len(_PREFIX) :], "big")


def _mac(cursor: bytes, secret: bytes, purpose: str) -> bytes:
    return hmac.digest(secret, purpose.encode() + b"\0" + cursor, "sha256")[:_MAC_SIZE]
