"""The rules of a stage: sessions, rights, quotas, events, and what the API and EventBridge tell of them."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator, LiveParticipant

from ..calling import call
from . import people
from .people import events_of, refused, told
from .signing import Sign


def stage(sim: Emulator, **members: Any) -> str:
    """Return the ARN of a new stage."""
    return str(call(sim, "CreateStage", **members).body["stage"]["arn"])


def test_one_session(sim: Emulator) -> None:
    """The first to join begins a session, the last to leave ends it, and the next one is another."""
    arn = stage(sim)
    ids = []
    for _ in range(2):
        with sim.stages.join(arn) as first, sim.stages.join(arn) as second:
            assert first.session_id == second.session_id
            ids.append(first.session_id)
            assert call(sim, "GetStage", arn=arn).body["stage"]["activeSessionId"] == ids[-1]
            first.leave()
            assert call(sim, "GetStage", arn=arn).body["stage"]["activeSessionId"] == ids[-1]
        assert "activeSessionId" not in call(sim, "GetStage", arn=arn).body["stage"]
    sessions = call(sim, "ListStageSessions", stageArn=arn).body["stageSessions"]
    assert [each["sessionId"] for each in sessions] == ids[::-1]
    assert all("endTime" in each for each in sessions)


def test_a_show(sim: Emulator) -> None:
    """A host publishes, a guest subscribes, the host goes: events and EventBridge tell of it."""
    arn = stage(sim)
    host, guest = sim.stages.join(arn, user_id="host"), sim.stages.join(arn, user_id="guest")
    host.publish()
    host.publish()  # twice is once
    guest.subscribe(host)
    guest.subscribe(host.participant_id)
    host.leave()
    assert events_of(sim, host) == ["JOINED", "PUBLISH_STARTED", "PUBLISH_STOPPED", "LEFT"]
    assert events_of(sim, guest) == ["JOINED", "SUBSCRIBE_STARTED", "SUBSCRIBE_STOPPED"]
    assert told(sim) == ["Participant Published", "Participant Unpublished"]
    event = sim.events.of("IVS Stage Update")[0]
    assert (event["source"], event["resources"]) == ("aws.ivs", [arn])
    assert {**event["detail"], "event_time": ""} == {
        "session_id": host.session_id,
        "event_name": "Participant Published",
        "event_time": "",
        "user_id": "host",
        "participant_id": host.participant_id,
    }
    shown = call(
        sim,
        "GetParticipant",
        stageArn=arn,
        sessionId=host.session_id,
        participantId=host.participant_id,
    ).body["participant"]
    assert (shown["state"], shown["published"], shown["userId"]) == ("DISCONNECTED", True, "host")


@pytest.mark.needs("CreateIngestConfiguration")
def test_protocol(sim: Emulator) -> None:
    """Who publishes by an SDK has the protocol of it, which is WHIP's; who only watches has none that is known."""
    arn = stage(sim)
    host, guest = sim.stages.join(arn), sim.stages.join(arn)
    host.publish()
    for each, protocol in ((host, "WHIP"), (guest, "UNKNOWN")):
        asked = {"stageArn": arn, "sessionId": each.session_id, "participantId": each.participant_id}
        assert call(sim, "GetParticipant", **asked).body["participant"]["protocol"] == protocol


def test_a_day(sim: Emulator) -> None:
    """After 24 hours publishing ends; who began again in between has a day of its own."""
    sim.clock.freeze()
    arn = stage(sim)
    first, second, gone = (sim.stages.join(arn) for _ in range(3))
    first.publish()
    second.publish()
    gone.publish()
    gone.leave()
    sim.clock.advance(60)
    second.unpublish()
    second.publish()
    sim.clock.advance(24 * 60 * 60 - 60)
    assert (first.is_publishing, second.is_publishing) == (False, True)
    ended = ["PUBLISH_ERROR STREAM_DURATION_EXCEEDED", "PUBLISH_STOPPED"]
    assert events_of(sim, first) == ["JOINED", "PUBLISH_STARTED", *ended]
    sim.clock.advance(60)
    assert events_of(sim, second)[-2:] == ended


