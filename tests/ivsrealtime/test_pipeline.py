"""A composition from its start to its end, and the channel that it goes to."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest

from ivsim import Emulator, LiveParticipant

from ..calling import call

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


@pytest.fixture
def sim() -> Emulator:
    sim = Emulator(seed=1)
    sim.clock.freeze(NOON)
    return sim


@pytest.fixture
def channel(sim: Emulator) -> str:
    """The ARN of a channel."""
    return str(call(sim, "CreateChannel", name="show").body["channel"]["arn"])


def start(sim: Emulator, stage: str, *channels: str, tape: bool = False, **members: Any) -> str:
    """Start a composition to channels, or to a bucket, and return its ARN."""
    destinations: list[dict[str, Any]] = [{"channel": {"channelArn": each}, "name": "air"} for each in channels]
    if tape:
        encoder = call(sim, "CreateEncoderConfiguration").body["encoderConfiguration"]["arn"]
        storage = call(sim, "CreateStorageConfiguration", s3={"bucketName": "tapes"}).body["storageConfiguration"]
        s3 = {"storageConfigurationArn": storage["arn"], "encoderConfigurationArns": [encoder]}
        destinations.append({"s3": s3, "name": "tape"})
    answer = call(sim, "StartComposition", stageArn=stage, destinations=destinations, **members)
    return str(answer.body["composition"]["arn"])


def publisher(sim: Emulator, stage: str, name: str = "ada", **attributes: str) -> LiveParticipant:
    somebody = sim.stages.join(stage, user_id=name, attributes=attributes)
    somebody.publish()
    return somebody


def state(sim: Emulator, composition: str) -> str | None:
    """Return the state of a composition and those of its destinations; None when it cannot be looked up."""
    shown = call(sim, "GetComposition", arn=composition).body.get("composition")
    return shown and " ".join([shown["state"], *(each["state"] for each in shown["destinations"])])


def is_live(sim: Emulator, channel: str) -> bool:
    return call(sim, "GetStream", channelArn=channel).code is None


def told(sim: Emulator) -> list[str]:
    """Return what was told of compositions, with the seconds since noon."""
    return [
        f"{event['detail']['event_name']} "
        f"{(datetime.fromisoformat(event['time'].replace('Z', '+00:00')) - NOON).total_seconds():.0f}"
        for event in sim.events.of("IVS Composition State Change")
    ]


def test_it_waits_for_somebody(sim: Emulator, stage: str, channel: str) -> None:
    """A composition is STARTING until somebody publishes; then it is ACTIVE, and its channel live."""
    composition = start(sim, stage, channel)
    sim.stages.join(stage)
    assert state(sim, composition) == "STARTING STARTING"
    assert not is_live(sim, channel)
    publisher(sim, stage)
    assert state(sim, composition) == "ACTIVE ACTIVE"
    assert is_live(sim, channel)
    assert told(sim) == ["Session Start 0", "Destination Start 0"]
    shown = call(sim, "GetComposition", arn=composition).body["composition"]
    assert "startTime" in shown["destinations"][0]
    assert "endTime" not in shown["destinations"][0]


def test_who_is_there_counts(sim: Emulator, stage: str, channel: str) -> None:
    """Where somebody publishes already, it is answered as STARTING, and ACTIVE from then on."""
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    assert state(sim, composition) == "ACTIVE ACTIVE"


def test_realistic(stage: str, channel: str, sim: Emulator) -> None:
    """Where transitions are realistic, it takes a while to begin, and to stop; who left in between does not count."""
    slow = Emulator(seed=1, transitions="realistic")
    slow.clock.freeze(NOON)
    slow.loads(sim.dumps())
    composition = start(slow, stage, channel)
    ada = publisher(slow, stage)
    slow.clock.advance(2)
    ada.unpublish()
    slow.clock.advance(2)
    assert state(slow, composition) == "STARTING STARTING"
    ada.publish()
    slow.clock.advance(3)
    assert state(slow, composition) == "ACTIVE ACTIVE"
    slow.clock.advance(4)
    assert is_live(slow, channel)
    call(slow, "StopComposition", arn=composition)
    assert state(slow, composition) == "STOPPING STOPPING"
    assert is_live(slow, channel)
    ada.unpublish()
    call(slow, "DeleteStage", arn=stage)
    slow.clock.advance(5)
    assert state(slow, composition) == "STOPPED STOPPED"
    assert not is_live(slow, channel)
    assert told(slow) == ["Session Start 7", "Destination Start 7", "Destination End 16", "Session End 16"]


def test_stop(sim: Emulator, stage: str, channel: str) -> None:
    """StopComposition ends all destinations, then itself; five minutes later it cannot be looked up."""
    publisher(sim, stage)
    composition = start(sim, stage, channel, tape=True)
    sim.clock.advance(20)
    call(sim, "StopComposition", arn=composition)
    assert state(sim, composition) == "STOPPED STOPPED STOPPED"
    assert not is_live(sim, channel)
    assert told(sim)[3:] == ["Destination End 20", "Destination End 20", "Session End 20"]
    assert call(sim, "StopComposition", arn=composition).code is None
    sim.clock.advance(299)
    assert state(sim, composition)
    sim.clock.advance(1)
    assert state(sim, composition) is None
    assert call(sim, "ListCompositions").body["compositions"] == []
    assert call(sim, "StopComposition", arn=composition).code == "ResourceNotFoundException"
    sim.clock.advance(24 * 3600)


def test_nobody_publishes(sim: Emulator, stage: str, channel: str) -> None:
    """It stops when nobody has published for a minute, and begins to count anew when somebody has."""
    composition = start(sim, stage, channel)
    sim.clock.advance(59)
    ada = publisher(sim, stage)
    sim.clock.advance(120)
    ada.unpublish()
    sim.clock.advance(59)
    ada.publish()
    sim.clock.advance(1)
    assert state(sim, composition) == "ACTIVE ACTIVE"
    ada.leave()
    assert is_live(sim, channel)
    sim.clock.advance(59)
    assert state(sim, composition) == "ACTIVE ACTIVE"
    sim.clock.advance(1)
    assert state(sim, composition) == "STOPPED STOPPED"
    assert not is_live(sim, channel)
    assert told(sim)[-2:] == ["Destination End 299", "Session End 299"]


def test_on_a_running_clock(sim: Emulator, stage: str, channel: str) -> None:
    """It stops a minute after the last publisher also while the clock runs."""
    sim.clock.unfreeze()
    composition = start(sim, stage, channel)
    publisher(sim, stage).leave()
    sim.clock.advance(50)
    assert state(sim, composition) == "ACTIVE ACTIVE"
    sim.clock.advance(10)
    assert state(sim, composition) == "STOPPED STOPPED"


def test_nobody_ever_publishes(sim: Emulator, stage: str, channel: str) -> None:
    """It stops after a minute also if nobody ever published; no destination has started, so none ends."""
    composition = start(sim, stage, channel)
    sim.clock.advance(60)
    assert state(sim, composition) == "STOPPED STOPPED"
    assert told(sim) == ["Session End 60"]


def test_a_day(sim: Emulator, stage: str, channel: str) -> None:
    """It stops after 24 hours."""
    publisher(sim, stage)
    sim.clock.advance(3600)
    again = publisher(sim, stage, "bob")
    composition = start(sim, stage, channel)
    sim.clock.advance(23 * 3600)
    assert again.is_publishing
    publisher(sim, stage, "cleo")
    sim.clock.advance(3599)
    assert state(sim, composition) == "ACTIVE ACTIVE"
    sim.clock.advance(1)
    assert state(sim, composition) == "STOPPED STOPPED"


def test_stage_deleted(sim: Emulator, stage: str, channel: str) -> None:
    """With its stage it fails: destinations end, those of other stages go on."""
    publisher(sim, stage)
    other, another = (call(sim, kind).body[kind[6:].lower()]["arn"] for kind in ("CreateStage", "CreateChannel"))
    publisher(sim, other)
    composition, untouched = start(sim, stage, channel), start(sim, other, another)
    call(sim, "DeleteStage", arn=stage)
    assert state(sim, composition) == "FAILED STOPPED"
    assert not is_live(sim, channel)
    assert state(sim, untouched) == "ACTIVE ACTIVE"
    assert told(sim)[-2:] == ["Destination End 0", "Session Failure 0"]
    sim.clock.advance(300)
    assert state(sim, composition) is None


def test_channel_is_live(sim: Emulator, stage: str, channel: str) -> None:
    """A channel that is live already is a destination that fails, and with the last one the composition fails."""
    sim.streams.start(channel)
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    assert state(sim, composition) == "FAILED FAILED"
    assert told(sim) == ["Session Start 0", "Destination Failure 0", "Session Failure 0"]
    assert is_live(sim, channel)


def test_one_of_two(sim: Emulator, stage: str, channel: str) -> None:
    """A composition goes on while one of its destinations does."""
    sim.streams.start(channel)
    publisher(sim, stage)
    composition = start(sim, stage, channel, tape=True)
    assert state(sim, composition) == "ACTIVE FAILED ACTIVE"
    call(sim, "StopComposition", arn=composition)
    assert state(sim, composition) == "STOPPED FAILED STOPPED"
    assert told(sim)[1:] == ["Destination Failure 0", "Destination Start 0", "Destination End 0", "Session End 0"]


def test_to_nowhere() -> None:
    """Where nothing is checked a destination may lead nowhere, and fails, with the composition."""
    loose = Emulator(strict=False)
    lax = call(loose, "CreateStage").body["stage"]["arn"]
    publisher(loose, lax)
    answer = call(loose, "StartComposition", stageArn=lax, destinations=[{"name": "nowhere"}])
    assert state(loose, answer.body["composition"]["arn"]) == "FAILED FAILED"


def test_channels_of_elsewhere(sim: Emulator, stage: str, channel: str) -> None:
    """A channel of another region is refused, and so is one that does not exist."""
    for wrong, code in (
        (channel.replace("us-east-1", "eu-west-1"), "ValidationException"),
        (channel[:-3] + "xyz", "ResourceNotFoundException"),
    ):
        destinations = [{"channel": {"channelArn": wrong}}]
        assert call(sim, "StartComposition", stageArn=stage, destinations=destinations).code == code
    loose = Emulator(strict=False)
    lax = call(loose, "CreateStage").body["stage"]["arn"]
    composition = start(loose, lax, channel)
    publisher(loose, lax)
    assert state(loose, composition) == "FAILED FAILED"


def test_stop_stream(sim: Emulator, stage: str, channel: str) -> None:
    """StopStream ends the stream; the composition connects again, in a stream of its own."""
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    before = call(sim, "GetStream", channelArn=channel).body["stream"]["streamId"]
    begun = call(sim, "GetComposition", arn=composition).body["composition"]["destinations"][0]["startTime"]
    sim.clock.advance(10)
    call(sim, "StopStream", channelArn=channel)
    assert state(sim, composition) == "ACTIVE RECONNECTING"
    assert not is_live(sim, channel)
    sim.clock.advance(5)
    assert state(sim, composition) == "ACTIVE ACTIVE"
    assert call(sim, "GetStream", channelArn=channel).body["stream"]["streamId"] != before
    assert call(sim, "GetComposition", arn=composition).body["composition"]["destinations"][0]["startTime"] == begun
    assert told(sim)[2:] == ["Destination Reconnecting 10", "Destination Start 15"]


def test_channel_deleted(sim: Emulator, stage: str, channel: str) -> None:
    """A channel that is deleted is tried for a minute; then the destination has failed."""
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    call(sim, "StopStream", channelArn=channel)
    call(sim, "DeleteChannel", arn=channel)
    sim.clock.advance(59)
    assert state(sim, composition) == "ACTIVE RECONNECTING"
    sim.clock.advance(1)
    assert state(sim, composition) == "FAILED FAILED"
    assert told(sim)[2:] == ["Destination Reconnecting 0", "Destination Failure 60", "Session Failure 60"]


def test_stopped_while_it_reconnects(sim: Emulator, stage: str, channel: str) -> None:
    """What is stopped meanwhile does not connect again, and what ended long ago neither."""
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    call(sim, "StopStream", channelArn=channel)
    assert state(sim, composition) == "ACTIVE RECONNECTING"
    call(sim, "StopComposition", arn=composition)
    sim.clock.advance(600)
    assert state(sim, composition) is None
    assert not is_live(sim, channel)


def test_stopped_twice_over(stage: str, channel: str, sim: Emulator) -> None:
    """A composition that is stopping does not connect again when its stream is stopped."""
    slow = Emulator(seed=1, transitions="realistic")
    slow.loads(sim.dumps())
    publisher(slow, stage)
    composition = start(slow, stage, channel)
    slow.clock.advance(10)
    call(slow, "StopComposition", arn=composition)
    call(slow, "StopStream", channelArn=channel)
    assert state(slow, composition) == "STOPPING STOPPING"
    slow.clock.advance(10)
    assert state(slow, composition) == "STOPPED STOPPED"
    assert not is_live(slow, channel)


@pytest.mark.needs("ImportPublicKey")
def test_who_does_not_publish(sim: Emulator, stage: str, channel: str, sign: Any) -> None:
    """What people do who publish nothing lets no composition wait longer."""
    composition = start(sim, stage, channel)
    guest = sim.stages.join(sign(sim, stage, user_id="guest"))
    sim.clock.advance(30)
    guest.exchange_token(sign(sim, stage, user_id="other"))
    sim.clock.advance(30)
    assert state(sim, composition) == "STOPPED STOPPED"


def test_taken_over(sim: Emulator, stage: str, channel: str) -> None:
    """An encoder with a priority takes the channel over; what it sends goes on when the composition ends."""
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    video = {"videoWidth": 1280, "videoHeight": 720, "codec": "avc1.4D401F"}
    obs = sim.streams.start(channel, priority=1, video=video)
    assert state(sim, composition) == "ACTIVE RECONNECTING"
    call(sim, "StopComposition", arn=composition)
    assert obs.is_live


@pytest.mark.parametrize(
    ("incident", "code", "expected"),
    [
        ("CompositionStart", "SessionFailure", ["Session Failure 0"]),
        (
            "CompositionDestination",
            "DestinationFailure",
            ["Session Start 0", "Destination Failure 0", "Session Failure 0"],
        ),
    ],
)
def test_failures(sim: Emulator, stage: str, channel: str, incident: str, code: str, expected: list[str]) -> None:
    """A test makes a composition fail to start, or to reach its destination."""
    sim.faults.add(incident, code)
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    assert (state(sim, composition) or "").startswith("FAILED")
    assert told(sim) == expected


def test_late_start(sim: Emulator, stage: str, channel: str) -> None:
    """A test lets a composition take long to start; who stops it meanwhile has stopped it."""
    sim.faults.latency("CompositionStart", 30)
    publisher(sim, stage)
    first, second = start(sim, stage, channel), start(sim, stage, tape=True)
    call(sim, "StopComposition", arn=second)
    sim.clock.advance(29)
    assert state(sim, first) == "STARTING STARTING"
    sim.clock.advance(1)
    assert state(sim, first) == "ACTIVE ACTIVE"
    assert state(sim, second) == "STOPPED STOPPED"


def test_later_than_it_is_known(sim: Emulator, stage: str, channel: str) -> None:
    """A start that a test lets come after all is over and forgotten comes to nothing."""
    sim.faults.latency("CompositionStart", 600)
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    call(sim, "StopComposition", arn=composition)
    sim.clock.advance(600)
    assert state(sim, composition) is None
    assert told(sim) == ["Session End 0"]


@pytest.mark.parametrize(
    ("video", "reported"),
    [
        (None, (1280, 720, 30, 2_500_000)),
        ({"width": 640, "height": 360, "framerate": 29.97, "bitrate": 900_000}, (640, 360, 30, 900_000)),
    ],
)
def test_session(
    sim: Emulator, stage: str, channel: str, video: dict[str, Any] | None, reported: tuple[int, ...]
) -> None:
    """The channel's session shows the encoder of the service, with what the encoder configuration says."""
    destination: dict[str, Any] = {"channelArn": channel}
    if video:
        encoder = call(sim, "CreateEncoderConfiguration", video=video).body["encoderConfiguration"]["arn"]
        destination["encoderConfigurationArn"] = encoder
    publisher(sim, stage)
    call(sim, "StartComposition", stageArn=stage, destinations=[{"channel": destination}])
    shown = call(sim, "GetStreamSession", channelArn=channel).body["streamSession"]["ingestConfiguration"]["video"]
    members = ("videoWidth", "videoHeight", "targetFramerate", "targetBitrate")
    assert tuple(shown[member] for member in members) == reported
    assert shown["encoder"] == "Amazon IVS"


