"""Amazon IVS Real-Time: one file per noun of the API, its record beside its operations."""

from . import (  # noqa: F401 - they register
    compositions,
    connection_tokens,
    encoder_configurations,
    ingest_configurations,
    overview,
    participant_events,
    participant_replicas,
    participant_tokens,
    participants,
    public_keys,
    retention,
    stage_sessions,
    stages,
    storage_configurations,
)
from ._service import service as service
