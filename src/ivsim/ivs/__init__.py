"""Amazon IVS Low-Latency Streaming: one file per noun of the API, its record beside its operations."""

from . import (  # noqa: F401 - they register
    ad_configurations,
    channels,
    failover_slate_configurations,
    overview,
    playback_key_pairs,
    playback_restriction_policies,
    recording_configurations,
    retention,
    stream_keys,
    stream_sessions,
    streams,
    viewer_sessions,
)
from ._service import service as service