def test_events_of_the_channel(sim: Emulator, stage: str, channel: str) -> None:
    """The channel's own events come in their order, between those of the composition."""
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    call(sim, "StopComposition", arn=composition)
    assert [event["detail"]["event_name"] for event in sim.events][1:] == [
        "Session Start",
        "Session Created",
        "Stream Start",
        "Destination Start",
        "Session Ended",
        "Stream End",
        "Destination End",
        "Session End",
    ]


CHANGE = "IVS Composition State Change"


def stay(_: Emulator, __: str) -> None:
    """Let it go on."""


def lose(sim: Emulator, channel: str) -> None:
    call(sim, "StopStream", channelArn=channel)


def lose_for_good(sim: Emulator, channel: str) -> None:
    lose(sim, channel)
    call(sim, "DeleteChannel", arn=channel)
    sim.clock.advance(60)


def leave(sim: Emulator, _: str) -> None:
    sim.stages.participants[0].leave()
    sim.clock.advance(60)


@pytest.mark.parametrize(
    ("kind", "expected", "cause"),
    [
        (CHANGE, '{{"event_name":"Session Start","stage_arn":"{stage}"}}', stay),
        (CHANGE, '{{"event_name":"Destination Start","stage_arn":"{stage}"}}', stay),
        (CHANGE, '{{"event_name":"Destination Reconnecting","stage_arn":"{stage}"}}', lose),
        (CHANGE, '{{"event_name":"Destination Failure","stage_arn":"{stage}"}}', lose_for_good),
        (CHANGE, '{{"event_name":"Session Failure","stage_arn":"{stage}"}}', lose_for_good),
        (CHANGE, '{{"event_name":"Destination End","stage_arn":"{stage}"}}', leave),
        (CHANGE, '{{"event_name":"Session End","stage_arn":"{stage}"}}', leave),
    ],
)
def test_every_event(
    kind: str, expected: str, cause: Callable[[Emulator, str], None], sim: Emulator, stage: str, channel: str
) -> None:
    """Each event is about its composition, and has the stage."""
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    cause(sim, channel)
    text = expected.format(stage=stage)
    (found,) = [event for event in sim.events.of(kind) if json.dumps(event["detail"], separators=(",", ":")) == text]
    assert (found["source"], found["resources"]) == ("aws.ivs", [composition])


