"""A live stream: a test's handle on one broadcast, seen from the encoder that sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING

from ..core.arguments import ValueRefused, check_number, check_text
from ..core.broadcasting import Tracks
from ..core.state import State
from ..core.unknown import unknown
from ..recordings.pushed import PushedSegment
from . import broadcast, views
from ._service import Context
from .channels import Channel
from .ingest.encoders import ingest
from .ingest.limits import Breach, limits_of
from .ingest.pushes import PushedMedia
from .ingest_configurations import Ingest
from .recording import life as recording
from .stream_sessions import StreamSession, TimedMetadata, change

if TYPE_CHECKING:
    from ..media.meter import Measured


class StreamRefused(ValueError):
    """The encoder was not let in, or is not connected any more.

    `code` is the code in the event about it, for example "StreamTakeoverInvalidPriority"; None for most reasons.
    """

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code: str | None = code


class LiveStream:
    """One broadcast, seen from the encoder that sends it. As a context manager it ends with the block.

    A stream that was stopped through the API, or ended before, stays ended: `end()` then does nothing. Whatever else an
    encoder could do raises StreamRefused once it is disconnected, or replaced by another.
    """

    def __init__(self, state: State, ctx: Context, session: StreamSession, reconnect: Callable[[], LiveStream]) -> None:
        self._state = state
        self._ctx = ctx
        self._encoder = session.encoders
        self._reconnect = reconnect
        self.stream_id: str = session.stream_id
        """The id of the stream, as GetStreamSession and events have it; a takeover keeps it."""
        self.channel_arn: str = session.channel_arn
        """The ARN of the channel that it is sent to."""

    def __repr__(self) -> str:
        return f"<LiveStream {self.stream_id} on {self.channel_arn}, {'live' if self.is_live else 'not live'}>"

    def __enter__(self) -> LiveStream:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.end()

    @property
    def is_live(self) -> bool:
        """True while viewers can see it."""
        return self.session is not None and self.session.state is not None

    @property
    def is_connected(self) -> bool:
        """True while its encoder is connected: not stopped, ended, taken over by another, or reset away."""
        self._state.clock.run_due()
        return self._is_connected

    def on_change(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call a function whenever something about the stream changes; return a function that ends that.

        So whoever pushes media learns of StopStream and of a takeover, by a look at `is_connected`. The function is
        called by whatever thread changes the stream, inside its transaction, and so has only to take a note.
        """
        return self._state.watch(lambda key: callback() if key in ("", self.stream_id) else None)

    @property
    def shows_slate(self) -> bool:
        """True while viewers see the channel's failover slate, because ingest is interrupted."""
        session = self.session
        return session is not None and broadcast.shows_slate(self._ctx, session)

    @property
    def measured(self) -> Measured | None:
        """What a real encoder was measured to send over ten seconds: bits and pictures a second, key-frame interval.

        None for a simulated broadcast, and while it is too early.
        """
        pushed = self.pushed
        return None if pushed is None else pushed.measured

    @property
    def pushed(self) -> PushedMedia | None:
        """The media that a real encoder sends; None where the broadcast is simulated, and when all is over."""
        return self._ctx.store.pushes.get(self.stream_id)

    def report(self, sent: Ingest) -> None:
        """Put what is known of its media now in the place of what was known: of real ones, much is measured first."""
        with self._connected() as ctx:
            change(ctx, self.stream_id, ingest=sent)

    def judge_bitrate(self, bitrate: int) -> None:
        """Disconnect an encoder that was measured to send more bits of video a second than its channel takes."""
        with self._connected() as ctx:
            broadcast.judge_bitrate(ctx, self.stream_id, bitrate)

    def record(self, segment: PushedSegment) -> None:
        """Add a segment of its media to its recording, if there is one."""
        with self._state.transaction():
            recording.take_media(self._ctx, self.stream_id, segment)

    def drop_pushed(self) -> None:
        """Forget the media that were pushed, as nobody gets them any more."""
        self._ctx.store.pushes.pop(self.stream_id, None)

    def metadata_from(self, place: int) -> tuple[list[str], int]:
        """Return the texts that PutMetadata inserted from a place on, and the place of the next; it begins with 0."""
        inserted = self._ctx.store.metadata
        return [each.text for each in inserted.part(self.stream_id, place)], inserted.end(self.stream_id)

    @property
    def viewer_count(self) -> int:
        """The viewers that are counted: players that ask for it, and those of `set_viewers()`."""
        session = self.session
        return views.counted(self._ctx, session).viewer_count if session else 0

    @property
    def metadata(self) -> list[TimedMetadata]:
        """The metadata that PutMetadata inserted so far, each as (`at`, `text`), oldest first."""
        self._state.clock.run_due()
        return list(self._ctx.store.metadata[self.stream_id])

    def set_viewers(self, count: int) -> None:
        """Let so many people watch.

        When transitions are realistic, GetStream shows new ones after 15 seconds, and no longer shows those who left
        after a minute. More viewers than the quota "Concurrent views" allows, over all channels of the region, breach
        it and do not get in. Raises ValueError for a value that is not a number of people.
        """
        check_number("count", count)
        with self._connected() as ctx:
            views.set_viewers(ctx, self.stream_id, count)

    def starve(self) -> None:
        """Send no more data: Starvation Start, and after 30 seconds the encoder counts as gone.

        A channel with a failover slate shows it, and waits for as long as it may be shown. Raises StreamRefused for a
        stream that has not started.
        """
        with self._connected() as ctx:
            if not self.is_live:
                raise StreamRefused(f"stream {self.stream_id} has not started yet")
            broadcast.starve(ctx, self.stream_id)

    def recover(self) -> None:
        """Send data again: Starvation End. Has no effect unless it starves."""
        with self._connected() as ctx:
            broadcast.recover(ctx, self.stream_id)

    def breach(self, limit_name: str, *, exceeded_by: int = 1) -> None:
        """Exceed a limit: "Ingest Bitrate", "Ingest Resolution", "Concurrent Broadcasts" or "Concurrent Viewers".

        `exceeded_by` is in the unit of the limit: bits per second, pixels, streams, viewers. A breach of ingest
        disconnects the encoder. Raises ValueError for another name, or for a number below 1.
        """
        check_number("exceeded_by", exceeded_by, least=1)
        with self._connected() as ctx:
            session = ctx.store.stream_sessions[self.stream_id]
            limits = limits_of(ctx, session.channel, session.ingest)
            if limit_name not in limits:
                raise ValueRefused("limit_name", unknown("limit", str(limit_name), limits))
            value, unit = limits[limit_name]
            broadcast.exceed(ctx, self.stream_id, Breach(limit_name, value, exceeded_by, unit))

    def fail(self, reason: str = broadcast.CAPACITY_EXCEEDED) -> None:
        """Let the service fail to process the stream: Stream Failure with a reason, and the end.

        Raises TypeError for a reason that is not text.
        """
        check_text("reason", reason)
        with self._connected() as ctx:
            broadcast.fail(ctx, self.stream_id, reason)

    def end(self) -> None:
        """Disconnect the encoder: Session Ended and Stream End."""
        with self._state.transaction():
            if self._is_connected:
                broadcast.disconnect(self._ctx, self.stream_id)

    def reconnect(self) -> LiveStream:
        """Connect again with the same key and settings, as encoders do after StopStream; that is a new session.

        Raises StreamRefused when this encoder is still connected, and as `start()` does.
        """
        with self._state.transaction():
            if self._is_connected:
                raise StreamRefused(f"stream {self.stream_id} is still connected")
        return self._reconnect()

    @contextmanager
    def _connected(self) -> Iterator[Context]:
        with self._state.transaction():
            if not self._is_connected:
                raise StreamRefused(f"stream {self.stream_id} has ended, or another encoder took it over")
            yield self._ctx

    @property
    def session(self) -> StreamSession | None:
        """The service's record of this stream; None when a reset removed it."""
        self._state.clock.run_due()
        return self._ctx.store.stream_sessions.get(self.stream_id)

    @property
    def _is_connected(self) -> bool:
        if self._ctx.store.connected.get(self.channel_arn) != self.stream_id:
            return False
        return self._ctx.store.stream_sessions[self.stream_id].encoders == self._encoder


