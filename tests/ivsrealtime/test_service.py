"""The tables of IVS Real-Time."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator
from ivsim.core.journal import Journal
from ivsim.services import SERVICES

from ..calling import call, send

SERVICE = SERVICES["ivs-realtime"]
KINDS = sorted({operation.arn_kind for operation in SERVICE.model.operations.values()} - {""})


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_for_each_kind_of_arn(sim: Emulator, kind: str) -> None:
    """What the model names by an ARN is in a table of that resource type, where tags find it, or find it missing."""
    assert kind in SERVICE.make_store(Journal()).tables
    arn = f"arn:aws:ivs:us-east-1:123456789012:{kind}/AbCdEf123456"
    answer = send(sim, "GET", f"/tags/{arn}")
    assert (answer.code, sim.calls[-1].service) == ("ResourceNotFoundException", "ivs-realtime")


def test_everything_is_in_a_table_or_a_series() -> None:
    """What a store has is emptied with it: there is nothing beside tables and series."""
    store = SERVICE.make_store(Journal())
    held = {name for name in vars(store) if name not in ("journal", "tables", "series")}
    assert len(held) == len(store.tables) + len(store.series)


@pytest.mark.needs("CreateIngestConfiguration")
def test_overview(sim: Emulator) -> None:
    """Each kind of resource is in the overview, as its Get operation shows it."""
    call(sim, "CreateStage", name="s")
    call(sim, "CreateIngestConfiguration", ingestProtocol="RTMPS")
    call(sim, "CreateEncoderConfiguration")
    shown = sim.overview()
    (stage,) = shown["stages"]
    place = {"accountId": "123456789012", "region": "us-east-1"}
    more: dict[str, Any] = {"participants": [], "stageSessions": []}
    assert stage == {**call(sim, "GetStage", arn=stage["arn"]).body["stage"], **place, **more}
    for kind in ("ingestConfigurations", "encoderConfigurations"):
        assert len(shown[kind]) == 1
    for kind in ("storageConfigurations", "publicKeys", "compositions"):
        assert shown[kind] == []


def test_rates() -> None:
    """CreateParticipantToken can be called 50 times a second, in a region."""
    sim = Emulator(rate_limits=True)
    sim.clock.freeze()
    stage = call(sim, "CreateStage").body["stage"]["arn"]
    codes = [call(sim, "CreateParticipantToken", stageArn=stage).code for _ in range(51)]
    assert codes == [None] * 50 + ["ThrottlingException"]


def test_faults(sim: Emulator) -> None:
    """An error can be ordered for its operations as for any others."""
    sim.faults.add("ivs-realtime:CreateStage", "PendingVerification", message="wait")
    answer = call(sim, "CreateStage")
    assert (answer.status, answer.code, answer.body["exceptionMessage"]) == (403, "PendingVerification", "wait")
    assert call(sim, "CreateStage").status == 200
