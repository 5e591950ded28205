"""Stages: people who join them, and what they do there. They are simulated: no media go anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from ...core import arns
from ...core.names import wire_name
from ...emulator import Emulator
from ...ivsrealtime.live_participant import LiveParticipant
from .endpoints import Body, endpoint
from .problems import RequestRefused

Track = dict[str, str | int | float | bool]

T = TypeVar("T", bound=msgspec.Struct)

_STAGE = {"arn_or_name": "stage"}


class VideoTrack(msgspec.Struct, rename="camel"):
    """A picture that is sent: the only one, or a layer of it. Bitrate in bits a second, IDR interval in seconds."""

    width: int
    height: int
    framerate: float
    bitrate: int
    codec: str
    profile: str
    idr_interval: float
    b_frames: bool


class AudioTrack(msgspec.Struct, rename="camel"):
    """A sound that is sent. Bitrate in bits a second, sample rate in hertz."""

    codec: str
    bitrate: int
    sample_rate: int
    channels: int


class Participant(msgspec.Struct, rename="camel"):
    """One who is on a stage, or was; `subscriptions` are the ids of those whom it hears and sees.

    `video` are the layers of the picture that it publishes, `audio` is its sound.

    A `replicationType` of REPLICA is one who is on another stage, and shown on this one. Who `isRemote` has a client of
    its own, such as a page that came by the events WebSocket; `sentLoss` and `receivedLoss` are the shares of its
    packets that are lost.
    """

    participant_id: str
    session_id: str
    stage_arn: str
    user_id: str
    attributes: dict[str, str]
    capabilities: list[str]
    is_connected: bool
    is_remote: bool
    sent_loss: float
    received_loss: float
    is_publishing: bool
    audio_muted: bool
    video_stopped: bool
    video: list[VideoTrack]
    audio: list[AudioTrack]
    subscriptions: list[str]
    protocol: str
    replication_type: str
    first_join_time: datetime


class ParticipantList(msgspec.Struct):
    """Participants, in the order in which they came."""

    participants: list[Participant]


class StageNewsShown(msgspec.Struct, rename="camel"):
    """What a client on a stage was told: `name` is the event of AWS's web SDK, `participantId` whom it is about.

    `isPublishing`, `audioMuted` and `videoStopped` are the other's state after it; `reason` says why the client itself
    had to leave; `layers` are those of the picture to choose from, where streams were added.
    """

    name: str
    participant_id: str
    time: datetime
    is_publishing: bool
    audio_muted: bool
    video_stopped: bool
    reason: str
    layers: list[VideoTrack]


class SeenList(msgspec.Struct):
    """What a client was told, oldest first."""

    seen: list[StageNewsShown]


class JoinStage(Body):
    """Somebody joins with a token, or a stage (ARN or name) as `userId`, with `attributes` and `capabilities`.

    Or an encoder does, with the `streamKey` of an ingest configuration or a whole URL, and publishes `video` and
    `audio`. One of `stage`, `token` and `streamKey` is given; the last two say the rest themselves. Without
    `capabilities` both are granted, PUBLISH and SUBSCRIBE. The `protocol` WHIP is that of clients such as OBS, who
    leave as they stop publishing.
    """

    stage: str | None = None
    token: str | None = None
    stream_key: str | None = None
    user_id: str = ""
    attributes: dict[str, str] | None = None
    capabilities: list[str] | None = None
    protocol: str | None = None
    video: Track | list[Track] | None = None
    audio: Track | list[Track] | None = None


class Publish(Body):
    """What is sent, where it differs from the usual; a list is for simulcast layers, and an empty one for nothing."""

    video: Track | list[Track] | None = None
    audio: Track | list[Track] | None = None


class Mute(Body):
    """Whether the sound is muted, and whether the picture is stopped."""

    audio: bool = True
    video: bool = False


class Other(Body):
    """The id of another participant of the same session."""

    participant_id: str


class ExchangeToken(Body):
    """A token that a back end has signed."""

    token: str


class Impair(Body):
    """The shares of a client's packets that are lost, from 0 to 1: of those that it sends, and that it receives."""

    sent_loss: float = 0.0
    received_loss: float = 0.0