class Admission:
    """An encoder whose key is right, and that has sent no media yet: it holds nothing, and keeps nobody out."""

    def __init__(self, channel: Channel, priority: int | None, connect: Callable[..., LiveStream]) -> None:
        self.channel_arn: str = channel.arn
        """The ARN of the channel that the key is for."""
        self.container_format: str = channel.container_format
        """The container in which viewers get the media: TS or FRAGMENTED_MP4."""
        self.insecure_ingest: bool = channel.insecure_ingest
        """True where the channel takes RTMP without TLS."""
        self.priority: int | None = priority
        """The priority, from the key or the call, by which it would take over a stream; None without one."""
        self._connect = connect

    def connect(
        self, *, viewers: int = 0, encoder: str = "OBS", video: Tracks = None, audio: Tracks = None
    ) -> LiveStream:
        """Go live, now that it is known what the encoder sends; arguments are those of `Streams.start()`.

        Raises what that raises: key and channel are asked again, as much can have happened since.
        """
        check_number("viewers", viewers)
        return self._connect(sent=ingest(encoder, video, audio), viewers=viewers)

    def push(self, sent: Ingest, media: PushedMedia) -> LiveStream:
        """Go live with real media; `sent` is what is known of them. Raises what `connect()` does.

        Who takes a stream over goes on with the media of the one before, `LiveStream.pushed`.
        """
        return self._connect(sent=sent, viewers=0, push=media)
