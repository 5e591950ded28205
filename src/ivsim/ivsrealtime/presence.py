"""The rules of a stage, without sockets: participants join, publish, subscribe and leave, and hear of each other."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from . import news, participant_events, participants, pipeline, refusals, stage_sessions, stage_updates, subscriptions
from ._service import Context, service
from .participants import REPLICA, SOURCE, Client, Participant
from .recording import life as recording
from .refusals import INSUFFICIENT_CAPABILITIES, PUBLISH, Refusal
from .tokens import Claims
from .tracks import Sent

PUBLISHERS = service.quota("Publishers per stage", 12)
CONCURRENT_PUBLISHERS = service.quota("Concurrent publishers", 1_000)

MOST_SECONDS = 24 * 60 * 60
"""The longest time for which a participant may publish."""

WHIP = "WHIP"
"""The protocol of a client that sends and receives media, and does not hear of the stage."""

SDK_PROTOCOL = WHIP
"""The protocol of whoever publishes with one of AWS's SDKs."""

ACTIVE, STOPPED = "ACTIVE", "STOPPED"
"""The states of a replica."""

DISCONNECTED, DELETED, TOKEN_REUSED = "participant-disconnected", "stage-deleted", "token-reused"
"""Why somebody has to leave, by the names of AWS's web SDK."""

NOT_PUBLISHING = Refusal("NOT_PUBLISHING", "it publishes nothing")


def admit(
    ctx: Context,
    claims: Claims,
    *,
    by_whip: bool = False,
    client: Client | None = None,
    connection_token_id: str = "",
) -> Participant | Refusal:
    """Let somebody join with a token that is genuine. Whoever is there with it already has to leave.

    With a `client` it is one that came by a server. One that was there by WHIP alone, and now hears of the stage too,
    is the same: AWS's samples open both connections at once, and either may be first.
    """
    refused = barred(ctx, claims)
    if refused is not None:
        _note_barred(ctx, claims)
        return refused
    about = {"stage_arn": claims.stage_arn, "participant_id": claims.token_id, "user_id": claims.user_id or ""}
    refused = refusals.by_fault(ctx, refusals.JOINING, **about)
    if refused is not None:
        return refused
    shown: dict[str, Any] = {
        "user_id": claims.user_id or "",
        "attributes": claims.attributes,
        "capabilities": claims.capabilities,
        "expires": claims.expires,
        "is_token_own": claims.is_own,
        "addresses": claims.addresses,
        "connection_token_id": connection_token_id,
    }
    if by_whip:
        shown |= {"protocol": WHIP, "ingest_protocol": WHIP}
    elif client is not None:
        there = holder(ctx, claims)
        if there is not None and there.is_remote and there.ingest_protocol == WHIP:
            return participants.change(ctx, there, ingest_protocol=None, **client._asdict())
    if client is not None:
        shown |= {**client._asdict(), "is_remote": True}
    return enter(ctx, claims.stage_arn, claims.token_id, **shown)


def barred(ctx: Context, claims: Claims) -> Refusal | None:
    """Return why nobody can be on a stage with a token that is genuine, None where somebody can."""
    stage = ctx.store.stages.get(claims.stage_arn)
    if stage is None:
        return Refusal("STAGE_DELETED", f"there is no stage {claims.stage_arn}")
    if f"{claims.stage_arn} {claims.token_id}" in ctx.store.disconnected:
        return Refusal("PARTICIPANT_DISCONNECTED", f"{claims.token_id} was disconnected, and cannot join again")
    return None


def holder(ctx: Context, claims: Claims) -> Participant | None:
    """Return who is on a stage with a token, None where nobody is: a replica is there with none."""
    session_id = ctx.store.stages[claims.stage_arn].active_session_id
    there = participants.at(ctx, session_id, claims.token_id) if session_id else None
    is_there = there is not None and there.state == "CONNECTED" and there.replication_type != REPLICA
    return there if is_there else None


