"""Tracks: what a participant sends, and what of it a stage takes.

Source: *Stream Ingest* and *Service Quotas*, IVS Real-Time User Guide; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from ..core import tracks
from ..core.arguments import ValueRefused
from ..core.broadcasting import Tracks
from .refusals import Refusal

MOST_BITRATE = 8_500_000
"""Of all layers of the picture together."""

MOST_AUDIO_BITRATE = 160_000

MOST_PIXELS = 1280 * 720
SHORTEST_SIDE = 160

PROFILES = ("Baseline", "Constrained Baseline")
FRAMERATES = (10, 60)
LONGEST_IDR_INTERVAL = 2
"""In seconds; a shorter one than a second cannot be told."""

SAMPLE_RATES = (44_100, 48_000)
MOST_CHANNELS = 2

AUDIO_CODECS = {"WHIP": "OPUS", "RTMP": "AAC", "RTMPS": "AAC"}
"""The codec of the sound, by the protocol that it comes by; SDKs send as WHIP does."""


class VideoTrack(Struct, frozen=True):
    """A picture that is sent: the only one, or a layer of it. Bitrate in bits a second, IDR interval in seconds."""

    width: int = 1280
    height: int = 720
    framerate: float = 30.0
    bitrate: int = 2_500_000
    codec: str = "H264"
    profile: str = "Baseline"
    idr_interval: float = 2.0
    b_frames: bool = False

    @property
    def problem(self) -> Refusal | None:
        """Why a stage does not take it, None when it does."""
        size = f"{self.width}x{self.height}"
        return _first_broken(
            (self.codec.upper() == "H264", "INVALID_VIDEO_CODEC", f"a stage takes H264, not {self.codec}"),
            (self.profile in PROFILES, "INVALID_VIDEO_CODEC", f"a stage takes {PROFILES[0]}, not {self.profile}"),
            (not self.b_frames, "B_FRAME_PRESENT", "a stage takes no B-frames"),
            (self.width * self.height <= MOST_PIXELS, "RESOLUTION_EXCEEDED", f"{size} is more than 1280x720"),
            (min(self.width, self.height) >= SHORTEST_SIDE, "INVALID_INPUT", f"{size} is less than {SHORTEST_SIDE}p"),
            (
                FRAMERATES[0] <= self.framerate <= FRAMERATES[1],
                "INVALID_INPUT",
                f"{self.framerate:g} frames a second are not {FRAMERATES[0]} to {FRAMERATES[1]}",
            ),
            (
                self.idr_interval <= LONGEST_IDR_INTERVAL,
                "INVALID_INPUT",
                f"an IDR interval of {self.idr_interval:g} seconds is longer than {LONGEST_IDR_INTERVAL}",
            ),
        )


class AudioTrack(Struct, frozen=True):
    """A sound that is sent. Bitrate in bits a second, sample rate in hertz."""

    codec: str = "OPUS"
    bitrate: int = 64_000
    sample_rate: int = 48_000
    channels: int = 2

    def problem(self, protocol: str) -> Refusal | None:
        """Return why a stage does not take it by a protocol, None when it does."""
        codec = AUDIO_CODECS[protocol]
        return _first_broken(
            (
                self.codec.upper() == codec,
                "INVALID_AUDIO_CODEC",
                f"a stage takes {codec} by {protocol}, not {self.codec}",
            ),
            (
                self.bitrate <= MOST_AUDIO_BITRATE,
                "BITRATE_EXCEEDED",
                f"{self.bitrate} bit/s of sound are more than {MOST_AUDIO_BITRATE}",
            ),
            (
                self.sample_rate in SAMPLE_RATES,
                "INVALID_INPUT",
                f"a sample rate of {self.sample_rate} Hz is neither {SAMPLE_RATES[0]} nor {SAMPLE_RATES[1]}",
            ),
            (
                self.channels <= MOST_CHANNELS,
                "INVALID_INPUT",
                f"{self.channels} channels are more than {MOST_CHANNELS}",
            ),
        )


class Sent(NamedTuple):
    """What a participant sends: layers of one picture, or none, and a sound, or none."""

    video: tuple[VideoTrack, ...]
    audio: tuple[AudioTrack, ...]

    def problem(self, protocol: str) -> Refusal | None:
        """Return why a stage does not take it by a protocol, None when it does."""
        problems = [*(each.problem for each in self.video), *(each.problem(protocol) for each in self.audio)]
        bitrate = sum(each.bitrate for each in self.video)
        text = f"{bitrate} bit/s are more than {MOST_BITRATE}"
        problems.append(_first_broken((bitrate <= MOST_BITRATE, "BITRATE_EXCEEDED", text)))
        return next(filter(None, problems), None)


def sent(protocol: str, video: Tracks, audio: Tracks) -> Sent:
    """Return what a participant sends by a protocol, with the members that differ from the usual.

    An empty list stands for no picture, or no sound. Raises ValueError for neither of them, for more than one sound and
    for a number below 1 or too great; TypeError for a member that a track does not have, or has twice, or that is of
    another type.
    """
    layers, sounds = tracks.listed("video", video), tracks.listed("audio", audio)
    if not layers and not sounds:
        raise ValueRefused("video", "a participant sends at least one track")
    if len(sounds) > 1:
        raise ValueRefused("audio", "a participant sends one sound at most")
    sound = replace(AudioTrack(), codec=AUDIO_CODECS[protocol])
    return Sent(
        tuple(tracks.told("video", VideoTrack(), each) for each in layers),
        tuple(tracks.told("audio", sound, each) for each in sounds),
    )


def _first_broken(*rules: tuple[bool, str, str]) -> Refusal | None:
    """Return the refusal for the first rule that does not hold; each is whether it does, with a code and its words."""
    return next((Refusal(code, rule) for holds, code, rule in rules if not holds), None)
