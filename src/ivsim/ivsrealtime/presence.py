"""The rules of a stage, without sockets: participants join, publish, subscribe and leave, and hear of each other."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from . import news, participant_events, participants, stage_sessions
from ._service import Context, service
from .participant_events import ExchangedParticipantToken
from .participants import Participant
from .recording import life as recording
from .tokens import Claims

PUBLISHERS = service.quota("Publishers per stage", 12)
SUBSCRIBERS = service.quota("Subscribers per stage", 10_000)
CONCURRENT_PUBLISHERS = service.quota("Concurrent publishers", 1_000)
CONCURRENT_SUBSCRIPTIONS = service.quota("Concurrent subscriptions", 20_000)

STAGE_UPDATE = service.detail_type("IVS Stage Update")

MOST_SECONDS = 24 * 60 * 60
"""The longest time for which a participant may publish."""

MOST_BITRATE = 8_500_000
MOST_PIXELS = 1280 * 720

PUBLISH, SUBSCRIBE = "PUBLISH", "SUBSCRIBE"

ACTIVE, STOPPED = "ACTIVE", "STOPPED"
"""The states of a replica."""

INSUFFICIENT_CAPABILITIES = "INSUFFICIENT_CAPABILITIES"


class Refusal(NamedTuple):
    """Why a participant may not do something: the code that its client or an event has for it, and the rule."""

    code: str
    rule: str


NOT_PUBLISHING = Refusal("NOT_PUBLISHING", "it publishes nothing")


class Subscription(Struct, frozen=True):
    """A participant hears and sees another."""

    session_id: str
    participant_id: str
    remote_participant_id: str


class Sent(NamedTuple):
    """What a participant sends."""

    width: int = 1280
    height: int = 720
    bitrate: int = 2_500_000
    video_codec: str = "H264"
    audio_codec: str = "OPUS"

    @property
    def problem(self) -> Refusal | None:
        """Why a stage does not take it, None when it does."""
        if self.video_codec != "H264":
            return Refusal("INVALID_VIDEO_CODEC", f"a stage takes H264, not {self.video_codec}")
        if self.audio_codec != "OPUS":
            return Refusal("INVALID_AUDIO_CODEC", f"a stage takes OPUS, not {self.audio_codec}")
        if self.width * self.height > MOST_PIXELS:
            return Refusal("RESOLUTION_EXCEEDED", f"{self.width}x{self.height} is more than 1280x720")
        if self.bitrate > MOST_BITRATE:
            return Refusal("BITRATE_EXCEEDED", f"{self.bitrate} bit/s is more than {MOST_BITRATE}")
        return None


def admit(ctx: Context, claims: Claims) -> Participant | Refusal:
    """Let somebody join with a token that is genuine. Whoever is there with it already has to leave."""
    stage_arn, participant_id = claims.stage_arn, claims.token_id
    stage = ctx.store.stages.get(stage_arn)
    if stage is None:
        return Refusal("STAGE_DELETED", f"there is no stage {stage_arn}")
    before = participants.find(ctx, stage_arn, stage.active_session_id, participant_id)
    if f"{stage_arn} {participant_id}" in ctx.store.disconnected:
        if before is not None:
            participants.record(ctx, before, participant_events.JOIN_ERROR, error_code=INSUFFICIENT_CAPABILITIES)
        return Refusal("PARTICIPANT_DISCONNECTED", f"{participant_id} was disconnected, and cannot join again")
    session = stage_sessions.begin(ctx, stage_arn)
    if before is not None:
        stage_sessions.count(ctx, session.session_id, present=1)  # or the session could end in between
        leave(ctx, before, "token-reused")
    joined = add(
        ctx,
        Participant(
            participant_id,
            session.session_id,
            before.first_join_time if before else ctx.now,
            user_id=claims.user_id or "",
            attributes=claims.attributes,
            published=before is not None and before.published,
            capabilities=claims.capabilities,
            expires=claims.expires,
            is_token_own=claims.is_own,
            joins=before.joins + 1 if before else 1,
            publications=before.publications if before else 0,
        ),
    )
    if before is not None:
        stage_sessions.count(ctx, session.session_id, present=-1)
    return joined


def add(ctx: Context, participant: Participant) -> Participant:
    """Add somebody who joins, of whom the others hear."""
    heard_from = ctx.store.news.end(participant.session_id)
    joined = participants.add(ctx, replace(participant, heard_from=heard_from))
    news.tell(ctx, news.JOINED, joined)
    return joined


def leave(ctx: Context, participant: Participant, reason: str = "") -> None:
    """Let a participant be gone, with the encoder by which it publishes; with the last one the session ends.

    A client that does not leave by itself is told the reason.
    """
    if participant.state != "CONNECTED":
        return
    replica = _replica_shown_as(ctx, participant)
    if replica is not None:
        stop_replica(ctx, replica)
        return
    participant = unpublish(ctx, participant)
    for subscription in _subscriptions(ctx, participant):
        participant = unsubscribe(ctx, participant, subscription.remote_participant_id)
    if reason:
        news.tell(ctx, news.STAGE_LEFT, participant, to=participant.participant_id, reason=reason)
    heard_to = ctx.store.news.end(participant.session_id)
    participant = participants.change(ctx, participant, state="DISCONNECTED", heard_to=heard_to)
    participants.record(ctx, participant, participant_events.LEFT)
    news.tell(ctx, news.LEFT, participant)
    arn = participant.ingest_configuration_arn
    if arn is not None and arn in ctx.store.ingest_configurations:
        ctx.store.ingest_configurations.become(arn, "INACTIVE", stage_arn="")
    stage_sessions.count(ctx, participant.session_id, present=-1)


def publish(ctx: Context, participant: Participant, sent: Sent) -> Refusal | None:
    """Let a participant publish, unless it may not or what it sends is not taken, of which events tell."""
    if participant.is_publishing:
        return None
    session = ctx.store.stage_sessions[participant.session_id]
    refused = (
        _refusal_by_capability(participant, PUBLISH)
        or _refusal_by_quota(ctx, PUBLISHERS, session.publishers)
        or _refusal_by_quota(ctx, CONCURRENT_PUBLISHERS, _concurrent_publishers(ctx))
        or sent.problem
    )
    if refused is not None:
        _fail(ctx, participant, refused.code)
        return refused
    sending = replace(participant, width=sent.width, height=sent.height, bitrate=sent.bitrate)
    begin(ctx, sending, protocol="WHIP")
    return None


def begin(ctx: Context, participant: Participant, *, protocol: str) -> None:
    """Let a participant publish, whom nothing keeps from it."""
    number = participant.publications + 1
    shown = {"is_publishing": True, "published": True, "publications": number, "protocol": protocol}
    participant = participants.change(ctx, participant, **shown)
    stage_sessions.count(ctx, participant.session_id, publishers=1)
    participants.record(ctx, participant, participant_events.PUBLISH_STARTED)
    _announce(ctx, participant, "Participant Published")
    news.tell(ctx, news.PUBLISH_STATE, participant)
    recording.begin(ctx, participant)
    ctx.later(MOST_SECONDS, _reach_maximum, participant.session_id, participant.participant_id, number)


def unpublish(ctx: Context, participant: Participant) -> Participant:
    """Let a participant publish no more, if it does; return it as it is then."""
    if not participant.is_publishing:
        return participant
    for each in _subscriptions_to(ctx, participant):
        unsubscribe(ctx, _participant(ctx, each.session_id, each.participant_id), participant.participant_id)
    shown = {"is_publishing": False, "audio_muted": False, "video_stopped": False}
    participant = participants.change(ctx, ctx.store.participants[participants.key(participant)], **shown)
    stage_sessions.count(ctx, participant.session_id, publishers=-1)
    participants.record(ctx, participant, participant_events.PUBLISH_STOPPED)
    _announce(ctx, participant, "Participant Unpublished")
    news.tell(ctx, news.PUBLISH_STATE, participant)
    for key, replica in replicas_of(ctx, participant).items():
        ctx.later(replica.reconnect_window_seconds, _give_up, key, participant.publications)
    return recording.finish(ctx, participant)


def fail(ctx: Context, participant: Participant, code: str) -> Refusal | None:
    """Let publishing fail for a reason, and with that end; one who does not publish is refused."""
    if not participant.is_publishing:
        return NOT_PUBLISHING
    _fail(ctx, participant, code)
    unpublish(ctx, participant)
    return None


def show(ctx: Context, participant: Participant, *, audio_muted: bool, video_stopped: bool) -> Refusal | None:
    """Let a participant mute its sound, or stop its picture, or neither; one who does not publish is refused."""
    if not participant.is_publishing:
        return NOT_PUBLISHING
    changed = participants.change(ctx, participant, audio_muted=audio_muted, video_stopped=video_stopped)
    news.tell(ctx, news.MUTE, changed)
    return None


def subscribe(ctx: Context, participant: Participant, remote_id: str) -> Refusal | None:
    """Let a participant hear and see another, unless it may not, of which an event tells."""
    session = ctx.store.stage_sessions[participant.session_id]
    remote = ctx.store.participants.get(participant_events.key_of(participant.session_id, remote_id))
    refused = _refusal_by_capability(participant, SUBSCRIBE)
    if refused is None and (remote is None or not remote.is_publishing):
        refused = Refusal("PUBLISHER_NOT_FOUND", f"nobody publishes as {remote_id}")
    if refused is None and not participant.subscriptions:
        refused = _refusal_by_quota(ctx, SUBSCRIBERS, session.subscribers)
    refused = refused or _refusal_by_quota(ctx, CONCURRENT_SUBSCRIPTIONS, len(ctx.store.subscriptions))
    if refused is not None:
        more = {"remote_participant_id": remote_id, "error_code": refused.code}
        participants.record(ctx, participant, participant_events.SUBSCRIBE_ERROR, **more)
        return refused
    assert remote
    subscription = Subscription(participant.session_id, participant.participant_id, remote_id)
    if key_of(subscription) not in ctx.store.subscriptions:
        ctx.store.subscriptions[key_of(subscription)] = subscription
        if not participant.subscriptions:
            stage_sessions.count(ctx, participant.session_id, subscribers=1)
        participants.change(ctx, participant, subscriptions=participant.subscriptions + 1)
        participants.record(ctx, participant, participant_events.SUBSCRIBE_STARTED, remote_participant_id=remote_id)
        news.tell(ctx, news.STREAMS_ADDED, remote, to=participant.participant_id)
    return None


def unsubscribe(ctx: Context, participant: Participant, remote_id: str) -> Participant:
    """Let a participant hear and see another no more, if it does; return it as it is then."""
    key = key_of(Subscription(participant.session_id, participant.participant_id, remote_id))
    if key not in ctx.store.subscriptions:
        return participant
    del ctx.store.subscriptions[key]
    participant = participants.change(ctx, participant, subscriptions=participant.subscriptions - 1)
    if not participant.subscriptions:
        stage_sessions.count(ctx, participant.session_id, subscribers=-1)
    participants.record(ctx, participant, participant_events.SUBSCRIBE_STOPPED, remote_participant_id=remote_id)
    remote = _participant(ctx, participant.session_id, remote_id)
    news.tell(ctx, news.STREAMS_REMOVED, remote, to=participant.participant_id)
    return participant


def exchange(ctx: Context, participant: Participant, claims: Claims) -> Refusal | None:
    """Put what another token says in the place of what a participant's said. Both have to be signed by a back end."""
    if participant.is_token_own or claims.is_own:
        return Refusal("TOKEN_EXCHANGE_REFUSED", "tokens of CreateParticipantToken cannot be exchanged")
    if claims.stage_arn != ctx.store.stage_sessions[participant.session_id].stage_arn:
        return Refusal("TOKEN_EXCHANGE_REFUSED", f"the token is for {claims.stage_arn}")
    before = _exchanged(participant)
    changed = participants.change(
        ctx,
        participant,
        user_id=claims.user_id or "",
        attributes=claims.attributes,
        capabilities=claims.capabilities,
        expires=claims.expires,
    )
    more = {"previous_token": before, "new_token": _exchanged(changed)}
    participants.record(ctx, changed, participant_events.TOKEN_EXCHANGED, **more)
    _announce(ctx, changed, "Token Exchanged")
    if PUBLISH not in changed.capabilities:
        unpublish(ctx, changed)
    return None


