"""Subscriptions: who hears and sees whom in a session."""

from __future__ import annotations

from msgspec import Struct

from . import news, participant_events, participants, refusals, stage_sessions
from ._service import Context, service
from .participants import Participant
from .refusals import SUBSCRIBE, Refusal

SUBSCRIBERS = service.quota("Subscribers per stage", 10_000)
CONCURRENT_SUBSCRIPTIONS = service.quota("Concurrent subscriptions", 20_000)


class Subscription(Struct, frozen=True):
    """A participant hears and sees another."""

    session_id: str
    participant_id: str
    remote_participant_id: str


def subscribe(ctx: Context, participant: Participant, remote_id: str) -> Refusal | None:
    """Let a participant hear and see another, unless it may not, of which an event tells."""
    session = ctx.store.stage_sessions[participant.session_id]
    remote = participants.at(ctx, participant.session_id, remote_id)
    refused = refusals.by_capability(participant.capabilities, SUBSCRIBE)
    if refused is None:
        about = {**participants.about(ctx, participant), "remote_participant_id": remote_id}
        refused = refusals.by_fault(ctx, refusals.SUBSCRIBING, **about)
    if refused is None and (remote is None or not remote.is_publishing):
        refused = Refusal("PUBLISHER_NOT_FOUND", f"nobody publishes as {remote_id}")
    is_new = remote_id not in participant.subscriptions
    if refused is None and not participant.subscriptions:
        refused = refusals.by_quota(ctx, SUBSCRIBERS, session.subscribers)
    if refused is None and is_new:
        refused = refusals.by_quota(ctx, CONCURRENT_SUBSCRIPTIONS, len(ctx.store.subscriptions))
    if refused is not None:
        more = {"remote_participant_id": remote_id, "error_code": refused.code}
        participants.record(ctx, participant, participant_events.SUBSCRIBE_ERROR, remote=remote, **more)
        return refused
    if is_new:
        assert remote
        subscription = Subscription(participant.session_id, participant.participant_id, remote_id)
        ctx.store.subscriptions[key_of(subscription)] = subscription
        if not participant.subscriptions:
            stage_sessions.count(ctx, participant.session_id, subscribers=1)
        participants.change(ctx, participant, subscriptions=(*participant.subscriptions, remote_id))
        more = {"remote_participant_id": remote_id}
        participants.record(ctx, participant, participant_events.SUBSCRIBE_STARTED, remote=remote, **more)
        news.tell(ctx, news.STREAMS_ADDED, remote, to=participant.participant_id)
    return None


def unsubscribe(ctx: Context, participant: Participant, remote_id: str) -> Participant:
    """Let a participant hear and see another no more, if it does; return it as it is then."""
    key = key_of(Subscription(participant.session_id, participant.participant_id, remote_id))
    if key not in ctx.store.subscriptions:
        return participant
    del ctx.store.subscriptions[key]
    left = tuple(each for each in participant.subscriptions if each != remote_id)
    participant = participants.change(ctx, participant, subscriptions=left)
    if not participant.subscriptions:
        stage_sessions.count(ctx, participant.session_id, subscribers=-1)
    more = {"remote_participant_id": remote_id}
    remote = ctx.store.participants[participant_events.key_of(participant.session_id, remote_id)]
    participants.record(ctx, participant, participant_events.SUBSCRIBE_STOPPED, remote=remote, **more)
    news.tell(ctx, news.STREAMS_REMOVED, remote, to=participant.participant_id)
    return participant


def end_those_of(ctx: Context, participant: Participant) -> Participant:
    """Let a participant hear and see nobody any more; return it as it is then."""
    for remote_id in participant.subscriptions:
        participant = unsubscribe(ctx, participant, remote_id)
    return participant


def end_those_to(ctx: Context, remote: Participant) -> None:
    """Let nobody hear and see a participant any more."""
    wanted = remote.session_id, remote.participant_id
    rows = ctx.store.subscriptions.values()
    for each in [each for each in rows if (each.session_id, each.remote_participant_id) == wanted]:
        subscriber = ctx.store.participants[participant_events.key_of(each.session_id, each.participant_id)]
        unsubscribe(ctx, subscriber, remote.participant_id)


def key_of(subscription: Subscription) -> str:
    """Return the key of a subscription."""
    return f"{subscription.session_id} {subscription.participant_id} {subscription.remote_participant_id}"
