"""`sim.stages`: who joins, with which tokens, and who is there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivsim import Emulator, StageRefused
from ivsim.ivsrealtime.participants import Client

from ..calling import call, send, signed
from .people import events_of, refused
from .signing import BackEnd, Sign, stage_in


def refusal(sim: Emulator, token: str) -> str:
    """Return the code with which a token is refused."""
    with pytest.raises(StageRefused) as error:
        sim.stages.join(token)
    return error.value.code


def test_by_arn(sim: Emulator, stage: str) -> None:
    """With a stage's ARN somebody joins as a token would say it."""
    host = sim.stages.join(stage, user_id="host", attributes={"role": "star"}, capabilities=["PUBLISH"])
    asked = {"stageArn": stage, "sessionId": host.session_id, "participantId": host.participant_id}
    shown = call(sim, "GetParticipant", **asked).body["participant"]
    assert (shown["userId"], shown["attributes"], shown["state"]) == ("host", {"role": "star"}, "CONNECTED")
    assert not shown["published"]
    with pytest.raises(StageRefused, match="SUBSCRIBE"):
        host.subscribe(host)


def test_by_token(sim: Emulator, stage: str) -> None:
    """With a token of CreateParticipantToken somebody joins as it says."""
    made = call(sim, "CreateParticipantToken", stageArn=stage, userId="ann", capabilities=["SUBSCRIBE"]).body
    ann = sim.stages.join(made["participantToken"]["token"])
    assert (ann.participant_id, ann.user_id) == (made["participantToken"]["participantId"], "ann")


@pytest.mark.needs("ImportPublicKey")
def test_by_token_of_a_back_end(sim: Emulator, stage: str, sign: Sign) -> None:
    """With a token that a back end has signed somebody joins, until its key is deleted."""
    token = sign(sim, stage, jti="star_1", user_id="star")
    assert sim.stages.join(token).participant_id == "star_1"
    (key,) = call(sim, "ListPublicKeys").body["publicKeys"]
    call(sim, "DeletePublicKey", arn=key["arn"])
    assert refusal(sim, token) == "TOKEN_MALFORMED"
    (star,) = sim.stages.participants
    assert star.is_connected


@pytest.mark.needs("ImportPublicKey")
def test_refused(sim: Emulator, stage: str, sign: Sign) -> None:
    """A token that is expired, forged, of another region's key or for no stage is refused, and no session begins."""
    expired = call(sim, "CreateParticipantToken", stageArn=stage, duration=1).body["participantToken"]["token"]
    sim.clock.advance(60)
    assert refusal(sim, expired) == "TOKEN_EXPIRED"
    assert refusal(sim, "token") == "TOKEN_MALFORMED"
    assert refusal(sim, BackEnd()(Emulator(), stage)) == "TOKEN_MALFORMED"
    assert refusal(sim, sign(sim, stage_in(sim, "eu-west-1"))) == "TOKEN_MALFORMED"
    assert refusal(sim, sign(sim, stage.replace(":stage/", ":channel/"))) == "TOKEN_MALFORMED"
    assert refusal(sim, sign(sim, "stage/x")) == "TOKEN_MALFORMED"
    assert refusal(sim, f"{stage}x") == "STAGE_DELETED"
    assert call(sim, "ListStageSessions", stageArn=stage).body["stageSessions"] == []
    assert sim.stages.participants == []


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((1,), TypeError, "token_or_stage_arn: 1 is not text"),
        (("arn:aws:ivs:us-east-1:123456789012:channel/abc",), ValueError, "is not the ARN of a stage"),
    ],
)
def test_no_token(arguments: tuple[Any], error: type[Exception], text: str, sim: Emulator) -> None:
    """What can be neither a token nor a stage's ARN is an error that names the argument."""
    with pytest.raises(error, match=text):
        sim.stages.join(*arguments)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"user_id": 1}, TypeError, "user_id: 1 is not text"),
        ({"attributes": ["a"]}, TypeError, "attributes: "),
        ({"attributes": {"a": 1}}, TypeError, "attributes: "),
        ({"attributes": {"a": "ü" * 512}}, ValueError, "attributes: they have 1025 bytes, more than 1024"),
        ({"capabilities": "PUBLISH"}, TypeError, "capabilities: "),
        ({"capabilities": 1}, TypeError, "capabilities: "),
        ({"capabilities": ["SPEAK"]}, ValueError, "capabilities: "),
        ({"protocol": "RTMP"}, ValueError, "protocol: 'RTMP' is not 'WHIP'; encoders have `encode"),
        ({"protocol": 1}, TypeError, "protocol: 1 is not text"),
    ],
)
def test_arguments(given: dict[str, Any], error: type[Exception], text: str, sim: Emulator, stage: str) -> None:
    """An argument that is wrong is an error that names it, and nobody joins."""
    with pytest.raises(error, match=text):
        sim.stages.join(stage, **given)
    assert sim.stages.participants == []


