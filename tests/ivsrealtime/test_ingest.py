"""Encoders: who publishes with the stream key of an ingest configuration, and who is not let in."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator, StageRefused

from ..calling import call
from .people import events_of, refused, told

pytestmark = pytest.mark.needs("CreateIngestConfiguration.redundantIngest")


def create(sim: Emulator, stage: str, **members: Any) -> Any:
    """Return a new ingest configuration for a stage."""
    given = {"ingestProtocol": "RTMPS", "stageArn": stage, **members}
    return call(sim, "CreateIngestConfiguration", **given).body["ingestConfiguration"]


def state(sim: Emulator, configuration: Any) -> tuple[str, str]:
    shown = call(sim, "GetIngestConfiguration", arn=configuration["arn"]).body["ingestConfiguration"]
    return shown["state"], shown["stageArn"]


def shown(sim: Emulator, who: Any) -> Any:
    asked = {"stageArn": who.stage_arn, "sessionId": who.session_id, "participantId": who.participant_id}
    return call(sim, "GetParticipant", **asked).body["participant"]


def sessions(sim: Emulator, stage: str) -> list[str]:
    return [each["sessionId"] for each in call(sim, "ListStageSessions", stageArn=stage).body["stageSessions"]]


def last_events(sim: Emulator, stage: str, participant_id: str) -> list[str]:
    """Return the events of a participant in the newest session, oldest first."""
    asked = {"stageArn": stage, "sessionId": sessions(sim, stage)[0], "participantId": participant_id}
    events = call(sim, "ListParticipantEvents", **asked).body["events"]
    return [" ".join((each["name"], each.get("errorCode", ""))).strip() for each in reversed(events)]


def url(sim: Emulator, stage: str, scheme: str, key: str) -> str:
    """Return what an encoder is set to."""
    return str(call(sim, "GetStage", arn=stage).body["stage"]["endpoints"][scheme] + key)


def test_encode(sim: Emulator, stage: str) -> None:
    """An encoder is the participant of its configuration, in the session of all others, who can subscribe to it."""
    made = create(sim, stage, userId="cam", attributes={"place": "roof"})
    guest = sim.stages.join(stage)
    with sim.stages.encode(made["streamKey"]) as encoder:
        assert (encoder.is_connected, encoder.is_publishing, encoder.user_id) == (True, True, "cam")
        assert (encoder.participant_id, encoder.session_id) == (made["participantId"], guest.session_id)
        assert state(sim, made) == ("ACTIVE", stage)
        told_of = shown(sim, encoder)
        assert (told_of["protocol"], told_of["attributes"]) == ("RTMPS", {"place": "roof"})
        assert (told_of["ingestConfigurationArn"], told_of["published"]) == (made["arn"], True)
        assert "redundantIngest" not in told_of
        guest.subscribe(encoder)
        refused("INSUFFICIENT_CAPABILITIES", encoder.subscribe, guest)
    assert state(sim, made) == ("INACTIVE", stage)
    error = "SUBSCRIBE_ERROR INSUFFICIENT_CAPABILITIES"
    assert events_of(sim, encoder) == ["JOINED", "PUBLISH_STARTED", error, "PUBLISH_STOPPED", "LEFT"]
    assert told(sim) == ["Participant Published", "Participant Unpublished"]


def test_again(sim: Emulator, stage: str) -> None:
    """An encoder that comes again is the same participant in the same session; alone it has a session of its own."""
    made = create(sim, stage)
    first = sim.stages.encode(made["streamKey"])
    first.leave()
    with sim.stages.join(stage):
        second = sim.stages.encode(made["streamKey"])
        second.unpublish()
        assert not second.is_connected
        refused("NOT_CONNECTED", second.publish)
        third = sim.stages.encode(made["streamKey"])
        assert first.session_id != second.session_id == third.session_id
        assert events_of(sim, third) == [
            "JOINED",
            "PUBLISH_STARTED",
            "PUBLISH_STOPPED",
            "LEFT",
            "JOINED",
            "PUBLISH_STARTED",
        ]
        second.leave()
        assert third.is_publishing


@pytest.mark.parametrize(
    ("configured", "scheme", "protocol"),
    [("RTMPS", "rtmps", "RTMPS"), ("RTMP", "rtmp", "RTMP"), ("RTMP", "rtmps", "RTMPS")],
)
def test_url(configured: str, scheme: str, protocol: str, sim: Emulator, stage: str) -> None:
    """The URL of an encoder says by which protocol it comes; RTMPS is taken always."""
    made = create(sim, stage, ingestProtocol=configured, insecureIngest=True)
    encoder = sim.stages.encode(url(sim, stage, scheme, made["streamKey"]))
    assert shown(sim, encoder)["protocol"] == protocol
    encoder.leave()
    assert shown(sim, sim.stages.encode(made["streamKey"]))["protocol"] == configured


def test_insecure(sim: Emulator, stage: str) -> None:
    """RTMP where RTMPS is wanted is refused, and the participant's events tell."""
    made = create(sim, stage)
    refused("INVALID_PROTOCOL", sim.stages.encode, url(sim, stage, "rtmp", made["streamKey"]))
    assert last_events(sim, stage, made["participantId"]) == ["JOINED", "PUBLISH_ERROR INVALID_PROTOCOL", "LEFT"]
    assert told(sim) == ["Participant Publish Error"]
    assert "activeSessionId" not in call(sim, "GetStage", arn=stage).body["stage"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("rtmps", "https"), "INVALID_PROTOCOL"),
        (lambda text: text.replace("rtmps", "srt"), "INVALID_PROTOCOL"),
        (lambda text: text.replace(":443", ":1935"), "INVALID_PROTOCOL"),
        (lambda text: text.replace(":443", ":x"), "INVALID_STREAM_KEY"),
        (lambda text: text.replace("/app/", "/live/"), "INVALID_STREAM_KEY"),
        (lambda text: text.replace("global-contribute", "example"), "INVALID_STREAM_KEY"),
        (lambda text: "rtmps:///app/" + text.partition("/app/")[2], "INVALID_STREAM_KEY"),
        (lambda text: text.partition("/app/")[2].replace("us-east-1", "eu-west-1"), "INVALID_STREAM_KEY"),
        (lambda _: "sk_us-east-1_abc", "INVALID_STREAM_KEY"),
    ],
)
def test_no_connection(change: Any, code: str, sim: Emulator, stage: str) -> None:
    """What leads to no stage is refused, and no session begins."""
    made = create(sim, stage)
    text = change(url(sim, stage, "rtmps", made["streamKey"]))
    refused(code, sim.stages.encode, text)
    assert sessions(sim, stage) == []
    assert told(sim) == []