def seen(sim: Emulator) -> list[str]:
    """Return who is in the picture now, the dark ones in capitals."""
    (live,) = sim.streams.live
    cells = live._ctx.store.layouts[live.stream_id][-1].cells
    return [each.name.upper() if each.is_dark else each.name for each in cells]


def test_picture(sim: Emulator, stage: str, channel: str) -> None:
    """The picture shows those who publish, and follows when they come, go, or stop their video."""
    ada = publisher(sim, stage, "ada")
    start(sim, stage, channel, layout={"grid": {"featuredParticipantAttribute": "star"}})
    assert seen(sim) == ["ada"]
    sim.stages.join(stage, user_id="guest")
    publisher(sim, stage, "star", star="true")
    assert seen(sim) == ["star", "ada"]
    ada.mute(audio=False, video=True)
    assert seen(sim) == ["star", "ADA"]
    ada.mute(audio=True)
    assert seen(sim) == ["star", "ada"]
    ada.leave()
    assert seen(sim) == ["star"]


@pytest.mark.needs("ImportPublicKey")
def test_picture_of_another_token(sim: Emulator, stage: str, channel: str, sign: Any) -> None:
    """Who goes on with another token is featured by what that one says."""
    ada = sim.stages.join(sign(sim, stage, user_id="ada"))
    ada.publish()
    publisher(sim, stage, "bob")
    start(sim, stage, channel, layout={"grid": {"featuredParticipantAttribute": "star"}})
    assert seen(sim) == ["ada", "bob"]
    ada.exchange_token(sign(sim, stage, user_id="ada-star", attributes={"star": "true"}))
    assert seen(sim) == ["ada-star", "bob"]


