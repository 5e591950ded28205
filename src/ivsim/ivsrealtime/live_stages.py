"""Live stages: the people whom a test sends to stages, and those who are there: `sim.stages`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..core import arns
from ..core.arguments import LookupRefused, ValueRefused, check_text
from ..core.broadcasting import Tracks
from ..core.state import State
from . import (
    connection_tokens,
    ingest,
    participant_events,
    participant_tokens,
    participants,
    pipeline,
    presence,
    tokens,
)
from ._service import Context, Contexts, service
from .feed import Feed
from .layouts import Seen
from .live_participant import Key, LiveParticipant, StageRefused
from .participants import REPLICA, Client, Participant
from .presence import WHIP
from .recording import life
from .refusals import Refusal


class Composed(NamedTuple):
    """What is composed of a stage: those who publish, who are all heard, and those of them who are seen."""

    publishers: Sequence[LiveParticipant]
    seen: Sequence[Seen]


class Recorded(NamedTuple):
    """What is recorded: of whom, whether with pictures or the sound alone, and in files of how many seconds."""

    participant: LiveParticipant
    has_pictures: bool
    seconds_per_file: int


class Stages:
    """People whom a test sends to stages, so that the code under test sees them there."""

    def __init__(self, state: State, contexts: Contexts) -> None:
        self._state = state
        self._contexts = contexts
        self._followed: set[Key] = set()
        self._held: dict[tuple[str, str], set[str]] = {}

    def join(
        self,
        token_or_stage_arn: str,
        *,
        user_id: str = "",
        attributes: Mapping[str, str] | None = None,
        capabilities: Sequence[str] = participant_tokens.CAPABILITIES,
        protocol: str | None = None,
        connection_token: str | None = None,
    ) -> LiveParticipant:
        """Let somebody join a stage, with a token of CreateParticipantToken or of a back end, or by the stage's ARN.

        With an ARN a token is made for it, by `user_id`, `attributes` and `capabilities`, which a token brings itself.
        These are "PUBLISH" and "SUBSCRIBE", both unless given; an empty list is neither.
        The first to join begins a session. Whoever is there with the same token already has to leave. `protocol="WHIP"`
        stands for a client of WHIP, OBS say, which leaves as it stops publishing; without it one of AWS's SDKs joins.
        `connection_token` is what a back end has signed for the client's connection, with which RevokeConnectionToken
        ends it.

        Raises StageRefused, with the code of AWS's clients: TOKEN_MALFORMED for what is no token or was signed by
        nobody who may, TOKEN_EXPIRED, STAGE_DELETED, PARTICIPANT_DISCONNECTED for a token whose participant was thrown
        out, TOKEN_NOT_ALLOWED for a connection token that was revoked; ValueError for a capability or protocol that
        does not exist, for a user id of more than 128 characters, for attributes above 1 KB, and for `user_id` and the
        like beside a token; TypeError for arguments of another type. Source: *IVS Broadcast SDK: Error Handling*, IVS
        Real-Time User Guide.
        """
        wanted = participant_tokens.wanted(user_id, attributes, capabilities)
        if protocol is not None and check_text("protocol", protocol) != WHIP:
            raise ValueRefused("protocol", f"{protocol!r} is not {WHIP!r}; encoders have `encode()`")
        token = check_text("token_or_stage_arn", token_or_stage_arn)
        connection = None if connection_token is None else check_text("connection_token", connection_token)
        with self._state.transaction():
            if arns.parse(token) is not None:
                token = self._issue(token, wanted)
            elif wanted["user_id"] or wanted["attributes"] or wanted["capabilities"] != participant_tokens.CAPABILITIES:
                given = "user_id, attributes and capabilities"
                raise ValueRefused("token_or_stage_arn", f"it is a token, which says {given} itself")
            ctx, answer = self._admit(token, connection, by_whip=protocol == WHIP)
        return self._joined(ctx, answer)

    def let_in(self, token: str, client: Client, *, by_whip: bool = False) -> LiveParticipant:
        """Let a client that came by a server join with a token, as `join()` does. Raises StageRefused as that does."""
        with self._state.transaction():
            ctx, answer = self._admit(token, None, client=client, by_whip=by_whip)
        return self._joined(ctx, answer)

    def hold(self, participant: LiveParticipant, remote_id: str = "") -> None:
        """Note that a door has a connection for what somebody publishes, or with `remote_id` gets of another."""
        self._held.setdefault((participant.session_id, participant.participant_id), set()).add(remote_id)

    def release(self, participant: LiveParticipant, remote_id: str = "") -> None:
        """Note that a connection is gone that was held."""
        key = participant.session_id, participant.participant_id
        held = self._held.get(key, set())
        held.discard(remote_id)
        if not held:
            self._held.pop(key, None)

    def is_held(self, participant: LiveParticipant) -> bool:
        """Return whether somebody is on a stage by media alone, without the events, and a door has them."""
        record = participant.participant
        is_there = (participant.session_id, participant.participant_id) in self._held
        return is_there and record is not None and record.ingest_protocol == WHIP

    def end_lost_media(self) -> None:
        """Let clients publish no more, and get nothing of others, where no door has the connection for that.

        A server that is gone had it; or there is none in a state that was loaded.
        """
        with self._state.transaction():
            for each in self.participants:
                record = each.participant
                if record is not None and record.is_remote:
                    held = self._held.get((each.session_id, each.participant_id), set())
                    each.lose_media(is_published="" in held, received=held)

    def feed(self, wake: Callable[[], object]) -> Feed:
        """Return a feed of what a door's clients are to be sent; it calls `wake` when there is news.

        `wake` is called by any thread, inside a transaction, and so should only arrange that somebody asks the feed.
        """
        return Feed(self, self._state, self._contexts, self._followed, wake)

    def encode(self, ingest_stream_key: str, *, video: Tracks = None, audio: Tracks = None) -> LiveParticipant:
        """Let an encoder publish by RTMP or RTMPS, with the stream key of an ingest configuration that has a stage.

        A key comes bare, and is used with the configuration's `ingestProtocol`, or in a whole URL:
        `rtmps://{host}:443/app/{key}`, where the stage's `endpoints` have all before the key. The participant is the
        configuration's, with its user id and attributes, and sends `video` and `audio` as `publish()` has them. The
        configuration is ACTIVE until it leaves. With redundant ingest each of its keys has an encoder.

        Raises StageRefused: INVALID_STREAM_KEY for a key of no configuration, or of one without a stage, and for a URL
        that is not the stage's; STAGE_DELETED; INVALID_PROTOCOL for RTMP where RTMPS is wanted; REUSE_OF_STREAM_KEY
        while an encoder publishes with the key; QUOTA_EXCEEDED and what `publish()` raises. Where there is a stage,
        events tell too, and an encoder that is refused has left. Raises ValueError and TypeError as `publish()` does,
        TypeError for a key that is not text. Source: *IVS RTMP Publishing*, IVS Real-Time User Guide.
        """
        with self._state.transaction():
            wanted = ingest.connection(check_text("ingest_stream_key", ingest_stream_key))
            if isinstance(wanted, Refusal):
                raise StageRefused(*wanted)
            found = ingest.configuration_of(wanted.key, self._contexts)
            if found is None:
                raise StageRefused("INVALID_STREAM_KEY", "no ingest configuration has this stream key")
            ctx, configuration = found
            answer = ingest.admit(ctx, configuration, wanted, video, audio)
        return self._joined(ctx, answer)

    def connected(self, token: str) -> LiveParticipant | None:
        """Return who is on a stage with a token, or another of the same participant; None when nobody is.

        Raises StageRefused as `join()` does, TypeError for what is not text.
        """
        with self._state.transaction():
            read = self._read(check_text("token", token))
            if isinstance(read, Refusal):
                raise StageRefused(*read)
            ctx, claims = read
            refused = presence.barred(ctx, claims)
            if refused is not None:
                raise StageRefused(*refused)
            participant = presence.holder(ctx, claims)
            return LiveParticipant(self._state, ctx, participant, self._read) if participant else None

    @property
    def participants(self) -> list[LiveParticipant]:
        """Who is on a stage now, in every account and region, in the order in which they came.

        They may have joined elsewhere, or before the state was loaded.
        """
        with self._state.transaction():
            return [
                LiveParticipant(self._state, ctx, each, self._read)
                for ctx in self._contexts
                for stage in ctx.store.stages.values()
                for each in participants.connected(ctx, stage.active_session_id)
            ]

    def find(self, participant_id: str) -> LiveParticipant:
        """Return a participant by its id, also one who has left. Raises LookupError for an id that nobody has.

        Of several with one id, which tokens of a back end may have, it is one who is connected, and the last who came.
        A replica it never is: no client is behind it but that of its source.
        """
        with self._state.transaction():
            found = [
                (ctx, participant)
                for ctx in self._contexts
                for session in ctx.store.stage_sessions.values()
                for participant in [participants.at(ctx, session.session_id, participant_id)]
                if participant and participant.replication_type != REPLICA
            ]
            if not found:
                raise LookupRefused("participant_id", f"there is no participant {participant_id!r}")
            found.sort(key=lambda each: (each[1].state == "CONNECTED", each[1].first_join_time))
            ctx, participant = found[-1]
            return LiveParticipant(self._state, ctx, participant, self._read)

    def composed(self, stream_id: str) -> Composed | None:
        """Return what the composition that sends a stream to a channel shows now; None where no composition does."""
        with self._state.transaction():
            for ctx in self._contexts:
                found = pipeline.composed(ctx, stream_id)
                if found is not None:
                    publishers, seen = found
                    return Composed([LiveParticipant(self._state, ctx, each, self._read) for each in publishers], seen)
        return None

    def recorded(self, recording_id: str) -> Recorded | None:
        """Return what a recording wants of a participant now; None where it wants nothing any more."""
        with self._state.transaction():
            for ctx in self._contexts:
                recording = ctx.store.recordings.get(recording_id)
                if recording is not None and recording.is_open:
                    key = participant_events.key_of(recording.stretches[-1].session_id, recording.participant_id)
                    participant = LiveParticipant(self._state, ctx, ctx.store.participants[key], self._read)
                    return Recorded(participant, recording.has_pictures, recording.seconds_per_file)
        return None

    def take_recorded(self, recording_id: str) -> None:
        """Add what a server has recorded meanwhile to a recording, if it still goes on."""
        with self._state.transaction():
            for ctx in self._contexts:
                life.take_media(ctx, recording_id)

    def with_addresses(self, token: str, *, events_url: str, whip_url: str) -> str:
        """Return a token that CreateParticipantToken or CreateStage answered, with other addresses in it.

        It is as good as the one it was made of. Any other text is returned as it is.
        """
        return tokens.with_addresses(self._state.ids.secret, token, events_url=events_url, whip_url=whip_url)

    def latency(self, incident: str) -> float:
        """Return the seconds that a test wants something to take for clients on a port: "StageJoin", say."""
        return self._state.faults.delay(f"{service.name}:{incident}")

    def stage(self, arn_or_name: str) -> str:
        """Return the ARN of the stage that has this ARN or this name.

        Raises LookupError when none has, ValueError when several have the name.
        """
        with self._state.transaction():
            found = [
                stage.arn
                for ctx in self._contexts
                for stage in ctx.store.stages.values()
                if arn_or_name and arn_or_name in (stage.arn, stage.name)
            ]
        if not found:
            raise LookupRefused("arn_or_name", f"no stage has the ARN or the name {arn_or_name!r}")
        if len(found) > 1:
            rule = f"{len(found)} stages have the name {arn_or_name!r}; give the ARN of one of them"
            raise ValueRefused("arn_or_name", rule)
        return found[0]

    def _admit(self, token: str, connection: str | None, **how: Any) -> tuple[Context, Participant | Refusal]:
        """Let somebody join with a token, and maybe a connection token, where there is a stage for it."""
        read = self._read(token)
        if isinstance(read, Refusal):
            raise StageRefused(*read)
        ctx, claims = read
        if connection is not None:
            taken = connection_tokens.read(ctx, connection)
            if isinstance(taken, Refusal):
                raise StageRefused(*taken)
            how["connection_token_id"] = taken.token_id
        return ctx, presence.admit(ctx, claims, **how)

    def _joined(self, ctx: Context, answer: Participant | Refusal) -> LiveParticipant:
        """Return the handle on one who has joined; a refusal is raised outside of the transaction, so events stay."""
        if isinstance(answer, Refusal):
            raise StageRefused(*answer)
        return LiveParticipant(self._state, ctx, answer, self._read)

    def _issue(self, stage_arn: str, wanted: dict[str, Any]) -> str:
        """Return a token for a stage, as CreateParticipantToken makes it."""
        ctx = self._place_of(stage_arn)
        if ctx is None:
            raise ValueRefused("token_or_stage_arn", f"{stage_arn!r} is not the ARN of a stage")
        if stage_arn not in ctx.store.stages:
            raise StageRefused("STAGE_DELETED", f"there is no stage {stage_arn}")
        return participant_tokens.issue(ctx, stage_arn, wanted).token

    def _read(self, token: str) -> tuple[Context, tokens.Claims] | Refusal:
        """Return where a token's stage is and what it says, or why it is not taken."""
        signers = []

        def public_key(kid: str) -> str | None:
            arn = arns.parse(kid)
            ctx = self._contexts(arn.account, arn.region) if arn else None
            signers.append(ctx)
            key = ctx.store.public_keys.get(kid) if ctx else None
            return key.public_key_material if key else None

        now = self._state.clock.now().timestamp()
        try:
            claims = tokens.read(token, secret=self._state.ids.secret, public_key=public_key, now=now)
        except tokens.TokenRefused as refused:
            return Refusal(refused.code, refused.rule)
        ctx = self._place_of(claims.stage_arn)
        if ctx is None or any(signer is not ctx for signer in signers):
            return Refusal("TOKEN_MALFORMED", "resource is no stage of the account and region of the key")
        return ctx, claims

    def _place_of(self, stage_arn: str) -> Context | None:
        """Return where a stage is, or would be, by its ARN; None for what is not the ARN of one."""
        arn = arns.parse(stage_arn)
        if arn is None or (arn.service, arn.resource_type) != (service.namespace, "stage"):
            return None
        return self._contexts(arn.account, arn.region)