def enter(ctx: Context, stage_arn: str, participant_id: str, **shown: Any) -> Participant:
    """Let somebody be on a stage. Whoever is there by the same id has to leave: the newcomer is that participant."""
    session = stage_sessions.begin(ctx, stage_arn)
    joined = Participant(participant_id, session.session_id, ctx.now, **shown)
    before = ctx.store.participants.get(participants.key(joined))
    if before is None:
        return add(ctx, joined)
    stage_sessions.count(ctx, session.session_id, present=1)  # or the session could end in between
    leave(ctx, before, TOKEN_REUSED)
    before = ctx.store.participants[participants.key(joined)]
    joined = replace(
        joined,
        first_join_time=before.first_join_time,
        published=before.published,
        joins=before.joins + 1,
        heard_before=(*before.heard_before, (before.heard_from, before.heard_to)),
        publications=before.publications,
    )
    if before.replication_type == SOURCE and joined.replication_type != REPLICA:
        joined = replace(joined, **_as_source(before.replication_state, before.replicas))
    joined = add(ctx, joined)
    stage_sessions.count(ctx, session.session_id, present=-1)
    return joined


def add(ctx: Context, participant: Participant) -> Participant:
    """Add somebody who joins, of whom the others hear."""
    heard_from = ctx.store.news.end(participant.session_id)
    joined = participants.add(ctx, replace(participant, heard_from=heard_from))
    news.tell(ctx, news.JOINED, joined)
    return joined


def leave(ctx: Context, participant: Participant, reason: str = "", message: str = "") -> None:
    """Let a participant be gone, with the encoder by which it publishes; with the last one the session ends.

    A client that does not leave by itself is told the reason, and the message of whoever wanted it.
    """
    participant = ctx.store.participants[participants.key(participant)]  # others who left may have changed it
    if participant.state != "CONNECTED":
        return
    if _is_active(ctx, participant.replica):
        stop_replica(ctx, participant.replica)
        return
    participant = unpublish(ctx, participant)
    participant = subscriptions.end_those_of(ctx, participant)
    if reason:
        news.tell(ctx, news.STAGE_LEFT, participant, to=participant.participant_id, reason=reason, message=message)
    heard_to = ctx.store.news.end(participant.session_id)
    participant = participants.change(ctx, participant, state="DISCONNECTED", heard_to=heard_to)
    participants.record(ctx, participant, participant_events.LEFT)
    news.tell(ctx, news.LEFT, participant)
    if participant.ingest_configuration_arn is not None:
        _release(ctx, participant, participant.ingest_configuration_arn, reason)
    stage_sessions.count(ctx, participant.session_id, present=-1)


def offer(ctx: Context, participant: Participant) -> Refusal | None:
    """Return why somebody may not publish, whatever it sends, of which events tell; None where it may, or does."""
    if participant.is_publishing:
        return None
    session = ctx.store.stage_sessions[participant.session_id]
    refused = (
        refusals.by_capability(participant.capabilities, PUBLISH)
        or refusals.by_quota(ctx, PUBLISHERS, session.publishers)
        or refusals.by_quota(ctx, CONCURRENT_PUBLISHERS, concurrent_publishers(ctx))
    )
    if refused is not None:
        refuse(ctx, participant, refused.code)
    return refused


def publish(ctx: Context, participant: Participant, sent: Sent) -> Refusal | None:
    """Let a participant publish, unless it may not or what it sends is not taken, of which events tell."""
    refused = offer(ctx, participant)
    if refused is not None or participant.is_publishing:
        return refused
    protocol = participant.ingest_protocol or SDK_PROTOCOL
    refused = sent.problem(protocol)
    if refused is not None:
        refuse(ctx, participant, refused.code)
        return refused
    begin(ctx, participant, sent, protocol=protocol)
    return None


def begin(ctx: Context, participant: Participant, sent: Sent, *, protocol: str) -> None:
    """Let a participant publish, whom nothing keeps from it."""
    number = participant.publications + 1
    shown: dict[str, Any] = {"is_publishing": True, "published": True, "publications": number, "protocol": protocol}
    shown |= {"video": sent.video, "audio": sent.audio}
    shown |= {"audio_muted": participant.begins_muted or not sent.audio}
    shown |= {"video_stopped": participant.begins_stopped or not sent.video}
    participant = participants.change(ctx, participant, **shown)
    stage_sessions.count(ctx, participant.session_id, publishers=1)
    participants.record(ctx, participant, participant_events.PUBLISH_STARTED)
    stage_updates.announce(ctx, participant, stage_updates.PUBLISHED)
    news.tell(ctx, news.PUBLISH_STATE, participant)
    recording.begin(ctx, participant)
    if participant.replication_type != REPLICA:  # which lasts no longer than its source publishes
        ctx.later(MOST_SECONDS, _reach_maximum, participant.session_id, participant.participant_id, number)
    pipeline.follow(ctx, ctx.store.stage_sessions[participant.session_id].stage_arn)
    _show_replicas(ctx, participant)


