"""What the running transaction changed, so that it can be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType


class Journal:
    """A transaction over everything that keeps state; `with journal:` is one.

    Whoever changes state notes how to undo it. When the block raises, the notes are played backwards and the state is
    as it was; blocks nest, and only one thread is inside at a time.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._undo: list[Callable[[], None]] = []
        self._marks: list[int] = []

    def note(self, undo: Callable[[], None]) -> None:
        """Remember how to take back the change just made. Outside a transaction nothing is ever taken back."""
        if self._marks:
            self._undo.append(undo)

    def __enter__(self) -> None:
        self._lock.acquire()
        self._marks.append(len(self._undo))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mark = self._marks.pop()
        if kind is not None:
            while len(self._undo) > mark:
                self._undo.pop()()
        if not self._marks:
            self._undo.clear()
        self._lock.release()
