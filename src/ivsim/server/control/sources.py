"""The sources of server-sent events: new entries in a log, or new frames in the rooms of chat.

Nothing queues up for a slow client. The entries it has not had yet stay in the log, and are read when it is ready.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import msgspec

from ...core.log import Log
from ...ivschat.chat import Chat
from ...ivschat.news import Transcripts

ServerEvent = tuple[str, Any]
"""The name of a server-sent event, and its data."""

_BATCH = 100
"""The number of entries of a log that are read at a time."""


class Source(Protocol):
    """A source of news."""

    def follow(self, wake: Callable[[], object]) -> Callable[[], object]:
        """Call a function, on any thread, when there is news; return a function that ends that."""

    def read(self) -> Iterator[ServerEvent | None]:
        """Yield the news since it was read before; None between two pieces, where there is time for other things."""

    def begin(self) -> None:
        """Begin anew, because everything was replaced. It is called by any thread, inside the transaction."""


class Entries:
    """The news of calls or events.

    `position` is the place up to which the log was read; unwanted entries count too. A source that `is_live` begins
    with the next entry, any other with the oldest one kept.
    """

    def __init__(
        self,
        name: str,
        log: Log[Any],
        *,
        is_live: bool = False,
        show: Callable[[Any], Any] = dict,
        is_wanted: Callable[[Any], bool] = lambda _: True,
    ) -> None:
        self._name = name
        self._log = log
        self._show = show
        self._is_wanted = is_wanted
        self._is_live = is_live
        self._restart: int | None = None
        self.position = self._start()

    def follow(self, wake: Callable[[], object]) -> Callable[[], object]:
        """Call a function when the log grows, also by an event that does not arrive."""
        return Log.subscribe(self._log, lambda _: wake())

    def read(self) -> Iterator[ServerEvent | None]:
        """Yield the new entries of the log."""
        if self._restart is not None:
            self.position, self._restart = self._restart, None
        while True:
            self.position = max(self.position, self._log.first)
            entries = self._log.since(self.position, _BATCH)
            if not entries:
                return
            for entry in entries:
                self.position += 1
                if self._is_wanted(entry):
                    yield self._name, self._show(entry)
            yield None

    def resume(self, position: int) -> None:
        """Go on after so many entries; begin anew if there were never so many, as after a restart."""
        if position <= self._log.end:
            self.position = position

    def begin(self) -> None:
        """Begin, at the next reading, with the entries that are there, or with those to come."""
        self._restart = self._start()

    def _start(self) -> int:
        return self._log.end if self._is_live else self._log.first


class Frames:
    """The news of all chat rooms."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._transcripts: Transcripts | None = None

    def follow(self, wake: Callable[[], object]) -> Callable[[], object]:
        """Call a function when a frame is sent in a room."""
        self._transcripts = self._chat.transcripts(wake)
        return self._transcripts.close

    def read(self) -> Iterator[ServerEvent | None]:
        """Yield the frames that were sent."""
        assert self._transcripts is not None  # it is followed before it is read
        for index, (room_arn, text) in enumerate(self._transcripts.news(), 1):
            yield "frame", {"roomArn": room_arn, "frame": msgspec.Raw(text.encode())}
            if index % _BATCH == 0:
                yield None

    def begin(self) -> None:
        """Do nothing: transcripts begin anew by themselves."""
