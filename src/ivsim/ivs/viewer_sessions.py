"""Viewer sessions: the admission of viewers by the playback edge, and its revocation on private channels."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from ..wire.errors import ResourceNotFoundException
from ._service import Context, batch_error, service

SECONDS_TO_REVOKE = 5.0
"""The seconds until a revocation, which the API only starts, takes effect, when transitions are realistic."""


class ViewerSession(Struct, frozen=True):
    """A session of a viewer of one broadcast: it opens when a request for the multivariant playlist is granted.

    `viewer_id`, `viewer_session_version`, `maximum_resolution` and `ads_opt_out` are those of the token, if there was
    one. `origins` are the sites on which it may be watched, by the token or the policy, none for any;
    `strict_origin_enforcement` asks for one of them in each request. It `is_counted` as a view unless it is the
    console's.
    """

    id: str
    channel_arn: str
    stream_id: str
    opened_at: datetime
    viewer_id: str | None = None
    viewer_session_version: int = 0
    origins: tuple[str, ...] = ()
    strict_origin_enforcement: bool = False
    maximum_resolution: str | None = None
    ads_opt_out: bool = False
    is_counted: bool = True


class Revocation(Struct, frozen=True):
    """The revocation of a viewer's sessions on a channel up to a version; tokens with a later version play on."""

    channel_arn: str
    viewer_id: str
    viewer_session_versions_less_than_or_equal_to: int
    revoked_at: datetime


@service.operation(rate=10)
def start_viewer_session_revocation(
    ctx: Context, channel_arn: str, viewer_id: str, *, viewer_session_versions_less_than_or_equal_to: int = 0
) -> None:
    channel = ctx.store.channels[channel_arn]
    ctx.soon(SECONDS_TO_REVOKE, _revoke, channel.arn, viewer_id, viewer_session_versions_less_than_or_equal_to)


@service.operation(rate=2)
def batch_start_viewer_session_revocation(ctx: Context, viewer_sessions: list[dict[str, object]]) -> dict[str, object]:
    errors = []
    for session in viewer_sessions:
        try:
            start_viewer_session_revocation(ctx, **session)  # type: ignore[arg-type]
        except ResourceNotFoundException as error:
            whose = {"channel_arn": session["channel_arn"], "viewer_id": session["viewer_id"]}
            errors.append({**whose, **batch_error(ctx, error)})
    return {"errors": errors or None}


def is_revoked(ctx: Context, channel_arn: str, viewer_id: str | None, version: int) -> bool:
    """Return whether a viewer's sessions of a version are revoked; a viewer without an id has nothing to revoke."""
    revocation = ctx.store.revocations.get(_key(channel_arn, viewer_id)) if viewer_id else None
    return revocation is not None and version <= revocation.viewer_session_versions_less_than_or_equal_to


@service.task
def _revoke(ctx: Context, channel_arn: str, viewer_id: str, version: int) -> None:
    key = _key(channel_arn, viewer_id)
    before = ctx.store.revocations.get(key)
    if before is None or before.viewer_session_versions_less_than_or_equal_to < version:
        ctx.store.revocations[key] = Revocation(channel_arn, viewer_id, version, ctx.now)


def _key(channel_arn: str, viewer_id: str) -> str:
    return f"{channel_arn} {viewer_id}"
