"""What a service does on its own: now, or after a while when it is realistic."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import time_machine

from ivsim import Emulator
from ivsim.services import SERVICES

from ..calling import call
from .transitions import create_recording, state

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def test_realistic_transitions() -> None:
    """With realistic transitions a state lasts as long as it is documented to."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze(NOON)
    arn = create_recording(sim)
    sim.clock.advance(4)
    second = create_recording(sim)
    assert state(sim, arn) == "CREATING"
    sim.clock.advance(1)
    assert (state(sim, arn), state(sim, second)) == ("ACTIVE", "CREATING")
    sim.clock.advance(100)
    assert state(sim, second) == "ACTIVE"


def test_transitions_of_a_running_clock() -> None:
    """What is due happens at the next call, whether the clock ran, or jumped, or was moved from outside."""
    sim = Emulator(transitions="realistic")
    arn = create_recording(sim)
    sim.clock.advance(5)
    assert state(sim, arn) == "ACTIVE"
    second = create_recording(sim)
    assert state(sim, second) == "CREATING"
    with time_machine.travel(sim.clock.now() + timedelta(seconds=6)):
        assert state(sim, second) == "ACTIVE"
    third = create_recording(sim)
    sim.clock.freeze(sim.clock.now() + timedelta(seconds=6))
    assert state(sim, third) == "ACTIVE"


def test_transition_of_something_deleted() -> None:
    """What is deleted before its time stays deleted."""
    sim = Emulator(transitions="realistic")
    arn = create_recording(sim)
    call(sim, "DeleteRecordingConfiguration", arn=arn)
    sim.clock.advance(5)
    assert call(sim, "GetRecordingConfiguration", arn=arn).status == 404


def test_transition_of_a_call_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that fails after it asked for a transition leaves none behind."""
    sim = Emulator(transitions="realistic")
    with monkeypatch.context() as patched:
        operation = SERVICES["ivs"].model.operations["CreateRecordingConfiguration"]
        patched.setattr(operation, "serialize", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            create_recording(sim)
    sim.clock.advance(5)
    assert call(sim, "ListRecordingConfigurations").body["recordingConfigurations"] == []


@pytest.mark.needs("UpdateFailoverSlateConfiguration")
def test_no_update_in_transition() -> None:
    """What is still being created or updated cannot be updated."""
    sim = Emulator(transitions="realistic")
    arn = call(sim, "CreateFailoverSlateConfiguration").body["failoverSlateConfiguration"]["arn"]
    assert call(sim, "UpdateFailoverSlateConfiguration", arn=arn).code == "ConflictException"
    sim.clock.advance(5)
    assert call(sim, "UpdateFailoverSlateConfiguration", arn=arn).status == 200
    assert call(sim, "UpdateFailoverSlateConfiguration", arn=arn).code == "ConflictException"
