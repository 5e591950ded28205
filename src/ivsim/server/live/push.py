"""A push that is live: from an encoder's media to what viewers get, and to what the API tells of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ...ivs.live_stream import StreamRefused
from ...ivs.playback.edge import AFTER_THE_END
from ...ivs.playback.timelines import SEGMENT_SECONDS
from ...media.meter import Measured, Meter
from .window import Window

if TYPE_CHECKING:
    from ...emulator import Emulator
    from ...ivs.ingest_configurations import Ingest as Sent
    from ...ivs.live_stream import LiveStream
    from ...media.flv import Tag
    from ...media.packager import Output, Packager
    from .rtmp import Media

_log = logging.getLogger("ivsim.ingest")

SECONDS_TO_STARVATION = 4.0
"""Seconds without media after which the stream starves. AWS does not tell how many it takes."""

_LOOK = 0.5
"""Seconds between two looks whether media come."""

_SEGMENT = timedelta(seconds=SEGMENT_SECONDS)

_SECONDS_TO_REPORT, _SECONDS_TO_JUDGE = 2.0, 9.0
"""Seconds of media after which it is told what was measured, and after which it is judged."""

_NEWS = 0.1
"""The part by which something that is measured has to change to be told again."""

_SLOW_KEYS = 4.0
"""Seconds from one key frame to the next at which the log says what to set."""


class Push:
    """An encoder that is live. `hang_up` is called when its stream has been stopped, or taken over by another."""

    def __init__(
        self,
        emulator: Emulator,
        stream: LiveStream,
        packager: Packager,
        sent: Sent,
        hang_up: Callable[[], object],
    ) -> None:
        self._emulator = emulator
        self._stream = stream
        self._packager = packager
        self._sent = self._told = sent
        self._hang_up = hang_up
        self._loop = asyncio.get_running_loop()
        window = stream.pushed
        assert isinstance(window, Window), "it went live with one"
        self._window = window
        self._meter = Meter()
        _, self._heard_metadata = stream.metadata_from(0)
        self._heard = self._loop.time()
        self._is_starving = self._is_warned = self._is_over = False
        self._stop_watching = stream.on_change(lambda: self._loop.call_soon_threadsafe(self._look))
        self._look()
        self._listen()

    def take(self, media: Media, tag: Tag) -> None:
        """Take media. Raises FlvRefused."""
        self._heard = self._loop.time()
        if self._is_starving:
            self._is_starving = False
            with suppress(StreamRefused):  # as in `_listen()`
                self._stream.recover()
        if media.kind == "video":
            self._put(self._packager.take_video(media.time, tag))
            if not tag.is_header:
                self._meter.picture(self._packager.time, len(media.payload), is_key=tag.is_key)
        else:
            self._put(self._packager.take_audio(media.time, tag))
            if not tag.is_header:
                self._meter.sound(self._packager.time, len(media.payload))

    def end(self) -> None:
        """End the stream, unless it has ended or is another encoder's by now."""
        if self._is_over:
            return
        self._is_over = True
        self._stop_watching()
        is_ours = self._stream.is_connected
        session = self._stream.session
        if is_ours or session is None or session.end_time is not None:
            self._put(self._packager.interrupt())
            self._window.close()
            self._loop.call_later(AFTER_THE_END.total_seconds(), self.forget)
        if is_ours:
            self._stream.end()

    def forget(self) -> None:
        """Drop the media, as nobody gets them any more."""
        self._stream.drop_pushed()

    def _put(self, outputs: Iterator[Output]) -> None:
        for output in outputs:
            grown = self._window.take(output, self._emulator.clock.now())
            if grown is not None:
                self._stream.record(grown)

    def _look(self) -> None:
        """See what has changed about the stream: it may have ended, or be another's, or have metadata."""
        if self._is_over:
            return
        if not self._stream.is_connected:
            self.end()
            self._hang_up()
            return
        texts, self._heard_metadata = self._stream.metadata_from(self._heard_metadata)
        for text in texts:
            self._packager.take_text(text)

    def _listen(self) -> None:
        """Let the stream starve when no media come; else tell what was measured."""
        if self._is_over:
            return
        self._loop.call_later(_LOOK, self._listen)
        with suppress(StreamRefused):  # another thread may have stopped it, which is seen at the next look
            self._hear()

    def _hear(self) -> None:
        is_silent = self._loop.time() - self._heard >= SECONDS_TO_STARVATION
        if is_silent and not self._is_starving and self._stream.is_live:  # not before it has started
            self._is_starving = True
            self._put(self._packager.interrupt())
            self._meter.clear()
            self._stream.starve()
        if self._is_starving:
            self._show_slate()
        else:
            self._tell()

    def _show_slate(self) -> None:
        """Let the failover slate go on to now, where there is one."""
        session = self._stream.session
        if session is None or session.slate_from is None or not self._stream.shows_slate:
            return
        cuts, now = self._window.cuts, self._emulator.clock.now()
        at = max(session.slate_from, cuts.begin(cuts.count) if cuts.count else session.slate_from)
        at = max(at, now - 5 * _SEGMENT)  # the clock may have been moved far
        while at + _SEGMENT <= now:
            self._window.take_slate(at)
            at += _SEGMENT

    def _tell(self) -> None:
        """Tell the service what was measured, when it is news or too much, and the log what is amiss."""
        measured = self._window.measured = self._meter.measured
        if measured is None or measured.seconds < _SECONDS_TO_REPORT:
            return
        if measured.keyframe_interval >= _SLOW_KEYS and not self._is_warned:
            self._is_warned = True
            _log.warning(
                "%s: key frames are %.1f s apart, and viewers as much later; set the key-frame interval to 2 s",
                self._stream.channel_arn,
                measured.keyframe_interval,
            )
        sent = _with_measured(self._sent, measured)
        if not _is_alike(sent, self._told):
            self._told = sent
            self._stream.report(sent)
        if measured.seconds >= _SECONDS_TO_JUDGE:
            self._stream.judge_bitrate(measured.video_bitrate)


def _with_measured(sent: Sent, measured: Measured) -> Sent:
    """Return what is known of media: what the encoder does not tell is as it was measured."""
    (video,), audio = sent
    video = replace(
        video,
        target_bitrate=video.target_bitrate or measured.video_bitrate,
        target_framerate=video.target_framerate or round(measured.framerate),
    )
    audio = tuple(replace(each, target_bitrate=each.target_bitrate or measured.audio_bitrate) for each in audio)
    return sent._replace(video=(video,), audio=audio)


def _is_alike(one: Sent, other: Sent) -> bool:
    """Return whether what differs differs by so little that it is no news."""
    pairs = [
        *(
            (a.target_bitrate, b.target_bitrate)
            for a, b in zip(one.video + one.audio, other.video + other.audio, strict=True)
        ),
        *((a.target_framerate, b.target_framerate) for a, b in zip(one.video, other.video, strict=True)),
    ]
    return all(abs(a - b) <= _NEWS * b for a, b in pairs)