def replicas_of(ctx: Context, source: Participant) -> dict[str, Any]:
    """Return the replicas of a participant that are active, by their keys."""
    wanted = source.session_id, source.participant_id
    active = _active_replicas(ctx)
    return {key: each for key, each in active.items() if (each.source_session_id, each.participant_id) == wanted}


def stop_replica(ctx: Context, key: str) -> None:
    """Let a replica be gone."""
    replica = ctx.store.participant_replicas[key]
    source = _participant(ctx, replica.source_session_id, replica.participant_id)
    if len(replicas_of(ctx, source)) == 1:
        source = participants.change(ctx, source, replication_state=STOPPED)
    ctx.store.participant_replicas[key] = replace(replica, replication_state=STOPPED)
    shown = _participant(ctx, replica.destination_session_id, replica.participant_id)
    leave(ctx, participants.change(ctx, shown, replication_state=STOPPED))
    participants.record(
        ctx,
        source,
        participant_events.REPLICATION_STOPPED,
        destination_stage_arn=replica.destination_stage_arn,
        destination_session_id=replica.destination_session_id,
    )


def key_of(subscription: Subscription) -> str:
    """Return the key of a subscription."""
    return f"{subscription.session_id} {subscription.participant_id} {subscription.remote_participant_id}"


def _refusal_by_capability(participant: Participant, capability: str) -> Refusal | None:
    if capability in participant.capabilities:
        return None
    return Refusal(INSUFFICIENT_CAPABILITIES, f"the token lacks the capability {capability}")


