"""Encoders: what the software or device that sends a broadcast reports about itself.

Sources of the presets: samples of GetStreamSession in the IVS User Guide (*Monitoring Live Stream Health*) and the
AWS CLI's examples; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias, TypeVar

from botocore import xform_name

from ..core.unknown import unknown


@dataclass(frozen=True, slots=True)
class VideoConfiguration:
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


@dataclass(frozen=True, slots=True)
class AudioConfiguration:
    """An audio track as an encoder reports it. Bitrate in bits per second, sample rate in hertz."""

    codec: str = "mp4a.40.2"
    target_bitrate: int = 160_000
    sample_rate: int = 48_000
    channels: int = 2
    track: str = "Track0"


class Ingest(NamedTuple):
    """What an encoder sends: its video tracks, more than one for multitrack input, and its audio tracks."""

    video: tuple[VideoConfiguration, ...]
    audio: tuple[AudioConfiguration, ...]


_ENCODERS = {
    "OBS": (VideoConfiguration(), AudioConfiguration()),
    "ffmpeg": (
        VideoConfiguration(
            avc_profile="High",
            avc_level="4.0",
            codec="avc1.640028",
            encoder="Lavf58.45.100",
            profile="High",
            level="4.0",
        ),
        AudioConfiguration(target_bitrate=128_000, sample_rate=44_100),
    ),
    "WebRTC": (
        VideoConfiguration(
            avc_level="3.1",
            codec="avc1.42C01F",
            encoder="",
            target_bitrate=2_500_000,
            video_height=720,
            video_width=1280,
            level="3.1",
        ),
        AudioConfiguration(target_bitrate=128_000),
    ),
}

UNKNOWN_VIDEO = VideoConfiguration("", "", "", "", 0, 0, 0, 0, "", "")
"""What is known of a track early in a session: nothing yet."""

UNKNOWN_AUDIO = AudioConfiguration("", 0, 0, 0)

Given: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""How tracks differ from the preset's: the members of one track, or those of each of several."""

C = TypeVar("C", VideoConfiguration, AudioConfiguration)


def ingest(encoder: str, video: Given, audio: Given) -> Ingest:
    """Return what an encoder sends, by the name of a preset and how its tracks differ from the preset's.

    Raises ValueError for a preset that does not exist, TypeError for a member that a track does not have or that is of
    another type.
    """
    if encoder not in _ENCODERS:
        raise ValueError(f"encoder: {unknown('preset', encoder, _ENCODERS)}")
    default_video, default_audio = _ENCODERS[encoder]
    return Ingest(_tracks(default_video, video), _tracks(default_audio, audio))


def _tracks(default: C, given: Given) -> tuple[C, ...]:
    each = [given] if given is None or isinstance(given, Mapping) else given
    return tuple(_configured(replace(default, track=f"Track{index}"), track) for index, track in enumerate(each))


def _configured(default: C, given: Mapping[str, Any] | None) -> C:
    changes = {xform_name(name): value for name, value in (given or {}).items()}
    for name, value in changes.items():
        kind = type(getattr(default, name, value))
        if type(value) is not kind:
            raise TypeError(f"{name}: {value!r} is not of type {kind.__name__}")
    return replace(default, **changes)
