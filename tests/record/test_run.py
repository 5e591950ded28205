"""A run cleans up however it ends."""

from __future__ import annotations

from typing import Any

import pytest
from tools.record.cleaning import TAG
from tools.record.run import Run, rehearse

from ivsim import Emulator, current

from .conftest import BUCKET


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_a_scenario_that_breaks(run: Run, error: type[BaseException]) -> None:
    """What a scenario made is deleted also when it breaks or is interrupted."""
    with pytest.raises(error), run.scenario("one"):
        run.client("ivs").create_channel()
        raise error
    assert (run.left, run.there()) == ([], [])
    assert [call.operation for call in run.calls] == ["CreateChannel"]


def test_an_interrupted_tour(run: Run) -> None:
    """A tour that is interrupted goes no further, and leaves nothing."""

    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    run.client("ivschat").meta.events.register("before-call.ivschat.UpdateRoom", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run.tour()
    assert run.calls[-1].scenario == "tour: rooms"
    assert run.there() == []


def test_what_no_answer_told_of(run: Run) -> None:
    """What bears the tour's tag is deleted though the answer to its creation got lost; what else is there is told."""
    run.client("ivschat").create_room(tags={TAG: "tour"})
    other = run.client("ivs").create_channel()["channel"]["arn"]
    assert run.sweep() == [other]
    assert run.there() == [other]


def test_what_is_left_is_told_once(run: Run, sim: Emulator) -> None:
    """What could not be deleted is tried once more in the end, and is not told as somebody else's."""
    sim.faults.add("DeleteRoom", "ValidationException", times=5)
    with run.scenario("one"):
        run.client("ivschat").create_room()
    assert len(run.left) == 1
    assert run.sweep() == []
    assert (run.left, run.there()) == ([], [])


def test_a_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal makes the calls of a tour, and none of them leaves the process, wherever the settings lead."""
    for service in ("IVS", "IVSCHAT", "IVS_REALTIME"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    assert len(rehearse("eu-west-1", BUCKET)) > len(rehearse("eu-west-1")) > 300
    assert current() is None


@pytest.mark.parametrize(
    ("status", "problems"), [(0, []), (1, []), (5, ["the contract suite ended with status 5 of pytest"])]
)
def test_how_pytest_ends(run: Run, monkeypatch: pytest.MonkeyPatch, status: int, problems: list[str]) -> None:
    """Tests that fail are what a recording is for; a suite that does not run is a problem."""
    monkeypatch.setattr(pytest, "main", lambda *_, **__: status)
    run.contract([])
    assert run.problems == problems


def test_an_interrupted_suite(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who interrupts the contract suite interrupts the run."""
    monkeypatch.setattr(pytest, "main", lambda *_, **__: pytest.ExitCode.INTERRUPTED)
    with pytest.raises(KeyboardInterrupt):
        run.contract([])
