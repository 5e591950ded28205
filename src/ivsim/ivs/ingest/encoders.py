"""Encoders: the reports about itself of the software or device that sends a broadcast.

Sources of the presets: samples of GetStreamSession in the IVS User Guide (*Monitoring Live Stream Health*) and the
AWS CLI's examples; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from ...core import tracks
from ...core.arguments import ValueRefused
from ...core.broadcasting import Tracks
from ...core.unknown import unknown
from ..ingest_configurations import AudioConfiguration, Ingest, VideoConfiguration

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


C = TypeVar("C", VideoConfiguration, AudioConfiguration)


def ingest(encoder: str, video: Tracks, audio: Tracks) -> Ingest:
    """Return the tracks of an encoder: those of a preset, by its name, with the members that differ.

    Raises ValueError for a preset that does not exist, for no track at all and for a number below 1 or too great;
    TypeError for a member that a track does not have, or has twice, or that is of another type.
    """
    if encoder not in _ENCODERS:
        raise ValueRefused("encoder", unknown("preset", str(encoder), _ENCODERS))
    default_video, default_audio = _ENCODERS[encoder]
    return Ingest(_tracks("video", default_video, video), _tracks("audio", default_audio, audio))


def _tracks(kind: str, default: C, given: Tracks) -> tuple[C, ...]:
    each = tracks.listed(kind, given)
    if not each:
        raise ValueRefused(kind, "an encoder sends at least one track")
    return tuple(tracks.told(kind, replace(default, track=f"Track{index}"), one) for index, one in enumerate(each))
