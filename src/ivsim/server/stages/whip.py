"""WHIP: clients publish and subscribe by offers of WebRTC, each with a participant token.

The web SDK, which hears of the stage by its events socket, POSTs to `/publish/{its id}` and `/subscribe/{id}`; OBS and
other clients of WHIP POST to `/`, and are on the stage for as long as they publish; AWS's samples do so, and POST to
`/subscribe/{id}` with the token alone, for as long as they receive. Sources: RFC 9725 (WHIP); what the
SDK sends was observed, and is in docs/fidelity.md.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ...ivsrealtime.live_participant import StageRefused
from ...ivsrealtime.refusals import PUBLISHING, SUBSCRIBING
from ...web import SDP
from ...wire.http import Request, Response
from . import sdp, still
from .clients import client_of
from .handles import Handles
from .media import Published, Subscribed, is_whip
from .sdp import OfferRefused
from .synthetic import Synthetic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...emulator import Emulator
    from ...ivsrealtime.live_participant import LiveParticipant
    from ...ivsrealtime.participants import Client
    from .forwarding import Publication
    from .media import Handle
    from .sdp import Media, Offer

TO_INSTALL = "media of stages need aiortc, and Python 3.11 or later: pip install 'ivsim[server,webrtc]'"
"""What a client is told where the extra is missing."""

STATUSES = {
    "TOKEN_MALFORMED": 401,
    "TOKEN_EXPIRED": 401,
    "STAGE_DELETED": 404,
    "PUBLISHER_NOT_FOUND": 404,
    "QUOTA_EXCEEDED": 429,
    "INTERNAL_SERVER_EXCEPTION": 500,
    "STAGE_AT_CAPACITY": 503,
    "INVALID_VIDEO_CODEC": 422,
    "INVALID_AUDIO_CODEC": 422,
}
"""The statuses of refusals by their codes; every other is 403."""

_FRAGMENT = "application/trickle-ice-sdpfrag"
_GLOBAL = "/global.whip"
"""The path that stands for https://global.whip.live-video.net, which sends a client on to the endpoint of its stage."""

_PATH = re.compile(r"/(?P<what>publish|subscribe)/(?P<id>[^/]+)")
_RESOURCE = re.compile(r"/whip/(?P<id>[0-9a-f]{32})")