class FailPublishing(Body):
    """The error code of the API's Event."""

    error_code: str


@endpoint("GET", "/participants", aliases=_STAGE)
def list_participants(sim: Emulator, stage: str | None = None) -> ParticipantList:
    """Return who is on a stage now; those of one `stage` (ARN or name), if given."""
    arn = stage and sim.stages.stage(stage)
    return ParticipantList([_shown(each) for each in sim.stages.participants if arn in (None, each.stage_arn)])


@endpoint("POST", "/participants", status=201, example={"stage": "panel", "userId": "ann"}, aliases=_STAGE)
def join_stage(sim: Emulator, body: JoinStage) -> Participant:
    """Let somebody join a stage: a participant who does what these endpoints tell it.

    The first to join begins a session. Whoever is there with the same token already has to leave.
    """
    given = [name for name in ("stage", "token", "stream_key") if getattr(body, name)]
    if len(given) != 1:
        raise RequestRefused(400, "give one of `stage`, `token` and `streamKey`", field="stage")
    ways = {"stage": _by_stage, "token": _by_token, "stream_key": _by_stream_key}
    return _shown(ways[given[0]](sim, body))


@endpoint("GET", "/participants/{participantId}")
def get_participant(sim: Emulator, participant_id: str) -> Participant:
    """Return one participant, also one who has left."""
    return _shown(sim.stages.find(participant_id))


@endpoint("GET", "/participants/{participantId}/seen")
def list_seen(sim: Emulator, participant_id: str) -> SeenList:
    """Return what a participant's client was told in its last connection: who was there already, and what happened."""
    seen = sim.stages.find(participant_id).seen
    return SeenList(
        [
            StageNewsShown(
                each.name,
                each.participant_id,
                each.time,
                each.is_publishing,
                each.audio_muted,
                each.video_stopped,
                each.reason,
                _tracks(each.layers, VideoTrack),
            )
            for each in seen
        ]
    )


@endpoint("POST", "/participants/{participantId}/publish", example={"video": {"width": 640, "height": 360}})
def publish(sim: Emulator, participant_id: str, body: Publish) -> Participant:
    """Send sound and picture, for others to subscribe to.

    What a stage does not take is refused with a code: RESOLUTION_EXCEEDED, say.
    """
    participant = sim.stages.find(participant_id)
    participant.publish(video=body.video, audio=body.audio)
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/unpublish")
def unpublish(sim: Emulator, participant_id: str) -> Participant:
    """Send no more. Whoever is subscribed is not any longer."""
    participant = sim.stages.find(participant_id)
    participant.unpublish()
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/mute", example={"audio": True, "video": False})
def mute(sim: Emulator, participant_id: str, body: Mute) -> Participant:
    """Mute the sound or stop the picture, or take that back with false."""
    participant = sim.stages.find(participant_id)
    participant.mute(audio=body.audio, video=body.video)
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/subscribe", example={"participantId": "xYz1R6DQvGzA"})
def subscribe(sim: Emulator, participant_id: str, body: Other) -> Participant:
    """Hear and see another, who publishes."""
    participant = sim.stages.find(participant_id)
    participant.subscribe(body.participant_id)
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/unsubscribe", example={"participantId": "xYz1R6DQvGzA"})
def unsubscribe(sim: Emulator, participant_id: str, body: Other) -> Participant:
    """Hear and see another no more."""
    participant = sim.stages.find(participant_id)
    participant.unsubscribe(body.participant_id)
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/exchange-token", example={"token": "eyJhbGciOiJFUzM4NCJ9.e30.c2ln"})
def exchange_token(sim: Emulator, participant_id: str, body: ExchangeToken) -> Participant:
    """Go on with what another token says: other capabilities, attributes, user id. Both have to be a back end's."""
    participant = sim.stages.find(participant_id)
    participant.exchange_token(body.token)
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/fail", example={"errorCode": "B_FRAME_PRESENT"})
def fail_publishing(sim: Emulator, participant_id: str, body: FailPublishing) -> Participant:
    """Let publishing fail with a code, and with that end."""
    participant = sim.stages.find(participant_id)
    participant.fail(body.error_code)
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/cut")
def cut_connection(sim: Emulator, participant_id: str) -> Participant:
    """Let the connection of a participant's page break, as a network does. AWS's SDKs come back by themselves.

    Until then it stays on the stage, for ten seconds at most. One that joined by these endpoints has no connection, and
    is refused: NOT_REMOTE.
    """
    participant = sim.stages.find(participant_id)
    participant.cut()
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/impair", example={"sentLoss": 1, "receivedLoss": 0.3})
def impair_connection(sim: Emulator, participant_id: str, body: Impair) -> Participant:
    """Let packets of sound and picture be lost on the way from or to a participant's client.

    With a `sentLoss` of 1 others see its picture stand still, while it publishes as before. What is left out is 0, so
    without a body all go through again. One that joined by these endpoints has no client, and is refused: NOT_REMOTE.
    """
    participant = sim.stages.find(participant_id)
    participant.impair(sent_loss=body.sent_loss, received_loss=body.received_loss)
    return _shown(participant)


