"""The port of encoders: who pushes by RTMP goes live with the channel of the stream key."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

from ...ivs.channels import media_suffix
from ...ivs.ingest.connections import insecure
from ...ivs.ingest_configurations import AudioConfiguration, VideoConfiguration
from ...ivs.ingest_configurations import Ingest as Sent
from ...media import flv
from ...media.flv import AudioFormat, FlvRefused, Tag, VideoFormat
from ...media.packager import Container, Packager
from . import rtmp
from .push import Push
from .rtmp import Media, Metadata, Publish, RtmpRefused
from .window import Window

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivs.live_stream import Admission

_log = logging.getLogger("ivsim.ingest")

_PATIENCE = 10
"""Seconds after which an encoder that is not live yet is told of in the log."""

_LATEST_SOUND, _MOST_HELD = 1000, 200
"""Milliseconds of media, and tags, for which the form of the sound is waited for."""

_PRIORITY = re.compile(r"-?[0-9]{1,19}")

_PROFILES = {66: "Baseline", 77: "Main", 100: "High"}


class Ingest(asyncio.Protocol):
    """One encoder's connection: from its stream key to the end of its stream.

    It is live from its first key frame on, since only then it is known what it sends. Where the connection is not safe,
    the channel has to allow insecure ingest.
    """

    def __init__(self, emulator: Emulator, connections: set[Ingest], *, is_safe: bool = True) -> None:
        self._emulator = emulator
        self._is_safe = is_safe
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._rtmp = rtmp.Connection()
        self._admission: Admission | None = None
        self._packager: Packager | None = None
        self._push: Push | None = None
        self._metadata: dict[str, Any] = {}
        self._held: list[tuple[Media, Tag]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """End the stream: whoever hangs up has stopped."""
        self._connections.discard(self)
        self._transport.close()  # which Python 3.10 forgets inside TLS, and warns of
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

    def close(self, why: str) -> None:
        """Stop the encoder, end its stream, and forget its media: nobody is served any more."""
        self.stop(why)
        if self._push is not None:
            self._push.end()
            self._push.forget()

    def abort(self) -> None:
        """Drop the connection, whatever is still to be said."""
        self._transport.abort()

    def _take(self, event: rtmp.Event) -> None:
        if self._transport.is_closing():
            return
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
        if priority and not _PRIORITY.fullmatch(priority):
            self._refuse(f"the priority {priority!r} is not a whole number")
            return
        try:
            admission = self._emulator.streams.admit(key, priority=int(priority) if priority else None)
        except ValueError as refused:  # StreamRefused too
            self._refuse(str(refused))
            return
        if not (self._is_safe or admission.insecure_ingest):
            self._refuse(insecure(admission.channel_arn))
            return
        self._admission = admission
        container: Container = "mp4" if media_suffix(admission.container_format) == "mp4" else "ts"
        self._packager = Packager(container, self._emulator.clock.time)
        self._rtmp.accept()
        self._loop.call_later(_PATIENCE, self._complain)

    def _complain(self) -> None:
        if self._push is None and not self._transport.is_closing() and self._admission is not None:
            _log.warning(
                "%s: an encoder has sent no key frame of video for %d s, and is not live without",
                self._admission.channel_arn,
                _PATIENCE,
            )

    def _take_media(self, media: Media) -> None:
        tag = flv.video(media.payload) if media.kind == "video" else flv.audio(media.payload)
        if self._push is not None:
            self._push.take(media, tag)
        elif tag.is_header:
            self._take_header(media, tag)
        elif self._held or tag.is_key:
            self._held.append((media, tag))
        if self._held and self._is_known(media.time):
            self._go_live()

    def _take_header(self, media: Media, tag: Tag) -> None:
        assert self._packager, "media are let through when it is there"
        take = self._packager.take_video if media.kind == "video" else self._packager.take_audio
        list(take(media.time, tag))  # nothing comes of it, but that the form is known

    def _is_known(self, time: int) -> bool:
        """Return whether it is known what comes: pictures, and sound where the encoder has said that it sends some.

        Players that have begun without sound never get any, and some encoders send its form late.
        """
        assert self._packager, "media are let through when it is there"
        if self._packager.video_format is None:
            self._held.clear()
            return False
        is_late = time - self._held[0][0].time >= _LATEST_SOUND or len(self._held) >= _MOST_HELD
        return self._packager.audio_format is not None or "audiocodecid" not in self._metadata or is_late

    def _go_live(self) -> None:
        admission, packager = self._admission, self._packager
        assert admission, "it has been let in"
        assert packager, "and what it sends"
        assert packager.video_format, "is known"
        form, held = packager.video_format, self._held
        self._held = []
        sent = _sent(form, packager.audio_format, self._metadata)
        try:
            stream = admission.push(sent, Window())
        except ValueError as refused:
            self._refuse(str(refused))
            return
        _log.info("%s is live: %dx%d by RTMP", stream.channel_arn, form.width, form.height)
        self._push = Push(self._emulator, stream, packager, sent, self._hang_up_stopped)
        for media, tag in held:
            self._push.take(media, tag)

    def _hang_up_stopped(self) -> None:
        if not self._transport.is_closing():
            self.stop("The stream has been stopped.")

    def _refuse(self, why: str) -> None:
        _log.warning("an encoder is refused: %s", why)
        self._rtmp.reject(why)
        self._hang_up()

    def _hang_up(self) -> None:
        """Close, when what is to be said is sent."""
        self._transport.write(self._rtmp.take_bytes())
        self._transport.close()

    def _end(self) -> None:
        push, self._push = self._push, None
        if push is not None:
            push.end()


def _sent(form: VideoFormat, sound: AudioFormat | None, metadata: dict[str, Any]) -> Sent:
    """Return what is known of media: from the media themselves, else from what the encoder says of them."""
    profile, level = int(form.codec[5:7], 16), f"{int(form.codec[9:11], 16) / 10:.1f}"
    name = _PROFILES.get(profile, str(profile))
    video = VideoConfiguration(
        codec=form.codec,
        video_width=form.width,
        video_height=form.height,
        level=level,
        avc_level=level,
        profile=name,
        avc_profile=name,
        encoder=str(metadata.get("encoder", "")),
        target_framerate=round(form.framerate or _number(metadata, "framerate")),
        target_bitrate=round(_number(metadata, "videodatarate") * 1000),
    )
    if sound is None:
        return Sent((video,), ())
    audio = AudioConfiguration(
        codec=sound.codec,
        sample_rate=sound.sample_rate,
        channels=sound.channels,
        target_bitrate=round(_number(metadata, "audiodatarate") * 1000),
    )
    return Sent((video,), (audio,))


def _number(metadata: dict[str, Any], name: str) -> float:
    value = metadata.get(name, 0.0)
    return value if isinstance(value, float) and 0 < value < 1e6 else 0.0