class Whip:
    """The clients that send or receive media. It belongs to the event loop in which it is made."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._loop = asyncio.get_running_loop()
        self._handles = Handles(emulator.stages, lambda handle: self._let_go(handle.participant), self._stop_unseen)
        self._synthetic: dict[tuple[str, str, int], Synthetic] = {}
        end_lost = emulator.stages.end_lost_media
        self._stop_watching = emulator.on_replaced(lambda: self._loop.call_soon_threadsafe(end_lost))
        end_lost()

    def is_for(self, request: Request) -> bool:
        """Return whether a request is for clients' media, and none of AWS's API."""
        path = _parts(request.url)[1]
        is_preflight = request.method == "OPTIONS" and request.header("access-control-request-method") != ""
        return not is_preflight and (
            request.content_type == SDP or path == _GLOBAL or any(each.fullmatch(path) for each in (_PATH, _RESOURCE))
        )

    async def respond(self, request: Request, came_by: str) -> Response:
        """Answer an offer, or let go of what one was for. `came_by` is the address at which the client came."""
        try:
            return await self._respond(request, came_by)
        except StageRefused as refused:
            return _text(STATUSES.get(refused.code, 403), str(refused))
        except OfferRefused as refused:
            return _text(refused.status, str(refused))

    async def still(self, participant: LiveParticipant) -> bytes | None:
        """Return what somebody publishes now, one picture in MP4; None where none is sent, or none comes soon."""
        record = participant.participant
        if record is None or not record.is_publishing or record.video_stopped:
            return None
        media = self._sent_by(participant)
        return still.drawn(record) if media is None else await still.taken(media)

    async def aclose(self) -> None:
        """Let everybody go, because the server stops."""
        self._stop_watching()
        await self._handles.aclose()
        for synthetic in self._synthetic.values():
            synthetic.stop()

    async def _respond(self, request: Request, came_by: str) -> Response:
        base, path = _parts(request.url)
        resource = _RESOURCE.fullmatch(path)
        if request.method == "OPTIONS":
            return Response(204, _headers({"Accept-Patch": _FRAGMENT} if resource else {"Accept-Post": SDP}), b"")
        if resource is not None:
            return await self._change(request, resource["id"])
        if request.method != "POST":
            return _text(405, "an offer is POSTed", Allow="POST, OPTIONS")
        if path == _GLOBAL:
            return Response(307, _headers({"Location": f"{base}/"}), b"")
        if request.content_type != SDP:
            return _text(415, f"an offer is {SDP}")
        return await self._offered(request, came_by)

    async def _offered(self, request: Request, came_by: str) -> Response:
        try:
            webrtc = await asyncio.to_thread(import_module, f"{__package__}.webrtc")
        except ImportError:
            return _text(501, TO_INSTALL)
        wanted = _PATH.fullmatch(_parts(request.url)[1])
        offer = sdp.read(request.body.decode(errors="replace"))
        is_subscriber = wanted is not None and wanted["what"] == "subscribe"
        await asyncio.sleep(self._emulator.stages.latency(SUBSCRIBING if is_subscriber else PUBLISHING))
        if self._handles.is_closed:
            raise OfferRefused("the server stops", 503)
        if wanted and is_subscriber:
            handle: Handle = await self._subscribe(request, wanted["id"], offer, webrtc)
        else:
            handle = await self._publish(request, wanted and wanted["id"], offer, webrtc)
        return await self._answer(request, handle, offer, came_by)

    async def _answer(self, request: Request, handle: Handle, offer: Offer, came_by: str) -> Response:
        id_ = self._handles.add(handle)
        try:
            local = await handle.connection.listen(came_by)
        except BaseException:
            await self._handles.end(id_)
            raise
        if handle.connection.is_over:
            return _text(409, "what was offered has ended before it could be answered")
        handle.connection.connect(offer)
        text = sdp.answer(offer, handle.chosen, local, sends=isinstance(handle, Subscribed))
        location = f"{_parts(request.url)[0]}/whip/{id_}"
        headers = {"Content-Type": SDP, "Location": location, "ETag": f'"{id_}"', "Accept-Patch": _FRAGMENT}
        return Response(201, _headers(headers), text.encode())

    async def _publish(self, request: Request, participant_id: str | None, offer: Offer, webrtc: Any) -> Published:
        """Return what is published by an offer, of whoever is on the stage with the token or joins with it."""
        there = self._on_stage(request)
        if there is not None and is_whip(there) and self._handles.of(_key(there)):
            there = None  # it comes again
        participant = there or self._let_in(request)
        try:
            chosen = _published(participant, participant_id, offer)
        except (StageRefused, OfferRefused):
            if there is None:
                self._let_go(participant)
            raise
        await self._handles.make_way(_key(participant))
        return Published(participant, _bearer(request), chosen, webrtc.Connection, self._loop.time)

    async def _subscribe(self, request: Request, remote_id: str, offer: Offer, webrtc: Any) -> Subscribed:
        """Return what is received by an offer, of whoever is on the stage with the token or joins with it."""
        there = self._on_stage(request)
        participant = there or self._let_in(request)
        try:
            return await self._received(participant, _bearer(request), remote_id, offer, webrtc)
        except (StageRefused, OfferRefused):
            if participant.is_remote:
                self._let_go(participant)
            raise

    async def _received(
        self, participant: LiveParticipant, token: str, remote_id: str, offer: Offer, webrtc: Any
    ) -> Subscribed:
        media = [each for each in _first_of_each_kind(offer) if each.direction in ("recvonly", "sendrecv")]

        def media_of() -> Publication | None:
            return self.media_of(participant.other(remote_id))

        tracks = media_of()
        chosen = {}
        for each in media:
            track = tracks.track(each.kind) if tracks else None
            codec = sdp.choose(each, track.codec if track else None)
            if codec is not None:
                chosen[each.mid] = (each.kind, codec)
        if not chosen:
            raise OfferRefused("the offer receives neither H264 nor Opus")
        await self._handles.make_way(_key(participant, remote_id))
        participant.subscribe(remote_id)
        return Subscribed(participant, token, remote_id, chosen, media_of, webrtc.Connection)

    def _on_stage(self, request: Request) -> LiveParticipant | None:
        """Return who is on a stage with the token, and take down what is known of its client.

        None where nobody is, or may be any more: who joins with it is told why.
        """
        with suppress(StageRefused):
            there = self._emulator.stages.connected(_bearer(request))
            if there is not None:
                there.describe(_client(request))
            return there
        return None

    def _let_in(self, request: Request) -> LiveParticipant:
        """Let a client join with its token, by its media alone."""
        return self._emulator.stages.let_in(_bearer(request), _client(request), by_whip=True)

    def _let_go(self, participant: LiveParticipant) -> None:
        """Let a client leave that is on the stage by its media alone, and has none any more."""
        if is_whip(participant) and not self._handles.has_any_of(participant.key):
            participant.leave()

    def media_of(self, remote: LiveParticipant | None) -> Publication | None:
        """Return what somebody publishes, or the one whose replica it is; None where nothing is published.

        Who has no client gets a picture, for as long as somebody gets it.
        """
        record = remote.participant if remote else None
        source = remote.source if remote and record and record.is_publishing else None
        if source is None or record is None or not source.is_publishing:
            return None
        media = self._sent_by(source)
        if media is not None:
            return media
        shown = record.session_id, record.participant_id, record.publications
        if shown not in self._synthetic:
            self._synthetic[shown] = Synthetic(source, record, self._loop.time)
        return self._synthetic[shown].media

    async def _change(self, request: Request, id_: str) -> Response:
        """Take candidates that come after an offer, or let go of what it was for.

        The SDK closes its connection before the DELETE, which is no error.
        """
        if request.method not in ("PATCH", "DELETE"):
            return _text(405, "candidates are PATCHed, and the end is a DELETE", Allow="PATCH, DELETE, OPTIONS")
        if request.method == "DELETE" and self._handles.was(id_):
            return Response(200, _headers({}), b"")
        handle = self._handles.get(id_)
        if handle is None:
            return _text(404, "there is no such connection, or not any more")
        token = _bearer(request)
        if token != handle.token:
            holder = self._emulator.stages.connected(token)
            if holder is None or holder.participant_id != handle.participant.participant_id:
                return _text(403, "the connection is another participant's")
        if request.method == "PATCH":
            return _trickled(request, id_, handle.connection.username)
        await self._handles.end(id_)
        return Response(200, _headers({}), b"")

    def _sent_by(self, participant: LiveParticipant) -> Publication | None:
        """Return what a client sends; None where it sends nothing here."""
        handle = self._handles.of(_key(participant))
        return handle.media if isinstance(handle, Published) else None

    def _stop_unseen(self) -> None:
        """Let nobody play to whom nobody is subscribed."""
        seen = [each.media for each in self._handles if isinstance(each, Subscribed)]
        for key, synthetic in list(self._synthetic.items()):
            if synthetic.media not in seen and not any(track.legs for track in synthetic.media.tracks):
                synthetic.stop()
                del self._synthetic[key]


def _published(participant: LiveParticipant, wanted_id: str | None, offer: Offer) -> dict[str, tuple[str, sdp.Codec]]:
    """Return what is taken of an offer to publish, by the mid.

    A publisher of another id is refused; who may not publish and a codec that is not taken are too, of which events
    tell, while the client can still be told.
    """
    if wanted_id not in (None, participant.participant_id):
        raise StageRefused("TOKEN_NOT_ALLOWED", f"the token is not that of {wanted_id}")
    participant.offer()
    chosen = {}
    for each in _first_of_each_kind(offer):
        if each.direction not in ("sendonly", "sendrecv"):
            continue
        codec = sdp.choose(each)
        if codec is None:
            name = each.codecs[0].name if each.codecs else "nothing"
            refused: list[Any] = [{"codec": name}]
            participant.publish(
                video=refused if each.kind == "video" else [], audio=refused if each.kind == "audio" else []
            )
            raise OfferRefused(f"a stage takes H264 and Opus, not {name}")
        chosen[each.mid] = (each.kind, codec)
    if not chosen:
        raise OfferRefused("the offer sends neither sound nor picture")
    return chosen


def _trickled(request: Request, tag: str, username: str) -> Response:
    """Answer candidates that come after the offer. Like those in it they are not called, so none of them is kept."""
    if request.content_type != _FRAGMENT:
        return _text(415, f"candidates are {_FRAGMENT}")
    wanted = request.header("if-match")
    if not wanted:
        return _text(428, "If-Match is required, with the ETag of the answer")
    if not {f'"{tag}"', '"*"', "*"} & {each.strip() for each in wanted.split(",")}:
        return _text(412, "the connection has another ETag")
    named = sdp.username(request.body.decode(errors="replace"))
    if named is None:
        return _text(400, "the body is no SDP fragment with ice-ufrag and ice-pwd")
    if named != username:
        return _text(422, "ICE is not restarted; offer anew")
    return Response(204, _headers({}), b"")


def _first_of_each_kind(offer: Offer) -> list[Media]:
    found: dict[str, Media] = {}
    for each in offer.media:
        if each.kind in ("audio", "video"):
            found.setdefault(each.kind, each)
    return list(found.values())


def _key(participant: LiveParticipant, remote_id: str = "") -> tuple[str, ...]:
    """Return the key of the handle of what somebody publishes, or gets of another."""
    return participant.stage_arn, participant.participant_id, remote_id


def _client(request: Request) -> Client:
    return client_of(cast("Mapping[str, str]", request.headers))


def _parts(url: str) -> tuple[str, str]:
    """Return what is before the path, and the path; a host may be anything, since it comes from the client."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}", "/" + path.partition("?")[0]


def _bearer(request: Request) -> str:
    scheme, _, token = request.header("authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _text(status: int, text: str, **headers: str) -> Response:
    return Response(status, _headers({"Content-Type": "text/plain; charset=utf-8", **headers}), f"{text}\n".encode())


def _headers(headers: dict[str, str]) -> dict[str, str]:
    exposed = "Location, ETag, Allow, Accept-Post, Accept-Patch"
    return {**headers, "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": exposed}