def test_saved_and_loaded(sim: Emulator, stage: str, channel: str) -> None:
    """A composition goes on after a load as it would have: it hears of StopStream, connects again, and ends."""
    ada = publisher(sim, stage)
    composition = start(sim, stage, channel)
    copy = Emulator()
    copy.loads(sim.dumps())
    for each in (sim, copy):
        call(each, "StopStream", channelArn=channel)
        assert state(each, composition) == "ACTIVE RECONNECTING"
        each.clock.advance(5)
        assert is_live(each, channel)
    (again,) = copy.stages.participants
    ada.leave()
    again.leave()
    for each in (sim, copy):
        each.clock.advance(60)
        assert state(each, composition) == "STOPPED STOPPED"
        assert not is_live(each, channel)
    assert told(copy) == told(sim)
    assert copy.dumps() == sim.dumps()


def test_recorded_by_the_channel(sim: Emulator, stage: str) -> None:
    """A channel that records records a composition as any other broadcast."""
    storage = {"s3": {"bucketName": "abc"}}
    recording = call(sim, "CreateRecordingConfiguration", destinationConfiguration=storage).body
    arn = recording["recordingConfiguration"]["arn"]
    channel = call(sim, "CreateChannel", recordingConfigurationArn=arn).body["channel"]["arn"]
    publisher(sim, stage)
    composition = start(sim, stage, channel)
    sim.clock.advance(30)
    call(sim, "StopComposition", arn=composition)
    (recorded,) = sim.recordings.of(channel)
    assert (recorded.duration.total_seconds(), recorded.ended_at is not None) == (30, True)