def test_thrown_out(sim: Emulator) -> None:
    """DisconnectParticipant ends all that a participant did, and its token joins no more."""
    arn = stage(sim)
    made = call(sim, "CreateParticipantToken", stageArn=arn).body["participantToken"]
    host, other = sim.stages.join(made["token"]), sim.stages.join(arn)
    assert host.participant_id == made["participantId"]
    host.publish()
    disconnect = {"stageArn": arn, "participantId": host.participant_id}
    call(sim, "DisconnectParticipant", **disconnect)
    assert not host.is_connected
    assert host.seen[-1].reason == "participant-disconnected"
    refused("PARTICIPANT_DISCONNECTED", sim.stages.join, made["token"])
    assert events_of(sim, host)[-2:] == ["LEFT", "JOIN_ERROR INSUFFICIENT_CAPABILITIES"]
    call(sim, "DisconnectParticipant", **disconnect)
    assert other.is_connected
    other.leave()
    refused("PARTICIPANT_DISCONNECTED", sim.stages.join, made["token"])
    assert call(sim, "DisconnectParticipant", **disconnect).code == "ResourceNotFoundException"


def test_deleted(sim: Emulator) -> None:
    """DeleteStage throws everybody out, and nobody joins any more."""
    arn = stage(sim)
    made = call(sim, "CreateParticipantToken", stageArn=arn).body["participantToken"]
    host = sim.stages.join(arn)
    host.publish()
    call(sim, "DeleteStage", arn=arn)
    assert not host.is_connected
    assert host.seen[-1].reason == "stage-deleted"
    refused("STAGE_DELETED", sim.stages.join, made["token"])
    refused("STAGE_DELETED", sim.stages.join, arn)
    refused("NOT_CONNECTED", host.publish)
    assert told(sim) == ["Participant Published", "Participant Unpublished"]


def test_token_used_again(sim: Emulator) -> None:
    """Who joins with a token again takes the place of the one who is there, in the same session."""
    arn = stage(sim)
    token = call(sim, "CreateParticipantToken", stageArn=arn).body["participantToken"]["token"]
    first = sim.stages.join(token)
    first.publish()
    second = sim.stages.join(token)
    assert (first.session_id, first.participant_id) == (second.session_id, second.participant_id)
    assert (first.is_connected, second.is_connected) == (False, True)
    assert not second.is_publishing
    assert events_of(sim, second) == ["JOINED", "PUBLISH_STARTED", "PUBLISH_STOPPED", "LEFT", "JOINED"]
    first.leave()
    assert second.is_connected
    second.leave()
    third = sim.stages.join(token)
    assert third.session_id != second.session_id
    assert events_of(sim, third) == ["JOINED"]


@pytest.mark.needs("CreateIngestConfiguration")
def test_an_ingest_configuration_goes(sim: Emulator) -> None:
    """Who publishes by an ingest configuration takes it along on leaving: it is INACTIVE, and on no stage."""
    arn = stage(sim)
    made = call(sim, "CreateIngestConfiguration", ingestProtocol="RTMPS", stageArn=arn).body["ingestConfiguration"]
    people.join(sim, arn, made["participantId"], ingest_configuration_arn=made["arn"])
    call(sim, "DisconnectParticipant", stageArn=arn, participantId=made["participantId"])
    shown = call(sim, "GetIngestConfiguration", arn=made["arn"]).body["ingestConfiguration"]
    assert (shown["state"], shown["stageArn"]) == ("INACTIVE", "")


def test_save_and_load(sim: Emulator, tmp_path: Any) -> None:
    """Who is on a stage is saved, and goes on after a load."""
    arn = stage(sim)
    host, guest = sim.stages.join(arn, user_id="host"), sim.stages.join(arn)
    host.publish()
    guest.subscribe(host)
    sim.save(tmp_path / "state.json")
    other = Emulator()
    other.load(tmp_path / "state.json")
    again, listener = other.stages.participants
    assert (again.user_id, again.is_publishing) == ("host", True)
    assert [each.name for each in listener.seen] == [each.name for each in guest.seen]
    again.leave()
    assert events_of(other, listener)[-1] == "SUBSCRIBE_STOPPED"
    assert host.is_publishing


def replicate(sim: Emulator, host: LiveParticipant, to: str, **more: Any) -> None:
    """Show a participant on another stage too."""
    members = {"sourceStageArn": host.stage_arn, "destinationStageArn": to, "participantId": host.participant_id}
    answer = call(sim, "StartParticipantReplication", **members, **more)
    assert answer.status == 200, answer


def states(sim: Emulator, host: LiveParticipant) -> list[str]:
    """Return the states of the replicas of a participant."""
    asked = {"sourceStageArn": host.stage_arn, "participantId": host.participant_id}
    return [each["replicationState"] for each in call(sim, "ListParticipantReplicas", **asked).body["replicas"]]


