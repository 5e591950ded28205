"""Logging configurations that fail, or take their time, and what follows from it."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator

from ..calling import Answer, call
from .conftest import Room

LOGS = {"cloudWatchLogs": {"logGroupName": "g"}}
ELSEWHERE = {"cloudWatchLogs": {"logGroupName": "elsewhere"}}


def created(sim: Emulator) -> str:
    """Return the ARN of a new configuration."""
    return str(call(sim, "CreateLoggingConfiguration", destinationConfiguration=LOGS, name="l").body["arn"])


def get(sim: Emulator, arn: str) -> Any:
    """Return a configuration as the API shows it."""
    return call(sim, "GetLoggingConfiguration", identifier=arn).body


def update(sim: Emulator, arn: str) -> Answer:
    """Update a configuration's destination."""
    return call(sim, "UpdateLoggingConfiguration", identifier=arn, destinationConfiguration=ELSEWHERE)


def delete(sim: Emulator, arn: str) -> str | None:
    """Delete a configuration; return the error's code."""
    return call(sim, "DeleteLoggingConfiguration", identifier=arn).code


def test_a_failed_creation(sim: Emulator, room: Room) -> None:
    """A creation that fails is answered as ever; the configuration logs nothing, cannot be updated, can be deleted."""
    sim.faults.add("LoggingConfigurationCreation", "CREATE_FAILED", when={"name": "l"})
    arn = created(sim)
    assert get(sim, arn)["state"] == "CREATE_FAILED"
    assert update(sim, arn).code == "ConflictException"
    assert call(sim, "UpdateRoom", identifier=room.arn, loggingConfigurationIdentifiers=[arn]).code is None
    room.join("ann").send_message("hello")
    sim.clock.advance(60)
    assert sim.chat.logs(room.arn) == {arn: []}
    assert delete(sim, arn) == "ConflictException"
    call(sim, "UpdateRoom", identifier=room.arn, loggingConfigurationIdentifiers=[])
    assert delete(sim, arn) is None
    assert call(sim, "GetLoggingConfiguration", identifier=arn).code == "ResourceNotFoundException"


def test_a_failed_update(sim: Emulator) -> None:
    """An update that fails leaves everything but the state, and may be tried again."""
    arn = created(sim)
    sim.faults.add("LoggingConfigurationUpdate", "UPDATE_FAILED")
    assert update(sim, arn).body["destinationConfiguration"] == ELSEWHERE
    assert (get(sim, arn)["state"], get(sim, arn)["destinationConfiguration"]) == ("UPDATE_FAILED", LOGS)
    assert update(sim, arn).body["state"] == "ACTIVE"
    assert (get(sim, arn)["state"], get(sim, arn)["destinationConfiguration"]) == ("ACTIVE", ELSEWHERE)


def test_a_failed_deletion(sim: Emulator) -> None:
    """A deletion that fails leaves a configuration that can only be deleted."""
    arn = created(sim)
    sim.faults.add("LoggingConfigurationDeletion", "DELETE_FAILED", when={"arn": arn})
    assert delete(sim, arn) is None
    assert get(sim, arn)["state"] == "DELETE_FAILED"
    assert update(sim, arn).code == "ConflictException"
    assert delete(sim, arn) is None
    assert call(sim, "GetLoggingConfiguration", identifier=arn).code == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("step", "state"), [("Creation", "CREATING"), ("Update", "UPDATING"), ("Deletion", "DELETING")]
)
def test_on_the_way(sim: Emulator, room: Room, step: str, state: str) -> None:
    """While something is under way nothing else may be done; one that is being deleted cannot be attached."""
    sim.faults.latency(f"LoggingConfiguration{step}", 5)
    arn = created(sim)
    if step == "Update":
        update(sim, arn)
    if step == "Deletion":
        delete(sim, arn)
    assert get(sim, arn)["state"] == state
    assert update(sim, arn).code == "ConflictException"
    assert delete(sim, arn) == "ConflictException"
    attached = call(sim, "UpdateRoom", identifier=room.arn, loggingConfigurationIdentifiers=[arn])
    assert attached.code == ("ConflictException" if state == "DELETING" else None)
    sim.clock.advance(5)
    found = call(sim, "GetLoggingConfiguration", identifier=arn)
    assert found.body.get("state") == (None if state == "DELETING" else "ACTIVE")
