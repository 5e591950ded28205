"""The changes of the running transaction, so that they can be taken back, and the calls to make when it is through."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable
from time import sleep
from types import TracebackType
from typing import Any

Step = Callable[[], object]

_TRIES = 8
"""The number of attempts to take the lock before the thread sleeps on it."""


class Journal:
    """A transaction over everything that keeps state; `with journal:` is one.

    Whoever changes state notes how to undo it. When the block raises, the notes are played backwards and the state is
    as it was; blocks nest, and only one thread is inside at a time.

    What shall be done outside, such as handing an event to a subscriber, is an effect: effects happen after the
    outermost block, in the order in which they were asked for, one at a time, and not at all when the block raised. An
    effect may begin transactions of its own; the effects of those wait for their turn.
    """

    def __init__(self) -> None:
        self.changes = 0
        """The number of transactions that changed something that could be taken back."""
        self._has_logged = False
        self._done = 0
        self._interval = 0
        self._regular: Step | None = None
        self._lock = threading.RLock()
        self._is_loops = False
        self._undo: list[Step] = []
        self._marks: list[int] = []
        self._effects: list[Step] = []
        self._committed: deque[Step] = deque()
        self._performing = threading.Lock()

    def note_undo(self, undo: Step) -> None:
        """Remember, inside a transaction, how to take back the change just made."""
        self._undo.append(undo)

    def note_log(self) -> None:
        """Remember, inside a transaction, that it puts a call or an event on record."""
        self._has_logged = True

    def afterwards(self, effect: Step) -> None:
        """Have an effect done after the transaction, by this thread or another."""
        self._effects.append(effect)
        self.note_undo(self._effects.pop)

    def regularly(self, transactions: int, effect: Step) -> None:
        """Do something, as an effect, after every so many transactions that change something or log a call."""
        self._interval, self._regular = transactions, effect

    def forget(self) -> None:
        """Drop the effects that were not done yet, and the notes, because what they are about is gone."""
        self._undo.clear()
        self._effects.clear()
        self._committed.clear()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            self._wait()
        self._marks.append(len(self._undo))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mark = self._marks.pop()
        outermost = not self._marks
        try:
            if kind is not None:
                for undo in reversed(self._undo[mark:]):
                    undo()
                del self._undo[mark:]  # with what the undoing noted itself
            if outermost:
                if len(self._undo) > len(self._effects):  # each effect has a note of its own
                    self.changes += 1
                if self._undo or self._has_logged:
                    self._undo.clear()
                    self._has_logged = False
                    self._done += 1
                    if self._regular is not None and self._done % self._interval == 0:
                        self._effects.append(self._regular)
                self._committed.extend(self._effects)
                self._effects.clear()
        finally:
            self._lock.release()
        if outermost and self._committed:
            self._perform()

    def _wait(self) -> None:
        """Wait for the thread that is inside.

        A thread that sleeps on the lock is given it before it has the interpreter again, and the next to come sleeps
        in turn: from then on threads change places with every transaction. Whoever gives up the interpreter instead and
        tries again finds the lock free, unless a transaction takes long.

        An event loop does sleep, as others may hold the interpreter for 5 ms each time, and all of its clients would
        wait. Once one had to, everybody does: threads that look again would overtake it for ever.
        """
        self._is_loops = self._is_loops or _is_in_event_loop()
        for _ in range(0 if self._is_loops else _TRIES):
            sleep(0)
            if self._lock.acquire(blocking=False):
                return
        self._lock.acquire()

    def _perform(self) -> None:
        """Do the effects, unless another thread, or this one further up, is doing them and will come to these."""
        while self._committed and self._performing.acquire(blocking=False):
            try:
                for effect in iter(self._next, None):
                    effect()
            finally:
                self._performing.release()

    def _next(self) -> Step | None:
        with self._lock:
            return self._committed.popleft() if self._committed else None


def _is_in_event_loop() -> bool:
    asyncio: Any = sys.modules.get("asyncio")  # who has a loop has imported it
    try:
        return asyncio is not None and asyncio.get_running_loop() is not None
    except RuntimeError:
        return False
