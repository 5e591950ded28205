"""Hints: mistakes that work with an emulator and bite at AWS, each told once."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from datetime import datetime
from time import monotonic
from typing import Any, Literal, NamedTuple, TypeAlias

from .arns import Arn
from .clock import Clock
from .journal import Journal
from .log import Log

Topic: TypeAlias = Literal["playback", "chat", "calls"]

MOST_CAUSES = 1000
"""The number of causes that are told of; a program with more mistakes than these has other worries."""

MOST_BORN = 1000
"""The number of things whose age in real time is known; the oldest are forgotten first."""


class Hint(NamedTuple):
    """A mistake of the code under test. `topic` is the last part of the log's name: "playback", "chat" or "calls".

    `at` is when it was first made, by the emulator's clock; `text` says what it is.
    """

    at: datetime
    topic: str
    text: str


class Hints(Log[Hint]):
    """Every hint so far, oldest first. Each is a line at WARNING in the log `ivsim.{topic}` too.

    A cause is told once, until the emulator is reset.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        super().__init__(journal, "hint")
        self._clock = clock
        self._causes: set[Hashable] = set()
        self._born: dict[str, float] = {}

    def tell_of_mistake(self, topic: Topic, cause: Hashable, text: str) -> None:
        """Add a hint, in a transaction, unless its cause was told before."""
        if cause in self._causes or len(self._causes) >= MOST_CAUSES:
            return
        self._causes.add(cause)
        self._add(Hint(self._clock.now(), topic, text))
        logging.getLogger(f"ivsim.{topic}").warning("%s", text)

    def tell_of_region(self, asked: Arn | None, namespace: str, region: str) -> None:
        """Add a hint when a client of one region asked for an ARN of another, and so found nothing."""
        if asked is not None and asked.service == namespace and asked.region != region:
            text = f"a client of {region} asked for {asked}, which is of {asked.region}: make it for that region"
            self.tell_of_mistake("calls", ("region", region, asked.region), text)

    def is_born(self, name: str) -> None:
        """Remember when, in real time, something is made; the emulator's clock may show another time."""
        self._born[name] = monotonic()
        if len(self._born) > MOST_BORN:
            del self._born[next(iter(self._born))]

    def age(self, name: str) -> float:
        """Return how many real seconds ago something was made; 0 if that is not known."""
        born = self._born.get(name)
        return 0.0 if born is None else monotonic() - born

    def clear(self) -> None:
        """Forget all hints, so that they are told again."""
        super().clear()
        self._causes.clear()
        self._born.clear()

    def snapshot(self) -> Any:
        """Return what `restore()` needs to make the hints as they are now, and to tell again what comes after them."""
        return super().snapshot(), set(self._causes), dict(self._born)

    def restore(self, state: Any) -> None:
        """Make the hints as they were when the snapshot was taken; what was told since is told again."""
        entries, causes, born = state
        super().restore(entries)
        self._causes, self._born = set(causes), dict(born)
