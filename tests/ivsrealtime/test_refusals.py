"""Why somebody may not do something: a right that is lacking, a quota that is used up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivsim import Emulator, StageRefused
from ivsim.ivsrealtime import service

from ..calling import call
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


def test_refused_to_join(sim: Emulator, stage: str) -> None:
    """A test has the next who joins refused with a code, or certain ones always; nobody is there then."""
    sim.faults.add("StageJoin", "STAGE_AT_CAPACITY", message="no seat is free")
    with pytest.raises(StageRefused, match="STAGE_AT_CAPACITY: no seat is free"):
        sim.stages.join(stage)
    sim.faults.add("StageJoin", "TOKEN_NOT_ALLOWED", times=None, when={"userId": "eve", "stageArn": stage})
    for _ in range(2):
        refused("TOKEN_NOT_ALLOWED", sim.stages.join, stage, user_id="eve")
    ann = sim.stages.join(stage, user_id="ann")
    assert [each.participant_id for each in sim.stages.participants] == [ann.participant_id]


def test_refused_to_publish(sim: Emulator, stage: str) -> None:
    """A test has an offer to publish refused, of which events tell; who publishes already, or may not, spends none."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage, capabilities=["SUBSCRIBE"])
    host.publish()
    sim.faults.add("StagePublish", "QUOTA_EXCEEDED")
    host.publish()
    refused("INSUFFICIENT_CAPABILITIES", guest.publish)
    with pytest.raises(TypeError):
        guest.publish(video={"colour": 1})
    assert len(sim.faults.pending) == 1
    host.unpublish()
    refused("QUOTA_EXCEEDED", host.publish)
    assert events_of(sim, host)[-1] == "PUBLISH_ERROR QUOTA_EXCEEDED"
    assert told(sim)[-1] == "Participant Publish Error"
    host.publish()


def test_what_was_offered(sim: Emulator, stage: str) -> None:
    """An offer that was taken is refused no more when its media come."""
    host = sim.stages.join(stage)
    host.offer()
    sim.faults.add("StagePublish", "QUOTA_EXCEEDED", when={"participantId": host.participant_id})
    host.begin()
    assert host.is_publishing
    refused("QUOTA_EXCEEDED", host.offer)
    assert host.is_publishing


@pytest.mark.needs("CreateIngestConfiguration")
def test_encoder_refused(sim: Emulator, stage: str) -> None:
    """An encoder whose offer is refused has left."""
    asked = {"ingestProtocol": "RTMPS", "stageArn": stage}
    key = call(sim, "CreateIngestConfiguration", **asked).body["ingestConfiguration"]["streamKey"]
    sim.faults.add("StagePublish", "INTERNAL_SERVER_EXCEPTION")
    refused("INTERNAL_SERVER_EXCEPTION", sim.stages.encode, key)
    assert sim.stages.participants == []
    assert sim.stages.encode(key).is_publishing


def test_refused_to_subscribe(sim: Emulator, stage: str) -> None:
    """A test has a subscription refused, to anybody or a certain one, of which an event tells."""
    host, other, guest = (sim.stages.join(stage) for _ in range(3))
    host.publish()
    other.publish()
    sim.faults.add("StageSubscribe", "QUOTA_EXCEEDED", when={"remoteParticipantId": host.participant_id})
    guest.subscribe(other)
    refused("QUOTA_EXCEEDED", guest.subscribe, host)
    assert events_of(sim, guest)[-1] == "SUBSCRIBE_ERROR QUOTA_EXCEEDED"
    guest.subscribe(host)


def test_pings(sim: Emulator, stage: str) -> None:
    """A test has pings not answered; one who has left is answered as ever."""
    ann, bob = sim.stages.join(stage, user_id="ann"), sim.stages.join(stage, user_id="bob")
    sim.faults.add("StagePing", "NoAnswer", times=2, when={"userId": "ann"})
    assert [ann.ping(), bob.ping(), ann.ping(), ann.ping()] == [False, True, False, True]
    sim.faults.add("StagePing", "NoAnswer")
    ann.leave()
    assert ann.ping()
    assert not bob.ping()


@pytest.mark.needs("CreateIngestConfiguration.redundantIngest")
def test_every_code_is_explained() -> None:
    """docs/fidelity.md says of every error code that the model lists what brings it about, and of no other."""
    text = (Path(__file__).parents[2] / "docs" / "fidelity.md").read_text()
    section = text.partition("\n## Error codes of participants\n")[2].partition("\n## ")[0]
    explained = re.findall(r"^\| ([A-Z_]+): ", section, re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert set(explained) == set(service.model.values_of("EventErrorCode"))
