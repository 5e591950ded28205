"""Renditions: the qualities in which viewers get a broadcast and in which it is recorded.

Source: *Channel Types* in the IVS API reference; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..channels import ADVANCED

if TYPE_CHECKING:
    from ..channels import Channel
    from ..ingest_configurations import VideoConfiguration
    from ..stream_sessions import StreamSession

_TRANSCODED = "avc1.4D401F"
_AUDIO = "mp4a.40.2"

_LOWER = (480, 360, 160)
"""Heights of the renditions below 720p; they have 30 frames a second."""

_STANDARD = {"720p60": 3400, "720p30": 2400, "480p30": 1400, "360p30": 630, "160p30": 230}
_HIGHER_BANDWIDTH = {"720p60": 3000, "720p30": 2300, "480p30": 1300, "360p30": 700, "160p30": 270}
_CONSTRAINED_BANDWIDTH = {"720p60": 2200, "720p30": 1900, "480p30": 800, "360p30": 400, "160p30": 220}
"""Kilobits a second of video, by rendition."""

AUDIO_ONLY = "audio_only"
_AUDIO_ONLY_BANDWIDTH = 64_000

HEIGHTS = {"SD": 480, "HD": 720, "FULL_HD": 1080}
"""Heights by the names that `maximumResolution` gives them."""


class Rendition(NamedTuple):
    """One quality of a broadcast. `bandwidth` is in bits per second; width and height are 0 for audio alone."""

    name: str
    width: int
    height: int
    framerate: int
    bandwidth: int
    codecs: str
    is_source: bool = False

    @property
    def short_side(self) -> int:
        """The height of a picture that lies, the width of one that stands: what its class is judged by."""
        return min(self.width, self.height)


def renditions_of(stream: StreamSession) -> list[Rendition]:
    """Return the renditions of a broadcast, the best first. What an encoder pushes is passed on as it is."""
    if not stream.is_pushed:
        return ladder(stream.channel, stream.ingest.video)
    video, *_ = stream.ingest.video
    source = _source(video)
    return [source if stream.ingest.audio else source._replace(codecs=video.codec)]


def ladder(channel: Channel, video: Sequence[VideoConfiguration]) -> list[Rendition]:
    """Return the renditions into which a channel turns what an encoder sends, the best first."""
    if len(video) > 1:
        most = HEIGHTS.get(channel.multitrack_input_configuration.maximum_resolution, HEIGHTS["FULL_HD"])
        tracks = [_source(track) for track in video]
        tracks.sort(key=lambda rendition: rendition.bandwidth, reverse=True)
        return [rendition for rendition in tracks if rendition.short_side <= most]
    source = _source(video[0])
    if channel.type == "BASIC":
        return [source]
    if channel.type in ADVANCED:
        return _advanced(source, channel.type, channel.preset)
    return _standard(source)


def _standard(source: Rendition) -> list[Rendition]:
    best = [source] if source.short_side > 720 else []
    heights = (720, *_LOWER) if source.short_side >= 720 else _LOWER
    return [*best, *_transcoded(source, heights, _STANDARD)] or [source]


def _advanced(source: Rendition, kind: str, preset: str) -> list[Rendition]:
    rates = _CONSTRAINED_BANDWIDTH if preset == "CONSTRAINED_BANDWIDTH_DELIVERY" else _HIGHER_BANDWIDTH
    audio = Rendition(AUDIO_ONLY, 0, 0, 0, _AUDIO_ONLY_BANDWIDTH, _AUDIO)
    best = []
    heights: tuple[int, ...] = _LOWER
    if kind == "ADVANCED_HD" and source.short_side >= 720:
        heights = (720, *_LOWER)
    elif kind == "ADVANCED_HD" and source.short_side > 480:
        best = [source._replace(bandwidth=rates["720p30"] * 1000, codecs=f"{_TRANSCODED},{_AUDIO}", is_source=False)]
    return [*best, *_transcoded(source, heights, rates), audio]


def _transcoded(source: Rendition, heights: Sequence[int], rates: dict[str, int]) -> list[Rendition]:
    renditions = []
    for height in heights:
        if height <= source.short_side:
            framerate = _framerate(source.framerate) if height == 720 else 30
            name = f"{height}p{framerate}"
            width, tall = _scaled(source, height)
            renditions.append(Rendition(name, width, tall, framerate, rates[name] * 1000, f"{_TRANSCODED},{_AUDIO}"))
    return renditions


def _scaled(source: Rendition, height: int) -> tuple[int, int]:
    """Return width and height when the short side has so many pixels; the long side is even, as encoders want it."""
    long_side = max(source.width, source.height) * height // source.short_side // 2 * 2
    return (long_side, height) if source.width >= source.height else (height, long_side)


def _source(video: VideoConfiguration) -> Rendition:
    name = f"{min(video.video_height, video.video_width)}p{_framerate(video.target_framerate)}"
    codecs = f"{video.codec},{_AUDIO}"
    return Rendition(
        name,
        video.video_width,
        video.video_height,
        video.target_framerate,
        video.target_bitrate,
        codecs,
        is_source=True,
    )


def _framerate(framerate: int) -> int:
    return 60 if framerate > 30 else 30
