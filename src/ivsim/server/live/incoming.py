"""An encoder on its way in: from its stream key to the moment from which on it is live, whatever it pushes by."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ...core.arguments import ValueRefused
from ...ivs.channels import media_suffix
from ...ivs.ingest_configurations import AudioConfiguration, VideoConfiguration
from ...ivs.ingest_configurations import Ingest as Sent
from ...media.packager import Container, Packager
from .push import Push
from .window import Window

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivs.live_stream import Admission
    from ...media.flv import AudioFormat, Tag, VideoFormat
    from .rtmp import Media

_log = logging.getLogger("ivsim.ingest")

_PATIENCE = 10
"""Seconds after which an encoder that is not live yet is told of in the log."""

_LATEST_SOUND, _MOST_HELD = 1000, 200
"""Milliseconds of media, and tags, for which the form of the sound is waited for."""

_PRIORITY = re.compile(r"-?[0-9]{1,19}")

_PROFILES = {66: "Baseline", 77: "Main", 100: "High"}


def admit(emulator: Emulator, text: str) -> Admission:
    """Let an encoder in by its key; what else is behind a question mark, as some tools have it, is left out.

    Raises ValueError, which StreamRefused is too.
    """
    key, _, query = text.partition("?")
    priority = parse_qs(query).get("priority", [""])[0]
    if ":" in key:  # an ARN or a URL would do in process
        raise ValueRefused("key", f"{key!r} is no stream key")
    if priority and not _PRIORITY.fullmatch(priority):
        raise ValueRefused("key", f"the priority {priority!r} is not a whole number")
    return emulator.streams.admit(key, priority=int(priority) if priority else None)


class IncomingRefused(ValueError):
    """A stream may not begin, although its key is right."""


class Incoming:
    """The media of an encoder that was let in: they are held until it is known what it sends, and then pushed.

    It is live from its first key frame on. `said` is what it says of its media, by the names that FLV's metadata have.
    `hang_up` is called when its stream has been stopped, or taken over by another.
    """

    def __init__(
        self,
        emulator: Emulator,
        admission: Admission,
        protocol: str,
        said: Mapping[str, Any],
        hang_up: Callable[[], object],
    ) -> None:
        self._emulator = emulator
        self._admission = admission
        self._protocol = protocol
        self._hang_up = hang_up
        container: Container = "mp4" if media_suffix(admission.container_format) == "mp4" else "ts"
        self._packager = Packager(container, emulator.clock.time)
        self._push: Push | None = None
        self._said = said
        self._held: list[tuple[Media, Tag]] = []
        self._patience = asyncio.get_running_loop().call_later(_PATIENCE, self._complain)

    def take(self, media: Media, tag: Tag) -> None:
        """Take media. Raises FlvRefused, and IncomingRefused for a stream that may not begin."""
        if self._push is not None:
            self._push.take(media, tag)
        elif tag.is_header:
            take = self._packager.take_video if media.kind == "video" else self._packager.take_audio
            list(take(media.time, tag))  # nothing comes of it, but that the form is known
        elif self._held or tag.is_key:
            self._held.append((media, tag))
        if self._held and self._is_known(media.time):
            self._go_live()

    def end(self) -> None:
        """End the stream: whoever hangs up has stopped."""
        self._patience.cancel()
        if self._push is not None:
            self._push.end()

    def forget(self) -> None:
        """Drop the media: nobody is served any more."""
        if self._push is not None:
            self._push.forget()

    def _complain(self) -> None:
        _log.warning(
            "%s: an encoder has sent no key frame of video for %d s, and is not live without",
            self._admission.channel_arn,
            _PATIENCE,
        )

    def _is_known(self, time: int) -> bool:
        """Return whether it is known what comes: pictures, and sound where the encoder has said that it sends some.

        Players that have begun without sound never get any, and some encoders send its form late.
        """
        if self._packager.video_format is None:
            self._held.clear()
            return False
        is_late = time - self._held[0][0].time >= _LATEST_SOUND or len(self._held) >= _MOST_HELD
        return self._packager.audio_format is not None or "audiocodecid" not in self._said or is_late

    def _go_live(self) -> None:
        form, held = self._packager.video_format, self._held
        assert form, "it is known"
        self._held = []
        sent = _sent(form, self._packager.audio_format, self._said)
        try:
            stream = self._admission.push(sent, Window())
        except ValueError as refused:
            raise IncomingRefused(str(refused)) from None
        self._patience.cancel()
        _log.info("%s is live: %dx%d by %s", stream.channel_arn, form.width, form.height, self._protocol)
        self._push = Push(self._emulator, stream, self._packager, sent, self._hang_up)
        for media, tag in held:
            self._push.take(media, tag)


def _sent(form: VideoFormat, sound: AudioFormat | None, metadata: Mapping[str, Any]) -> Sent:
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


def _number(metadata: Mapping[str, Any], name: str) -> float:
    value = metadata.get(name, 0.0)
    return value if isinstance(value, float) and 0 < value < 1e6 else 0.0
