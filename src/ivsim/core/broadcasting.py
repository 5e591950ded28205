"""Broadcasting: the interface by which a service sends to channels of another that it does not know.

A composition of stages sends to a channel as an encoder does. Services do not import each other, so the emulator hands
in who takes a broadcast, as it hands in who carries a parcel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

Tracks: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""The tracks sent: for one track, the members that differ from the usual; for several, a list of such members."""


class Broadcast(Protocol):
    """A broadcast that somebody sends."""

    @property
    def stream_id(self) -> str:
        """The id of the stream session that it is in."""

    @property
    def is_connected(self) -> bool:
        """True while it may still send."""

    def on_change(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call a function whenever something about the broadcast changes; return a function that ends that."""

    def end(self) -> None:
        """Send no more."""


class Broadcaster(Protocol):
    """A function that takes broadcasts on channels."""

    def __call__(self, channel_arn: str, *, video: Tracks = None, audio: Tracks = None) -> Broadcast:
        """Begin to send to a channel. Raises ValueError for a broadcast that is refused, with the reason."""
