"""What everybody in a room is sent, in every room, as it happens: for those who look on without taking part."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..core import arns
from ..core.state import State
from ._service import Contexts


class Published(NamedTuple):
    """A frame that everybody in a room was sent."""

    room_arn: str
    text: str


class Transcripts:
    """News of all rooms. It keeps no frames, only up to where each room's log was read."""

    def __init__(self, state: State, contexts: Contexts, wake: Callable[[], object]) -> None:
        self._state = state
        self._contexts = contexts
        self._wake = wake
        self._touched: dict[str, None] = {}
        self._ends: dict[str, int] = {}
        with state.journal:
            self._begin()
            self.close = state.watch(self._note)
            """Ends it: nothing wakes anybody any more."""

    def news(self) -> list[Published]:
        """Return what was sent since it was asked before, in order for each room."""
        with self._state.journal:
            touched, self._touched = self._touched, {}
            return [each for room_arn in touched for each in self._sent(room_arn)]

    def _note(self, key: str) -> None:
        if not key:
            self._begin()
        elif key.startswith("arn:"):
            if not self._touched:
                self._wake()
            self._touched[key] = None

    def _begin(self) -> None:
        """Count what is there as read."""
        self._touched.clear()
        self._ends = {
            room_arn: ctx.store.frames.end(room_arn) for ctx in self._contexts for room_arn in ctx.store.frames
        }

    def _sent(self, room_arn: str) -> list[Published]:
        arn = arns.parse(room_arn)
        assert arn is not None
        log = self._contexts(arn.account, arn.region).store.frames
        begin, self._ends[room_arn] = self._ends.get(room_arn, 0), log.end(room_arn)
        return [Published(room_arn, text) for text, to, _ in log.part(room_arn, begin) if to is None]
