"""Live streams: a test's handles on broadcasts, seen from the encoder that sends them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType

from ..core import arns
from ..core.arguments import LookupRefused, TypeRefused, ValueRefused
from ..core.broadcasting import Tracks
from ..core.state import State
from ..core.unknown import unknown
from . import broadcast, stream_keys
from ._service import Context, Contexts
from .broadcast import Refusal
from .channels import Channel
from .ingest.connections import IngestURLRefused, connection
from .ingest.encoders import ingest
from .ingest.limits import Breach, limits_of
from .ingest_configurations import Ingest
from .stream_sessions import StreamSession, TimedMetadata


class StreamRefused(ValueError):
    """The encoder was not let in, or is not connected any more.

    `code` is the code in the event about it, for example "StreamTakeoverInvalidPriority"; None for most reasons.
    """

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class Admission:
    """An encoder whose key is right, and that has sent no media yet: it holds nothing, and keeps nobody out."""

    def __init__(self, channel_arn: str, priority: int | None, connect: Callable[..., LiveStream]) -> None:
        self.channel_arn = channel_arn
        self.priority = priority
        """The priority, from the key or the call, by which it would take over a stream; None without one."""
        self._connect = connect

    def connect(
        self, *, viewers: int = 0, encoder: str = "OBS", video: Tracks = None, audio: Tracks = None
    ) -> LiveStream:
        """Go live, now that it is known what the encoder sends; arguments are those of `Streams.start()`.

        Raises what that raises: key and channel are asked again, as much can have happened since.
        """
        _check_number("viewers", viewers)
        return self._connect(sent=ingest(encoder, video, audio), viewers=viewers)


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
        self.stream_id = session.stream_id
        self.channel_arn = session.channel_arn

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
        _check_number("count", count)
        with self._connected() as ctx:
            broadcast.set_viewers(ctx, self.stream_id, count)

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
        """Send data again: Starvation End."""
        with self._connected() as ctx:
            broadcast.recover(ctx, self.stream_id)

    def breach(self, limit_name: str, *, exceeded_by: int = 1) -> None:
        """Exceed a limit: "Ingest Bitrate", "Ingest Resolution", "Concurrent Broadcasts" or "Concurrent Viewers".

        `exceeded_by` is in the unit of the limit: bits per second, pixels, streams, viewers. A breach of ingest
        disconnects the encoder. Raises ValueError for another name, or for a number below 1.
        """
        _check_number("exceeded_by", exceeded_by, least=1)
        with self._connected() as ctx:
            session = ctx.store.stream_sessions[self.stream_id]
            limits = limits_of(ctx, session.channel, session.ingest)
            if limit_name not in limits:
                raise ValueRefused("limit_name", unknown("limit", str(limit_name), limits))
            value, unit = limits[limit_name]
            broadcast.exceed(ctx, self.stream_id, Breach(limit_name, value, exceeded_by, unit))

    def fail(self, reason: str = broadcast.CAPACITY_EXCEEDED) -> None:
        """Let the service fail to process the stream: Stream Failure with a reason, and the end."""
        if not isinstance(reason, str):
            raise TypeRefused("reason", f"{reason!r} is not text")
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


class Streams:
    """Encoders that a test starts, so that the code under test sees a channel live."""

    def __init__(self, state: State, contexts: Contexts) -> None:
        self._state = state
        self._contexts = contexts

    def start(
        self,
        channel_arn_or_stream_key_value: str,
        *,
        viewers: int = 0,
        encoder: str = "OBS",
        video: Tracks = None,
        audio: Tracks = None,
        priority: int | None = None,
    ) -> LiveStream:
        """Let an encoder go live, by its channel's ARN, or by what a real one is configured with.

        That is the stream key's value, also with a priority (`{key}?priority=1`), or a whole ingest URL:
        `rtmps://{endpoint}:443/app/{key}`, `rtmp://…`, `srt://{endpoint}:9000?streamid={key}&passphrase={passphrase}`.
        With a `priority` greater than that of the stream which is live, the encoder takes it over.

        `encoder` is "OBS", "ffmpeg" or "WebRTC"; `video` and `audio` override what it reports (members of the API's
        VideoConfiguration and AudioConfiguration, `videoHeight` or `video_height`), a list of them for several tracks.

        An encoder that exceeds a limit of ingest, or sends tracks the channel does not take, is let in and disconnected
        at once, as in AWS; the session tells why. Raises StreamRefused for one that is not let in: a channel or key
        that does not exist, a channel without a key, one that is live already, a takeover that fails, the quota of
        concurrent streams; ValueError for viewers or a priority that are no numbers, or another encoder; TypeError for
        a member that a configuration does not have, or of another type.
        """
        credential = channel_arn_or_stream_key_value
        if not isinstance(credential, str):
            raise TypeRefused("channel_arn_or_stream_key_value", f"{credential!r} is not text")
        _check_number("viewers", viewers)
        if priority is not None:
            _check_number("priority", priority)
        return self._connect(credential, ingest(encoder, video, audio), viewers, priority)

    def admit(self, stream_key_value: str, *, priority: int | None = None) -> Admission:
        """Let an encoder in by its key, as ingest does before any media arrive; `Admission.connect()` goes live.

        The key is given as to `start()`. Raises StreamRefused for whoever would not get in whatever is sent: a key that
        does not exist, a channel that is live already, a takeover without a greater priority, the quota of concurrent
        streams; TypeError and ValueError as `start()` does.
        """
        if not isinstance(stream_key_value, str):
            raise TypeRefused("stream_key_value", f"{stream_key_value!r} is not text")
        if priority is not None:
            _check_number("priority", priority)
        with self._state.transaction():
            ctx, channel, key, wanted = self._look_up(stream_key_value)
            rank = wanted if priority is None else priority
            refused = broadcast.refusal(ctx, channel, rank)
        if refused is not None:
            raise _refused(refused)
        return Admission(channel.arn, rank, partial(self._connect, key, priority=rank))

    @property
    def live(self) -> list[LiveStream]:
        """The broadcasts that viewers can see now, in every account and region, the oldest first.

        They may have been started elsewhere, or before the state was loaded.
        """
        live = []
        with self._state.transaction():
            for ctx in self._contexts:
                for stream_id in ctx.store.connected.values():
                    session = ctx.store.stream_sessions[stream_id]
                    if session.state:
                        live.append((ctx, session))
        live.sort(key=lambda each: each[1].start_time)
        return [self._found(ctx, session) for ctx, session in live]

    def find(self, stream_id: str) -> LiveStream:
        """Return a broadcast by its id, also one that has ended. Raises LookupError for an id that none has."""
        with self._state.transaction():
            for ctx in self._contexts:
                session = ctx.store.stream_sessions.get(stream_id)
                if session is not None:
                    return self._found(ctx, session)
        raise LookupRefused("stream_id", f"there is no stream {stream_id!r}")

    def channel(self, arn_name_or_key: str) -> str:
        """Return the ARN of the channel that has this ARN, this name, or a stream key of this value.

        Raises LookupError when none has, StreamRefused when several have the name.
        """
        with self._state.transaction():
            found = [
                channel.arn
                for ctx in self._contexts
                for channel in ctx.store.channels.values()
                if arn_name_or_key and arn_name_or_key in (channel.arn, channel.name)
            ]
            keys = (stream_keys.find(ctx, arn_name_or_key) for ctx in self._contexts)
            found = found or [key.channel_arn for key in keys if key]
        if not found:
            raise LookupRefused(
                "arn_name_or_key", f"no channel has the ARN, the name or the stream key {arn_name_or_key!r}"
            )
        if len(found) > 1:
            raise StreamRefused(f"{len(found)} channels have the name {arn_name_or_key!r}; give the ARN of one of them")
        return found[0]

    def _found(self, ctx: Context, session: StreamSession) -> LiveStream:
        """Return a handle on a stream, whoever started it."""
        channel = ctx.store.channels.get(session.channel_arn)
        key = channel.stream_key_arns[:1] if channel else ()
        credential = ctx.store.stream_keys[key[0]].value if key else session.channel_arn
        viewers = session.audience or session.viewers  # only a stream that has started, and not ended, has the latter
        again = partial(self._connect, credential, session.ingest, viewers, session.priority)
        return LiveStream(self._state, ctx, session, again)

    def _connect(self, credential: str, sent: Ingest, viewers: int, priority: int | None) -> LiveStream:
        with self._state.transaction():
            ctx, channel, key, wanted = self._look_up(credential)
            rank = wanted if priority is None else priority
            answer = broadcast.connect(ctx, channel, sent, viewers=viewers, priority=rank)
        if isinstance(answer, Refusal):
            raise _refused(answer)
        return LiveStream(self._state, ctx, answer, partial(self._connect, key, sent, viewers, rank))

    def _look_up(self, credential: str) -> tuple[Context, Channel, str, int | None]:
        """Return the channel that a credential is for, with which key and priority.

        Whether there is room on it is `broadcast.refusal()`'s to say.
        """
        arn = arns.parse(credential)
        if arn is not None:
            ctx = self._contexts(arn.account, arn.region)
            channel = ctx.store.channels.get(credential)
            if channel is None:
                raise StreamRefused(f"there is no channel {credential}")
            if not channel.stream_key_arns:
                raise StreamRefused(f"{credential} has no stream key; create one")
            return ctx, channel, ctx.store.stream_keys[channel.stream_key_arns[0]].value, None
        try:
            wanted = connection(credential)
        except IngestURLRefused as refused:
            raise StreamRefused(str(refused)) from None
        for ctx in self._contexts:
            key = stream_keys.find(ctx, wanted.key)
            if key is not None:
                channel = ctx.store.channels[key.channel_arn]
                problem = wanted.problem(channel)
                if problem:
                    raise StreamRefused(problem)
                return ctx, channel, credential, wanted.priority
        raise StreamRefused("no channel has this stream key, and it is not a channel's ARN")


def _refused(refusal: Refusal) -> StreamRefused:
    """Return the exception for a refusal; raised outside of the transaction, it leaves what was announced."""
    return StreamRefused(refusal.reason, refusal.code)


def _check_number(name: str, count: int, *, least: int = 0) -> None:
    if type(count) is not int or count < least:
        raise ValueRefused(name, f"{count!r} is not a whole number that is {least} or more")
