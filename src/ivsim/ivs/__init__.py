"""Amazon IVS Low-Latency Streaming: one file per noun of the API, its record beside its operations."""

from . import (
    ad_configurations,
    channels,
    failover_slate_configurations,
    history,
    playback_key_pairs,
    playback_restriction_policies,
    recording_configurations,
    stream_keys,
    stream_sessions,
    streams,
    viewer_sessions,
)
from ._service import service

__all__ = [
    "ad_configurations",
    "channels",
    "failover_slate_configurations",
    "history",
    "playback_key_pairs",
    "playback_restriction_policies",
    "recording_configurations",
    "service",
    "stream_keys",
    "stream_sessions",
    "streams",
    "viewer_sessions",
]
