"""Broadcasting: what a service needs of another that takes streams, without knowing it.

A composition of stages sends to a channel as an encoder does. Services do not import each other, so the emulator hands
in who takes a broadcast, as it hands in who carries a parcel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

Tracks: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""What is sent: the members of one track that differ from the usual, or those of each of several."""


class Broadcast(Protocol):
    """A broadcast that somebody sends."""

    @property
    def stream_id(self) -> str:
        """The id of the stream session that it is in."""

    @property
    def is_connected(self) -> bool:
        """Whether it is let send still."""

    def on_change(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Have a function called whenever something about it changes; return what ends that."""

    def end(self) -> None:
        """Send no more."""


class Broadcaster(Protocol):
    """Takes broadcasts on channels."""

    def __call__(self, channel_arn: str, *, video: Tracks = None, audio: Tracks = None) -> Broadcast:
        """Begin to send to a channel. Raises ValueError that says why, for a broadcast that is not let in."""
