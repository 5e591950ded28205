"""Streams: encoders that go live, and what happens to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from ...emulator import Emulator
from ...ivs.broadcast import CAPACITY_EXCEEDED
from ...ivs.live_stream import LiveStream
from .endpoints import Body, endpoint
from .problems import RequestRefused

Count = Annotated[int, Meta(ge=0)]
Track = dict[str, str | int]

_CHANNEL = {"arn_name_or_key": "channel"}


class Metadata(msgspec.Struct):
    """A piece of metadata that PutMetadata inserted, and when."""

    at: datetime
    text: str


class Measured(msgspec.Struct, rename="camel"):
    """What a real encoder was measured to send: bits and pictures a second, and the seconds between key frames."""

    video_bitrate: int
    audio_bitrate: int
    framerate: float
    keyframe_interval: float


class Stream(msgspec.Struct, rename="camel"):
    """A broadcast, live or ended; one that is simulated was not `measured`."""

    stream_id: str
    channel_arn: str
    channel_name: str
    is_live: bool
    shows_slate: bool
    health: str
    viewer_count: int
    start_time: datetime
    end_time: datetime | None
    metadata: list[Metadata]
    measured: Measured | None


class StreamList(msgspec.Struct):
    """Broadcasts, the oldest first."""

    streams: list[Stream]


class StartStream(Body):
    """An encoder connects, to a channel (ARN, name or the value of a stream key), or with a stream key or ingest URL.

    One of `channel` and `streamKey` is given. `video` and `audio` override what the encoder reports.
    """

    channel: str | None = None
    stream_key: str | None = None
    viewers: Count = 0
    encoder: str = "OBS"
    video: Track | list[Track] | None = None
    audio: Track | list[Track] | None = None
    priority: Count | None = None


class BreachStream(Body):
    """A limit, and by how much it is exceeded, in its own unit."""

    limit: str
    exceeded_by: Annotated[int, Meta(ge=1)] = 1


class FailStream(Body):
    """The reason why the stream fails, in the words of the event."""

    reason: str = CAPACITY_EXCEEDED


class SetViewers(Body):
    """The number of viewers."""

    viewers: Count


@endpoint("GET", "/streams", aliases=_CHANNEL)
def list_streams(sim: Emulator, channel: str | None = None) -> StreamList:
    """Return the broadcasts that viewers can see now; those of one `channel` (ARN, name or stream key), if given."""
    arn = channel and sim.streams.channel(channel)
    return StreamList([_shown_stream(each) for each in sim.streams.live if arn in (None, each.channel_arn)])


@endpoint("POST", "/streams", status=201, example={"channel": "evening-show", "viewers": 3}, aliases=_CHANNEL)
def start_stream(sim: Emulator, body: StartStream) -> Stream:
    """Let an encoder go live."""
    if bool(body.channel) == bool(body.stream_key):
        raise RequestRefused(400, "give either `channel` or `streamKey`", field="channel")
    return _shown_stream(
        sim.streams.start(
            sim.streams.channel(body.channel) if body.channel else str(body.stream_key),
            viewers=body.viewers,
            encoder=body.encoder,
            video=body.video,
            audio=body.audio,
            priority=body.priority,
        )
    )


@endpoint("GET", "/streams/{streamId}")
def get_stream(sim: Emulator, stream_id: str) -> Stream:
    """Return one broadcast, also one that has ended."""
    return _shown_stream(sim.streams.find(stream_id))


@endpoint("POST", "/streams/{streamId}/starve")
def starve_stream(sim: Emulator, stream_id: str) -> Stream:
    """Send no more data: Starvation Start, and after 30 seconds the encoder counts as gone."""
    stream = sim.streams.find(stream_id)
    stream.starve()
    return _shown_stream(stream)


@endpoint("POST", "/streams/{streamId}/recover")
def recover_stream(sim: Emulator, stream_id: str) -> Stream:
    """Send data again: Starvation End."""
    stream = sim.streams.find(stream_id)
    stream.recover()
    return _shown_stream(stream)


@endpoint("POST", "/streams/{streamId}/reconnect", status=201)
def reconnect_stream(sim: Emulator, stream_id: str) -> Stream:
    """Connect again with the same key and settings after the stream has ended; that is a new stream."""
    return _shown_stream(sim.streams.find(stream_id).reconnect())


@endpoint(
    "POST",
    "/streams/{streamId}/breach",
    example={"limit": "Ingest Bitrate", "exceededBy": 500_000},
    aliases={"limit_name": "limit"},
)
def breach_stream(sim: Emulator, stream_id: str, body: BreachStream) -> Stream:
    """Exceed "Ingest Bitrate", "Ingest Resolution", "Concurrent Broadcasts" or "Concurrent Viewers".

    A breach of ingest disconnects the encoder.
    """
    stream = sim.streams.find(stream_id)
    stream.breach(body.limit, exceeded_by=body.exceeded_by)
    return _shown_stream(stream)


@endpoint("POST", "/streams/{streamId}/fail", example={"reason": CAPACITY_EXCEEDED})
def fail_stream(sim: Emulator, stream_id: str, body: FailStream) -> Stream:
    """Let the service fail to process the stream: Stream Failure with a reason, and the end."""
    stream = sim.streams.find(stream_id)
    stream.fail(body.reason)
    return _shown_stream(stream)


@endpoint("POST", "/streams/{streamId}/end")
def end_stream(sim: Emulator, stream_id: str) -> Stream:
    """Disconnect the encoder: Session Ended and Stream End. One that has ended stays as it is."""
    stream = sim.streams.find(stream_id)
    stream.end()
    return _shown_stream(stream)


@endpoint("PUT", "/streams/{streamId}/viewers", example={"viewers": 250})
def set_viewers(sim: Emulator, stream_id: str, body: SetViewers) -> Stream:
    """Set the number of viewers."""
    stream = sim.streams.find(stream_id)
    stream.set_viewers(body.viewers)
    return _shown_stream(stream)


def _shown_stream(stream: LiveStream) -> Stream:
    session: Any = stream.session
    measured = stream.measured
    return Stream(
        stream.stream_id,
        stream.channel_arn,
        session.channel.name,
        stream.is_live,
        stream.shows_slate,
        session.health,
        stream.viewer_count,
        session.start_time,
        session.end_time,
        [Metadata(each.at, each.text) for each in stream.metadata],
        measured and Measured(*measured[:4]),
    )
