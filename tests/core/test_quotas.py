from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator

from ..calling import call, send, signed


def test_documented_values(sim: Emulator) -> None:
    """Every documented quota that an operation can hit can be read."""
    assert dict(sim.quotas) == {
        "Channels": 5_000,
        "Concurrent streams": 100,
        "Concurrent views": 15_000,
        "Ingest bitrate (if channel type is STANDARD, with single-track input)": 8_500_000,
        "Ingest bitrate (if channel type is STANDARD, with multitrack input up to FULL_HD resolution)": 15_000_000,
        "Ingest bitrate (if channel type is ADVANCED_HD)": 8_500_000,
        "Ingest bitrate (if channel type is ADVANCED_SD)": 8_500_000,
        "Stream key": 1,
        "Stream takeovers": 100,
        "Metadata payload": 1024,
        "Recording configurations": 20,
        "Playback authorization key pairs": 3,
        "Playback restriction policies": 3,
        "Playback restriction policy countries": 200,
        "Playback restriction policy origins": 5,
        "Playback token size": 2_048,
        "Ad configurations": 20,
        "Failover slate configurations": 20,
        "Rooms": 50_000,
        "Logging configurations": 10,
        "Concurrent chat connections": 50_000,
        "Message review handler timeout period": 200,
        "Rate of DeleteMessage requests across all your rooms": 100,
        "Rate of DisconnectUser requests across all your rooms": 100,
        "Rate of messaging requests per connection": 10,
        "Rate of SendMessage requests across all your rooms": 1_000,
        "Rate of SendMessage requests per room": 100,
        "Stages": 1_000,
        "PublicKeys": 3,
        "EncoderConfigurations": 20,
        "StorageConfigurations": 5,
        "IngestConfigurations": 100,
        "Compositions": 20,
        "Compositions per stage": 5,
        "Publishers per stage": 12,
        "Subscribers per stage": 10_000,
        "Concurrent publishers": 1_000,
        "Concurrent subscriptions": 20_000,
        "Replications per participant": 5,
    }
    assert len(sim.quotas) == len(list(sim.quotas)) == 39
    assert "'Rooms': 50000" in repr(sim.quotas)


def test_set_and_reset(sim: Emulator) -> None:
    """A quota can be set, and set back; what exists stays when it is lowered."""
    for _ in range(2):
        call(sim, "CreateRoom")
    sim.quotas["Rooms"] = 1
    assert call(sim, "CreateRoom").code == "ServiceQuotaExceededException"
    assert len(call(sim, "ListRooms").body["rooms"]) == 2
    del sim.quotas["Rooms"]
    assert sim.quotas["Rooms"] == 50_000
    assert call(sim, "CreateRoom").status == 200
    sim.quotas.update({"Rooms": 1, "Channels": 1})
    sim.quotas.clear()
    assert (sim.quotas["Rooms"], sim.quotas["Channels"]) == (50_000, 5_000)


def test_per_account_and_region() -> None:
    """A quota holds in each account and region for itself."""
    sim = Emulator(quotas={"Rooms": 1})
    for headers in (signed("us-east-1"), signed("eu-west-1"), signed("us-east-1", key="999988887777")):
        assert send(sim, "POST", "/CreateRoom", b"{}", headers).status == 200
        assert send(sim, "POST", "/CreateRoom", b"{}", headers).status == 402


def test_quota_of_nothing() -> None:
    """A quota of 0 allows none."""
    assert call(Emulator(quotas={"Channels": 0}), "CreateChannel").code == "ServiceQuotaExceededException"


@pytest.mark.parametrize(
    "use", [lambda q: q["Room"], lambda q: q.__setitem__("Room", 1), lambda q: q.__delitem__("Room")]
)
def test_unknown_names(sim: Emulator, use: Any) -> None:
    """A quota that does not exist is a KeyError that says which there are."""
    with pytest.raises(KeyError, match="did you mean 'Rooms'"):
        use(sim.quotas)


@pytest.mark.parametrize("value", [-1, 1.5, "2", True, None])
def test_unusable_values(sim: Emulator, value: Any) -> None:
    """A quota is a whole number that is 0 or more."""
    with pytest.raises(ValueError, match="Rooms"):
        sim.quotas["Rooms"] = value
    assert sim.quotas["Rooms"] == 50_000