def unpublish(ctx: Context, participant: Participant) -> Participant:
    """Let a participant publish no more, if it does; return it as it is then."""
    if not participant.is_publishing:
        return participant
    subscriptions.end_those_to(ctx, participant)
    shown = {"is_publishing": False, "audio_muted": False, "video_stopped": False, "video": (), "audio": ()}
    participant = participants.change(ctx, ctx.store.participants[participants.key(participant)], **shown)
    stage_sessions.count(ctx, participant.session_id, publishers=-1)
    participants.record(ctx, participant, participant_events.PUBLISH_STOPPED)
    stage_updates.announce(ctx, participant, stage_updates.UNPUBLISHED)
    news.tell(ctx, news.PUBLISH_STATE, participant)
    pipeline.follow(ctx, ctx.store.stage_sessions[participant.session_id].stage_arn)
    for key, replica in replicas_of(ctx, participant).items():
        ctx.later(replica.reconnect_window_seconds, _give_up, key, participant.publications)
    return recording.finish(ctx, participant)


def spoil(ctx: Context, participant: Participant) -> Refusal | None:
    """Return why an offer to publish is refused that a test wants to be, of which events tell; None where none does."""
    refused = refusals.by_fault(ctx, refusals.PUBLISHING, **participants.about(ctx, participant))
    if refused is not None:
        refuse(ctx, participant, refused.code)
    return refused


def stop(ctx: Context, participant: Participant) -> None:
    """Let a participant publish no more, if it does; whoever came by RTMP or WHIP to do that leaves with it."""
    if participant.ingest_protocol is not None and participant.is_publishing:
        leave(ctx, participant)
    else:
        unpublish(ctx, participant)


def fail(ctx: Context, participant: Participant, code: str) -> Refusal | None:
    """Let publishing fail for a reason, and with that end; one who does not publish is refused."""
    if not participant.is_publishing:
        return NOT_PUBLISHING
    refuse(ctx, participant, code)
    stop(ctx, participant)
    return None


def refuse(ctx: Context, participant: Participant, code: str) -> None:
    """Tell of what a participant publishes, or would publish, that it is not taken."""
    participants.record(ctx, participant, participant_events.PUBLISH_ERROR, error_code=code)
    stage_updates.announce(ctx, participant, stage_updates.PUBLISH_ERROR, error_code=code)


def show(ctx: Context, participant: Participant, *, audio_muted: bool, video_stopped: bool) -> Refusal | None:
    """Let a participant mute its sound, or stop its picture, or neither; one who does not publish is refused."""
    if not participant.is_publishing:
        return NOT_PUBLISHING
    is_muted, is_stopped = audio_muted or not participant.audio, video_stopped or not participant.video
    if (is_muted, is_stopped) != (participant.audio_muted, participant.video_stopped):
        changed = participants.change(ctx, participant, audio_muted=is_muted, video_stopped=is_stopped)
        news.tell(ctx, news.MUTE, changed)
        pipeline.follow(ctx, ctx.store.stage_sessions[participant.session_id].stage_arn)
        _show_replicas(ctx, changed)
    return None


def replace_tracks(ctx: Context, participant: Participant, sent: Sent) -> Refusal | None:
    """Let a participant send other tracks from now on. What a stage does not take lets publishing fail, and end."""
    refused = sent.problem(participant.protocol) if participant.is_publishing else NOT_PUBLISHING
    if refused is not None:
        fail(ctx, participant, refused.code)
        return refused
    is_muted = participant.audio_muted if participant.audio else participant.begins_muted
    is_stopped = participant.video_stopped if participant.video else participant.begins_stopped
    changed = participants.change(ctx, participant, video=sent.video, audio=sent.audio)
    _show_replicas(ctx, changed)
    return show(ctx, changed, audio_muted=is_muted, video_stopped=is_stopped)


def announce(ctx: Context, participant: Participant, *, audio_muted: bool, video_stopped: bool) -> None:
    """Take what an SDK says of its streams: it holds at once where it publishes, and for the next time."""
    said = {"begins_muted": audio_muted, "begins_stopped": video_stopped}
    show(ctx, participants.change(ctx, participant, **said), audio_muted=audio_muted, video_stopped=video_stopped)


