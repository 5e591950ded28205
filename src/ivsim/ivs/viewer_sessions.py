"""Viewer sessions of private channels: their revocation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..wire.errors import ResourceNotFoundException
from ._service import Context, batch_error, service


@dataclass(frozen=True, slots=True)
class Revocation:
    """A viewer's sessions on a channel are revoked up to a version; tokens with a later version play on."""

    channel_arn: str
    viewer_id: str
    viewer_session_versions_less_than_or_equal_to: int
    revoked_at: datetime


@service.operation(rate=10)
def start_viewer_session_revocation(
    ctx: Context, channel_arn: str, viewer_id: str, *, viewer_session_versions_less_than_or_equal_to: int = 0
) -> None:
    channel = ctx.store.channels[channel_arn]
    key = f"{channel.arn} {viewer_id}"
    before = ctx.store.revocations.get(key)
    version = viewer_session_versions_less_than_or_equal_to
    if before is None or before.viewer_session_versions_less_than_or_equal_to < version:
        ctx.store.revocations[key] = Revocation(channel.arn, viewer_id, version, ctx.now)


@service.operation(rate=2)
def batch_start_viewer_session_revocation(ctx: Context, viewer_sessions: list[dict[str, object]]) -> dict[str, object]:
    errors = []
    for session in viewer_sessions:
        try:
            start_viewer_session_revocation(ctx, **session)  # type: ignore[arg-type]
        except ResourceNotFoundException as error:
            whose = {"channel_arn": session["channel_arn"], "viewer_id": session["viewer_id"]}
            errors.append({**whose, **batch_error(error)})
    return {"errors": errors or None}
