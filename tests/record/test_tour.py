"""The tour calls everything there is, costs nothing, and leaves nothing."""

from __future__ import annotations

from functools import partial

import pytest
from tools.record.cleaning import TAG, made
from tools.record.recorder import Call
from tools.record.run import Run, offline
from tools.record.tour import CHAPTERS
from tools.record.tour.tour import TRIES

from ivsim import Emulator, mock_ivs
from ivsim.services import SERVICES

from .conftest import BUCKET, REGION


@pytest.fixture
def calls(toured: Run) -> list[Call]:
    """The calls of a tour in which every chapter got to its end."""
    return toured.calls


def test_every_operation(calls: list[Call]) -> None:
    """The tour calls every operation of the three services."""
    called = {(call.service, call.operation) for call in calls}
    assert called == {(service, operation) for service in SERVICES for operation in SERVICES[service].model.operations}


def test_answers_and_errors(calls: list[Call]) -> None:
    """It gets answers and the well-known errors, and more than one page of a list."""
    assert {"", "ResourceNotFoundException", "ConflictException", "ValidationException", "ChannelNotBroadcasting"} <= {
        call.error for call in calls
    }
    pages = {call.operation for call in calls if call.parameters.get("nextToken") and not call.error}
    assert {"ListChannels", "ListRooms", "ListStages"} <= pages


def test_it_costs_nothing(run: Run, sim: Emulator) -> None:
    """Nothing is live, nobody joins, nothing is composed, and so nothing happens of which there would be an event."""
    run.tour(BUCKET)
    assert list(sim.events) == []
    assert not [call for call in run.calls if call.operation == "StartComposition" and not call.error]


def test_what_is_made_bears_a_tag(calls: list[Call]) -> None:
    """What the tour makes bears its tag, but for the channel that shows the defaults."""
    without = [call for call in calls if list(made([call])) and TAG not in call.parameters.get("tags", {})]
    assert [call.parameters for call in without] == [{}]


def test_without_a_bucket(run: Run) -> None:
    """Without a bucket nothing is made that needs one, and the rest is as it was."""
    run.tour()
    assert run.problems == []
    written = {call.operation for call in run.calls if not call.error and call.operation.startswith("Create")}
    assert (
        not {
            "CreateRecordingConfiguration",
            "CreateLoggingConfiguration",
            "CreateStorageConfiguration",
        }
        & written
    )
    assert "CreateChannel" in written


def test_a_chapter_that_ends_early(run: Run, sim: Emulator) -> None:
    """A refusal where none is expected ends the chapter; what it made is deleted, and the next chapter begins."""
    sim.faults.add("UpdateChannel", "ConflictException", message="not now")
    run.tour()
    (problem,) = run.problems
    assert problem.startswith("the chapter channels ended early: ")
    assert "not now" in problem
    assert (run.left, run.there()) == ([], [])
    assert {call.scenario for call in run.calls} == {f"tour: {chapter.__name__}" for chapter in CHAPTERS}


def test_waiting_for_a_state(run: Run, sim: Emulator, waited: list[float]) -> None:
    """It waits until what was made is settled, which is not recorded, and goes on when that does not happen."""
    sim.faults.add("RecordingConfigurationCreation", "CREATE_FAILED")
    run.tour(BUCKET)
    assert states(run.calls) == ["CREATING", "CREATE_FAILED"]
    assert waited == []


def test_waiting_in_vain(waited: list[float]) -> None:
    """What does not settle within a minute is looked at as it is."""
    with mock_ivs(transitions="realistic") as slow:
        slow.clock.freeze()
        run = Run(partial(offline, REGION), pause=waited.append)
        run.tour(BUCKET)
    assert waited.count(1) >= TRIES
    assert states(run.calls) == ["CREATING", "CREATING"]


def states(calls: list[Call]) -> list[str]:
    """Return the states in which a recording configuration was seen."""
    looked = ("CreateRecordingConfiguration", "GetRecordingConfiguration")
    return [
        call.answer["recordingConfiguration"]["state"] for call in calls if call.operation in looked and not call.error
    ]
