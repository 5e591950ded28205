"""Participants: who is, or was, in a session of a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from ..wire.errors import ResourceNotFoundException
from . import participant_events, stage_sessions
from ._service import Context, service
from .participant_events import ParticipantEvent, key_of
from .tracks import AudioTrack, VideoTrack

DEFAULT_PAGE = 50

SOURCE, REPLICA = "SOURCE", "REPLICA"
"""The types of replication, besides NONE."""


class Participant(Struct, frozen=True):
    """A participant of a session, connected or not any more. What is not known of its client is empty."""

    participant_id: str
    session_id: str
    first_join_time: datetime
    user_id: str = ""
    state: str = "CONNECTED"
    attributes: dict[str, str] | None = None
    published: bool = False
    isp_name: str = ""
    os_name: str = ""
    os_version: str = ""
    browser_name: str = ""
    browser_version: str = ""
    sdk_version: str = ""
    recording_s3_bucket_name: str = ""
    recording_s3_prefix: str = ""
    recording_state: str = "DISABLED"
    protocol: str = "UNKNOWN"
    replication_type: str = "NONE"
    replication_state: str | None = None
    source_stage_arn: str | None = None
    source_session_id: str | None = None
    replicas: tuple[str, ...] = ()
    """The keys of its replicas that are active."""
    replica: str = ""
    """The key of the replica that it is, which may have stopped."""
    redundant_ingest: bool | None = None
    ingest_configuration_arn: str | None = None
    ingest_protocol: str | None = None
    """What it came by to publish, where it is not an SDK: WHIP, RTMP or RTMPS."""
    capabilities: tuple[str, ...] = ()
    expires: int = 0
    """The end of its token's validity, in seconds since 1970."""
    is_token_own: bool = True
    """True where the service has made its token."""
    addresses: tuple[str, ...] = ()
    """The addresses in its token, which another in its place has to have too."""
    connection_token_id: str = ""
    """The id of the connection token that it came with, if any."""
    is_remote: bool = False
    """True where a client of its own came by a server, and not a test that stands for one."""
    cuts: int = 0
    """The number of times that a test wanted its client's connection to break."""
    sent_loss: float = 0.0
    """The share of the packets from its client that a test wants to be lost."""
    received_loss: float = 0.0
    """The same of those to its client."""
    joins: int = 1
    """The number of its connections so far; the last is the one that counts."""
    heard_from: int = 0
    """The place in the news of the session from which on it has heard."""
    heard_to: int | None = None
    heard_before: tuple[tuple[int, int | None], ...] = ()
    """These two places of each of the connections before."""
    publications: int = 0
    """The number of times it has begun to publish."""
    is_publishing: bool = False
    video: tuple[VideoTrack, ...] = ()
    """The layers of the picture that it publishes."""
    audio: tuple[AudioTrack, ...] = ()
    audio_muted: bool = False
    video_stopped: bool = False
    begins_muted: bool = False
    """True where its sound is to be muted from the beginning, when it publishes."""
    begins_stopped: bool = False
    """The same of its picture."""
    subscriptions: tuple[str, ...] = ()
    """The ids of the participants whom it hears and sees."""


class Client(NamedTuple):
    """What is known of the client behind a participant, as the API shows it."""

    os_name: str = ""
    os_version: str = ""
    browser_name: str = ""
    browser_version: str = ""
    sdk_version: str = ""


_RECORDED = ("recording_s3_bucket_name", "recording_s3_prefix", "recording_state")
"""What stays of a participant who joins again."""


@service.operation(rate=5)
def get_participant(ctx: Context, stage_arn: str, session_id: str, participant_id: str) -> dict[str, object]:
    ctx.store.stages[stage_arn]
    participant = find(ctx, stage_arn, session_id, participant_id)
    if participant is None:
        raise ResourceNotFoundException(f"Resource: {participant_id} not found", resource=stage_arn)
    return {"participant": participant}


