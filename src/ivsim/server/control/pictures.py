"""Pictures of those who publish on stages, for people who look on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from ...emulator import Emulator
from .endpoints import endpoint

if TYPE_CHECKING:
    from ..stages.whip import Whip


@endpoint("GET", "/participants/{participantId}/picture", media_types=("video/mp4",))
async def get_picture(sim: Emulator, request: Request, participant_id: str) -> Response:
    """Return what a participant shows now: one picture, a key frame, as a file that browsers play.

    It is what its client has sent, which is asked for a key frame, or what is drawn of one who has none. The answer is
    204, without a picture, where it sends none, or none comes within two seconds.
    """
    whip: Whip = request.scope["ivsim.whip"]
    still = await whip.still(sim.stages.find(participant_id))
    headers = {"Cache-Control": "no-store"}
    return Response(still, 200 if still else 204, headers, media_type="video/mp4" if still else None)
