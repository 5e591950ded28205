"""The life of a participant's recording: states, events, what is merged, what fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator, LiveParticipant

from ...calling import call
from .recorded import (
    CHANGE,
    MORNING,
    details,
    needs_settings,
    paths,
    read_json,
    realistic,
    record,
    recorded_stage,
    seconds,
    seen,
    state,
    store,
    story,
)

pytestmark = [pytest.mark.usefixtures("frozen"), needs_settings]


ABOUT = (
    '"participant_id":"{participant}","recording_s3_bucket_name":"shows",'
    '"recording_s3_key_prefix":"{stage}/{session}/{participant}/2026-03-04T05-06-07Z"'
)


@pytest.mark.parametrize(
    ("kind", "expected", "fault"),
    [
        (CHANGE, '{{"session_id":"{session}","event_name":"Recording Start",' + ABOUT + "}}", None),
        (
            CHANGE,
            '{{"session_id":"{session}","event_name":"Recording End",' + ABOUT + ',"recording_duration_ms":25000}}',
            None,
        ),
        (
            CHANGE,
            '{{"session_id":"{session}","event_name":"Recording Start Failure",' + ABOUT + "}}",
            "ParticipantRecordingStart",
        ),
        (
            CHANGE,
            '{{"session_id":"{session}","event_name":"Recording End Failure",'
            + ABOUT
            + ',"recording_duration_ms":25000}}',
            "ParticipantRecordingEnd",
        ),
    ],
)
def test_every_event(sim: Emulator, kind: str, expected: str, fault: str | None) -> None:
    """Each event has its detail as in the samples, and is about its stage."""
    if fault:
        sim.faults.add(fault, "InternalServerException")
    stage = recorded_stage(sim)
    with sim.stages.join(stage) as ann:
        ann.publish()
        sim.clock.advance(25)
    stage_id = stage.rpartition("/")[2]
    text = expected.format(session=ann.session_id, participant=ann.participant_id, stage=stage_id)
    (found,) = [event for event in sim.events.of(kind) if json.dumps(event["detail"], separators=(",", ":")) == text]
    assert (found["source"], found["resources"]) == ("aws.ivs", [stage])


def test_states() -> None:
    """With realistic transitions a recording starts a second after publishing, and is stopped when all is written."""
    sim = realistic()
    ann = sim.stages.join(recorded_stage(sim))
    assert seen(sim, ann) == ("DISABLED", "", "")
    ann.publish()
    assert seen(sim, ann) == ("STARTING", "", "")
    assert len(sim.recordings) == 0
    sim.clock.advance(1)
    (recording,) = sim.recordings
    assert seen(sim, ann) == ("ACTIVE", "shows", recording.key_prefix)
    sim.clock.advance(20)
    ann.unpublish()
    assert state(sim, ann) == "STOPPING"
    assert recording.ended_at is None
    sim.clock.advance(3)
    assert seen(sim, ann) == ("STOPPED", "shows", recording.key_prefix)
    assert recording.status == "RECORDING_ENDED"
    assert story(sim) == [("Recording Start", 1), ("Recording End", 24)]


def test_filter(sim: Emulator) -> None:
    """ListParticipants finds those in a state of recording."""
    stage = recorded_stage(sim)
    ann, bob, _ = (sim.stages.join(stage) for _ in range(3))
    for each in (ann, bob):
        each.publish()
    bob.unpublish()

    def found(wanted: str) -> list[str]:
        members = {"sessionId": ann.session_id, "filterByRecordingState": wanted}
        answer = call(sim, "ListParticipants", stageArn=stage, **members)
        return [each["participantId"] for each in answer.body["participants"]]

    assert found("ACTIVE") == [ann.participant_id]
    assert found("STOPPED") == [bob.participant_id]


@pytest.mark.parametrize(
    "settings",
    [{"storageConfigurationArn": ""}, {"mediaTypes": ["NONE"]}],
    ids=["no storage", "neither media nor thumbnails"],
)
def test_nothing_to_record(sim: Emulator, settings: dict[str, Any]) -> None:
    """Without a storage configuration, or without anything to write there, nobody is recorded."""
    ann = sim.stages.join(recorded_stage(sim, **settings))
    ann.publish()
    assert state(sim, ann) == "DISABLED"
    ann.leave()
    assert state(sim, ann) == "DISABLED"
    assert len(sim.recordings) == 0
    assert details(sim) == []


@pytest.mark.parametrize("is_last", [True, False])
def test_whoever_ends_it(sim: Emulator, is_last: bool) -> None:
    """A recording ends whoever ends publishing: the client, the service, or the stage that is deleted."""
    stage = recorded_stage(sim)
    endings: list[Callable[[LiveParticipant], object]] = [
        lambda ann: ann.unpublish(),
        lambda ann: ann.leave(),
        lambda ann: ann.fail("B_FRAME_PRESENT"),
        lambda ann: call(sim, "DisconnectParticipant", stageArn=stage, participantId=ann.participant_id),
        lambda _: call(sim, "DeleteStage", arn=stage),
    ]
    if not is_last:
        sim.stages.join(stage)
    for end in endings:
        ann = sim.stages.join(stage)
        ann.publish()
        sim.clock.advance(10)
        end(ann)
        assert sim.recordings[-1].participant_id == ann.participant_id
    assert [recording.status for recording in sim.recordings] == ["RECORDING_ENDED"] * 5
    assert [detail["event_name"] for detail in details(sim)] == ["Recording Start", "Recording End"] * 5


def test_after_a_day() -> None:
    """A recording ends with the longest publication there is."""
    sim = realistic()
    record_of = sim.stages.join(recorded_stage(sim))
    record_of.publish()
    sim.clock.advance(24 * 3600 + 10)
    (recording,) = sim.recordings
    assert recording.status == "RECORDING_ENDED"
    assert recording.duration == seconds(24 * 3600 - 1)


def test_too_short_to_begin() -> None:
    """Whoever publishes for less than it takes to start is not recorded."""
    sim = realistic()
    ann = sim.stages.join(recorded_stage(sim))
    ann.publish()
    sim.clock.advance(0.5)
    ann.unpublish()
    assert state(sim, ann) == "STOPPED"
    ann.publish()
    sim.clock.advance(0.5)
    assert state(sim, ann) == "STARTING"
    sim.clock.advance(0.5)
    assert state(sim, ann) == "ACTIVE"
    ann.leave()
    assert story(sim) == [("Recording Start", 1.0)]  # whole seconds


def test_turned_off_before_it_began() -> None:
    """A stage that is changed while a recording starts is not recorded; one that is recorded cannot be changed."""
    sim = realistic()
    stage, other = recorded_stage(sim), recorded_stage(sim)
    off = {"storageConfigurationArn": ""}
    ann, bob = sim.stages.join(stage), sim.stages.join(other)
    ann.publish()
    assert call(sim, "UpdateStage", arn=stage, autoParticipantRecordingConfiguration=off).status == 200
    bob.publish()
    sim.clock.advance(1)
    assert (state(sim, ann), state(sim, bob)) == ("DISABLED", "ACTIVE")
    assert call(sim, "UpdateStage", arn=other, autoParticipantRecordingConfiguration=off).code == "ConflictException"
    assert len(sim.recordings) == 1


@pytest.mark.parametrize("wanted", [True, False])
def test_replicas(sim: Emulator, wanted: bool) -> None:
    """A replica is recorded as its stage says, apart from its source, until it is gone."""
    source = recorded_stage(sim, "home")
    destination = recorded_stage(sim, "away", recordParticipantReplicas=wanted)
    ann = sim.stages.join(source)
    ann.publish(video={"width": 640, "height": 360})
    stages = {"sourceStageArn": source, "destinationStageArn": destination, "participantId": ann.participant_id}
    call(sim, "StartParticipantReplication", **stages)
    sim.clock.advance(20)
    call(sim, "StopParticipantReplication", **stages)
    sim.clock.advance(20)
    ann.leave()
    home, *away = sim.recordings
    assert (home.bucket, home.stage_arn, home.duration) == ("home", source, seconds(40))
    assert [(each.bucket, each.stage_arn, each.duration) for each in away] == (
        [("away", destination, seconds(20))] if wanted else []
    )
    for each in away:
        assert each.participant_id == home.participant_id
        assert "RESOLUTION=640x360" in each.objects[f"{each.key_prefix}/media/hls/multivariant.m3u8"].decode()


# What is merged


@pytest.mark.parametrize(("window", "pause", "parts"), [(60, 30, 1), (60, 59.9, 1), (60, 60, 2), (0, 1, 2), (0, 0, 2)])
def test_window(sim: Emulator, window: int, pause: float, parts: int) -> None:
    """Who comes back before the window is over goes on in the same recording; else another begins."""
    ann = sim.stages.join(recorded_stage(sim, recordingReconnectWindowSeconds=window))
    for _ in range(2):
        ann.publish()
        sim.clock.advance(20)
        ann.unpublish()
        sim.clock.advance(pause)
    sim.clock.advance(window)
    assert len(sim.recordings) == parts
    assert len({recording.key_prefix for recording in sim.recordings}) == parts
    assert [recording.status for recording in sim.recordings] == ["RECORDING_ENDED"] * parts
    assert sum((recording.duration for recording in sim.recordings), seconds(0)) == seconds(40)
    assert seen(sim, ann) == ("STOPPED", "shows", sim.recordings[-1].key_prefix)


def test_merged(sim: Emulator) -> None:
    """Of what is merged there is one prefix and one end, later by the window; each beginning is told."""
    ann = sim.stages.join(recorded_stage(sim, recordingReconnectWindowSeconds=60))
    ann.publish()
    sim.clock.advance(20)
    ann.unpublish()
    (recording,) = sim.recordings
    assert state(sim, ann) == "STOPPING"
    assert paths(recording)[-1] != "events/recording-ended.json"
    sim.clock.advance(10)
    ann.publish()
    assert seen(sim, ann) == ("ACTIVE", "shows", recording.key_prefix)
    sim.clock.advance(30)
    ann.unpublish()
    sim.clock.advance(60)
    assert story(sim) == [("Recording Start", 0), ("Recording Start", 30), ("Recording End", 120)]
    assert {detail["recording_s3_key_prefix"] for detail in details(sim)} == {recording.key_prefix}
    assert details(sim)[-1]["recording_duration_ms"] == 50_000
    ended = read_json(recording, "ended")
    assert (ended["recording_started_at"], ended["recording_ended_at"]) == (
        "2026-03-04T05:06:07Z",
        "2026-03-04T05:08:07Z",
    )


def test_merged_in_another_session(sim: Emulator) -> None:
    """Who was alone and comes back begins another session of the stage, and goes on in the same recording."""
    stage = recorded_stage(sim, recordingReconnectWindowSeconds=60)
    token = call(sim, "CreateParticipantToken", stageArn=stage).body["participantToken"]["token"]
    with sim.stages.join(token) as first:
        first.publish()
        sim.clock.advance(20)
    sim.clock.advance(10)
    second = sim.stages.join(token)
    assert second.session_id != first.session_id
    second.publish()
    sim.clock.advance(20)
    (recording,) = sim.recordings
    assert (state(sim, first), state(sim, second)) == ("STOPPED", "ACTIVE")
    assert recording.session_id == first.session_id
    assert [detail["session_id"] for detail in details(sim)] == [first.session_id, second.session_id]
    second.leave()
    sim.clock.advance(60)
    assert state(sim, second) == "STOPPED"
    assert details(sim)[-1]["session_id"] == second.session_id
    assert read_json(recording, "ended")["session_id"] == first.session_id


def test_who_joins_again(sim: Emulator) -> None:
    """Who joins the same session again, without publishing, is shown with what was recorded before."""
    stage = recorded_stage(sim)
    sim.stages.join(stage)
    token = call(sim, "CreateParticipantToken", stageArn=stage).body["participantToken"]["token"]
    with sim.stages.join(token) as ann:
        ann.publish()
        sim.clock.advance(20)
    before = seen(sim, ann)
    assert before[0] == "STOPPED"
    assert seen(sim, sim.stages.join(token)) == before


@pytest.mark.parametrize("change", [{"storageConfigurationArn": "another"}, {"recordingReconnectWindowSeconds": 0}])
def test_not_merged(sim: Emulator, change: dict[str, Any]) -> None:
    """With another storage configuration, or no window any more, another recording begins; the first one waits."""
    settings: dict[str, Any] = {"storageConfigurationArn": store(sim), "recordingReconnectWindowSeconds": 60}
    stage = recorded_stage(sim, **settings)
    ann = sim.stages.join(stage)
    ann.publish()
    sim.clock.advance(20)
    ann.unpublish()
    if "storageConfigurationArn" in change:
        change = {"storageConfigurationArn": store(sim, "others")}
    assert call(sim, "UpdateStage", arn=stage, autoParticipantRecordingConfiguration=settings | change).status == 200
    ann.publish()
    first, second = sim.recordings
    assert (first.status, second.status) == ("RECORDING_STARTED", "RECORDING_STARTED")
    sim.clock.advance(60)
    assert (first.status, second.status) == ("RECORDING_ENDED", "RECORDING_STARTED")
    assert seen(sim, ann) == ("ACTIVE", second.bucket, second.key_prefix)


def test_back_while_it_is_written() -> None:
    """Who comes back before all is written is in time; and without a window, both recordings end by themselves."""
    for window, parts in ((2, 1), (0, 2)):
        sim = realistic()
        ann = sim.stages.join(recorded_stage(sim, recordingReconnectWindowSeconds=window))
        for _ in range(2):
            ann.publish()
            sim.clock.advance(11)
            ann.unpublish()
            sim.clock.advance(0.5)
        sim.clock.advance(10)
        assert [recording.status for recording in sim.recordings] == ["RECORDING_ENDED"] * parts
        assert state(sim, ann) == "STOPPED"


def test_the_state_is_of_the_newest() -> None:
    """While the recording before it is still written, a participant shows the state of the newest one."""
    sim = realistic()
    ann = sim.stages.join(recorded_stage(sim))
    for pause in (0.5, 1):
        ann.publish()
        sim.clock.advance(1.5)
        ann.unpublish()
        sim.clock.advance(pause)
    sim.clock.advance(0.5)
    first, second = sim.recordings
    assert (first.ended_at, second.ended_at) == (MORNING + seconds(4.5), None)
    assert seen(sim, ann) == ("STOPPING", "shows", second.key_prefix)
    sim.clock.advance(10)
    assert seen(sim, ann) == ("STOPPED", "shows", second.key_prefix)


def test_back_in_the_last_moment() -> None:
    """Who publishes again in time is waited for, though the recording goes on only when the window is over."""
    sim = realistic()
    ann = sim.stages.join(recorded_stage(sim, recordingReconnectWindowSeconds=60))
    ann.publish()
    sim.clock.advance(11)
    ann.unpublish()
    sim.clock.advance(59.5)
    ann.publish()
    sim.clock.advance(20)
    (recording,) = sim.recordings
    assert recording.status == "RECORDING_STARTED"
    assert recording.duration == seconds(10 + 18)


@pytest.mark.parametrize("ending", ["too short", "fault", "turned off"])
def test_back_in_the_last_moment_for_nothing(ending: str) -> None:
    """A recording that waited for somebody whose publication came to nothing ends then."""
    sim = realistic()
    ann = sim.stages.join(recorded_stage(sim, recordingReconnectWindowSeconds=60))
    ann.publish()
    sim.clock.advance(11)
    ann.unpublish()
    sim.clock.advance(59.5)
    if ending == "fault":
        sim.faults.add("ParticipantRecordingStart", "InternalServerException")
    ann.publish()
    sim.clock.advance(0.7)
    first = sim.recordings[0]
    assert first.status == "RECORDING_STARTED"
    if ending == "turned off":
        off = {"storageConfigurationArn": ""}
        call(sim, "UpdateStage", arn=ann.stage_arn, autoParticipantRecordingConfiguration=off)
        sim.clock.advance(0.3)
        assert [recording.status for recording in sim.recordings] == ["RECORDING_ENDED"]
        assert [name for name, _ in story(sim)] == ["Recording Start", "Recording End"]
        assert state(sim, ann) == "DISABLED"
    elif ending == "fault":
        sim.clock.advance(0.3)
        assert [recording.status for recording in sim.recordings] == ["RECORDING_ENDED", "RECORDING_START_FAILED"]
        assert state(sim, ann) == "FAILED"
    else:
        ann.unpublish()
        assert [recording.status for recording in sim.recordings] == ["RECORDING_ENDED"]
        assert first.ended_at == MORNING + seconds(71.2)


def test_the_stage_is_gone(sim: Emulator) -> None:
    """A recording waits for nobody on a stage that was deleted, but ends in order, when the window is over."""
    stage = recorded_stage(sim, recordingReconnectWindowSeconds=60)
    sim.stages.join(stage).publish()
    sim.clock.advance(20)
    call(sim, "DeleteStage", arn=stage)
    assert [recording.status for recording in sim.recordings] == ["RECORDING_STARTED"]
    sim.clock.advance(60)
    assert [recording.status for recording in sim.recordings] == ["RECORDING_ENDED"]


# What fails


def test_fails_to_start(sim: Emulator) -> None:
    """A recording that a test lets fail to start tells so, leaves nothing, and keeps nobody from publishing."""
    stage = recorded_stage(sim)
    about = {"stageArn": stage}
    sim.faults.add("ParticipantRecordingStart", "InternalServerException", when=about)
    ann = sim.stages.join(stage)
    ann.publish()
    assert ann.is_publishing
    assert state(sim, ann) == "FAILED"
    (recording,) = sim.recordings
    assert (recording.status, recording.reason) == ("RECORDING_START_FAILED", "InternalServerException")
    assert (paths(recording), recording.duration) == ([], seconds(0))
    sim.clock.advance(20)
    ann.leave()
    assert state(sim, ann) == "FAILED"
    (detail,) = details(sim)
    assert list(detail) == [
        "session_id",
        "event_name",
        "participant_id",
        "recording_s3_bucket_name",
        "recording_s3_key_prefix",
    ]
    assert detail["event_name"] == "Recording Start Failure"


def test_without_the_storage_configuration(sim: Emulator) -> None:
    """A stage whose storage configuration was deleted in the meantime is not recorded, which is a failure."""
    arn = store(sim)
    stage = recorded_stage(sim, storageConfigurationArn=arn)
    assert call(sim, "DeleteStorageConfiguration", arn=arn).status == 200
    ann = sim.stages.join(stage)
    ann.publish()
    assert state(sim, ann) == "FAILED"
    assert [detail["event_name"] for detail in details(sim)] == ["Recording Start Failure"]


def test_fails_to_end(sim: Emulator) -> None:
    """A recording that a test lets fail at the end keeps what there is, and recording-failed.json says why."""
    sim.faults.add("ParticipantRecordingEnd", "InternalServerException")
    stage = recorded_stage(sim)
    with sim.stages.join(stage) as ann:
        ann.publish()
        sim.clock.advance(20)
    (recording,) = sim.recordings
    assert state(sim, ann) == "FAILED"
    assert (recording.status, recording.reason) == ("RECORDING_ENDED_WITH_FAILURE", "InternalServerException")
    assert paths(recording)[-1] == "events/recording-failed.json"
    failed = read_json(recording, "failed")
    assert failed["recording_status"] == "RECORDING_ENDED_WITH_FAILURE"
    assert failed["recording_status_message"] == "InternalServerException"
    assert failed["media"]["hls"]["duration_ms"] == 20_000
    assert details(sim)[-1]["event_name"] == "Recording End Failure"
    assert details(sim)[-1]["recording_duration_ms"] == 20_000


def test_latency(sim: Emulator) -> None:
    """A recording starts and ends as late as a test wants."""
    sim.faults.latency("ParticipantRecordingStart", 7)
    sim.faults.latency("ParticipantRecordingEnd", 9)
    ann = sim.stages.join(recorded_stage(sim))
    ann.publish()
    sim.clock.advance(20)
    ann.unpublish()
    sim.clock.advance(20)
    assert story(sim) == [("Recording Start", 7), ("Recording End", 29)]


# Save and load


def test_saved_in_the_middle(tmp_path: Path) -> None:
    """An emulator that loads a recording under way goes on with it as the one that saved."""
    sim = realistic()
    settings: dict[str, Any] = {"recordingReconnectWindowSeconds": 60}
    token_of = {}
    stages = [recorded_stage(sim, **settings) for _ in range(3)]
    for stage in stages:
        token_of[stage] = call(sim, "CreateParticipantToken", stageArn=stage).body["participantToken"]["token"]
    live, waiting, starting = (sim.stages.join(token_of[stage]) for stage in stages)
    live.publish()
    waiting.publish()
    sim.clock.advance(20)
    waiting.unpublish()
    starting.publish()
    sim.clock.advance(0.5)
    sim.save(tmp_path / "state.json")
    copy = Emulator(transitions="realistic")
    copy.load(tmp_path / "state.json")
    outcomes = []
    for each in (sim, copy):
        each.clock.advance(100)
        told = [(recording.key_prefix, recording.status, recording.duration) for recording in each.recordings]
        outcomes.append((told, details(each), dict(each.recordings[1].objects)))
    assert outcomes[0] == outcomes[1]
    assert [status for _, status, _ in outcomes[0][0]] == [
        "RECORDING_STARTED",
        "RECORDING_ENDED",
        "RECORDING_STARTED",
    ]


def test_forgotten_meanwhile() -> None:
    """A recording whose participant is forgotten before the window is over, as history is short, ends all the same."""
    sim = Emulator(seed=1, history=1)
    sim.clock.freeze(MORNING)
    stage = recorded_stage(sim, recordingReconnectWindowSeconds=300)
    record(sim, stage, 20)
    for _ in range(20):
        sim.stages.join(stage).leave()
        call(sim, "GetStage", arn=stage)
    (recording,) = sim.recordings
    assert call(sim, "ListParticipants", stageArn=stage, sessionId=recording.session_id).body["participants"] == []
    sim.clock.advance(300)
    assert recording.status == "RECORDING_ENDED"
