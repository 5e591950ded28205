"""News of a stage session: what those who are there hear of each other, by the names that AWS's web SDK has for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from ._service import Context
from .participants import Participant
from .tracks import VideoTrack

JOINED = "stageParticipantJoined"
LEFT = "stageParticipantLeft"
PUBLISH_STATE = "stageParticipantPublishStateChanged"
STREAMS_ADDED = "stageParticipantStreamsAdded"
STREAMS_REMOVED = "stageParticipantStreamsRemoved"
METADATA = "stageParticipantMetadataChanged"
MUTE = "stageStreamMuteChanged"
STAGE_LEFT = "stageLeft"


class StageNews(Struct, frozen=True):
    """What a client on a stage is told: `name` is the event of AWS's web SDK, `participant_id` whom it is about.

    `is_publishing`, `audio_muted` and `video_stopped` are the other's state after it. `time` is when it happened, by
    the emulator's clock. `reason` says why the client itself left the stage, as the SDK does:
    "participant-disconnected", "stage-deleted", "token-reused"; `message` is what DisconnectParticipant was given for
    its own `reason`.
    """

    name: str
    participant_id: str
    time: datetime
    is_publishing: bool = False
    audio_muted: bool = False
    video_stopped: bool = False
    reason: str = ""
    message: str = ""
    layers: tuple[VideoTrack, ...] = ()
    """The layers of the picture to choose from, where streams were added."""
    to: str = ""
    """The participant who alone is told; empty where all others are."""


def tell(ctx: Context, name: str, about: Participant, *, to: str = "", reason: str = "", message: str = "") -> None:
    """Tell all others of a participant, or one of them."""
    news = StageNews(
        name,
        about.participant_id,
        ctx.now,
        is_publishing=about.is_publishing,
        audio_muted=about.audio_muted,
        video_stopped=about.video_stopped,
        reason=reason,
        message=message,
        layers=about.video if name == STREAMS_ADDED else (),
        to=to,
    )
    ctx.store.news.append(about.session_id, news)


def heard(ctx: Context, participant: Participant, connection: int) -> list[StageNews]:
    """Return what a participant has heard in a connection: first who was there already, then what happened.

    Its first connection is 1. One that it does not have, as another state was loaded, has heard nothing.
    """
    own = participant.participant_id
    heard = [*participant.heard_before, (participant.heard_from, participant.heard_to)]
    if connection > len(heard):
        return []
    start, end = heard[connection - 1]
    before = ctx.store.news.part(participant.session_id, 0, start)
    since = ctx.store.news.part(participant.session_id, start, end)
    told = (each for each in since if each.to == own or (not each.to and each.participant_id != own))
    return [*_present(before, own), *told]


def _present(news: Iterable[StageNews], own: str) -> Iterator[StageNews]:
    """Return the news that a newcomer needs: who has joined and not left, and the state of those who publish."""
    there: dict[str, tuple[StageNews, StageNews | None]] = {}
    for each in news:
        who = each.participant_id
        if each.to or who == own or each.name == METADATA:
            continue
        if each.name == JOINED:
            there[who] = each, None
        elif each.name == LEFT:
            there.pop(who, None)
        else:
            there[who] = there[who][0], each if each.is_publishing else None
    for joined, state in there.values():
        yield joined
        if state is not None:
            yield state
