"""What is delivered is delivered outside of transactions, and what comes of it finds its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.core.deliveries import Deliveries

from ..calling import call

Make = Callable[[Callable[[], str | None]], Emulator]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Make:
    """A maker of emulators, with a channel that records, whose deliveries end as a function says."""

    def make(deliver: Callable[[], str | None]) -> Emulator:
        def carry(region: str, parcels: Iterable[object]) -> str | None:
            assert list(parcels)
            return deliver()

        monkeypatch.setattr("ivsim.emulator.courier", lambda: carry)
        sim = Emulator(seed=1, deliver=True)
        sim.clock.freeze(datetime(2026, 11, 21, 12, tzinfo=timezone.utc))
        bucket = {"s3": {"bucketName": "tapes"}}
        made = call(sim, "CreateRecordingConfiguration", destinationConfiguration=bucket).body
        call(sim, "CreateChannel", recordingConfigurationArn=made["recordingConfiguration"]["arn"])
        return sim

    return make


def channel(sim: Emulator) -> str:
    return str(call(sim, "ListChannels").body["channels"][0]["arn"])


def told(sim: Emulator) -> list[str]:
    names = ("event_name", "recording_status")
    return [f"{next(filter(None, map(event['detail'].get, names)))} {event['time'][14:19]}" for event in sim.events]


def test_time_goes_on(make: Make) -> None:
    """What a delivery brings is not earlier than what was told while it was under way."""
    sim = make(lambda: None)
    arn = channel(sim)

    def stop(event: dict[str, Any]) -> None:
        if event["detail"].get("event_name") == "Stream Start":
            sim.clock.advance(100)
            call(sim, "StopStream", channelArn=arn)

    sim.events.subscribe(stop)
    sim.streams.start(arn)
    assert told(sim) == [
        "Session Created 00:00",
        "Stream Start 00:00",
        "Session Ended 01:40",
        "Stream End 01:40",
        "Recording Start 01:40",
        "Recording End 01:40",
    ]


def test_reset_on_the_way(make: Make) -> None:
    """What comes back after a reset is nobody's any more."""
    emulators: list[Emulator] = []

    def reset() -> None:
        emulators[0].reset()

    sim = make(reset)
    emulators.append(sim)
    sim.streams.start(channel(sim))
    assert told(sim) == []
    assert list(sim.recordings) == []


def test_refused(make: Make) -> None:
    """What is not taken has the consequence that it has in life, and the stream goes on."""
    sim = make(lambda: "NoSuchBucket")
    assert sim.streams.start(channel(sim)).is_live
    assert told(sim)[-1] == "Recording Start Failure 00:00"


def test_idle() -> None:
    """Deliveries are idle when all are made, also where making one fails, and not before."""
    deliveries = Deliveries()
    seen = []

    def fail() -> None:
        seen.append(deliveries.is_idle)
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        deliveries.hand_over(fail)
    late: list[Callable[[], object]] = []
    end = deliveries.aside(late.append)
    deliveries.hand_over(lambda: seen.append(deliveries.is_idle))
    end()
    seen.append(deliveries.is_idle)
    late[0]()
    assert (seen, deliveries.is_idle) == ([False, False, False], True)