def test_a_token_says_it_itself(sim: Emulator, stage: str) -> None:
    """Beside a token nothing else can be said of somebody."""
    token = call(sim, "CreateParticipantToken", stageArn=stage).body["participantToken"]["token"]
    with pytest.raises(ValueError, match="it is a token"):
        sim.stages.join(token, user_id="ann")


def test_connected(sim: Emulator, stage: str) -> None:
    """Who is on a stage with a token is found by it, until it leaves; a token that admits to nothing is refused."""
    token = call(sim, "CreateParticipantToken", stageArn=stage).body["participantToken"]["token"]
    assert sim.stages.connected(token) is None
    host = sim.stages.join(token)
    found = sim.stages.connected(token)
    assert found is not None
    found.leave()
    assert not host.is_connected
    assert sim.stages.connected(token) is None
    sim.stages.join(stage)
    assert sim.stages.connected(token) is None
    sim.stages.join(token)
    refused("TOKEN_MALFORMED", sim.stages.connected, token[:-2])
    call(sim, "DisconnectParticipant", stageArn=stage, participantId=host.participant_id)
    refused("PARTICIPANT_DISCONNECTED", sim.stages.connected, token)
    call(sim, "DeleteStage", arn=stage)
    refused("STAGE_DELETED", sim.stages.connected, token)
    sim.clock.advance(12 * 3600)
    refused("TOKEN_EXPIRED", sim.stages.connected, token)
    with pytest.raises(TypeError, match="token: 1 is not text"):
        sim.stages.connected(1)  # type: ignore[arg-type]


@pytest.mark.needs("StartParticipantReplication")
def test_no_replica_is_connected(sim: Emulator, stage: str, other: str, sign: Sign) -> None:
    """A replica is on its stage with no token, though it has the id of one."""
    host = sim.stages.join(sign(sim, stage, jti="ann"))
    host.publish()
    sim.stages.join(other)
    call(
        sim,
        "StartParticipantReplication",
        sourceStageArn=stage,
        destinationStageArn=other,
        participantId=host.participant_id,
    )
    assert sim.stages.connected(sign(sim, other, jti="ann")) is None


def test_participants(sim: Emulator, stage: str, other: str) -> None:
    """Whoever is on a stage is found, in every region, and may be made to act."""
    host, ann, away = sim.stages.join(stage), sim.stages.join(other), sim.stages.join(stage_in(sim, "eu-west-1"))
    sim.stages.join(stage).leave()
    found = sim.stages.participants
    assert [each.participant_id for each in found] == [each.participant_id for each in (host, ann, away)]
    found[0].publish()
    assert host.is_publishing


@pytest.mark.needs("CreateIngestConfiguration")
def test_by_whip(sim: Emulator, stage: str) -> None:
    """A client of WHIP has its protocol from the beginning, subscribes as its token grants, leaves with its stream."""
    host, guest = sim.stages.join(stage, protocol="WHIP"), sim.stages.join(stage)
    asked = {"stageArn": stage, "sessionId": host.session_id, "participantId": host.participant_id}
    assert call(sim, "GetParticipant", **asked).body["participant"]["protocol"] == "WHIP"
    guest.publish()
    host.subscribe(guest)
    host.publish()
    guest.subscribe(host)
    host.unpublish()
    assert not host.is_connected
    watcher = sim.stages.join(stage, protocol="WHIP", capabilities=["SUBSCRIBE"])
    refused("INSUFFICIENT_CAPABILITIES", watcher.publish)
    watcher.unpublish()
    assert watcher.is_connected


@pytest.mark.needs("ImportPublicKey")
def test_whip_keeps_its_token(sim: Emulator, stage: str, sign: Sign) -> None:
    """Tokens are exchanged by SDKs; a client of WHIP keeps the one it came with."""
    host = sim.stages.join(sign(sim, stage, user_id="host"), protocol="WHIP")
    refused("TOKEN_EXCHANGE_REFUSED", host.exchange_token, sign(sim, stage, user_id="star"))
    assert host.user_id == "host"


def test_whip_fails(sim: Emulator, stage: str) -> None:
    """Who sends B-frames by WHIP is disconnected, as an encoder is."""
    host = sim.stages.join(stage, protocol="WHIP")
    host.publish()
    host.fail("QUOTA_EXCEEDED")
    assert events_of(sim, host)[-3:] == ["PUBLISH_ERROR QUOTA_EXCEEDED", "PUBLISH_STOPPED", "LEFT"]


