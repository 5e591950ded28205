"""The floor of the calls about stages."""

from __future__ import annotations

from . import STAGE_CALLS, floor


class Contender(floor.Contender):
    """boto3's client for IVS Real-Time, and an answer that was there before."""

    service = "ivs-realtime"
    calls = STAGE_CALLS
