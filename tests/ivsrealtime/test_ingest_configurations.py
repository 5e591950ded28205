from __future__ import annotations

import re
from typing import Any

import pytest

from ivsim import Emulator

from ..calling import call
from .people import join, place_of

pytestmark = pytest.mark.needs("CreateIngestConfiguration")


def create(sim: Emulator, **members: Any) -> Any:
    answer = call(sim, "CreateIngestConfiguration", **{"ingestProtocol": "RTMPS", **members})
    return answer.body["ingestConfiguration"]


def publish(sim: Emulator, stage: str, configuration: Any) -> str:
    """Let an encoder publish with a configuration; return the session's id."""
    arn = configuration["arn"]
    with sim._state.journal:
        place_of(sim, stage).store.ingest_configurations.become(arn, "ACTIVE", stage_arn=stage)
    return join(sim, stage, configuration["participantId"], published=True, ingest_configuration_arn=arn)


def state(sim: Emulator, configuration: Any) -> tuple[str, str]:
    shown = call(sim, "GetIngestConfiguration", arn=configuration["arn"]).body["ingestConfiguration"]
    return shown["state"], shown["stageArn"]


def test_defaults(sim: Emulator) -> None:
    """A new configuration has no stage, but a participant and a stream key that begins with its place and its id."""
    made = create(sim, name="cam")
    assert made == {
        "arn": made["arn"],
        "name": "cam",
        "ingestProtocol": "RTMPS",
        "streamKey": made["streamKey"],
        "stageArn": "",
        "participantId": made["participantId"],
        "state": "INACTIVE",
        "userId": "",
        "tags": {},
    }
    arn_id = made["arn"].rpartition("/")[2]
    assert re.fullmatch(f"rt_123456789012_us-east-1_{arn_id}_[a-zA-Z0-9]{{30}}", made["streamKey"])
    assert len(made["participantId"]) == 12
    assert call(sim, "GetIngestConfiguration", arn=made["arn"]).body["ingestConfiguration"] == made


def test_everything_given(sim: Emulator, stage: str) -> None:
    """What is given is shown, but that RTMP is allowed."""
    given = {"ingestProtocol": "RTMP", "stageArn": stage, "userId": "u", "attributes": {"a": "b"}, "tags": {"c": "d"}}
    made = create(sim, insecureIngest=True, **given)
    assert {name: made[name] for name in given} == given
    assert "insecureIngest" not in made


def test_refused(sim: Emulator, stage: str) -> None:
    """RTMP without leave, a stage that does not exist and large attributes are refused by name."""
    for named, members in (
        ("insecureIngest", {"ingestProtocol": "RTMP"}),
        ("stageArn", {"ingestProtocol": "RTMPS", "stageArn": stage[:-3] + "xyz"}),
        ("attributes", {"ingestProtocol": "RTMPS", "attributes": {"a": "x" * 1024}}),
    ):
        answer = call(sim, "CreateIngestConfiguration", **members)
        assert answer.code == "ValidationException"
        assert f"'/{named}'" in answer.body["exceptionMessage"]
    assert call(sim, "ListIngestConfigurations").body == {"ingestConfigurations": []}


def test_update(sim: Emulator, stage: str) -> None:
    """A stage can be given and taken away; one that does not exist changes nothing."""
    made = create(sim)
    arn = made["arn"]
    updated = call(sim, "UpdateIngestConfiguration", arn=arn, stageArn=stage).body["ingestConfiguration"]
    assert updated == {**made, "stageArn": stage}
    gone = call(sim, "UpdateIngestConfiguration", arn=arn, stageArn=stage[:-3] + "xyz")
    assert gone.code == "ResourceNotFoundException"
    assert call(sim, "UpdateIngestConfiguration", arn=arn).body["ingestConfiguration"] == updated
    assert call(sim, "UpdateIngestConfiguration", arn=arn, stageArn="").body["ingestConfiguration"] == made


