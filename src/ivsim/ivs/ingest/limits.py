"""Limits: those of a channel on its encoder, and those that all streams of a region share.

Sources: IVS User Guide, *Service Quotas*, *Multitrack Video: Setup Guide*; docs/fidelity.md lists what is assumed.
"""

from __future__ import annotations

from typing import NamedTuple

from .._service import Context, service
from ..channels import Channel
from ..ingest_configurations import Ingest
from ..stream_sessions import LIMIT_BREACH

CONCURRENT_STREAMS = service.quota("Concurrent streams", 100)
CONCURRENT_VIEWS = service.quota("Concurrent views", 15_000)

MOST_TRACKS = 5
MOST_FRAMES_A_SECOND = 60
_CODECS = ("avc1.", "hvc1.", "hev1.")

_BITRATES = {
    kind: service.quota(f"Ingest bitrate (if channel type is {name})", 8_500_000)
    for kind, name in {
        "STANDARD": "STANDARD, with single-track input",
        "ADVANCED_HD": "ADVANCED_HD",
        "ADVANCED_SD": "ADVANCED_SD",
    }.items()
}
_MULTITRACK_BITRATE = service.quota(
    "Ingest bitrate (if channel type is STANDARD, with multitrack input up to FULL_HD resolution)", 15_000_000
)
_BASIC_BITRATE_SD = 1_500_000
_BASIC_BITRATE = 3_500_000
"""Of a BASIC channel, up to 480p and above: two values under one name of the quota page, so none of ours to set."""

_RESOLUTIONS = {"SD": (400_000, 864), "HD": (900_000, 1280), "FULL_HD": (2_100_000, 1920)}
"""Pixels in all and pixels on an edge; only multitrack input has another one than FULL_HD."""


MEASURED_TOLERANCE = 1.1
"""The part of the greatest bitrate up to which a measured one passes, as encoders that are set to it vary around it."""


class Breach(NamedTuple):
    """A limit that a stream exceeds, in the words of the event."""

    limit_name: str
    limit_value: int
    exceeded_by: int
    limit_unit: str


def limits_of(ctx: Context, channel: Channel, ingest: Ingest) -> dict[str, tuple[int, str]]:
    """Return what a stream can breach, by name: the limit's value and unit."""
    pixels, _ = _resolution(channel, ingest)
    return {
        "Ingest Bitrate": (_bitrate(ctx, channel, ingest), "bits per second"),
        "Ingest Resolution": (pixels, "total pixels"),
        "Concurrent Broadcasts": (ctx.quota(CONCURRENT_STREAMS), "active streams"),
        "Concurrent Viewers": (ctx.quota(CONCURRENT_VIEWS), "viewers"),
    }


def multitrack_problem(channel: Channel, ingest: Ingest) -> str | None:
    """Return the code with which a session ends that has the wrong kind of video tracks."""
    multitrack = channel.multitrack_input_configuration
    if len(ingest.video) == 1:
        return "MultitrackInputRequired" if multitrack.enabled and multitrack.policy == "REQUIRE" else None
    if not multitrack.enabled:
        return "MultitrackInputNotAllowed"
    if len(ingest.video) > MOST_TRACKS:
        return "InvalidMultitrackInputTrackCount"
    for track in ingest.video:
        if not track.codec.startswith(_CODECS) or track.target_framerate > MOST_FRAMES_A_SECOND:
            return "InvalidMultitrackInputVideoTrackMediaProperties"
    return None


def excess(ctx: Context, channel: Channel, ingest: Ingest, *, bitrate: int | None = None) -> Breach | None:
    """Return the limit of ingest that an encoder exceeds; by its bitrate as it was measured, else as it is told."""
    most_pixels, longest_edge = _resolution(channel, ingest)
    for track in ingest.video:
        pixels, edge = track.video_width * track.video_height, max(track.video_width, track.video_height)
        if pixels > most_pixels:
            return Breach("Ingest Resolution", most_pixels, pixels - most_pixels, "total pixels")
        if edge > longest_edge:
            return Breach("Ingest Resolution", longest_edge, edge - longest_edge, "pixels per edge")
    most = _bitrate(ctx, channel, ingest)
    if bitrate is None:
        bitrate = sum(track.target_bitrate for track in ingest.video)
    elif bitrate <= most * MEASURED_TOLERANCE:
        return None
    return Breach("Ingest Bitrate", most, bitrate - most, "bits per second") if bitrate > most else None


def announce_shared(ctx: Context, breach: Breach) -> None:
    """Tell of a limit that all streams of the region share, and so of no channel."""
    ctx.emit(LIMIT_BREACH, [], breach._asdict())


def _resolution(channel: Channel, ingest: Ingest) -> tuple[int, int]:
    several = len(ingest.video) > 1
    most = channel.multitrack_input_configuration.maximum_resolution if several else "FULL_HD"
    return _RESOLUTIONS.get(most, _RESOLUTIONS["FULL_HD"])


def _bitrate(ctx: Context, channel: Channel, ingest: Ingest) -> int:
    if len(ingest.video) > 1:
        return ctx.quota(_MULTITRACK_BITRATE)
    if channel.type == "BASIC":
        video = ingest.video[0]
        return _BASIC_BITRATE_SD if min(video.video_width, video.video_height) <= 480 else _BASIC_BITRATE
    return ctx.quota(_BITRATES.get(channel.type, _BITRATES["STANDARD"]))  # any type, where constraints go unchecked
