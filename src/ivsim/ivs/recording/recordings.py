"""Recordings of channels, as `sim.recordings` shows them."""

from __future__ import annotations

from ...recordings.recordings import About, Source
from .._service import Contexts
from .objects import objects_of
from .sessions import RecordingSession, recorded_seconds


def source(contexts: Contexts) -> Source:
    """Return where the recordings of channels come from."""
    return Source(contexts, about, recorded_seconds, objects_of)


def about(recording: RecordingSession) -> About:
    """Return what is recorded: the channel, and the streams so far."""
    streams = [stream.stream_id for stream in recording.streams]
    return About(recording.session_id, channel_arn=recording.channel_arn, stream_ids=streams)
