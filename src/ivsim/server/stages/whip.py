"""WHIP: clients publish and subscribe by offers of WebRTC, each with a participant token.

The web SDK, which hears of the stage by its events socket, POSTs to `/publish/{its id}` and `/subscribe/{id}`; OBS and
other clients of WHIP POST to `/`, and are on the stage for as long as they publish; AWS's samples do so, and POST to
`/subscribe/{id}` with the token alone, for as long as they receive. Sources: RFC 9725 (WHIP); what the
SDK sends was observed, and is in docs/fidelity.md.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections import deque
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ...ivsrealtime.live_participant import StageRefused
from ...wire.http import Request, Response
from . import sdp
from .clients import client_of
from .media import Published, Subscribed, is_whip
from .sdp import OfferRefused
from .synthetic import Synthetic

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...emulator import Emulator
    from ...ivsrealtime.live_participant import Key, LiveParticipant
    from ...ivsrealtime.participants import Client
    from .forwarding import Publication
    from .media import Handle
    from .sdp import Media, Offer

_log = logging.getLogger("ivsim.stages")

TO_INSTALL = "media of stages need aiortc, and Python 3.11 or later: pip install 'ivsim[server,webrtc]'"
"""What a client is told where the extra is missing."""

STATUSES = {
    "TOKEN_MALFORMED": 401,
    "TOKEN_EXPIRED": 401,
    "STAGE_DELETED": 404,
    "PUBLISHER_NOT_FOUND": 404,
    "QUOTA_EXCEEDED": 429,
    "INVALID_VIDEO_CODEC": 422,
    "INVALID_AUDIO_CODEC": 422,
}
"""The statuses of refusals by their codes; every other is 403."""

_SDP = "application/sdp"
_PATH = re.compile(r"/(?P<what>publish|subscribe)/(?P<id>[^/]+)")
_RESOURCE = re.compile(r"/whip/(?P<id>[0-9a-f]{32})")
_MOST_ENDED = 256
"""The connections that have ended by themselves, of which it is known that there were."""

_LOOK, _REPORT = 0.1, 1.0
"""The seconds between two looks at the stages, and between two reports to publishers."""


class Whip:
    """The clients that send or receive media. It belongs to the event loop in which it is made."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._loop = asyncio.get_running_loop()
        self._handles: dict[str, Handle] = {}
        self._ended: deque[str] = deque(maxlen=_MOST_ENDED)
        self._synthetic: dict[tuple[Key, int], Synthetic] = {}
        self._rounds: asyncio.Task[None] | None = None

    def is_for(self, request: Request) -> bool:
        """Return whether a request is for clients' media, and none of AWS's API."""
        path = _parts(request.url)[1]
        is_preflight = request.method == "OPTIONS" and request.header("access-control-request-method") != ""
        return not is_preflight and (_is_sdp(request) or any(each.fullmatch(path) for each in (_PATH, _RESOURCE)))

    async def respond(self, request: Request, came_by: str) -> Response:
        """Answer an offer, or let go of what one was for. `came_by` is the address at which the client came."""
        try:
            return await self._respond(request, came_by)
        except StageRefused as refused:
            return _text(STATUSES.get(refused.code, 403), str(refused))
        except OfferRefused as refused:
            return _text(422, str(refused))

    async def aclose(self) -> None:
        """Let everybody go, because the server stops."""
        if self._rounds is not None:
            self._rounds.cancel()
        for id_ in list(self._handles):
            await self._end(id_)
        for synthetic in self._synthetic.values():
            synthetic.stop()

    async def _respond(self, request: Request, came_by: str) -> Response:
        path = _parts(request.url)[1]
        token = _bearer(request)
        resource = _RESOURCE.fullmatch(path)
        if request.method == "OPTIONS":
            return Response(204, _headers({"Accept-Post": _SDP}), b"")
        if resource is not None:
            return await self._delete(request, resource["id"], token)
        if request.method != "POST":
            return _text(405, "an offer is POSTed", Allow="POST, OPTIONS")
        if not _is_sdp(request):
            return _text(415, f"an offer is {_SDP}")
        try:
            webrtc = await asyncio.to_thread(import_module, f"{__package__}.webrtc")
        except ImportError:
            return _text(501, TO_INSTALL)
        wanted = _PATH.fullmatch(path)
        offer = sdp.read(request.body.decode(errors="replace"))
        if wanted and wanted["what"] == "subscribe":
            handle: Handle = await self._subscribe(request, wanted["id"], offer, webrtc)
        else:
            handle = await self._publish(request, wanted and wanted["id"], offer, webrtc)
        return await self._answer(request, handle, offer, came_by)

    async def _answer(self, request: Request, handle: Handle, offer: Offer, came_by: str) -> Response:
        id_ = secrets.token_hex(16)
        self._handles[id_] = handle
        handle.when_over(lambda: self._loop.create_task(self._note_end(id_)))
        local = await handle.connection.listen(came_by)
        handle.connection.connect(offer)
        if self._rounds is None:
            self._rounds = self._loop.create_task(self._make_rounds())
        text = sdp.answer(offer, handle.chosen, local, sends=isinstance(handle, Subscribed))
        location = f"{_parts(request.url)[0]}/whip/{id_}"
        headers = {"Content-Type": _SDP, "Location": location, "ETag": f'"{id_}"'}
        return Response(201, _headers(headers), text.encode())

    async def _publish(self, request: Request, participant_id: str | None, offer: Offer, webrtc: Any) -> Published:
        """Return what is published by an offer, of whoever is on the stage with the token or joins with it."""
        stages, token = self._emulator.stages, _bearer(request)
        participant = stages.connected(token)
        is_joining = participant is None or (is_whip(participant) and bool(self._sent_by(participant)))
        if participant is None or is_joining:
            participant = stages.let_in(token, _client(request), by_whip=True)
        try:
            self._check(participant, participant_id)
            chosen = _published(participant, offer)
        except (StageRefused, OfferRefused):
            if is_joining:
                participant.leave()
            raise
        for id_ in self._sent_by(participant):
            await self._end(id_)  # it begins anew
        return Published(participant, token, chosen, webrtc.Connection, self._loop.time)

    def _sent_by(self, participant: LiveParticipant) -> list[str]:
        """Return the ids of the connections by which a participant publishes, or is about to."""
        key = participant.stage_arn, participant.participant_id
        return [id_ for id_, each in self._handles.items() if isinstance(each, Published) and each.key == key]

    async def _subscribe(self, request: Request, remote_id: str, offer: Offer, webrtc: Any) -> Subscribed:
        """Return what is received by an offer, of whoever is on the stage with the token or joins with it."""
        stages, token = self._emulator.stages, _bearer(request)
        there = stages.connected(token)
        participant = there or stages.let_in(token, _client(request), by_whip=True)
        try:
            return self._subscribed(participant, token, remote_id, offer, webrtc)
        except (StageRefused, OfferRefused):
            if there is None:
                participant.leave()
            raise

    def _subscribed(
        self, participant: LiveParticipant, token: str, remote_id: str, offer: Offer, webrtc: Any
    ) -> Subscribed:
        media = [each for each in _first_of_each_kind(offer) if each.direction in ("recvonly", "sendrecv")]
        tracks = self._media_of(participant, remote_id)
        chosen = {}
        for each in media:
            track = tracks.track(each.kind) if tracks else None
            codec = sdp.choose(each, track.codec if track else None)
            if codec is not None:
                chosen[each.mid] = (each.kind, codec)
        if not chosen:
            raise OfferRefused("the offer receives neither H264 nor Opus")
        participant.subscribe(remote_id)
        return Subscribed(participant, token, remote_id, chosen, tracks, webrtc.Connection)

    def _media_of(self, participant: LiveParticipant, remote_id: str) -> Publication | None:
        """Return what somebody publishes who is on a participant's stage, or is shown there and publishes elsewhere.

        Who has no client gets a picture, for as long as somebody is subscribed to it.
        """
        there = (each for each in self._emulator.stages.participants if each.stage_arn == participant.stage_arn)
        remote = next((each for each in there if each.participant_id == remote_id), None)
        record = remote.participant if remote else None
        if remote is None or record is None or not record.is_publishing:
            return None
        key = record.source_stage_arn or participant.stage_arn, remote_id
        for each in self._handles.values():
            if isinstance(each, Published) and each.key == key:
                return each.media
        shown = remote.key, record.publications
        if shown not in self._synthetic:
            self._synthetic[shown] = Synthetic(record, self._loop.time)
        return self._synthetic[shown].media

    def _check(self, participant: LiveParticipant, wanted_id: str | None) -> None:
        """Refuse a publisher of another id, and who would be refused once media came, while it can still be told."""
        if wanted_id not in (None, participant.participant_id):
            raise StageRefused("TOKEN_NOT_ALLOWED", f"the token is not that of {wanted_id}")
        record = participant.participant
        others = self._emulator.stages.participants
        count = sum(each.stage_arn == participant.stage_arn and each.is_publishing for each in others)
        is_full = count >= self._emulator.quotas["Publishers per stage"] and not participant.is_publishing
        if is_full or (record is not None and "PUBLISH" not in record.capabilities):
            participant.publish()

    async def _delete(self, request: Request, id_: str, token: str) -> Response:
        if request.method != "DELETE":
            return _text(405, "what an offer was for is DELETEd, and not changed", Allow="DELETE, OPTIONS")
        if id_ in self._ended:
            self._ended.remove(id_)
            return Response(200, _headers({}), b"")
        handle = self._handles.get(id_)
        if handle is None:
            return _text(404, "there is no such connection, or not any more")
        if token != handle.token:
            holder = self._emulator.stages.connected(token)
            if holder is None or holder.participant_id != handle.participant.participant_id:
                return _text(403, "the connection is another participant's")
        await self._end(id_)
        return Response(200, _headers({}), b"")

    async def _note_end(self, id_: str) -> None:
        """End what is over, of which its client may not know: the SDK closes its connection first, and then DELETEs."""
        if id_ in self._handles:
            self._ended.append(id_)
        await self._end(id_)

    async def _end(self, id_: str) -> None:
        handle = self._handles.pop(id_, None)
        if handle is None:
            return
        await handle.end()
        if is_whip(handle.participant) and not any(
            each.participant.key == handle.participant.key for each in self._handles.values()
        ):
            with suppress(StageRefused):  # it has left already
                handle.participant.leave()

    async def _make_rounds(self) -> None:
        reported = self._loop.time()
        while True:
            await asyncio.sleep(_LOOK)
            is_time = self._loop.time() - reported >= _REPORT
            reported = self._loop.time() if is_time else reported
            for each in list(self._handles.values()):
                try:
                    each.look()
                    await each.go_on(reports=is_time)
                except Exception:  # noqa: BLE001 - the others have their turn all the same
                    _log.exception("a bug in ivsim at %r; please report it", each)
            if is_time:
                self._stop_unseen()

    def _stop_unseen(self) -> None:
        """Let nobody play to whom nobody is subscribed."""
        seen = [each.media for each in self._handles.values() if isinstance(each, Subscribed)]
        for key, synthetic in list(self._synthetic.items()):
            if synthetic.media not in seen:
                synthetic.stop()
                del self._synthetic[key]


