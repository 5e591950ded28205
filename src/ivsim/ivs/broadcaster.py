"""The broadcaster: who takes what other services send to channels, as if it came from an encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core import arns
from ..core.broadcasting import BroadcastRefused, Cell, Layout, Tracks
from ..core.clock import Task
from ..core.last import Last
from . import broadcast
from ._service import Context, Contexts
from .broadcast import Refusal
from .channels import Channel
from .ingest.encoders import ingest
from .ingest.pushes import PushedMedia
from .stream_sessions import change


class Broadcaster:
    """The one who takes broadcasts on channels, as `ivsim.core.broadcasting` has it; only inside a transaction."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts
        self.composers: Last[Callable[[str], PushedMedia]] = Last()
        """Who composes what is real: it is told the id of a stream, and returns its media, which are still to come."""

    def has_channel(self, channel_arn: str) -> bool:
        """Return whether there is such a channel."""
        return self._find(channel_arn) is not None

    def begin(
        self, channel_arn: str, *, video: Tracks = None, audio: Tracks = None, is_real: bool = False, then: Task
    ) -> str:
        """Begin to send to a channel, with its first key; return the id of the stream.

        Raises BroadcastRefused for a channel that does not exist, has no key, or takes no encoder now.
        """
        found = self._find(channel_arn)
        if found is None:
            raise BroadcastRefused(f"there is no channel {channel_arn}")
        ctx, channel = found
        if not channel.stream_key_arns:
            raise BroadcastRefused(f"{channel_arn} has no stream key")
        compose = self.composers.one if is_real else None
        sent = ingest("WebRTC", video, audio)
        answer = broadcast.connect(ctx, channel, sent, push=compose)
        if isinstance(answer, Refusal):
            raise BroadcastRefused(answer.reason)
        if answer.end_time is None:
            change(ctx, answer.stream_id, then=then)
        else:  # let in, and disconnected at once
            ctx.clock.after(0, then)
        return answer.stream_id

    def show(self, stream_id: str, cells: Sequence[Cell]) -> None:
        """Let the pictures show who is in them, and where."""
        ctx = self._place_of(stream_id)
        ctx.store.layouts.append(stream_id, Layout(ctx.now, tuple(cells)))
        ctx.touch(stream_id)

    def end(self, stream_id: str) -> None:
        """Send no more; nothing is sent any more where the stream has ended, or another encoder took it over."""
        ctx = self._place_of(stream_id)
        if ctx.store.stream_sessions[stream_id].then is not None:
            change(ctx, stream_id, then=None)
            broadcast.disconnect(ctx, stream_id)

    def _find(self, channel_arn: str) -> tuple[Context, Channel] | None:
        arn = arns.parse(channel_arn)
        ctx = self._contexts(arn.account, arn.region) if arn else None
        channel = ctx.store.channels.get(channel_arn) if ctx else None
        return (ctx, channel) if ctx and channel else None

    def _place_of(self, stream_id: str) -> Context:
        return next(ctx for ctx in self._contexts if stream_id in ctx.store.stream_sessions)
