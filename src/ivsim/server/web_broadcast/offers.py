"""Offers of pages that go live with a channel, by AWS's web SDK: `IVSBroadcastClient`, `startBroadcast(streamKey)`.

The SDK POSTs JSON with an offer of WebRTC and the stream key to `/v1/offer`, and takes an answer in the same form. This
was observed, and is in docs/fidelity.md; nothing of it is documented.
"""

from __future__ import annotations

import asyncio
import json
import logging
from base64 import b64decode, b64encode
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ...wire.http import Request, Response
from ..live.incoming import admit
from ..stages import sdp
from ..stages.sdp import OfferRefused
from ..tasks import Tasks

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ..stages.sdp import Codec, Offer
    from .broadcast import Broadcast

_log = logging.getLogger("ivsim.ingest")

TO_INSTALL = "broadcasts from a browser need aiortc, and Python 3.11 or later: pip install 'ivsim[server,webrtc]'"
"""What a page is told where the extra is missing."""

_PATH = "/v1/offer"


class Offers:
    """The pages that broadcast. It belongs to the event loop in which it is made."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._broadcasts: set[Broadcast] = set()
        self._ending = Tasks()

    def is_for(self, request: Request) -> bool:
        """Return whether a request is an offer, and none of AWS's API."""
        path = "/" + request.url.partition("://")[2].partition("/")[2].partition("?")[0]
        return request.method == "POST" and path == _PATH

    async def respond(self, request: Request, came_by: str) -> Response:
        """Answer an offer. `came_by` is the address at which the page came."""
        try:
            return await self._respond(request, came_by)
        except OfferRefused as refused:
            return _refused(refused.status, str(refused))

    async def aclose(self) -> None:
        """End all, because the server stops."""
        broadcasts, self._broadcasts = self._broadcasts, set()
        for each in broadcasts:
            await each.aclose(is_last=True)
        await asyncio.gather(*self._ending)

    async def _respond(self, request: Request, came_by: str) -> Response:
        wanted = _read(request.body)
        if isinstance(wanted, str):
            return _refused(400, wanted)
        try:
            module = await asyncio.to_thread(import_module, f"{__package__}.broadcast")
        except ImportError:
            return _refused(501, TO_INSTALL)
        try:
            admission = admit(self._emulator, wanted["streamKey"])
        except ValueError as refused:
            _log.warning("a browser is refused: %s", refused)
            return _refused(403, str(refused))
        offer = sdp.read(wanted["sdp"])
        chosen = _chosen(offer)
        said = _said(wanted, has_sound=any(kind == "audio" for kind, _ in chosen.values()))
        broadcast: Broadcast = module.Broadcast(self._emulator, admission, said, chosen, self._end)
        self._broadcasts.add(broadcast)
        try:
            local = await broadcast.connection.listen(came_by)
        except BaseException:
            self._end(broadcast)
            raise
        broadcast.connection.connect(offer)
        answer = {"type": "answer", "sdp": sdp.answer(offer, broadcast.chosen, local, sends=False)}
        return _json(200, {"answer": b64encode(json.dumps(answer).encode()).decode()})

    def _end(self, broadcast: Broadcast) -> None:
        self._broadcasts.discard(broadcast)
        self._ending.begin(broadcast.aclose())


def _read(body: bytes) -> dict[str, Any] | str:
    """Return what a page wants, with the `sdp` of its offer; what is wrong about it where it cannot be read."""
    try:
        wanted = json.loads(body)
        offer = json.loads(b64decode(wanted["offer"]))
        if isinstance(wanted["streamKey"], str) and isinstance(offer["sdp"], str):
            return {**wanted, "sdp": offer["sdp"]}
    except (ValueError, TypeError, KeyError):
        pass
    return "the body is no JSON with a streamKey, and an offer in base64: JSON with its sdp"


def _chosen(offer: Offer) -> dict[str, tuple[str, Codec]]:
    """Return the first sound and the first picture that a channel takes, by the mid."""
    chosen: dict[str, tuple[str, Codec]] = {}
    for each in offer.media:
        codec = sdp.choose(each) if each.direction in ("sendonly", "sendrecv") else None
        if codec is not None and all(kind != each.kind for kind, _ in chosen.values()):
            chosen[each.mid] = (each.kind, codec)
    if all(kind != "video" for kind, _ in chosen.values()):
        raise OfferRefused("the offer sends no picture in H264, without which a channel is not live")
    return chosen


def _said(wanted: dict[str, Any], *, has_sound: bool) -> dict[str, Any]:
    """Return what a page says of its media, by the names that FLV's metadata have."""
    said: dict[str, Any] = {"encoder": "WebRTC"}
    for name, member in (("framerate", "maxFramerate"), ("videodatarate", "maxBitrate")):
        value = wanted.get(member)
        if isinstance(value, (int, float)):
            said[name] = float(value)
    return said | ({"audiocodecid": 10.0} if has_sound else {})


def _refused(status: int, why: str) -> Response:
    return _json(status, {"message": why})


def _json(status: int, members: dict[str, str]) -> Response:
    headers = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    return Response(status, headers, json.dumps(members).encode())
