"""A live participant: a test's handle on one who is on a stage, seen from the client."""

from __future__ import annotations

from collections.abc import Callable, Collection
from types import TracebackType
from typing import NamedTuple

from ..core.arguments import TypeRefused, ValueRefused, check_flag, check_text
from ..core.broadcasting import Tracks
from ..core.state import State
from ..core.unknown import unknown
from . import (
    clients,
    news,
    participant_events,
    participants,
    presence,
    refusals,
    subscriptions,
    token_exchanges,
    tracks,
)
from ._service import Context, service
from .news import StageNews
from .participants import Client, Participant
from .refusals import Refusal
from .tokens import Claims


class StageRefused(ValueError):
    """A participant may not do something, or is not on the stage any more.

    `code` is what AWS's clients, or the event about it, have for the reason: "STAGE_DELETED", "QUOTA_EXCEEDED".
    """

    def __init__(self, code: str, rule: str) -> None:
        super().__init__(f"{code}: {rule}")
        self.code: str = code


class Key(NamedTuple):
    """One connection of a participant: the `joins`th of those in a session."""

    session_id: str
    participant_id: str
    joins: int


class LiveParticipant:
    """One who is on a stage, seen from the client. As a context manager it leaves with the block.

    Whoever was thrown out, or left, stays away: `leave()` then does nothing. Whatever else a client could do raises
    StageRefused, with the code NOT_CONNECTED.
    """

    def __init__(
        self,
        state: State,
        ctx: Context,
        participant: Participant,
        read: Callable[[str], tuple[Context, Claims] | Refusal],
    ) -> None:
        self._state = state
        self._ctx = ctx
        self.key = Key(participant.session_id, participant.participant_id, participant.joins)
        self._read = read
        self.participant_id: str = participant.participant_id
        """The participant's id, as ListParticipants and events have it."""
        self.session_id: str = participant.session_id
        """The id of the stage session."""
        self.stage_arn: str = ctx.store.stage_sessions[participant.session_id].stage_arn
        """The ARN of the stage."""

    def __repr__(self) -> str:
        state = "connected" if self.is_connected else "not connected"
        return f"<LiveParticipant {self.participant_id} on {self.stage_arn}, {state}>"

    def __enter__(self) -> LiveParticipant:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.leave()

    @property
    def is_connected(self) -> bool:
        """True until it leaves: by `leave()`, DisconnectParticipant or DeleteStage, or as its token is used again."""
        with self._state.transaction():
            return self._current is not None

    @property
    def is_publishing(self) -> bool:
        """True while others can subscribe to it."""
        with self._state.transaction():
            return self._current is not None and self._current.is_publishing

    @property
    def is_remote(self) -> bool:
        """True while it is the participant of a client of its own, which came by a server: a page, say."""
        with self._state.transaction():
            return self._current is not None and self._current.is_remote

    @property
    def user_id(self) -> str:
        """The name that its token has for it."""
        record = self._record
        return record.user_id if record else ""

    @property
    def participant(self) -> Participant | None:
        """The service's record of it; None when a reset removed it, or `history`."""
        self._state.clock.run_due()
        return self._record

    @property
    def source(self) -> LiveParticipant | None:
        """The one whose media are shown: of a replica that on another stage, else itself; None if it is forgotten."""
        with self._state.transaction():
            record = self._record
            if record is None or not record.source_session_id:
                return self
            source = participants.at(self._ctx, record.source_session_id, self.participant_id)
            return LiveParticipant(self._state, self._ctx, source, self._read) if source else None

    def other(self, participant_id: str) -> LiveParticipant | None:
        """Return another in its session, by id, also one who has left; None when that has no such participant."""
        with self._state.transaction():
            other = participants.at(self._ctx, self.session_id, participant_id)
            return LiveParticipant(self._state, self._ctx, other, self._read) if other else None

    @property
    def seen(self) -> list[StageNews]:
        """What its client was told so far, oldest first: who was there already, and what happened since."""
        with self._state.transaction():
            record = self._record
            return news.heard(self._ctx, record, self.key.joins) if record else []

    def publish(self, *, video: Tracks = None, audio: Tracks = None) -> None:
        """Send sound and picture, for others to subscribe to. To publish twice has no further effect.

        For `video` give the members that differ from the usual, `{"width": 640, "height": 360}`, or a list of these,
        one for each simulcast layer: `width`, `height`, `framerate`, `bitrate`, `codec`, `profile`, `idr_interval` in
        seconds, `b_frames`. For `audio`: `codec`, `bitrate`, `sample_rate`, `channels`. Bitrates are in bits a second;
        an empty list stands for no picture, or no sound.

        Raises StageRefused, as events tell too: INSUFFICIENT_CAPABILITIES without the right, QUOTA_EXCEEDED with twelve
        publishers, RESOLUTION_EXCEEDED above 1280x720, BITRATE_EXCEEDED above 8.5 Mbit/s for all layers together or 160
        kbit/s for the sound, INVALID_VIDEO_CODEC, INVALID_AUDIO_CODEC, B_FRAME_PRESENT and INVALID_INPUT for what a
        stage does not take. Raises ValueError for neither picture nor sound and for a number below 1, TypeError for a
        member that does not exist or is of another type. After 24 hours publishing ends by itself. Source: *Service
        Quotas* and *Stream Ingest*, IVS Real-Time User Guide.
        """
        self._publish(video, audio, is_offered=False)

    def offer(self) -> None:
        """Offer to publish, as a client does before its media come; `begin()` is for when they do.

        Raises StageRefused, as events tell too: INSUFFICIENT_CAPABILITIES and QUOTA_EXCEEDED as `publish()` does, and
        what a test wants of "StagePublish".
        """
        self._try(lambda ctx, participant: presence.offer(ctx, participant) or presence.spoil(ctx, participant))

    def begin(self, *, video: Tracks = None, audio: Tracks = None) -> None:
        """Publish by an offer that was taken. Raises as `publish()` does, which is both at once."""
        self._publish(video, audio, is_offered=True)

    def replace_tracks(self, *, video: Tracks = None, audio: Tracks = None) -> None:
        """Send others in the place of sound and picture: layers that come or go, another size, a picture that was late.

        `video` and `audio` are as for `publish()`. Raises StageRefused for what a stage does not take, with which
        publishing ends as by `fail()`, and unless it publishes; ValueError and TypeError as `publish()` does.
        """

        def replace(ctx: Context, participant: Participant) -> Refusal | None:
            protocol = participant.ingest_protocol or presence.SDK_PROTOCOL
            return presence.replace_tracks(ctx, participant, tracks.sent(protocol, video, audio))

        self._try(replace)

    def unpublish(self) -> None:
        """Send no more. Subscriptions to it end; an encoder and a WHIP client leave with that."""
        self._try(presence.stop)

    def mute(self, *, audio: bool = True, video: bool = False) -> None:
        """Mute the sound or stop the picture, or take that back with False.

        Raises StageRefused unless it publishes, TypeError for what is neither True nor False.
        """
        check_flag("audio", audio)
        check_flag("video", video)
        self._try(lambda ctx, participant: presence.show(ctx, participant, audio_muted=audio, video_stopped=video))

    def fail(self, error_code: str) -> None:
        """Let publishing fail with a code of the API's Event, "B_FRAME_PRESENT" say, and end as `unpublish()` does.

        Raises ValueError for a code that the API does not have; StageRefused unless it publishes.
        """
        codes = service.model.values_of("EventErrorCode")
        if error_code not in codes:
            raise ValueRefused("error_code", unknown("error code", str(error_code), codes))
        self._try(lambda ctx, participant: presence.fail(ctx, participant, error_code))

    def subscribe(self, other: LiveParticipant | str) -> None:
        """Hear and see another, given by the handle or by id. To subscribe twice has no further effect.

        Raises StageRefused, as an event tells too: INSUFFICIENT_CAPABILITIES without the right, PUBLISHER_NOT_FOUND for
        one who does not publish here, QUOTA_EXCEEDED with 10,000 subscribers.
        """
        remote_id = _id_of(other)
        self._try(lambda ctx, participant: subscriptions.subscribe(ctx, participant, remote_id))

    def unsubscribe(self, other: LiveParticipant | str) -> None:
        """Hear and see another no more."""
        remote_id = _id_of(other)
        self._try(lambda ctx, participant: subscriptions.unsubscribe(ctx, participant, remote_id))

    def is_subscribed_to(self, other: LiveParticipant | str) -> bool:
        """Return whether it hears and sees another, given by the handle or by id."""
        remote_id = _id_of(other)
        with self._state.transaction():
            record = self._record
            return record is not None and remote_id in record.subscriptions

    def exchange_token(self, token: str) -> None:
        """Go on with what another token says: other capabilities, attributes, user id.

        Raises StageRefused: TOKEN_EXCHANGE_REFUSED unless a back end has signed both tokens, for the same stage, with
        the same `jti`, the participant's id, and the same addresses; TOKEN_MALFORMED and TOKEN_EXPIRED as
        `Stages.join()` does. Raises TypeError for what is not text. Without the capability PUBLISH it publishes no
        more, without SUBSCRIBE it hears and sees nobody.
        """
        given = check_text("token", token)

        def exchange(ctx: Context, participant: Participant) -> Refusal | None:
            read = self._read(given)
            return read if isinstance(read, Refusal) else token_exchanges.exchange(ctx, participant, read[1])

        self._try(exchange)

    def announce(self, *, audio_muted: bool, video_stopped: bool) -> None:
        """Say whether sound and picture are muted and stopped, as an SDK does before it publishes, and from then on."""
        self._try(
            lambda ctx, participant: presence.announce(
                ctx, participant, audio_muted=audio_muted, video_stopped=video_stopped
            )
        )

    def describe(self, client: Client) -> None:
        """Take what is known of its client; what is empty stays as it was."""
        said = {name: value for name, value in client._asdict().items() if value}
        self._try(lambda ctx, participant: participants.change(ctx, participant, **said))

    def cut(self) -> None:
        """Let its client's connection to the server break, as a network does.

        AWS's SDKs come back by themselves; a client of WHIP has left.

        Raises StageRefused: NOT_REMOTE where it has no client of its own.
        """
        self._try(clients.cut)

    def impair(self, *, sent_loss: float = 0.0, received_loss: float = 0.0) -> None:
        """Let its client's packets of sound and picture be lost on their way to the server, or back, from now on.

        Each is a share: with `sent_loss=1` others see its picture stand still, while it publishes as before; with
        `received_loss=0.3` it gets seven packets of ten. Without arguments all go through again. It holds until the
        participant leaves, and begins within a tenth of a second.

        Raises ValueError for what is not from 0 to 1, TypeError for what is no number, StageRefused: NOT_REMOTE where
        it has no client of its own.
        """
        shares = {"sent_loss": sent_loss, "received_loss": received_loss}
        for name, share in shares.items():
            if isinstance(share, bool) or not isinstance(share, (int, float)):
                raise TypeRefused(name, f"{share!r} is not a number")
            if not 0 <= share <= 1:
                raise ValueRefused(name, f"{share!r} is not from 0 to 1")
        self._try(lambda ctx, participant: clients.impair(ctx, participant, **shares))

    def lose_media(self, *, is_published: bool, received: Collection[str]) -> None:
        """Publish no more unless `is_published`, and get nothing of others but those that are `received`, by id.

        It stays on the stage.
        """

        def lose(ctx: Context, participant: Participant) -> None:
            for remote_id in participant.subscriptions:
                if remote_id not in received:
                    participant = subscriptions.unsubscribe(ctx, participant, remote_id)
            if not is_published:
                presence.unpublish(ctx, participant)

        self._try(lose)

    def come_back(self) -> None:
        """Go on after its client's connection broke. Raises StageRefused for what a test wants of "StageJoin"."""
        self._try(
            lambda ctx, participant: refusals.by_fault(ctx, refusals.JOINING, **participants.about(ctx, participant))
        )

    def ping(self) -> bool:
        """Ask whether somebody is there, as clients do every 15 seconds; return whether that is answered.

        It is, unless a test wants otherwise of "StagePing".
        """
        with self._state.transaction():
            participant = self._current
            about = participants.about(self._ctx, participant) if participant else {}
            return participant is None or self._ctx.strike(refusals.PINGING, **about) is None

    def leave(self) -> None:
        """Leave the stage; with the last one its session ends. To leave twice has no further effect."""
        with self._state.transaction():
            participant = self._current
            if participant is not None:
                presence.leave(self._ctx, participant)

    def _publish(self, video: Tracks, audio: Tracks, *, is_offered: bool) -> None:
        def publish(ctx: Context, participant: Participant) -> Refusal | None:
            sent = tracks.sent(participant.ingest_protocol or presence.SDK_PROTOCOL, video, audio)
            refused = presence.offer(ctx, participant)
            if refused is None and not is_offered and not participant.is_publishing:
                refused = presence.spoil(ctx, participant)
            return refused or presence.publish(ctx, participant, sent)

        self._try(publish)

    def _try(self, action: Callable[[Context, Participant], object]) -> None:
        with self._state.transaction():
            participant = self._current
            if participant is None:
                answer: object = Refusal("NOT_CONNECTED", f"{self.participant_id} has left {self.stage_arn}")
            else:
                answer = action(self._ctx, participant)
        if isinstance(answer, Refusal):  # raised outside of the transaction, which leaves what events tell of it
            raise StageRefused(*answer)

    @property
    def _record(self) -> Participant | None:
        return self._ctx.store.participants.get(participant_events.key_of(self.session_id, self.participant_id))

    @property
    def _current(self) -> Participant | None:
        record = self._record
        return record if record and record.state == "CONNECTED" and record.joins == self.key.joins else None


def _id_of(other: object) -> str:
    if isinstance(other, LiveParticipant):
        return other.participant_id
    if not isinstance(other, str):
        raise TypeRefused("other", f"{other!r} is neither a participant nor the id of one")
    return other
