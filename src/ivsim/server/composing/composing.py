"""One composition as it is composed: from those who publish to the stream of a channel."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from ...ivs.channels import media_suffix
from ...ivsrealtime.live_stages import Composed
from ...media.packager import Packager
from ..live.push import Push
from ..live.rtmp import Media
from ..stages.taps import Taps
from .mixer import FRAMERATE, Mixer
from .source import Source

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivs.live_stream import LiveStream
    from ...ivsrealtime.layouts import Seen
    from ...ivsrealtime.live_participant import LiveParticipant
    from ..stages.forwarding import Publication
    from ..stages.rtp import Packet
    from .mixer import Encoded

_log = logging.getLogger("ivsim.stages")

_MOST_BEHIND = 1.0
"""The seconds by which a picture may be late; beyond them the machine does not keep up, and some are left out."""


class _Scene(NamedTuple):
    """What is seen and heard."""

    seen: Sequence[tuple[Seen, Source | None]] = ()
    sources: Sequence[Source] = ()


class Composing:
    """A composition on its way to a stream. Decoding, composing and encoding have a thread of their own.

    `media_of` returns what a participant publishes, None where nothing comes.
    """

    def __init__(
        self, emulator: Emulator, stream: LiveStream, media_of: Callable[[LiveParticipant], Publication | None]
    ) -> None:
        self._emulator = emulator
        self._stream = stream
        self._media_of = media_of
        self._loop = asyncio.get_running_loop()
        self._inputs: dict[str, _Input] = {}
        self._scene = _Scene()
        self._over = threading.Event()
        session = stream.session
        assert session is not None, "it was found"
        sent = session.ingest
        self._mixer = Mixer(sent.video[0].video_width, sent.video[0].video_height)
        container = media_suffix(session.channel.container_format)
        packager = Packager("mp4" if container == "mp4" else "ts", emulator.clock.time)
        self._push = Push(emulator, stream, packager, sent, self._over.set)
        self._thread = threading.Thread(target=self._compose, name="ivsim composing", daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """True once the stream has ended."""
        return self._over.is_set()

    def look(self) -> None:
        """See who is on the stage now, and where in the picture."""
        composed = self._emulator.stages.composed(self._stream.stream_id) or Composed((), ())
        publishers = {each.participant_id: each for each in composed.publishers}
        for participant_id in [*self._inputs]:
            if participant_id not in publishers:
                self._inputs.pop(participant_id).end()
        for participant_id, each in publishers.items():
            self._inputs.setdefault(participant_id, _Input()).follow(self._media_of(each))
        seen = [(each, self._source(each.participant_id)) for each in composed.seen]
        self._scene = _Scene(seen, [each.source for each in self._inputs.values()])

    async def aclose(self) -> None:
        """End it, and the stream."""
        self._over.set()
        await asyncio.to_thread(self._thread.join)
        for each in self._inputs.values():
            each.end()
        self._push.end()

    def _source(self, participant_id: str) -> Source | None:
        found = self._inputs.get(participant_id)
        return found.source if found else None

    def _compose(self) -> None:
        began, number = monotonic(), 0
        try:
            while not self._over.wait(max(began + number / FRAMERATE - monotonic(), 0)):
                seen, sources = self._scene
                for each in sources:
                    each.decode()
                encoded = list(self._mixer.step(number, seen, sources))
                self._loop.call_soon_threadsafe(self._put, encoded)
                behind = monotonic() - began - number / FRAMERATE
                number += 1 if behind < _MOST_BEHIND else int(behind * FRAMERATE) + 1
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug in ivsim while %s was composed; please report it", self._stream.channel_arn)
            self._over.set()

    def _put(self, encoded: Sequence[Encoded]) -> None:
        for kind, time, tag in encoded:
            if not self._over.is_set():
                self._push.take(Media(kind, time, tag.data), tag)


class _Input:
    """The way of what one participant publishes into a source."""

    def __init__(self) -> None:
        self.source = Source()
        self._taps = Taps(self._take)

    def follow(self, publication: Publication | None) -> None:
        """Take what is published now, and ask for a key frame where one is missing."""
        if self._taps.follow(publication):
            self.source = Source()  # as its packets are numbered anew
        if self.source.wants_key:
            self._taps.ask_for_key_frame()

    def end(self) -> None:
        """Take nothing any more."""
        self._taps.end()

    def _take(self, kind: str, packet: Packet) -> None:
        self.source.take(kind, packet)
