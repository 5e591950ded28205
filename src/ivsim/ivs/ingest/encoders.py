"""Encoders: the reports about itself of the software or device that sends a broadcast.

Sources of the presets: samples of GetStreamSession in the IVS User Guide (*Monitoring Live Stream Health*) and the
AWS CLI's examples; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from botocore import xform_name
from msgspec.structs import replace

from ...core.arguments import TypeRefused, ValueRefused
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


_MOST = 2**31 - 1
"""The greatest number that an encoder may report."""


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
    each: Any = [given or {}] if given is None or isinstance(given, Mapping) else given
    if not isinstance(each, Sequence) or isinstance(each, str) or not all(isinstance(one, Mapping) for one in each):
        raise TypeRefused(kind, f"{given!r} is neither a dict of members nor a list of them")
    if not each:
        raise ValueRefused(kind, "an encoder sends at least one track")
    return tuple(_configured(kind, replace(default, track=f"Track{index}"), one) for index, one in enumerate(each))


def _configured(kind: str, default: C, given: Mapping[str, Any]) -> C:
    known = default.__struct_fields__
    changes: dict[str, Any] = {}
    for name, value in given.items():
        member = xform_name(str(name))
        if member not in known:
            raise TypeRefused(kind, unknown("member", str(name), known))
        if member in changes:
            raise TypeRefused(kind, f"{member} is given twice")
        wanted = type(getattr(default, member))
        if type(value) is not wanted:
            raise TypeRefused(kind, f"{member}: {value!r} is not of type {wanted.__name__}")
        if wanted is int and not 1 <= value <= _MOST:
            raise ValueRefused(kind, f"{member}: {value!r} is not a number from 1 to {_MOST}")
        changes[member] = value
    return replace(default, **changes)