def test_no_stage(sim: Emulator, stage: str, other: str) -> None:
    """A key is of no use without a stage, and goes with the configuration from one stage to another."""
    made = create(sim, "")
    refused("INVALID_STREAM_KEY", sim.stages.encode, made["streamKey"])
    for arn in (stage, other):
        call(sim, "UpdateIngestConfiguration", arn=made["arn"], stageArn=arn)
        with sim.stages.encode(made["streamKey"]) as encoder:
            assert encoder.stage_arn == arn
    call(sim, "DeleteStage", arn=other)
    refused("STAGE_DELETED", sim.stages.encode, made["streamKey"])
    call(sim, "UpdateIngestConfiguration", arn=made["arn"], stageArn="")
    refused("INVALID_STREAM_KEY", sim.stages.encode, made["streamKey"])
    call(sim, "DeleteIngestConfiguration", arn=made["arn"])
    refused("INVALID_STREAM_KEY", sim.stages.encode, made["streamKey"])


def test_key_in_use(sim: Emulator, stage: str) -> None:
    """A key is used once at a time; who is there goes on, and its events tell of the other."""
    made = create(sim, stage)
    encoder = sim.stages.encode(made["streamKey"])
    refused("REUSE_OF_STREAM_KEY", sim.stages.encode, made["streamKey"])
    refused("INVALID_STREAM_KEY", sim.stages.encode, f"{made['streamKey']}x")
    assert encoder.is_publishing
    reuse, wrong = "PUBLISH_ERROR REUSE_OF_STREAM_KEY", "PUBLISH_ERROR INVALID_STREAM_KEY"
    assert events_of(sim, encoder) == ["JOINED", "PUBLISH_STARTED", reuse, wrong]
    assert told(sim) == ["Participant Published", "Participant Publish Error", "Participant Publish Error"]
    assert state(sim, made) == ("ACTIVE", stage)


