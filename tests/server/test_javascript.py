"""The AWS SDK for JavaScript v3, run by Node: every operation, typed errors, paginators."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ivsim import Emulator
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
    before = len(sim.calls)
    called = node("operations.mjs", server.url, channel["arn"], make_public_key())
    made = list(sim.calls)[before:]
    assert {
        service: sorted({each.operation for each in made if each.service == service}) for service in called
    } == called
    assert {each.error for each in made} == {None}
    assert {each.region for each in made} == {"eu-west-1"}


def test_errors(sim: Emulator, server: Server, node: RunNode) -> None:
    """An error is of the class that the SDK has for it, with its status, its text and its members."""
    ordered = {
        service: [code for code in SERVICES[service].model.errors if code != "ValidationException"]
        for service in ("ivs", "ivschat")
    }
    statuses = {}
    for service, operation in (("ivs", "ListChannels"), ("ivschat", "ListRooms")):
        for code in ordered[service]:
            sim.faults.add(f"{service}:{operation}", code, message=f"{code} was ordered")
            statuses[code] = SERVICES[service].model.errors[code].status
    arn = here(sim, "CreateChannel")["channel"]["arn"]
    seen = node("errors.mjs", server.url, json.dumps(ordered), arn)
    assert [(each["name"], each["typed"], each["hasRequestId"]) for each in seen] == [
        (each["code"], True, True) for each in seen
    ]
    told, itself = seen[:-4], seen[-4:]
    assert [each["status"] for each in told] == [statuses[each["code"]] for each in told]
    assert [each["message"] for each in told] == [f"{each['code']} was ordered" for each in told]
    assert [each["status"] for each in itself] == [404, 404, 400, 400]
    assert itself[-1]["reason"] == "FIELD_VALIDATION_FAILED"
    assert {field["name"] for field in itself[-1]["fieldList"]} == {
        "maximumMessageLength",
        "maximumMessageRatePerSecond",
    }


@pytest.mark.needs("UpdateAdConfiguration")
def test_pages(sim: Emulator, server: Server, node: RunNode, make_public_key: Callable[[], str]) -> None:
    """Every paginator brings everything, page by page."""
    for name in ("Stream key", "Playback authorization key pairs", "Playback restriction policies"):
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
    for _ in range(4):
        here(sim, "CreateStreamKey", channelArn=channels[0])
        here(sim, "StopStream", channelArn=channels[0])
        sim.streams.start(channels[0])
    sizes = node("pages.mjs", server.url, channels[0])
    assert len(sizes) >= 10
    assert {name: pages for name, pages in sizes.items() if pages != [2, 2, 1]} == {}
