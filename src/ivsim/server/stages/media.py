"""The media of one client, published or subscribed to: from the offer to the end, and what the stage knows of it."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...ivsrealtime.live_participant import StageRefused
from ...ivsrealtime.presence import WHIP
from ...ivsrealtime.tracks import MOST_BITRATE, SHORTEST_SIDE, VideoTrack
from .forwarding import Publication
from .legs import Subscription
from .sdp import Chosen

if TYPE_CHECKING:
    from ...ivsrealtime.live_participant import LiveParticipant
    from ...media.flv import VideoFormat
    from .sdp import Codec

_log = logging.getLogger("ivsim.stages")

_LATEST_PICTURE = 2.0
"""The seconds that a sound waits for the picture that was offered with it, before somebody publishes by it alone."""

_TOLERANCE = 1.15
"""How many times the highest bitrate is measured before it is too much: encoders do not keep to theirs."""

_CONSTRAINED = 0x40
_PROFILES = {"42": "Baseline", "4D": "Main", "58": "Extended", "64": "High"}


class Handle(ABC):
    """What a client has of the server: a connection, for a participant. `chosen` are the codecs by section.

    `key` is for what: the stage and who is on it, and whom that one is subscribed to, `remote_id`; "" for nobody.
    """

    def __init__(self, participant: LiveParticipant, token: str, remote_id: str = "") -> None:
        self.participant = participant
        self.remote_id = remote_id
        self.key = participant.stage_arn, participant.participant_id, remote_id
        self.token = token
        self.connection: Any = None
        self.chosen: dict[str, Chosen] = {}
        self._over: Callable[[], object] = lambda: None
        record = participant.participant
        self._cuts = record.cuts if record is not None else 0

    @property
    def is_cut(self) -> bool:
        """True where a test has the connection break: without the events, its client has no other."""
        record = self.participant.participant
        return record is not None and record.cuts > self._cuts and record.ingest_protocol == WHIP

    def when_over(self, over: Callable[[], object]) -> None:
        """Call a function when it is to end."""
        self._over = over

    def finish(self) -> None:
        """Let it end soon."""
        self._over()

    @abstractmethod
    def look(self) -> None:
        """See what has become of the participant, and tell the stage what is news."""

    @abstractmethod
    async def go_on(self, *, reports: bool) -> None:
        """Do what is done several times a second; with `reports` what is done once."""

    @abstractmethod
    async def end(self) -> None:
        """End it, on the stage and here."""


class Published(Handle):
    """What a client publishes: on the stage it does so once its media come."""

    def __init__(
        self,
        participant: LiveParticipant,
        token: str,
        chosen: dict[str, tuple[str, Codec]],
        connect: Callable[..., Any],
        now: Callable[[], float],
    ) -> None:
        super().__init__(participant, token)
        self.media = Publication(self.look, now)
        self.connection = connect(self.media.take_rtp, self.media.take_rtcp, lambda: None, self.finish)
        self.chosen = {mid: Chosen(codec) for mid, (_, codec) in chosen.items()}
        self._kinds = [kind for kind, _ in chosen.values()]
        for kind, codec in chosen.values():
            self.media.add(kind, codec, self.connection)
        self._is_begun = False
        self._told: list[dict[str, Any]] = []

    def look(self) -> None:
        """Begin to publish when media come; end when the participant has, or sends what is not taken."""
        record = self.participant.participant
        self.connection.lose(record.sent_loss if record else 0.0)
        if self.is_cut or not self.participant.is_connected or (self._is_begun and not self.participant.is_publishing):
            self.finish()
        elif not self._is_begun:
            self._begin()
        else:
            self._judge()

    async def go_on(self, *, reports: bool) -> None:
        """Ask the client for what subscribers want, and tell it what came."""
        await self.media.flush()
        if reports:
            await self.media.report()

    async def end(self) -> None:
        """Publish no more; who came by WHIP leaves with that."""
        with suppress(StageRefused):  # it has left already
            if is_whip(self.participant):
                self.participant.leave()
            else:
                self.participant.unpublish()
        await self.connection.close()

    def _begin(self) -> None:
        is_waiting = "video" in self._kinds and self.media.seconds < _LATEST_PICTURE
        pictures = self._pictures(least=SHORTEST_SIDE if is_waiting else 0)
        if pictures or (self.media.has("audio") and not is_waiting):
            self._is_begun = True
            self._tell(self.participant.begin, pictures)

    def _judge(self) -> None:
        """Tell the stage what is sent by now, and let publishing fail where that is too much."""
        pictures = self._pictures(least=SHORTEST_SIDE)
        if self.media.bitrate > MOST_BITRATE * _TOLERANCE:
            _log.info("%r is refused: BITRATE_EXCEEDED", self.participant)
            with suppress(StageRefused):  # it ends this moment, by another thread
                self.participant.fail("BITRATE_EXCEEDED")
            self.finish()
        elif pictures and pictures != self._told:
            self._tell(self.participant.replace_tracks, pictures)

    def _tell(self, tell: Callable[..., object], pictures: list[dict[str, Any]]) -> None:
        """Tell the stage what is sent, and end where it does not take that."""
        self._told = pictures
        try:
            tell(video=pictures, audio=None if "audio" in self._kinds else [])
        except StageRefused as refused:
            _log.info("%r is refused: %s", self.participant, refused)
            self.finish()

    def _pictures(self, least: int) -> list[dict[str, Any]]:
        """Return the layers of the picture that come, largest first, whose shorter side has so many pixels.

        A browser makes layers smaller than a stage takes, where it has not more to send.
        """
        track = self.media.track("video")
        forms = [each for each in track.forms if min(each.width, each.height) >= least] if track else []
        forms.sort(key=lambda each: each.width * each.height, reverse=True)
        share = {"bitrate": VideoTrack().bitrate // max(len(forms), 1)}
        return [{**_told(each), **share, "b_frames": track is not None and track.has_b_frames} for each in forms]


class Subscribed(Handle):
    """What a client gets of one who publishes. Of one whose media do not come here it is nothing."""

    def __init__(
        self,
        participant: LiveParticipant,
        token: str,
        remote_id: str,
        chosen: dict[str, tuple[str, Codec]],
        media_of: Callable[[], Publication | None],
        connect: Callable[..., Any],
    ) -> None:
        super().__init__(participant, token, remote_id)
        self._media_of = media_of
        self.media = media_of()
        self._subscription = Subscription()
        self.connection = connect(self._subscription.take_rtp, self._subscription.take_rtcp, self._attach, self.finish)
        for mid, (kind, codec) in chosen.items():
            leg = self._subscription.add(kind, codec, self.connection)
            self.chosen[mid] = Chosen(codec, leg.source, self._subscription.cname)
        self._is_open = False

    def look(self) -> None:
        """End when the subscription has."""
        record = self.participant.participant
        if record is None or self.remote_id not in record.subscriptions or self.is_cut:
            self.finish()
        else:
            self.connection.lose(record.received_loss)

    async def go_on(self, *, reports: bool) -> None:
        """Look whether the media are others: the source of a replica may publish anew, while the replica stays."""
        if reports and self.connection.is_open and (media := self._media_of()) is not self.media:
            self.media = media
            self._attach()

    async def end(self) -> None:
        """Get nothing more."""
        self._subscription.detach()
        with suppress(StageRefused):  # as above
            self.participant.unsubscribe(self.remote_id)
        await self.connection.close()

    def _attach(self) -> None:
        if self.media is not None:
            self._subscription.attach(self.media)
        else:
            self._subscription.detach()


def is_whip(participant: LiveParticipant) -> bool:
    """Return whether somebody is on the stage by its media alone, without the events; true of one who is forgotten."""
    record = participant.participant
    return record is None or record.ingest_protocol == WHIP


def _told(form: VideoFormat) -> dict[str, Any]:
    """Return the members that are known of a picture."""
    profile = _PROFILES.get(form.codec[5:7], form.codec[5:7])
    if profile == "Baseline" and int(form.codec[7:9], 16) & _CONSTRAINED:
        profile = "Constrained Baseline"
    return {"width": form.width, "height": form.height, "profile": profile}
