"""One picture of what somebody publishes, in MP4, for people who look on and are not subscribed: nothing is decoded."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from ...media import fmp4, h264, picture, simulation
from ...media.picture import Scene
from . import rtp
from .access_units import AccessUnits

if TYPE_CHECKING:
    from ...ivsrealtime.participants import Participant
    from .forwarding import Publication
    from .rtp import Packet, Report

PATIENCE = 2.0
"""The seconds in which a key frame has to come."""

_LARGEST = 320, 180
"""The size of a picture that is drawn, at most."""

_SEQUENCE, _PICTURE = 7, 8


async def taken(media: Publication) -> bytes | None:
    """Return the next key frame of what is published, for which its client is asked; None where none comes soon."""
    track = media.track("video")
    if track is None:
        return None
    camera = _Camera()
    track.legs.append(camera)
    track.ask_for_key_frame()
    try:
        return await asyncio.wait_for(camera.taken, PATIENCE)
    except asyncio.TimeoutError:
        return None
    finally:
        track.legs.remove(camera)


def drawn(participant: Participant) -> bytes:
    """Return the picture of one who has no client, as those who are subscribed see it."""
    sent = participant.video[0]
    share = min(1, _LARGEST[0] / sent.width, _LARGEST[1] / sent.height)
    form = simulation.form(round(sent.width * share), round(sent.height * share), 15, "avc1.42E01F")
    name = participant.user_id or participant.participant_id
    scene = Scene(name, participant.participant_id, "live", datetime.now(timezone.utc))
    shown = picture.still(form, scene, 0, offset=timedelta())
    units = [*h264.parameter_sets(form), h264.key_frame(form, shown, 0)]
    return _in_mp4(fmp4.Pictures(form.width, form.height, h264.configuration(form)), units)


class _Camera:
    """A leg on which a key frame is waited for."""

    def __init__(self) -> None:
        self.taken: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._access_units = AccessUnits()

    async def send(self, packet: Packet) -> None:
        """Look at a packet."""
        for each in self._access_units.take(packet):
            by_kind = {unit[0] & 0x1F: unit for unit in each.units}
            sets = [by_kind.get(kind, b"") for kind in (_SEQUENCE, _PICTURE)]
            form = rtp.video_format_in(sets[0])
            if form and sets[1] and each.is_key and not self.taken.done():
                about = fmp4.Pictures(form.width, form.height, h264.record_of(*sets))
                self.taken.set_result(_in_mp4(about, each.units))

    async def report(self, report: Report) -> None:
        """Take nothing: a picture has no time."""


def _in_mp4(about: fmp4.Pictures, units: Sequence[bytes]) -> bytes:
    """Return a file that shows a key frame for a second."""
    data = b"".join(struct.pack(">I", len(each)) + each for each in units)
    shown = fmp4.Track(0, [fmp4.Sample(fmp4.TIMESCALE, data)])
    return fmp4.initialization(about, None) + fmp4.fragment(1, video=shown, audio=None, events=())
