"""Live streams: encoders that a test starts, or that push, and the broadcasts there are: `sim.streams`."""

from __future__ import annotations

from functools import partial

from ..core import arns
from ..core.arguments import LookupRefused, check_number, check_text
from ..core.broadcasting import Tracks
from ..core.state import State
from . import broadcast, stream_keys
from ._service import Context, Contexts
from .broadcast import Refusal
from .channels import Channel
from .ingest.connections import IngestURLRefused, connection
from .ingest.encoders import ingest
from .ingest.pushes import PushedMedia
from .ingest_configurations import Ingest
from .live_stream import Admission, LiveStream, StreamRefused
from .stream_sessions import StreamSession


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
        credential = check_text("channel_arn_or_stream_key_value", channel_arn_or_stream_key_value)
        check_number("viewers", viewers)
        if priority is not None:
            check_number("priority", priority)
        return self._connect(credential, ingest(encoder, video, audio), viewers, priority)

    def admit(self, stream_key_value: str, *, priority: int | None = None) -> Admission:
        """Let an encoder in by its key, as ingest does before any media arrive; `Admission.connect()` goes live.

        The key is given as to `start()`. Raises StreamRefused for whoever would not get in whatever is sent: a key that
        does not exist, a channel that is live already, a takeover without a greater priority, the quota of concurrent
        streams; TypeError and ValueError as `start()` does.
        """
        check_text("stream_key_value", stream_key_value)
        if priority is not None:
            check_number("priority", priority)
        with self._state.transaction():
            ctx, channel, key, wanted = self._look_up(stream_key_value)
            rank = wanted if priority is None else priority
            refused = broadcast.refusal(ctx, channel, rank)
        if refused is not None:
            raise _refused(refused)
        return Admission(channel, rank, partial(self._connect, key, priority=rank))

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

    def hang_up_lost(self) -> None:
        """End the broadcasts that real encoders sent to a server which is gone: nobody sends them any more."""
        with self._state.transaction():
            for ctx in self._contexts:
                for stream_id in list(ctx.store.connected.values()):
                    if ctx.store.stream_sessions[stream_id].is_pushed and stream_id not in ctx.store.pushes:
                        broadcast.disconnect(ctx, stream_id)

    def _connect(
        self, credential: str, sent: Ingest, viewers: int, priority: int | None, push: PushedMedia | None = None
    ) -> LiveStream:
        with self._state.transaction():
            ctx, channel, key, wanted = self._look_up(credential)
            rank = wanted if priority is None else priority
            pushed = None if push is None else lambda _: push
            answer = broadcast.connect(ctx, channel, sent, viewers=viewers, priority=rank, push=pushed)
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
