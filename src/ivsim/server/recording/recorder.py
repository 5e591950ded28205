"""The recorder: recordings of participants who have clients get what these send.

All others are drawn, which costs nothing until somebody looks.
"""

from __future__ import annotations

import asyncio
import logging
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..stages.taps import Taps
from ..tasks import Tasks
from .tape import Tape

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivsrealtime.live_stages import Recorded
    from ..stages.rtp import Packet, Report
    from ..stages.whip import Whip

_log = logging.getLogger("ivsim.recordings")

_LOOK = 0.1
"""The seconds between two looks at what came."""


class Recorder:
    """Everything that is recorded on a server. It belongs to the event loop in which it is made.

    Without the extra `webrtc` it does nothing: there are no real people then.
    """

    def __init__(self, emulator: Emulator, whip: Whip) -> None:
        self._emulator = emulator
        self._whip = whip
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks()
        self._stop_taking = emulator.record_by(self._take) if find_spec("aiortc") else lambda: None

    async def aclose(self) -> None:
        """Take nothing any more, because the server stops. What came is recorded as publishing ends."""
        self._stop_taking()
        for task in self._tasks:
            task.cancel()
        await self._tasks.wait()

    def _take(self, recording_id: str) -> Tape:
        """Record for a recording that begins: in a transaction, and in any thread."""
        tape = Tape(self._emulator.clock.now)
        self._loop.call_soon_threadsafe(self._begin, recording_id, tape)
        return tape

    def _begin(self, recording_id: str, tape: Tape) -> None:
        self._tasks.begin(self._record(recording_id, tape))

    async def _record(self, recording_id: str, tape: Tape) -> None:
        """Record until the participant publishes no more, or what began it was undone."""
        stages = self._emulator.stages
        sound = await asyncio.to_thread(import_module, f"{__package__.rpartition('.')[0]}.sound")  # PyAV takes a while

        def put(kind: str, came: Packet | Report) -> None:
            tape.put(kind, came, int(self._loop.time() * 1000))

        taps = Taps(put, put)
        try:
            while (wanted := stages.recorded(recording_id)) is not None:
                self._follow(taps, tape, wanted, sound)
                if await asyncio.to_thread(tape.work):
                    stages.take_recorded(recording_id)
                await asyncio.sleep(_LOOK)
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug in ivsim in recording %s; please report it", recording_id)
        finally:
            taps.end()

    def _follow(self, taps: Taps, tape: Tape, wanted: Recorded, sound: Any) -> None:
        """Take what is published now, and ask for a key frame where one is to come."""
        publication = self._whip.media_of(wanted.participant)
        if taps.follow(publication) and publication is not None:
            transcoder = sound.OpusToAac() if publication.track("audio") else None
            tape.begin(transcoder, has_pictures=wanted.has_pictures, seconds_per_file=wanted.seconds_per_file)
        if tape.wants_key:
            taps.ask_for_key_frame()