def _refusal_by_quota(ctx: Context, quota: str, used: int) -> Refusal | None:
    limit = ctx.quota(quota)
    return Refusal("QUOTA_EXCEEDED", f"Quota exceeded: {quota}, limit: {limit}") if used >= limit else None


def _participant(ctx: Context, session_id: str, participant_id: str) -> Participant:
    return ctx.store.participants[participant_events.key_of(session_id, participant_id)]


def _active_replicas(ctx: Context) -> dict[str, Any]:
    rows = ctx.store.participant_replicas.rows_after(None)
    return {row.key: row.record for row in rows if row.record.replication_state == ACTIVE}


def _replica_shown_as(ctx: Context, participant: Participant) -> str | None:
    """Return the key of the replica that a participant is, None where it is nobody's, or not any more."""
    if participant.replication_type != "REPLICA":
        return None
    wanted = participant.session_id, participant.participant_id
    active = _active_replicas(ctx).items()
    return next((key for key, each in active if (each.destination_session_id, each.participant_id) == wanted), None)


@service.task
def _give_up(ctx: Context, key: str, publications: int) -> None:
    """Stop a replica, as its source has not begun to publish again."""
    replica = ctx.store.participant_replicas.get(key)
    if replica is not None and replica.replication_state == ACTIVE:
        source = _participant(ctx, replica.source_session_id, replica.participant_id)
        if not source.is_publishing and source.publications == publications:
            stop_replica(ctx, key)