@endpoint("POST", "/participants/{participantId}/leave")
def leave_stage(sim: Emulator, participant_id: str) -> Participant:
    """Leave the stage; with the last one its session ends. One who has left stays away, and so does a page."""
    participant = sim.stages.find(participant_id)
    participant.leave()
    return _shown(participant)


def _by_stage(sim: Emulator, body: JoinStage) -> LiveParticipant:
    _refuse(body, "video", "audio", rule="a participant sends when it publishes")
    more: dict[str, Any] = {} if body.capabilities is None else {"capabilities": body.capabilities}
    return sim.stages.join(
        sim.stages.stage(str(body.stage)),
        user_id=body.user_id,
        attributes=body.attributes,
        protocol=body.protocol,
        **more,
    )


def _by_token(sim: Emulator, body: JoinStage) -> LiveParticipant:
    _refuse(body, "user_id", "attributes", "capabilities", rule="the token says it itself")
    _refuse(body, "video", "audio", rule="a participant sends when it publishes")
    if arns.parse(str(body.token)) is not None:
        raise RequestRefused(400, "it is an ARN; give it as `stage`", field="token")
    return sim.stages.join(str(body.token), protocol=body.protocol)


def _by_stream_key(sim: Emulator, body: JoinStage) -> LiveParticipant:
    _refuse(body, "user_id", "attributes", "capabilities", "protocol", rule="the ingest configuration says it itself")
    return sim.stages.encode(str(body.stream_key), video=body.video, audio=body.audio)


def _refuse(body: JoinStage, *names: str, rule: str) -> None:
    """Refuse members that have nothing to say here."""
    for name in names:
        if getattr(body, name) not in (None, ""):
            raise RequestRefused(400, rule, field=wire_name(name))


def _tracks(tracks: Sequence[msgspec.Struct], kind: type[T]) -> list[T]:
    return [kind(*msgspec.structs.astuple(each)) for each in tracks]


def _shown(participant: LiveParticipant) -> Participant:
    record: Any = participant.participant
    return Participant(
        participant.participant_id,
        participant.session_id,
        participant.stage_arn,
        record.user_id,
        record.attributes or {},
        list(record.capabilities),
        participant.is_connected,
        participant.is_remote,
        record.sent_loss,
        record.received_loss,
        record.is_publishing,
        record.audio_muted,
        record.video_stopped,
        _tracks(record.video if record.is_publishing else (), VideoTrack),
        _tracks(record.audio if record.is_publishing else (), AudioTrack),
        list(record.subscriptions),
        record.protocol,
        record.replication_type,
        record.first_join_time,
    )
