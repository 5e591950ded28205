"""The AWS SDK for JavaScript v3, run by Node: every operation, typed errors, paginators."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ivsim import Emulator, LiveParticipant
from ivsim.server.run import Server
from ivsim.services import SERVICES

from ..calling import send, signed
from .conftest import RunNode


def here(sim: Emulator, operation: str, **members: Any) -> dict[str, Any]:
    """Call an operation in the region of the Node scripts."""
    answer = send(sim, "POST", f"/{operation}", json.dumps(members).encode(), signed("eu-west-1"))
    assert answer.status == 200, answer
    return answer.body


@pytest.mark.needs("UpdateAdConfiguration")
def test_every_operation(sim: Emulator, server: Server, node: RunNode, make_public_key: Callable[[], str]) -> None:
    """Every operation that the SDK knows is answered, and its answer understood."""
    playback = "arn:aws:mediatailor:eu-west-1:123456789012:playbackConfiguration/ads"
    ads = here(sim, "CreateAdConfiguration", mediaTailorPlaybackConfigurations=[{"playbackConfigurationArn": playback}])
    channel = here(sim, "CreateChannel", adConfigurationArn=ads["adConfiguration"]["arn"])["channel"]
    sim.streams.start(channel["arn"])
    host = sim.stages.join(here(sim, "CreateStage")["stage"]["arn"], attributes={"role": "host"})
    host.publish()
    before = len(sim.calls)
    arguments = channel["arn"], make_public_key(), host.stage_arn, host.participant_id
    called = node("operations.mjs", server.url, *arguments)
    made = list(sim.calls)[before:]
    assert {
        service: sorted({each.operation for each in made if each.service == service}) for service in called
    } == called
    assert {each.error for each in made} == {None}
    assert {each.region for each in made} == {"eu-west-1"}
    assert not host.is_connected


def test_errors(sim: Emulator, server: Server, node: RunNode) -> None:
    """An error is of the class that the SDK has for it, with its status, its text and its members."""
    ordered = {
        service: [code for code in SERVICES[service].model.errors if code != "ValidationException"]
        for service in SERVICES
    }
    statuses = {}
    for service, operation in (("ivs", "ListChannels"), ("ivschat", "ListRooms"), ("ivs-realtime", "ListStages")):
        for code in ordered[service]:
            sim.faults.add(f"{service}:{operation}", code, message=f"{code} was ordered")
            statuses[code] = SERVICES[service].model.errors[code].status
    arn = here(sim, "CreateChannel")["channel"]["arn"]
    seen = node("errors.mjs", server.url, json.dumps(ordered), arn)
    assert [(each["name"], each["typed"], each["hasRequestId"]) for each in seen] == [
        (each["code"], True, True) for each in seen
    ]
    told, itself = seen[:-6], seen[-6:]
    assert [each["status"] for each in told] == [statuses[each["code"]] for each in told]
    assert [each["message"] for each in told] == [f"{each['code']} was ordered" for each in told]
    assert [each["status"] for each in itself] == [404, 404, 404, 400, 400, 400]
    assert itself[-1]["reason"] == "FIELD_VALIDATION_FAILED"
    assert {field["name"] for field in itself[-1]["fieldList"]} == {
        "maximumMessageLength",
        "maximumMessageRatePerSecond",
    }


@pytest.mark.needs("UpdateAdConfiguration")
def test_pages(sim: Emulator, server: Server, node: RunNode, make_public_key: Callable[[], str]) -> None:
    """Every paginator brings everything, page by page."""
    for name in ("Stream key", "Playback authorization key pairs", "Playback restriction policies", "PublicKeys"):
        sim.quotas[name] = 5
    playback = "arn:aws:mediatailor:eu-west-1:123456789012:playbackConfiguration/ads"
    channels = [here(sim, "CreateChannel")["channel"]["arn"] for _ in range(5)]
    for arn in channels:
        sim.streams.start(arn)
        here(sim, "CreateAdConfiguration", mediaTailorPlaybackConfigurations=[{"playbackConfigurationArn": playback}])
        here(sim, "CreatePlaybackRestrictionPolicy", allowedCountries=[], allowedOrigins=[])
        here(sim, "CreateRecordingConfiguration", destinationConfiguration={"s3": {"bucketName": "mine"}})
        here(sim, "ImportPlaybackKeyPair", publicKeyMaterial=make_public_key())
        here(sim, "CreateRoom")
        logs = {"cloudWatchLogs": {"logGroupName": "/ivs/chat"}}
        here(sim, "CreateLoggingConfiguration", destinationConfiguration=logs)
        here(sim, "ImportPublicKey", publicKeyMaterial=make_public_key())
        here(sim, "CreateEncoderConfiguration")
        here(sim, "CreateStorageConfiguration", s3={"bucketName": "mine"})
        here(sim, "CreateIngestConfiguration", ingestProtocol="RTMPS")
    host, guest = five_of_everything_on_stages(sim)
    for _ in range(4):
        here(sim, "CreateStreamKey", channelArn=channels[0])
        here(sim, "StopStream", channelArn=channels[0])
        sim.streams.start(channels[0])
    arguments = host.stage_arn, host.session_id, host.participant_id, guest.participant_id
    sizes = node("pages.mjs", server.url, channels[0], *arguments)
    assert len(sizes) >= 20
    assert {name: pages for name, pages in sizes.items() if pages != [2, 2, 1]} == {}


def five_of_everything_on_stages(sim: Emulator) -> tuple[LiveParticipant, LiveParticipant]:
    """Make five stages and compositions, and on the first stage five sessions and participants.

    Returns the host, with five replicas, and a guest with five events.
    """
    stage, *others = [here(sim, "CreateStage")["stage"]["arn"] for _ in range(5)]
    for _ in range(4):
        sim.stages.join(stage).leave()
    host, guest, *_ = [sim.stages.join(stage) for _ in range(5)]
    for _ in range(2):
        guest.publish()
        guest.unpublish()
    host.publish()
    source = {"sourceStageArn": stage, "participantId": host.participant_id}
    for other in [others[0], *others]:
        here(sim, "StartParticipantReplication", **source, destinationStageArn=other)
        if len(here(sim, "ListParticipantReplicas", **source)["replicas"]) == 1:
            here(sim, "StopParticipantReplication", **source, destinationStageArn=other)
    encoder = here(sim, "ListEncoderConfigurations")["encoderConfigurations"][0]["arn"]
    storage = here(sim, "ListStorageConfigurations")["storageConfigurations"][0]["arn"]
    s3 = {"storageConfigurationArn": storage, "encoderConfigurationArns": [encoder]}
    for _ in range(5):
        here(sim, "StartComposition", stageArn=stage, destinations=[{"s3": s3}])
    return host, guest
