"""Ingest configurations: an encoder's tracks, as it reports them and as a stream session shows them."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct


class VideoConfiguration(Struct, frozen=True):
    """A video track as an encoder reports it; the defaults are an OBS of the user guide. Bitrate in bits per second."""

    avc_profile: str = "Baseline"
    avc_level: str = "4.0"
    codec: str = "avc1.42C028"
    encoder: str = "obs-output module (libobs version 27.0.1)"
    target_bitrate: int = 3_500_000
    target_framerate: int = 30
    video_height: int = 1080
    video_width: int = 1920
    level: str = "4.0"
    profile: str = "Baseline"
    track: str = "Track0"


class AudioConfiguration(Struct, frozen=True):
    """An audio track as an encoder reports it. Bitrate in bits per second, sample rate in hertz."""

    codec: str = "mp4a.40.2"
    target_bitrate: int = 160_000
    sample_rate: int = 48_000
    channels: int = 2
    track: str = "Track0"


class Ingest(NamedTuple):
    """The tracks that an encoder sends: video, more than one for multitrack input, and audio."""

    video: tuple[VideoConfiguration, ...]
    audio: tuple[AudioConfiguration, ...]


UNKNOWN_VIDEO = VideoConfiguration("", "", "", "", 0, 0, 0, 0, "", "")
"""A track early in a session, of which nothing is known yet."""


UNKNOWN_AUDIO = AudioConfiguration("", 0, 0, 0)
