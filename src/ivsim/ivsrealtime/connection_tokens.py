"""Connection tokens: what a back end signs, for clients that join many stages; they can be revoked."""

from __future__ import annotations

from ._service import Context, service


@service.operation(rate=5)
def revoke_connection_token(ctx: Context, token_id: str) -> None:
    ctx.store.revoked_connection_tokens[token_id] = ctx.now
