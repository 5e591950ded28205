"""Events on their way out of the emulator, to the buses of their accounts and regions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Protocol

from .deliveries import Deliveries
from .journal import Journal
from .weather import Event

_MOST = 10
"""The events that EventBridge takes in one request."""


class Bus(Protocol):
    """Takes events for the default bus of an account and region, up to ten at once, and raises nothing."""

    def __call__(self, account: str, region: str, events: Sequence[Event]) -> None:
        """Take events."""


class Outbox:
    """The events that are to be put on buses: those of a transaction together, when it is through."""

    def __init__(self, journal: Journal, deliveries: Deliveries, bus: Bus | None) -> None:
        self._journal = journal
        self._deliveries = deliveries
        self._bus = bus
        self._waiting: list[Event] = []

    def add(self, event: Event) -> None:
        """Have an event of the running transaction sent, if there is a bus."""
        if self._bus is None:
            return
        if not self._waiting:
            self._journal.afterwards(partial(self._send, self._bus))
        self._waiting.append(event)
        self._journal.note_undo(self._waiting.pop)

    def clear(self) -> None:
        """Forget what was not sent yet."""
        self._waiting.clear()

    def _send(self, bus: Bus) -> None:
        with self._journal:  # what other threads are about to add may be taken back
            events = self._waiting.copy()
            self._waiting.clear()
        self._deliveries.hand_over(partial(_put, bus, events))


def _put(bus: Bus, events: Sequence[Event]) -> None:
    for (account, region), group in groupby(events, lambda event: (event["account"], event["region"])):
        of_one_bus = list(group)
        for start in range(0, len(of_one_bus), _MOST):
            bus(account, region, of_one_bus[start : start + _MOST])