@service.operation(rate=5)
def list_participants(
    ctx: Context,
    stage_arn: str,
    session_id: str,
    *,
    filter_by_user_id: str | None = None,
    filter_by_published: bool | None = None,
    filter_by_state: str | None = None,
    filter_by_recording_state: str | None = None,
    next_token: str | None = None,
    max_results: int = DEFAULT_PAGE,
) -> dict[str, object]:
    wanted: dict[str, Any] = {
        "user_id": filter_by_user_id,
        "published": filter_by_published,
        "state": filter_by_state,
        "recording_state": filter_by_recording_state,
    }
    filters = [(attribute, value) for attribute, value in wanted.items() if value is not None]
    for attribute, _ in filters[1:]:
        ctx.check(False, f"filter_by_{attribute}", "Member must be absent when another filter is given")
    page = ctx.page(
        ctx.store.participants,
        max_results,
        next_token,
        among=ctx.store.participants_of[session_id] if stage_sessions.find(ctx, stage_arn, session_id) else (),
        where=_where(filters),
        filters=(session_id, *filters),
    )
    return {"participants": page.items, "next_token": page.next_token}


def _where(filters: list[tuple[str, Any]]) -> Callable[[Participant], bool] | None:
    """Return what tells whom filters leave: a session may have ten thousand, so it is quick."""
    if not filters:
        return None
    read = attrgetter(*(attribute for attribute, _ in filters))
    values = tuple(value for _, value in filters)
    wanted = values if values[1:] else values[0]
    return lambda each: bool(read(each) == wanted)


def find(ctx: Context, stage_arn: str, session_id: str | None, participant_id: str) -> Participant | None:
    """Return a participant of a session of a stage, None where there is no such one."""
    session = stage_sessions.find(ctx, stage_arn, session_id)
    return at(ctx, session.session_id, participant_id) if session else None


def at(ctx: Context, session_id: str, participant_id: str) -> Participant | None:
    """Return a participant of a session that there is, None where it has no such one."""
    return ctx.store.participants.get(key_of(session_id, participant_id))


def has_client(ctx: Context, participant: Participant) -> bool:
    """Return whether somebody has a client of its own, or is the replica of one who has."""
    if participant.source_session_id:
        source = at(ctx, participant.source_session_id, participant.participant_id)
        return source is not None and source.is_remote
    return participant.is_remote


def connected(ctx: Context, session_id: str | None) -> list[Participant]:
    """Return the participants of a session who are connected; nobody is where there is no session."""
    keys: Iterable[str] = ctx.store.participants_of[session_id] if session_id else ()
    return [each for each in map(ctx.store.participants.__getitem__, keys) if each.state == "CONNECTED"]


def key(participant: Participant) -> str:
    """Return the key of a participant in its table."""
    return key_of(participant.session_id, participant.participant_id)


def add(ctx: Context, participant: Participant) -> Participant:
    """Add somebody who joins a session, or joins it again."""
    its_key = key(participant)
    before = ctx.store.participants.get(its_key)
    if before is None:
        ctx.store.participants_of.append(participant.session_id, its_key)
    else:
        recorded = {name: getattr(before, name) for name in _RECORDED}
        participant = replace(participant, **recorded)
    ctx.store.participants[its_key] = participant
    ctx.touch(participant.session_id)
    stage_sessions.count(ctx, participant.session_id, present=1)
    record(ctx, participant, participant_events.JOINED)
    return participant


def change(ctx: Context, participant: Participant, **changes: Any) -> Participant:
    """Put a changed participant in the place of the old one, and return it."""
    ctx.touch(participant.session_id)
    changed = ctx.store.participants[key(participant)] = replace(participant, **changes)
    return changed


def about(ctx: Context, participant: Participant) -> dict[str, str]:
    """Return what is told of a participant to whom something happens that a test may want."""
    stage_arn = ctx.store.stage_sessions[participant.session_id].stage_arn
    return {"stage_arn": stage_arn, "participant_id": participant.participant_id, "user_id": participant.user_id}


def record(
    ctx: Context, participant: Participant, name: str, *, remote: Participant | None = None, **more: Any
) -> None:
    """Record an event of a participant, which may be about another, the one whom it hears and sees."""
    is_replica = (remote or participant).replication_type == REPLICA
    event = ParticipantEvent(name, participant.participant_id, ctx.now, replica=is_replica or None, **more)
    participant_events.record(ctx, participant.session_id, event)
