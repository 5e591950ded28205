"""Parcels for other AWS services, objects in S3, log events and records in Firehose; and the order they are carried in.

This module knows only the parcels, and that a courier may carry them; the emulator decides who the courier is.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, Protocol, TypeAlias


class S3Object(NamedTuple):
    """An object for a bucket."""

    bucket: str
    key: str
    body: bytes
    content_type: str


class LogEvent(NamedTuple):
    """An event for a stream of a CloudWatch log group. The group exists; the stream is made when it does not."""

    log_group: str
    log_stream: str
    time: datetime
    message: str


class FirehoseRecord(NamedTuple):
    """A record for a Firehose delivery stream."""

    delivery_stream: str
    data: bytes


Parcel: TypeAlias = S3Object | LogEvent | FirehoseRecord


class Courier(Protocol):
    """Carries parcels to the services of a region, and brings objects back."""

    def __call__(self, region: str, parcels: Iterable[Parcel]) -> str | None:
        """Carry parcels; return the error code of the first that was not taken, None when all were."""

    def fetch(self, region: str, bucket: str, key: str) -> bytes:
        """Return an object. Raises KeyError for one that is not there."""


Delivery: TypeAlias = Callable[[], object]
"""Has the courier carry some parcels, and sees to what comes of it."""


class Deliveries:
    """The deliveries that are to be made: one at a time, in the order in which they were handed over.

    Whoever hands one over makes it, and is back when it is made. An event loop, whose clients would all wait, says by
    `aside()` who makes deliveries in its place.
    """

    def __init__(self) -> None:
        self._waiting: deque[Delivery] = deque()
        self._unmade: set[int] = set()
        self._turn = threading.RLock()
        self._asides: dict[int, Callable[[Delivery], object]] = {}

    def hand_over(self, delivery: Delivery) -> None:
        """Make a delivery, after those before it; not inside a transaction, as it may take long."""
        self._waiting.append(delivery)
        self._unmade.add(id(delivery))
        aside = self._asides.get(threading.get_ident())
        if aside is None:
            self._make_all()
        else:
            aside(self._make_all)

    @property
    def is_idle(self) -> bool:
        """True while none waits or is being made: nothing that comes of one is outstanding."""
        return not self._unmade

    def aside(self, make: Callable[[Delivery], object]) -> Callable[[], None]:
        """Have what this thread hands over made by `make`, in another thread; return a function to end that."""
        thread = threading.get_ident()
        self._asides[thread] = make

        def end() -> None:
            self._asides.pop(thread, None)

        return end

    def _make_all(self) -> None:
        with self._turn:
            while self._waiting:
                delivery = self._waiting.popleft()
                try:
                    delivery()
                finally:
                    self._unmade.discard(id(delivery))
