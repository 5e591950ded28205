"""The door to AWS is there in `make record` alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools.record.door import COSTLY, PLUGIN, Door
from tools.record.run import Run

ROOT = Path(__file__).parent.parent.parent


def test_no_environment_opens_it() -> None:
    """Whatever the environment says, the contract suite has no door to AWS by itself."""
    environment = {**os.environ, "IVSIM_TARGET": "aws", "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    command = [*collect, "tests/contract/test_tokens.py"]
    said = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, env=environment).stdout
    assert "test_form[boto3]" in said
    assert "[aws]" not in said


def test_it_is_not_here(request: pytest.FixtureRequest) -> None:
    """The suite as it runs here has no such plugin, and so no test of it reaches AWS."""
    assert not request.config.pluginmanager.has_plugin(PLUGIN)


def test_tests_that_call_nothing(run: Run) -> None:
    """Tests that do not use the clients are left out."""

    class Item:
        def __init__(self, *names: str) -> None:
            self.fixturenames = names

    items: list[Any] = [Item("aws", "channel"), Item("sim"), object()]
    kept = items[:1]
    Door(run.client, run.scenario).pytest_collection_modifyitems(items)
    assert items == kept


def test_what_costs_is_skipped(run: Run) -> None:
    """A test that would make what costs is skipped with the reason, before anything is sent."""
    door = Door(run.client, run.scenario)
    with pytest.raises(pytest.skip.Exception, match="StartComposition: a composition is billed by the hour"):
        with door.scenario("a test"):
            door.client("ivs-realtime").start_composition(stageArn="x", destinations=[])
    assert run.calls == []
    assert list(COSTLY) == ["ivs-realtime"]
