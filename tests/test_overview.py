"""Everything there is, looked at beside the record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ivsim import Emulator

from .calling import call, send, signed

OTHER = signed("eu-west-1", key="210987654321")


def test_empty(sim: Emulator) -> None:
    """There is a list for each kind of resource, named as AWS names them."""
    names = {
        "channels",
        "streamKeys",
        "recordingConfigurations",
        "playbackKeyPairs",
        "playbackRestrictionPolicies",
        "rooms",
        "loggingConfigurations",
    }
    assert names <= set(sim.overview())
    assert not any(sim.overview().values())


@pytest.mark.needs("CreateAdConfiguration", "CreateFailoverSlateConfiguration")
def test_every_kind(sim: Emulator, make_public_key: Callable[[], str]) -> None:
    """Each resource is as its Get operation shows it, with its account and region; nothing else is on record."""
    s3 = {"s3": {"bucketName": "abc"}}
    call(sim, "CreateRecordingConfiguration", destinationConfiguration=s3)
    call(sim, "ImportPlaybackKeyPair", publicKeyMaterial=make_public_key(), name="k")
    call(sim, "CreatePlaybackRestrictionPolicy", allowedCountries=["DE"])
    call(sim, "CreateAdConfiguration", mediaTailorPlaybackConfigurations=[{"playbackConfigurationArn": MEDIA_TAILOR}])
    call(sim, "CreateLoggingConfiguration", destinationConfiguration={"s3": {"bucketName": "abc"}})
    call(sim, "CreateRoom", name="r")
    number = len(sim.calls)
    sim.faults.add("GetRoom", "AccessDeniedException")
    shown = sim.overview()
    assert len(sim.calls) == number
    assert sim.faults.pending
    sim.faults.clear()
    place = {"accountId": "123456789012", "region": "us-east-1"}
    for kind, operation, member, key in (
        ("recordingConfigurations", "GetRecordingConfiguration", "recordingConfiguration", "arn"),
        ("playbackKeyPairs", "GetPlaybackKeyPair", "keyPair", "arn"),
        ("playbackRestrictionPolicies", "GetPlaybackRestrictionPolicy", "playbackRestrictionPolicy", "arn"),
        ("adConfigurations", "GetAdConfiguration", "adConfiguration", "arn"),
        ("loggingConfigurations", "GetLoggingConfiguration", None, "identifier"),
        ("rooms", "GetRoom", None, "identifier"),
    ):
        (one,) = shown[kind]
        got = call(sim, operation, **{key: one["arn"]}).body
        more: dict[str, Any] = {"userIds": []} if kind == "rooms" else {}
        assert one == {**(got[member] if member else got), **place, **more}


def test_every_place(sim: Emulator) -> None:
    """All accounts and regions are there."""
    call(sim, "CreateChannel")
    send(sim, "POST", "/CreateChannel", b"{}", OTHER)
    places = [(each["accountId"], each["region"]) for each in sim.overview()["channels"]]
    assert places == [("123456789012", "us-east-1"), ("210987654321", "eu-west-1")]


def test_version(sim: Emulator) -> None:
    """While the version is the same the overview is; calls that only read leave it alone, that of others differs."""
    sim.clock.freeze()
    s3 = {"s3": {"bucketName": "abc"}}
    call(sim, "CreateRecordingConfiguration", destinationConfiguration=s3)
    channel = call(sim, "CreateChannel").body["channel"]["arn"]
    room = call(sim, "CreateRoom").body["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann").body["token"]
    saved = sim.dumps()
    steps: list[Callable[[], Any]] = [
        lambda: call(sim, "ListRecordingConfigurations"),
        lambda: sim.streams.start(channel, viewers=3),
        lambda: sim.playback.request(channel),
        lambda: sim.streams.find(str(sim.events[0]["detail"]["stream_id"])).starve(),
        lambda: sim.clock.advance(31),
        lambda: call(sim, "GetChannel", arn=channel),
        lambda: sim.chat.connect(token),
        lambda: call(sim, "DisconnectUser", roomIdentifier=room, userId="ann"),
        lambda: sim.clock.advance(61 * 24 * 3600),
        lambda: call(sim, "CreateChannel", name=3),
        lambda: call(sim, "DeleteRoom", identifier=room),
        lambda: sim.loads(saved),
        sim.reset,
        lambda: sim.loads(saved),
    ]
    sim.calls.subscribe(lambda _: None)  # as the feed does; that something is told of a call is no change
    before = sim.overview_version, sim.overview()
    unchanged = 0
    for step in steps:
        step()
        after = sim.overview_version, sim.overview()
        assert after[0] != before[0] or after[1] == before[1]
        unchanged += after[0] == before[0]
        before = after
    assert unchanged == 3
    assert Emulator().overview_version != Emulator().overview_version


MEDIA_TAILOR = "arn:aws:mediatailor:us-east-1:123456789012:playbackConfiguration/x"
