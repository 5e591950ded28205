"""Connection tokens: what a back end signs for the connections of clients, and can revoke."""

from __future__ import annotations

from . import participants, presence, tokens
from ._service import Context, service
from .refusals import Refusal
from .tokens import ConnectionClaims


@service.operation(rate=5)
def revoke_connection_token(ctx: Context, token_id: str) -> None:
    ctx.store.revoked_connection_tokens[token_id] = ctx.now
    for stage in list(ctx.store.stages.values()):
        for each in participants.connected(ctx, stage.active_session_id):
            if each.connection_token_id == token_id:
                presence.leave(ctx, each, presence.DISCONNECTED)


def read(ctx: Context, token: str) -> ConnectionClaims | Refusal:
    """Return what a connection token says that is good for an account and region, or why it is not taken."""

    def public_key(kid: str) -> str | None:
        key = ctx.store.public_keys.get(kid)
        return key.public_key_material if key else None

    try:
        claims = tokens.read_connection(token, public_key=public_key, now=ctx.now.timestamp())
    except tokens.TokenRefused as refused:
        return Refusal(refused.code, refused.rule)
    if (claims.account, claims.region) != (ctx.account, ctx.region):
        return Refusal("TOKEN_MALFORMED", f"it is a connection token for {claims.account} in {claims.region}")
    if claims.token_id in ctx.store.revoked_connection_tokens:
        return Refusal("TOKEN_NOT_ALLOWED", f"the connection token {claims.token_id} was revoked")
    return claims
