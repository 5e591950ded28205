"""Why somebody may not do something: a right that is lacking, a quota that is used up."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from .people import events_of, refused, told


def test_rights(sim: Emulator, stage: str) -> None:
    """Who lacks a capability is refused, and events tell."""
    host = sim.stages.join(stage, capabilities=["PUBLISH"])
    guest = sim.stages.join(stage, capabilities=["SUBSCRIBE"])
    host.publish()
    refused("INSUFFICIENT_CAPABILITIES", guest.publish)
    refused("INSUFFICIENT_CAPABILITIES", host.subscribe, guest)
    refused("PUBLISHER_NOT_FOUND", guest.subscribe, guest)
    refused("PUBLISHER_NOT_FOUND", guest.subscribe, "nobody")
    assert events_of(sim, guest)[1:] == [
        "PUBLISH_ERROR INSUFFICIENT_CAPABILITIES",
        "SUBSCRIBE_ERROR PUBLISHER_NOT_FOUND",
        "SUBSCRIBE_ERROR PUBLISHER_NOT_FOUND",
    ]
    assert events_of(sim, host)[2:] == ["SUBSCRIBE_ERROR INSUFFICIENT_CAPABILITIES"]
    assert told(sim) == ["Participant Published", "Participant Publish Error"]
    assert sim.events.of("IVS Stage Update")[-1]["detail"]["error_code"] == "INSUFFICIENT_CAPABILITIES"


@pytest.mark.parametrize("quota", ["Publishers per stage", "Concurrent publishers"])
def test_quota_of_publishers(quota: str, sim: Emulator, stage: str) -> None:
    """No more may publish than the quota allows; who stops makes room."""
    sim.quotas[quota] = 2
    first, second, third = (sim.stages.join(stage) for _ in range(3))
    first.publish()
    second.publish()
    refused("QUOTA_EXCEEDED", third.publish)
    first.unpublish()
    third.publish()