def test_wrong_key(sim: Emulator, stage: str) -> None:
    """A key that names a configuration but is not its own is refused, and the configuration's participant tells."""
    made = create(sim, stage)
    refused("INVALID_STREAM_KEY", sim.stages.encode, f"{made['streamKey'][:-1]}_")
    assert last_events(sim, stage, made["participantId"]) == ["JOINED", "PUBLISH_ERROR INVALID_STREAM_KEY", "LEFT"]
    assert state(sim, made) == ("INACTIVE", stage)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"video": {"b_frames": True}}, "B_FRAME_PRESENT"),
        ({"video": {"profile": "High"}}, "INVALID_VIDEO_CODEC"),
        ({"video": {"height": 1080, "width": 1920}}, "RESOLUTION_EXCEEDED"),
        ({"audio": {"codec": "OPUS"}}, "INVALID_AUDIO_CODEC"),
    ],
)
def test_media(sent: dict[str, Any], code: str, sim: Emulator, stage: str) -> None:
    """What a stage does not take disconnects the encoder, and its events tell."""
    made = create(sim, stage)
    refused(code, sim.stages.encode, made["streamKey"], **sent)
    assert last_events(sim, stage, made["participantId"]) == ["JOINED", f"PUBLISH_ERROR {code}", "LEFT"]
    assert state(sim, made) == ("INACTIVE", stage)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ({"ingest_stream_key": 5}, TypeError, "ingest_stream_key: 5 is not text"),
        ({"video": {"colour": 1}}, TypeError, "video: there is no member 'colour'"),
        ({"audio": [{}, {}]}, ValueError, "audio: a participant sends one sound at most"),
    ],
)
def test_arguments(arguments: Any, error: type[Exception], text: str, sim: Emulator, stage: str) -> None:
    """An argument that is wrong is an error that names it, and nobody joins."""
    given = {"ingest_stream_key": create(sim, stage)["streamKey"], **arguments}
    with pytest.raises(error, match=text) as raised:
        sim.stages.encode(**given)
    assert not isinstance(raised.value, StageRefused)
    assert sessions(sim, stage) == []


def test_quota(sim: Emulator, stage: str) -> None:
    """An encoder counts as a publisher; one too many is disconnected."""
    sim.quotas["Publishers per stage"] = 1
    one, two = create(sim, stage), create(sim, stage)
    encoder = sim.stages.encode(one["streamKey"])
    refused("QUOTA_EXCEEDED", sim.stages.encode, two["streamKey"])
    refused("QUOTA_EXCEEDED", sim.stages.join(stage).publish)
    encoder.leave()
    assert sim.stages.encode(two["streamKey"]).is_publishing


def test_fails(sim: Emulator, stage: str) -> None:
    """An encoder whose publishing fails is disconnected; after 24 hours it fails by itself."""
    sim.clock.freeze()
    made = create(sim, stage)
    encoder = sim.stages.encode(made["streamKey"])
    encoder.fail("B_FRAME_PRESENT")
    assert not encoder.is_connected
    assert state(sim, made) == ("INACTIVE", stage)
    encoder = sim.stages.encode(made["streamKey"])
    sim.clock.advance(24 * 60 * 60)
    assert events_of(sim, encoder)[-3:] == ["PUBLISH_ERROR STREAM_DURATION_EXCEEDED", "PUBLISH_STOPPED", "LEFT"]
    assert state(sim, made) == ("INACTIVE", stage)