def replicate(ctx: Context, source: Participant, key: str) -> Participant:
    """Let a participant be the source of one more replica; return it as it is then."""
    return participants.change(ctx, source, **_as_source(ACTIVE, (*source.replicas, key)))


def replicas_of(ctx: Context, source: Participant) -> dict[str, Any]:
    """Return the replicas of a participant that are active, by their keys."""
    return {key: ctx.store.participant_replicas[key] for key in source.replicas}


def stop_replica(ctx: Context, key: str) -> None:
    """Let a replica be gone."""
    replica = ctx.store.participant_replicas[key]
    source = _participant(ctx, replica.source_session_id, replica.participant_id)
    if key in source.replicas:  # another may have come by its id
        left = tuple(each for each in source.replicas if each != key)
        source = participants.change(ctx, source, replicas=left, replication_state=ACTIVE if left else STOPPED)
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
    stage_updates.announce(ctx, source, stage_updates.REPLICATION_END)


def _show_replicas(ctx: Context, source: Participant) -> None:
    """Let the replicas of a participant send what it sends now, and be muted as it is."""
    for each in replicas_of(ctx, source).values():
        shown = _participant(ctx, each.destination_session_id, each.participant_id)
        if shown.is_publishing:  # which a test may have ended
            shown = participants.change(ctx, shown, video=source.video, audio=source.audio)
            show(ctx, shown, audio_muted=source.audio_muted, video_stopped=source.video_stopped)


def _as_source(state: str | None, replicas: tuple[str, ...]) -> dict[str, Any]:
    """Return what a participant shows who is replicated to other stages, or was."""
    shown = {"replication_type": SOURCE, "replication_state": state, "source_stage_arn": "", "source_session_id": ""}
    return {**shown, "replicas": replicas}


def _release(ctx: Context, participant: Participant, arn: str, reason: str) -> None:
    """Let the ingest configuration that somebody has left be INACTIVE, unless another encoder goes on with it.

    With one who is thrown out it loses its stage, and so its other encoders lose theirs.
    """
    table = ctx.store.ingest_configurations
    ids = table[arn].participant_ids.values()
    encoders = filter(None, (participants.at(ctx, participant.session_id, each) for each in ids))
    is_there = ("CONNECTED", arn)
    there = [each for each in encoders if (each.state, each.ingest_configuration_arn) == is_there]
    if reason in (DISCONNECTED, DELETED):
        table.become(arn, "INACTIVE", stage_arn="")
        for each in there:
            leave(ctx, each, reason)
    elif not there:
        table.become(arn, "INACTIVE")


def _participant(ctx: Context, session_id: str, participant_id: str) -> Participant:
    return ctx.store.participants[participant_events.key_of(session_id, participant_id)]


def _is_active(ctx: Context, key: str) -> bool:
    """Return whether there is a replica of this key that has not stopped."""
    replica = ctx.store.participant_replicas.get(key)
    return replica is not None and replica.replication_state == ACTIVE


@service.task
def _give_up(ctx: Context, key: str, publications: int) -> None:
    """Stop a replica, as its source has not begun to publish again."""
    if _is_active(ctx, key):
        replica = ctx.store.participant_replicas[key]
        source = _participant(ctx, replica.source_session_id, replica.participant_id)
        is_back = source.publications != publications or source.is_publishing
        if not is_back or source.replication_type != SOURCE:  # another may have come by its id
            stop_replica(ctx, key)


def concurrent_publishers(ctx: Context) -> int:
    """Return how many publish on all stages of the account and region."""
    active = (stage.active_session_id for stage in ctx.store.stages.values() if stage.active_session_id)
    return sum(ctx.store.stage_sessions[session_id].publishers for session_id in active)


def _note_barred(ctx: Context, claims: Claims) -> None:
    """Record that somebody who was disconnected came back, where there is a record of that one."""
    stage = ctx.store.stages.get(claims.stage_arn)
    before = participants.find(ctx, stage.arn, stage.active_session_id, claims.token_id) if stage else None
    if before is not None:
        participants.record(ctx, before, participant_events.JOIN_ERROR, error_code=INSUFFICIENT_CAPABILITIES)


@service.task
def _reach_maximum(ctx: Context, session_id: str, participant_id: str, number: int) -> None:
    participant = participants.at(ctx, session_id, participant_id)
    if participant is not None and participant.publications == number:
        fail(ctx, participant, "STREAM_DURATION_EXCEEDED")
