"""Who hears and sees whom, and with which of its layers."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from ..calling import call
from .people import events_of, refused


def test_subscriptions_end(sim: Emulator, stage: str) -> None:
    """A subscription ends by either side, also as the subscriber leaves; to end one that is not there does nothing."""
    host, other, guest = (sim.stages.join(stage) for _ in range(3))
    host.publish()
    other.publish()
    guest.unsubscribe(host)
    guest.subscribe(host)
    guest.subscribe(other)
    guest.unsubscribe(host)
    other.unpublish()
    other.unpublish()
    guest.subscribe(host)
    guest.leave()
    subscribed, ended = "SUBSCRIBE_STARTED", "SUBSCRIBE_STOPPED"
    expected = ["JOINED", subscribed, subscribed, ended, ended, subscribed, ended, "LEFT"]
    assert events_of(sim, guest) == expected


@pytest.mark.parametrize("quota", ["Subscribers per stage", "Concurrent subscriptions"])
def test_quota_of_subscribers(quota: str, sim: Emulator, stage: str) -> None:
    """No more may subscribe than the quota allows, of whom nobody counts twice; who leaves makes room."""
    sim.quotas[quota] = 1
    host, first, second = (sim.stages.join(stage) for _ in range(3))
    host.publish()
    first.subscribe(host)
    first.subscribe(host)
    assert events_of(sim, first) == ["JOINED", "SUBSCRIBE_STARTED"]
    refused("QUOTA_EXCEEDED", second.subscribe, host)
    first.leave()
    second.subscribe(host)


def test_layers(sim: Emulator, stage: str) -> None:
    """A subscriber sees the layers that it may choose from; one picture is one layer, and sound alone has none."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage)
    seen = []
    for video in ([{}, {"width": 640, "height": 360, "bitrate": 500_000}], {"framerate": 15}, []):
        host.publish(video=video)
        guest.subscribe(host)
        seen.append([(each.width, each.framerate) for each in guest.seen[-1].layers])
        host.unpublish()
    assert seen == [[(1280, 30), (640, 30)], [(1280, 15)], []]
    assert not any(each.layers for each in guest.seen if each.name != "stageParticipantStreamsAdded")


def test_all_leave_at_once(sim: Emulator, stage: str) -> None:
    """As a stage goes with all who are there, nobody is left with a subscription."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage)
    host.publish()
    guest.publish()
    host.subscribe(guest)
    guest.subscribe(host)
    call(sim, "DeleteStage", arn=stage)
    sim.quotas["Concurrent subscriptions"] = 1
    other = call(sim, "CreateStage").body["stage"]["arn"]
    host, guest = sim.stages.join(other), sim.stages.join(other)
    host.publish()
    guest.subscribe(host)
