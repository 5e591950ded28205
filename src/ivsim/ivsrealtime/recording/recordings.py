"""Recordings of stages, as `sim.recordings` shows them."""

from __future__ import annotations

from ...recordings.recordings import About, Source
from .._service import Contexts
from .objects import objects_of
from .stage_recordings import StageRecording, recorded_seconds


def source(contexts: Contexts) -> Source:
    """Return where the recordings of stages come from."""
    return Source(contexts, about, recorded_seconds, objects_of)


def about(recording: StageRecording) -> About:
    """Return what is recorded: a participant in the session in which that began, or a composition."""
    return About(
        recording.stretches[0].session_id,
        stage_arn=recording.stage_arn,
        participant_id=recording.participant_id,
        composition_arn=recording.composition_arn,
    )
