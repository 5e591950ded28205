"""The port of encoders: who pushes by RTMP goes live with the channel of the stream key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

from ...media import flv
from ...media.flv import AudioFormat, FlvRefused, VideoFormat
from . import rtmp
from .rtmp import Media, Metadata, Publish, RtmpRefused

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivs.live_streams import Admission, LiveStream

_log = logging.getLogger("ivsim.ingest")

SECONDS_TO_STARVATION = 4.0
"""Seconds without media after which the stream starves. AWS does not tell how many it takes."""

_LOOK = 0.5
"""Seconds between two looks whether media come."""

_PROFILES = {66: "Baseline", 77: "Main", 100: "High"}


class Ingest(asyncio.Protocol):
    """One encoder's connection: from its stream key to the end of its stream.

    It is live from its first key frame on, since only then it is known what it sends.
    """

    def __init__(self, emulator: Emulator, connections: set[Ingest]) -> None:
        self._emulator = emulator
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._rtmp = rtmp.Connection()
        self._admission: Admission | None = None
        self._stream: LiveStream | None = None
        self._stop_watching: Callable[[], None] = lambda: None
        self._metadata: dict[str, Any] = {}
        self._video: VideoFormat | None = None
        self._audio: AudioFormat | None = None
        self._heard = 0.0
        self._is_starving = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """End the stream: whoever hangs up has stopped."""
        self._connections.discard(self)
        self._end()

    def data_received(self, data: bytes) -> None:
        """Read on. What is no RTMP, and media that are not taken, end the connection, with a line in the log."""
        try:
            for event in self._rtmp.receive(data):
                self._take(event)
        except (RtmpRefused, FlvRefused) as refused:
            self._refuse(str(refused))
        except Exception:  # noqa: BLE001 - whatever it is, it is ours
            _log.exception("a bug in ivsim at what an encoder sent; please report it")
            self._transport.abort()
        self._transport.write(self._rtmp.take_bytes())

    def stop(self, why: str) -> None:
        """Tell the encoder that it has been stopped, and hang up."""
        self._rtmp.stop(why)
        self._hang_up()

    def _take(self, event: rtmp.Event) -> None:
        if isinstance(event, Publish):
            self._admit(event.key)
        elif isinstance(event, Metadata):
            self._metadata = event.values
        elif isinstance(event, Media):
            self._take_media(event)
        else:
            self._end()

    def _admit(self, text: str) -> None:
        """Let the encoder in by its key; what else is behind a question mark, as some tools have it, is left out."""
        key, _, query = text.partition("?")
        priority = parse_qs(query).get("priority", [""])[0]
        if ":" in key:  # an ARN or a URL would do in process
            self._refuse(f"{key!r} is no stream key")
            return
        try:
            self._admission = self._emulator.streams.admit(key, priority=int(priority) if priority else None)
        except ValueError as refused:  # StreamRefused too
            self._refuse(str(refused))
        else:
            self._rtmp.accept()

    def _take_media(self, media: Media) -> None:
        self._heard = self._loop.time()
        if self._is_starving and self._stream is not None:
            self._is_starving = False
            self._stream.recover()
        if media.kind == "audio":
            tag = flv.audio(media.payload)
            if tag.is_header:
                self._audio = flv.audio_format(tag.data)
            return
        tag = flv.video(media.payload)
        if tag.is_header:
            self._video = flv.video_format(tag.data)
        elif tag.is_key and self._stream is None and self._video is not None:
            self._go_live(self._video)

    def _go_live(self, video: VideoFormat) -> None:
        assert self._admission, "media are let through when it is there"
        try:
            stream = self._admission.connect(
                video=_video(video, self._metadata), audio=_audio(self._audio, self._metadata)
            )
        except ValueError as refused:
            self._refuse(str(refused))
            return
        self._stream = stream
        self._stop_watching = stream.on_change(lambda: self._loop.call_soon_threadsafe(self._look))
        _log.info("%s is live: %dx%d by RTMP", stream.channel_arn, video.width, video.height)
        self._look()
        self._listen()

    def _look(self) -> None:
        """See whether the stream is still this encoder's, after something about it has changed."""
        if self._stream is not None and not self._stream.is_connected and not self._transport.is_closing():
            self.stop("The stream has been stopped.")

    def _listen(self) -> None:
        """Let the stream starve when no media come."""
        if self._stream is None or self._transport.is_closing():
            return
        silent = self._loop.time() - self._heard
        if silent >= SECONDS_TO_STARVATION and not self._is_starving:
            self._is_starving = True
            self._stream.starve()
        self._loop.call_later(_LOOK, self._listen)

    def _refuse(self, why: str) -> None:
        _log.warning("an encoder is refused: %s", why)
        self._rtmp.reject(why)
        self._hang_up()

    def _hang_up(self) -> None:
        """Close, when what is to be said is sent."""
        self._transport.write(self._rtmp.take_bytes())
        self._transport.close()

    def _end(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            self._stop_watching()
            if stream.is_connected:
                stream.end()


def _video(form: VideoFormat, metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a session's video that are known: from the media themselves, else from what they say."""
    profile, level = int(form.codec[5:7], 16), int(form.codec[9:11], 16)
    members: dict[str, Any] = {
        "codec": form.codec,
        "videoWidth": form.width,
        "videoHeight": form.height,
        "level": f"{level / 10:.1f}",
        "avcLevel": f"{level / 10:.1f}",
        "profile": _PROFILES.get(profile, str(profile)),
        "avcProfile": _PROFILES.get(profile, str(profile)),
        "encoder": str(metadata.get("encoder", "")),
    }
    framerate, bitrate = form.framerate or _number(metadata, "framerate"), _number(metadata, "videodatarate") * 1000
    return members | _given(targetFramerate=framerate, targetBitrate=bitrate)


def _audio(form: AudioFormat | None, metadata: dict[str, Any]) -> dict[str, Any]:
    if form is None:
        return {}
    members: dict[str, Any] = {"codec": form.codec, "sampleRate": form.sample_rate, "channels": form.channels}
    return members | _given(targetBitrate=_number(metadata, "audiodatarate") * 1000)


def _number(metadata: dict[str, Any], name: str) -> float:
    value = metadata.get(name, 0.0)
    return value if isinstance(value, float) and 0 < value < 1e6 else 0.0


def _given(**members: float) -> dict[str, int]:
    """Return the members that are known, as whole numbers."""
    return {name: round(value) for name, value in members.items() if value >= 1}
