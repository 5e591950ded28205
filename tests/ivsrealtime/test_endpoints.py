from __future__ import annotations

import pytest

from ivsim import Emulator

from ..calling import call, send, signed


@pytest.mark.needs("CreateIngestConfiguration")
def test_stable(sim: Emulator, stage: str, other: str) -> None:
    """All stages of an account and region have the same endpoints, those elsewhere others."""
    shown = [call(sim, "GetStage", arn=arn).body["stage"]["endpoints"] for arn in (stage, other)]
    assert shown[0] == shown[1]
    far = send(sim, "POST", "/CreateStage", b"{}", signed("eu-west-1")).body["stage"]["endpoints"]
    assert far["events"] == shown[0]["events"]
    assert far["whip"] != shown[0]["whip"]
