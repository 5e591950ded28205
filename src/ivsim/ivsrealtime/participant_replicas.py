"""Participant replicas: participants of one stage who are shown on others too."""

from __future__ import annotations

from msgspec import Struct

from ..wire.errors import ConflictException, ResourceNotFoundException
from . import participant_events, participants, presence, stage_sessions, stage_updates
from ._service import Context, check_attributes, service
from .participants import REPLICA, Participant
from .presence import ACTIVE
from .tracks import Sent

REPLICAS = service.quota("Replications per participant", 5)

DEFAULT_PAGE = 50


class ParticipantReplica(Struct, frozen=True):
    """A replica: whom it shows, and where."""

    source_stage_arn: str
    participant_id: str
    source_session_id: str
    destination_stage_arn: str
    destination_session_id: str
    reconnect_window_seconds: int
    replication_state: str = ACTIVE


RESPONSE_HEADERS = {
    "access_control_allow_origin": "*",
    "access_control_expose_headers": ",".join(
        (
            "Access-Control-Allow-Origin",
            "Access-Control-Expose-Headers",
            "Cache-Control",
            "Content-Length",
            "Content-Security-Policy",
            "Content-Type",
            "date",
            "Strict-Transport-Security",
            "x-amz-apigw-id",
            "x-amzn-errormessage",
            "x-amzn-errortype",
            "x-amzn-requestid",
            "x-amzn-trace-id",
            "X-Content-Type-Options",
            "X-Frame-Options",
        )
    ),
    "cache_control": "no-store, no-cache",
    "content_security_policy": "default-src 'self'; upgrade-insecure-requests;",
    "strict_transport_security": "max-age:47304000; includeSubDomains",
    "x_content_type_options": "nosniff",
    "x_frame_options": "DENY",
}
"""What both operations answer, as the one published answer has it."""


@service.operation(rate=5)
def start_participant_replication(
    ctx: Context,
    source_stage_arn: str,
    destination_stage_arn: str,
    participant_id: str,
    *,
    reconnect_window_seconds: int = 0,
    attributes: dict[str, str] | None = None,
) -> dict[str, str]:
    source = _source(ctx, source_stage_arn, participant_id)
    ctx.store.stages[destination_stage_arn]
    other = source_stage_arn != destination_stage_arn
    ctx.check(other, "destination_stage_arn", "Member must be another stage than sourceStageArn")
    check_attributes(ctx, attributes, "attributes")
    if not source.is_publishing:
        raise ConflictException(f"Participant: {participant_id} is not publishing", resource=source_stage_arn)
    if source.replication_type == REPLICA:
        raise ConflictException(f"Participant: {participant_id} is a replica", resource=source_stage_arn)
    active = presence.replicas_of(ctx, source)
    if any(each.destination_stage_arn == destination_stage_arn for each in active.values()):
        text = f"Participant: {participant_id} is replicated to {destination_stage_arn}"
        raise ConflictException(text, resource=destination_stage_arn)
    ctx.check_quota(REPLICAS, len(active), ctx.store.stages)
    destination = stage_sessions.begin(ctx, destination_stage_arn)
    ctx.check_quota(presence.PUBLISHERS, destination.publishers, ctx.store.stages)
    ctx.check_quota(presence.CONCURRENT_PUBLISHERS, presence.concurrent_publishers(ctx), ctx.store.stages)
    key = ctx.ids.alphanumeric(12)
    replica = presence.enter(
        ctx,
        destination_stage_arn,
        participant_id,
        user_id=source.user_id,
        attributes={**(source.attributes or {}), **(attributes or {})} or None,
        replication_type=REPLICA,
        replication_state=ACTIVE,
        source_stage_arn=source_stage_arn,
        source_session_id=source.session_id,
        replica=key,
        begins_muted=source.audio_muted,
        begins_stopped=source.video_stopped,
    )
    ctx.store.participant_replicas[key] = ParticipantReplica(
        source_stage_arn,
        participant_id,
        source.session_id,
        destination_stage_arn,
        destination.session_id,
        reconnect_window_seconds,
    )
    presence.begin(ctx, replica, Sent(source.video, source.audio), protocol=source.protocol)
    source = presence.replicate(ctx, source, key)
    participants.record(
        ctx,
        source,
        participant_events.REPLICATION_STARTED,
        destination_stage_arn=destination_stage_arn,
        destination_session_id=destination.session_id,
    )
    stage_updates.announce(ctx, source, stage_updates.REPLICATION_START)
    return RESPONSE_HEADERS


@service.operation(rate=5)
def stop_participant_replication(
    ctx: Context, source_stage_arn: str, destination_stage_arn: str, participant_id: str
) -> dict[str, str]:
    ctx.store.stages[source_stage_arn]
    session_id = ctx.store.stages[destination_stage_arn].active_session_id
    shown = participants.find(ctx, destination_stage_arn, session_id, participant_id)
    if shown is None or shown.state != "CONNECTED" or shown.source_stage_arn != source_stage_arn:
        raise ResourceNotFoundException(
            f"Resource: {participant_id} not found on {destination_stage_arn}", resource=destination_stage_arn
        )
    presence.stop_replica(ctx, shown.replica)
    return RESPONSE_HEADERS


@service.operation(rate=5)
def list_participant_replicas(
    ctx: Context,
    source_stage_arn: str,
    participant_id: str,
    *,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    page = ctx.page(
        ctx.store.participant_replicas,
        max_results,
        next_token,
        where=lambda each: (each.source_stage_arn, each.participant_id) == (source_stage_arn, participant_id),
        filters=(source_stage_arn, participant_id),
    )
    return {"replicas": page.items, "next_token": page.next_token}


def _source(ctx: Context, stage_arn: str, participant_id: str) -> Participant:
    """Return a participant who is connected to a stage. Raises ResourceNotFoundException where there is none."""
    session_id = ctx.store.stages[stage_arn].active_session_id
    participant = participants.find(ctx, stage_arn, session_id, participant_id)
    if participant is None or participant.state != "CONNECTED":
        raise ResourceNotFoundException(f"Resource: {participant_id} not found", resource=stage_arn)
    return participant
