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
        self.on_commit: Callable[[], None] = _nothing
        """Called when an outermost transaction is through, still inside."""
        self.after_commit: Callable[[], None] = _nothing
        """Called when it is over, outside."""

    def note(self, undo: Callable[[], None]) -> None:
        """Remember, inside a transaction, how to take back the change just made."""
        self._undo.append(undo)

    def __enter__(self) -> None:
        self._lock.acquire()
        self._marks.append(len(self._undo))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mark = self._marks.pop()
        if kind is not None:
            for undo in reversed(self._undo[mark:]):
                undo()
            del self._undo[mark:]  # with what the undoing noted itself
        outermost = not self._marks
        if outermost:
            self._undo.clear()
            self.on_commit()
        self._lock.release()
        if outermost and kind is None:
            self.after_commit()


def _nothing() -> None:
    """Do nothing."""