def _subscriptions(ctx: Context, participant: Participant) -> list[Subscription]:
    if not participant.subscriptions:
        return []
    wanted = participant.session_id, participant.participant_id
    return [each for each in ctx.store.subscriptions.values() if (each.session_id, each.participant_id) == wanted]


def _subscriptions_to(ctx: Context, participant: Participant) -> list[Subscription]:
    wanted = participant.session_id, participant.participant_id
    all_there_are = ctx.store.subscriptions.values()
    return [each for each in all_there_are if (each.session_id, each.remote_participant_id) == wanted]


def _concurrent_publishers(ctx: Context) -> int:
    """Return how many publish on all stages of the account and region."""
    active = (stage.active_session_id for stage in ctx.store.stages.values() if stage.active_session_id)
    return sum(ctx.store.stage_sessions[session_id].publishers for session_id in active)


def _exchanged(participant: Participant) -> ExchangedParticipantToken:
    return ExchangedParticipantToken(
        participant.capabilities,
        datetime.fromtimestamp(participant.expires, timezone.utc),
        participant.attributes,
        participant.user_id or None,
    )


def _fail(ctx: Context, participant: Participant, code: str) -> None:
    participants.record(ctx, participant, participant_events.PUBLISH_ERROR, error_code=code)
    _announce(ctx, participant, "Participant Publish Error", error_code=code)


@service.task
def _reach_maximum(ctx: Context, session_id: str, participant_id: str, number: int) -> None:
    participant = ctx.store.participants.get(participant_events.key_of(session_id, participant_id))
    if participant is not None and participant.publications == number:
        fail(ctx, participant, "STREAM_DURATION_EXCEEDED")


def _announce(ctx: Context, participant: Participant, name: str, **more: Any) -> None:
    """Tell EventBridge of a participant."""
    detail = {
        "session_id": participant.session_id,
        "event_name": name,
        "event_time": service.time_text(ctx.now),
        "user_id": participant.user_id,
        "participant_id": participant.participant_id,
        **more,
    }
    ctx.emit(STAGE_UPDATE, [ctx.store.stage_sessions[participant.session_id].stage_arn], detail)