def _published(participant: LiveParticipant, offer: Offer) -> dict[str, tuple[str, sdp.Codec]]:
    """Return what is taken of an offer to publish, by the mid. A codec that is not is refused, of which events tell."""
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


def _first_of_each_kind(offer: Offer) -> list[Media]:
    found: dict[str, Media] = {}
    for each in offer.media:
        if each.kind in ("audio", "video"):
            found.setdefault(each.kind, each)
    return list(found.values())


def _client(request: Request) -> Client:
    return client_of(cast("Mapping[str, str]", request.headers))


def _parts(url: str) -> tuple[str, str]:
    """Return what is before the path, and the path; a host may be anything, since it comes from the client."""
    scheme, _, rest = url.partition("://")
    host, _, path = rest.partition("/")
    return f"{scheme}://{host}", "/" + path.partition("?")[0]


def _is_sdp(request: Request) -> bool:
    return request.header("content-type").partition(";")[0].strip().lower() == _SDP


def _bearer(request: Request) -> str:
    scheme, _, token = request.header("authorization").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _text(status: int, text: str, **headers: str) -> Response:
    return Response(status, _headers({"Content-Type": "text/plain; charset=utf-8", **headers}), f"{text}\n".encode())


def _headers(headers: dict[str, str]) -> dict[str, str]:
    exposed = "Location, ETag, Allow, Accept-Post"
    return {**headers, "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": exposed}
