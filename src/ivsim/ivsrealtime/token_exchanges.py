"""Token exchanges: a participant goes on with another token, and with what that grants.

Source: *Token Exchange*, IVS Real-Time User Guide; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from datetime import datetime, timezone

from . import news, participant_events, participants, pipeline, presence, stage_updates, subscriptions
from ._service import Context
from .participant_events import ExchangedParticipantToken
from .participants import Participant
from .refusals import PUBLISH, SUBSCRIBE, Refusal
from .tokens import Claims


def exchange(ctx: Context, participant: Participant, claims: Claims) -> Refusal | None:
    """Put what another token says in the place of what a participant's said. Both have to be signed by a back end."""
    if participant.ingest_protocol is not None:
        return Refusal("TOKEN_EXCHANGE_REFUSED", "a token is exchanged by an SDK alone")
    if participant.is_token_own or claims.is_own:
        return Refusal("TOKEN_EXCHANGE_REFUSED", "tokens of CreateParticipantToken cannot be exchanged")
    if claims.stage_arn != ctx.store.stage_sessions[participant.session_id].stage_arn:
        return Refusal("TOKEN_EXCHANGE_REFUSED", f"the token is for {claims.stage_arn}")
    if claims.token_id != participant.participant_id:
        rule = f"the token's jti is {claims.token_id!r}, and not the participant's id {participant.participant_id!r}"
        return Refusal("TOKEN_EXCHANGE_REFUSED", rule)
    if claims.addresses != participant.addresses:
        rule = f"events_url and whip_url are {claims.addresses}, and not {participant.addresses} as before"
        return Refusal("TOKEN_EXCHANGE_REFUSED", rule)
    before = _exchanged(participant)
    said = {"attributes": claims.attributes, "capabilities": claims.capabilities, "expires": claims.expires}
    changed = participants.change(ctx, participant, user_id=claims.user_id or "", **said)
    after = _exchanged(changed)
    participants.record(ctx, changed, participant_events.TOKEN_EXCHANGED, previous_token=before, new_token=after)
    stage_updates.announce(ctx, changed, stage_updates.TOKEN_EXCHANGED)
    if (changed.user_id, changed.attributes) != (participant.user_id, participant.attributes):
        news.tell(ctx, news.METADATA, changed, to=changed.participant_id)
        if changed.is_publishing:  # else nobody else hears of it
            news.tell(ctx, news.METADATA, changed)
    if PUBLISH not in changed.capabilities:
        changed = presence.unpublish(ctx, changed)
    if SUBSCRIBE not in changed.capabilities:
        subscriptions.end_those_of(ctx, changed)
    pipeline.follow(ctx, claims.stage_arn)
    return None


def _exchanged(participant: Participant) -> ExchangedParticipantToken:
    return ExchangedParticipantToken(
        participant.capabilities,
        datetime.fromtimestamp(participant.expires, timezone.utc),
        participant.attributes,
        participant.user_id or None,
    )