@pytest.mark.needs("StartParticipantReplication")
def test_replica(sim: Emulator) -> None:
    """A replica publishes where it is shown: people there subscribe to it, and it counts."""
    arn, other = stage(sim), stage(sim)
    host, guest = sim.stages.join(arn, user_id="host"), sim.stages.join(other)
    host.publish()
    replicate(sim, host, other)
    guest.subscribe(host)
    assert [each.name for each in guest.seen] == [
        "stageParticipantJoined",
        "stageParticipantPublishStateChanged",
        "stageParticipantStreamsAdded",
    ]
    sim.quotas["Publishers per stage"] = 1
    refused("QUOTA_EXCEEDED", guest.publish)
    third = stage(sim)
    sim.stages.join(third).publish()
    members = {"sourceStageArn": arn, "destinationStageArn": third, "participantId": host.participant_id}
    assert call(sim, "StartParticipantReplication", **members).code == "ServiceQuotaExceededException"


@pytest.mark.needs("StartParticipantReplication")
def test_replicas_end(sim: Emulator) -> None:
    """Replicas end as their source publishes no more, unless it does again within their window."""
    sim.clock.freeze()
    arn, soon, late = (stage(sim) for _ in range(3))
    host, guest = sim.stages.join(arn), sim.stages.join(soon)
    host.publish()
    replicate(sim, host, soon)
    replicate(sim, host, late, reconnectWindowSeconds=60)
    guest.subscribe(host)
    host.unpublish()
    sim.clock.advance(0)
    assert states(sim, host) == ["STOPPED", "ACTIVE"]
    assert events_of(sim, guest)[-1] == "SUBSCRIBE_STOPPED"
    host.publish()
    sim.clock.advance(60)
    assert states(sim, host) == ["STOPPED", "ACTIVE"]
    host.leave()
    sim.clock.advance(59)
    assert states(sim, host) == ["STOPPED", "ACTIVE"]
    sim.clock.advance(1)
    assert states(sim, host) == ["STOPPED", "STOPPED"]
    assert "activeSessionId" not in call(sim, "GetStage", arn=late).body["stage"]
    assert events_of(sim, host)[-1] == "REPLICATION_STOPPED"


@pytest.mark.needs("StartParticipantReplication")
def test_a_replica_sends_what_its_source_sends(sim: Emulator) -> None:
    """A replica is muted as its source is, from the beginning on, and has its tracks, also when that begins again."""
    arn, other = stage(sim), stage(sim)
    host, guest = sim.stages.join(arn), sim.stages.join(other)
    host.publish()
    host.mute()
    replicate(sim, host, other, reconnectWindowSeconds=60)

    def shown() -> tuple[bool, bool, list[int]]:
        replica = guest.other(host.participant_id)
        assert replica is not None
        assert replica.participant is not None
        record = replica.participant
        assert record.is_publishing
        assert (guest.seen[-1].audio_muted, guest.seen[-1].video_stopped) == (record.audio_muted, record.video_stopped)
        return record.audio_muted, record.video_stopped, [layer.width for layer in record.video]

    assert shown() == (True, False, [1280])
    host.mute(audio=False, video=True)
    assert shown() == (False, True, [1280])
    host.mute(audio=False)
    host.replace_tracks(video=[{"width": 640, "height": 360}, {"width": 320, "height": 180}], audio=[])
    assert shown() == (True, False, [640, 320])
    host.replace_tracks(video=[])
    assert shown() == (False, True, [])
    host.unpublish()
    host.publish(video={"width": 960, "height": 540})
    assert shown() == (False, False, [960])


@pytest.mark.needs("StartParticipantReplication")
def test_a_replica_that_a_test_ended(sim: Emulator) -> None:
    """A replica that a test lets publish no more does not begin again with what its source does."""
    arn, other = stage(sim), stage(sim)
    host = sim.stages.join(arn)
    host.publish()
    replicate(sim, host, other)
    (replica,) = (each for each in sim.stages.participants if each.stage_arn == other)
    replica.unpublish()
    host.mute()
    assert not replica.is_publishing