@pytest.mark.parametrize("how", ["DisconnectParticipant", "DeleteStage", "DeleteIngestConfiguration"])
def test_thrown_out(how: str, sim: Emulator, stage: str) -> None:
    """An encoder is thrown out with its participant, its stage or its configuration, and comes no more with its key."""
    made = create(sim, stage)
    encoder = sim.stages.encode(made["streamKey"])
    members = {
        "DisconnectParticipant": {"stageArn": stage, "participantId": encoder.participant_id},
        "DeleteStage": {"arn": stage},
        "DeleteIngestConfiguration": {"arn": made["arn"], "force": True},
    }
    assert call(sim, "UpdateIngestConfiguration", arn=made["arn"], stageArn="").code == "ConflictException"
    assert call(sim, "DeleteIngestConfiguration", arn=made["arn"]).code == "ConflictException"
    assert call(sim, how, **members[how]).status == 200
    assert not encoder.is_connected
    assert told(sim) == ["Participant Published", "Participant Unpublished"]
    refused("INVALID_STREAM_KEY", sim.stages.encode, made["streamKey"])


def test_back_after_being_thrown_out(sim: Emulator, stage: str) -> None:
    """A configuration that has lost its stage with its participant can be given it again."""
    made = create(sim, stage)
    encoder = sim.stages.encode(made["streamKey"])
    call(sim, "DisconnectParticipant", stageArn=stage, participantId=encoder.participant_id)
    assert state(sim, made) == ("INACTIVE", "")
    call(sim, "UpdateIngestConfiguration", arn=made["arn"], stageArn=stage)
    assert sim.stages.encode(made["streamKey"]).is_publishing


def test_redundant(sim: Emulator, stage: str) -> None:
    """With redundant ingest each key has an encoder and a participant; it is ACTIVE until the last of them leaves."""
    made = create(sim, stage, redundantIngest=True)
    keys = [each["streamKey"] for each in made["redundantIngestCredentials"]]
    one, two = (sim.stages.encode(key) for key in keys)
    assert [one.participant_id, two.participant_id] == [
        each["participantId"] for each in made["redundantIngestCredentials"]
    ]
    for encoder in (one, two):
        told_of = shown(sim, encoder)
        assert (told_of["redundantIngest"], told_of["ingestConfigurationArn"]) == (True, made["arn"])
    one.leave()
    assert state(sim, made) == ("ACTIVE", stage)
    two.leave()
    assert state(sim, made) == ("INACTIVE", stage)


@pytest.mark.parametrize("how", ["DisconnectParticipant", "DeleteStage", "DeleteIngestConfiguration"])
def test_redundant_and_thrown_out(how: str, sim: Emulator, stage: str) -> None:
    """As a configuration loses its stage, all its encoders do, each once."""
    made = create(sim, stage, redundantIngest=True)
    encoders = [sim.stages.encode(each["streamKey"]) for each in made["redundantIngestCredentials"]]
    guest = sim.stages.join(stage)
    members = {
        "DisconnectParticipant": {"stageArn": stage, "participantId": encoders[0].participant_id},
        "DeleteStage": {"arn": stage},
        "DeleteIngestConfiguration": {"arn": made["arn"], "force": True},
    }
    assert call(sim, how, **members[how]).status == 200
    assert not any(each.is_connected for each in encoders)
    assert guest.is_connected == (how != "DeleteStage")
    left = [each.participant_id for each in guest.seen if each.name == "stageParticipantLeft"]
    assert sorted(left) == sorted(each.participant_id for each in encoders)


def test_no_token(sim: Emulator, stage: str) -> None:
    """An encoder has no token to exchange."""
    encoder = sim.stages.encode(create(sim, stage)["streamKey"])
    token = call(sim, "CreateParticipantToken", stageArn=stage).body["participantToken"]["token"]
    refused("TOKEN_EXCHANGE_REFUSED", encoder.exchange_token, token)


def test_save_and_load(sim: Emulator, stage: str, tmp_path: Any) -> None:
    """An encoder is saved, and goes on after a load."""
    made = create(sim, stage)
    sim.stages.encode(made["streamKey"], video=[{}, {"width": 640, "height": 360}])
    sim.save(tmp_path / "state.json")
    other = Emulator()
    other.load(tmp_path / "state.json")
    (encoder,) = other.stages.participants
    guest = other.stages.join(stage)
    guest.subscribe(encoder)
    assert [each.width for each in guest.seen[-1].layers] == [1280, 640]
    encoder.leave()
    assert state(other, made) == ("INACTIVE", stage)
    assert state(sim, made) == ("ACTIVE", stage)
