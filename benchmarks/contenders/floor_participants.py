"""The floor of the calls about participants."""

from __future__ import annotations

from . import PARTICIPANT_CALLS, floor


class Contender(floor.Contender):
    """boto3's client for IVS Real-Time, and an answer that was there before."""

    service = "ivs-realtime"
    calls = PARTICIPANT_CALLS