@pytest.mark.needs("StartParticipantReplication")
def test_a_replica_outlasts_a_day(sim: Emulator) -> None:
    """The 24 hours of a publication are its source's: one who begins again is shown for longer."""
    sim.clock.freeze()
    arn, other = stage(sim), stage(sim)
    host = sim.stages.join(arn)
    host.publish()
    replicate(sim, host, other, reconnectWindowSeconds=60)
    (replica,) = (each for each in sim.stages.participants if each.stage_arn == other)
    for _ in range(3):
        sim.clock.advance(10 * 60 * 60)
        host.unpublish()
        host.publish()
    assert replica.is_publishing
    sim.clock.advance(24 * 60 * 60)
    assert not host.is_publishing
    sim.clock.advance(60)
    assert not replica.is_connected


@pytest.mark.needs("StartParticipantReplication")
def test_a_replica_is_thrown_out(sim: Emulator) -> None:
    """A replica that is disconnected, or whose stage is deleted, has stopped; its source goes on."""
    arn, one, two = (stage(sim) for _ in range(3))
    host = sim.stages.join(arn)
    host.publish()
    replicate(sim, host, one)
    replicate(sim, host, two, reconnectWindowSeconds=9)
    call(sim, "DisconnectParticipant", stageArn=one, participantId=host.participant_id)
    assert states(sim, host) == ["STOPPED", "ACTIVE"]
    host.unpublish()
    call(sim, "DeleteStage", arn=two)
    assert states(sim, host) == ["STOPPED", "STOPPED"]
    sim.clock.advance(10)
    assert host.is_connected


@pytest.mark.needs("StartParticipantReplication")
def test_history_forgets() -> None:
    """A session is not forgotten while somebody from it is shown elsewhere."""
    sim = Emulator(seed=1, history=1)
    arn, other = stage(sim), stage(sim)
    host = sim.stages.join(arn)
    host.publish()
    replicate(sim, host, other, reconnectWindowSeconds=300)
    host.leave()
    for _ in range(300):
        with sim.stages.join(arn):
            pass
    sim.clock.advance(300)
    assert "activeSessionId" not in call(sim, "GetStage", arn=other).body["stage"]


@pytest.mark.needs("StartParticipantReplication")
def test_a_source_comes_again(sim: Emulator) -> None:
    """A source whose token is used again is the source still, and within the window its replica goes on."""
    sim.clock.freeze()
    arn, other = stage(sim), stage(sim)
    token = call(sim, "CreateParticipantToken", stageArn=arn).body["participantToken"]["token"]
    first = sim.stages.join(token)
    first.publish()
    replicate(sim, first, other, reconnectWindowSeconds=60)
    again = sim.stages.join(token)
    asked = {"stageArn": arn, "sessionId": again.session_id, "participantId": again.participant_id}
    shown = call(sim, "GetParticipant", **asked).body["participant"]
    assert (shown["replicationType"], shown["replicationState"], shown["sourceStageArn"]) == ("SOURCE", "ACTIVE", "")
    again.publish()
    sim.clock.advance(60)
    assert states(sim, again) == ["ACTIVE"]
    again.leave()
    sim.clock.advance(60)
    assert states(sim, again) == ["STOPPED"]
    assert call(sim, "GetParticipant", **asked).body["participant"]["replicationState"] == "STOPPED"


@pytest.mark.needs("StartParticipantReplication", "ImportPublicKey")
def test_a_replica_of_the_same_id(sim: Emulator, sign: Sign) -> None:
    """Whoever is on a stage by the id of a replica that comes has to leave, and the replica for whoever comes by it."""
    arn, other = stage(sim), stage(sim)
    host, double = sim.stages.join(sign(sim, arn, jti="ann")), sim.stages.join(sign(sim, other, jti="ann"))
    host.publish()
    double.publish()
    replicate(sim, double, third := stage(sim))
    replicate(sim, host, other)
    sim.clock.advance(0)
    assert not double.is_connected
    assert "activeSessionId" not in call(sim, "GetStage", arn=third).body["stage"]
    asked = {"stageArn": other, "sessionId": double.session_id, "participantId": "ann"}
    shown = call(sim, "GetParticipant", **asked).body["participant"]
    assert (shown["replicationType"], shown["sourceStageArn"]) == ("REPLICA", arn)
    again = sim.stages.join(sign(sim, other, jti="ann"))
    assert states(sim, host) == ["STOPPED"]
    shown = call(sim, "GetParticipant", **asked).body["participant"]
    assert (shown["replicationType"], shown["state"]) == ("NONE", "CONNECTED")
    again.leave()
    assert "activeSessionId" not in call(sim, "GetStage", arn=other).body["stage"]