@pytest.mark.needs("CreateIngestConfiguration.redundantIngest")
def test_redundant(sim: Emulator) -> None:
    """Redundant ingest has two credentials for as long as it is wanted, and the same ones."""
    made = create(sim, redundantIngest=True)
    credentials = made["redundantIngestCredentials"]
    assert len({each["streamKey"] for each in credentials} | {made["streamKey"]}) == 3
    assert len({each["participantId"] for each in credentials} | {made["participantId"]}) == 3

    def updated(wanted: bool) -> Any:
        answer = call(sim, "UpdateIngestConfiguration", arn=made["arn"], redundantIngest=wanted)
        return answer.body["ingestConfiguration"]

    assert updated(True) == made
    assert "redundantIngestCredentials" not in updated(False)
    assert updated(True)["redundantIngestCredentials"] != credentials


def test_list(sim: Emulator, stage: str) -> None:
    """A list shows no stream keys, and is filtered by stage or by state, not by both."""
    one, two = create(sim), create(sim, stageArn=stage)
    publish(sim, stage, one)

    def listed(**filters: str) -> list[str]:
        shown = call(sim, "ListIngestConfigurations", **filters).body["ingestConfigurations"]
        assert not any("streamKey" in each for each in shown)
        return [each["arn"] for each in shown]

    assert listed() == listed(filterByStageArn=stage) == [one["arn"], two["arn"]]
    assert listed(filterByState="ACTIVE") == [one["arn"]]
    refused = call(sim, "ListIngestConfigurations", filterByState="ACTIVE", filterByStageArn=stage)
    assert refused.code == "ValidationException"


def test_active(sim: Emulator, stage: str) -> None:
    """A configuration that is in use cannot be changed or deleted, but by force, which disconnects its participant."""
    made = create(sim)
    session_id = publish(sim, stage, made)
    join(sim, stage, "ann")
    assert call(sim, "UpdateIngestConfiguration", arn=made["arn"], stageArn="").code == "ConflictException"
    assert call(sim, "DeleteIngestConfiguration", arn=made["arn"]).code == "ConflictException"
    assert call(sim, "DeleteIngestConfiguration", arn=made["arn"], force=True).status == 200
    assert call(sim, "GetIngestConfiguration", arn=made["arn"]).code == "ResourceNotFoundException"
    shown = call(sim, "ListParticipants", stageArn=stage, sessionId=session_id, filterByState="CONNECTED").body
    assert [each["participantId"] for each in shown["participants"]] == ["ann"]


@pytest.mark.parametrize("how", ["DisconnectParticipant", "DeleteStage"])
def test_disconnected(sim: Emulator, stage: str, how: str) -> None:
    """When its participant is disconnected, or the stage goes, a configuration in use loses its stage."""
    made, idle = create(sim), create(sim, stageArn=stage)
    publish(sim, stage, made)
    assert state(sim, made) == ("ACTIVE", stage)
    members = {"arn": stage} if how == "DeleteStage" else {"stageArn": stage, "participantId": made["participantId"]}
    assert call(sim, how, **members).status == 200
    assert state(sim, made) == ("INACTIVE", "")
    assert state(sim, idle) == ("INACTIVE", stage)


def test_delete(sim: Emulator, stage: str) -> None:
    """A configuration can be deleted, with or without a stage, once."""
    for members in ({}, {"stageArn": stage}):
        arn = create(sim, **members)["arn"]
        assert call(sim, "DeleteIngestConfiguration", arn=arn).status == 200
        assert call(sim, "DeleteIngestConfiguration", arn=arn).code == "ResourceNotFoundException"


def test_quota(sim: Emulator) -> None:
    """Past the quota there is no further configuration."""
    sim.quotas["IngestConfigurations"] = 1
    create(sim)
    refused = call(sim, "CreateIngestConfiguration", ingestProtocol="RTMPS")
    assert refused.code == "ServiceQuotaExceededException"
