"""Why somebody may not do something: a right that is lacking, a quota that is used up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivsim import Emulator
from ivsim.ivsrealtime import service

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


@pytest.mark.needs("CreateIngestConfiguration.redundantIngest")
def test_every_code_is_explained() -> None:
    """docs/fidelity.md says of every error code that the model lists what brings it about, and of no other."""
    text = (Path(__file__).parents[2] / "docs" / "fidelity.md").read_text()
    section = text.partition("\n## Error codes of participants\n")[2].partition("\n## ")[0]
    explained = re.findall(r"^\| ([A-Z_]+): ", section, re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert set(explained) == set(service.model.values_of("EventErrorCode"))