def test_find(sim: Emulator, stage: str) -> None:
    """A participant is found by id, in every region, also after leaving."""
    host, away = sim.stages.join(stage), sim.stages.join(stage_in(sim, "eu-west-1"))
    found = sim.stages.find(away.participant_id)
    assert (found.participant_id, found.stage_arn) == (away.participant_id, away.stage_arn)
    host.leave()
    found = sim.stages.find(host.participant_id)
    assert (found.session_id, found.is_connected) == (host.session_id, False)
    with pytest.raises(LookupError, match="there is no participant 'nobody'"):
        sim.stages.find("nobody")


@pytest.mark.needs("ImportPublicKey")
def test_find_one_of_several(sim: Emulator, stage: str, other: str, sign: Sign) -> None:
    """Of several with one id it is one who is connected, and then the last who came."""
    first = sim.stages.join(sign(sim, stage, jti="ann"))
    sim.clock.advance(1)
    last = sim.stages.join(sign(sim, other, jti="ann"))
    assert sim.stages.find("ann").stage_arn == last.stage_arn
    last.leave()
    assert sim.stages.find("ann").stage_arn == first.stage_arn
    first.leave()
    assert sim.stages.find("ann").stage_arn == last.stage_arn


@pytest.mark.needs("StartParticipantReplication")
def test_find_no_replica(sim: Emulator, stage: str, other: str) -> None:
    """One who is replicated to another stage is found where a client is behind it."""
    host = sim.stages.join(stage)
    host.publish()
    sim.stages.join(other)
    place = {"sourceStageArn": stage, "destinationStageArn": other, "participantId": host.participant_id}
    call(sim, "StartParticipantReplication", **place)
    assert [each.participant_id for each in sim.stages.participants].count(host.participant_id) == 2
    assert sim.stages.find(host.participant_id).stage_arn == stage


def test_stage(sim: Emulator, stage: str) -> None:
    """A stage is found by its ARN, or by its name where it alone has that."""
    named = call(sim, "CreateStage", name="panel").body["stage"]["arn"]
    assert (sim.stages.stage(stage), sim.stages.stage("panel")) == (stage, named)
    for nothing in ("nobody", ""):
        with pytest.raises(LookupError, match="no stage has the ARN or the name"):
            sim.stages.stage(nothing)
    call(sim, "CreateStage", name="panel")
    with pytest.raises(ValueError, match="arn_or_name: 2 stages have the name 'panel'"):
        sim.stages.stage("panel")


def test_composed(sim: Emulator, stage: str, other: str) -> None:
    """What is composed is found by the stream that is sent, among all compositions; others are no composition's."""
    streams = {}
    for its, region in ((stage, "us-east-1"), (other, "us-east-1"), (stage_in(sim, "eu-west-1"), "eu-west-1")):
        channel = send(sim, "POST", "/CreateChannel", b"{}", signed(region)).body["channel"]["arn"]
        wanted = {"stageArn": its, "destinations": [{"channel": {"channelArn": channel}}]}
        assert send(sim, "POST", "/StartComposition", json.dumps(wanted).encode(), signed(region)).status == 200
        sim.stages.join(its, user_id=f"host of {its}").publish()
        (streams[its],) = [each.stream_id for each in sim.streams.live if each.channel_arn == channel]
    for its, stream_id in streams.items():
        composed = sim.stages.composed(stream_id)
        assert composed is not None
        assert [each.user_id for each in composed.publishers] == [f"host of {its}"]
        assert [each.participant_id for each in composed.publishers] == [each.participant_id for each in composed.seen]
    assert sim.stages.composed("st-none") is None


def test_lost_media(sim: Emulator, stage: str) -> None:
    """Of clients of a server that is gone nobody publishes or is subscribed, but by what another server holds."""
    host = sim.stages.join(stage)
    ann, bob = (sim.stages.let_in(sim.stages._issue(stage, {"user_id": each}), Client()) for each in ("ann", "bob"))
    for each in (host, ann, bob):
        each.publish()
    for each in (ann, bob):
        each.subscribe(host)
    sim.stages.hold(bob)
    sim.stages.hold(bob, host.participant_id)
    sim.stages.end_lost_media()
    assert [each.is_publishing for each in (host, ann, bob)] == [True, False, True]
    assert [each.is_subscribed_to(host) for each in (ann, bob)] == [False, True]
    for held in ("", host.participant_id):
        sim.stages.release(bob, held)
        sim.stages.end_lost_media()
    assert (bob.is_publishing, bob.is_subscribed_to(host), bob.is_connected) == (False, False, True)
