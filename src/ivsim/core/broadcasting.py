"""Broadcasting: the interface by which a service sends to channels of another that it does not know.

A composition of stages sends to a channel as an encoder does. Services do not import each other, so the emulator hands
in who takes a broadcast, as it hands in who carries a parcel.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, Protocol, TypeAlias

from .clock import Task

Tracks: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""The tracks sent: for one track, the members that differ from the usual; for several, a list of such members."""


class Cell(NamedTuple):
    """A part of a picture in which somebody is seen: the name, and where it is, in parts of width and height."""

    name: str
    left: float
    top: float
    width: float
    height: float
    is_dark: bool = False
    """True where no picture comes."""


class Layout(NamedTuple):
    """Who is seen, and where in the picture, from a time on."""

    at: datetime
    cells: tuple[Cell, ...]


def cells_at(layouts: Sequence[Layout], moment: datetime) -> tuple[Cell, ...] | None:
    """Return who is seen at a time; None where pictures do not show people."""
    place = bisect_right(layouts, moment, key=attrgetter("at"))
    return layouts[place - 1].cells if place else None


class BroadcastRefused(ValueError):
    """A broadcast was not let in; the message says why."""


class Broadcaster(Protocol):
    """The one who takes broadcasts on channels. A broadcast is known by the id of its stream, also after a `load()`."""

    def has_channel(self, channel_arn: str) -> bool:
        """Return whether there is such a channel."""

    def begin(
        self, channel_arn: str, *, video: Tracks = None, audio: Tracks = None, is_real: bool = False, then: Task
    ) -> str:
        """Begin to send to a channel; return the id of the stream.

        What `is_real` shows real people, where somebody composes such. `then` is a task for the time when whoever sends
        is not connected any more, unless that was by `end()`. Raises BroadcastRefused for one that is not let in.
        """

    def show(self, stream_id: str, cells: Sequence[Cell]) -> None:
        """Let the pictures show who is in them, and where; a later cell lies on those before."""

    def end(self, stream_id: str) -> None:
        """Send no more."""
