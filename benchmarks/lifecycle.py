"""What a test pays: to import, to enter the mock and leave it, to make a client and call three operations."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from . import report
from .calls import populated
from .plan import Plan
from .turns import in_turns, processes

_IMPORT = """
import boto3
from time import perf_counter as now
began = now()
{first}
first = now()
{second}
second = now()
with {mock}():
    pass
third = now()
with {mock}():
    client = boto3.client("ivs")
    client.get_channel(arn=client.create_channel(name="benchmark")["channel"]["arn"])
    client.list_channels()
print(first - began, second - began, third - second, now() - third)
"""
_SCRIPTS = {
    "ivsim": _IMPORT.format(first="import ivsim", second="from ivsim import mock_ivs", mock="mock_ivs"),
    "moto": _IMPORT.format(first="import moto", second="from moto import mock_aws", mock="mock_aws"),
}
_RUN = """
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from time import process_time as now
import pytest
began = now()
with redirect_stdout(StringIO()):
    assert pytest.main(["-p", "no:cacheprovider"], plugins=[{plugin}]) == 0
print(now() - began)
"""
_RUNS = {"floor": _RUN.format(plugin=""), "ivsim": _RUN.format(plugin="import_module('ivsim.pytest_plugin')")}


def imports(plan: Plan) -> None:
    """Measure, in fresh interpreters that have imported boto3: the import, and the first time in the mock.

    Everybody's bytecode is there from a first run that does not count, as it is from a package that was installed.
    """
    report.section("The first time in a process, which has imported boto3")
    with TemporaryDirectory() as bytecode:
        runs = [
            {who: _in_fresh_interpreter(script, bytecode) for who, script in _SCRIPTS.items()}
            for _ in range(plan.imports + 1)
        ]
    steps = ({who: [run[who][step] for run in runs[1:]] for who in _SCRIPTS} for step in range(4))
    package, name, entered, tested = steps
    report.times("import ivsim; import moto", package, most=15e-3)
    report.times("... and from ivsim import mock_ivs; mock_aws", name, most=15e-3)
    report.times("... then enter the mock and leave it", entered)
    report.times("... then a small test, as above", tested)


def plugin(plan: Plan) -> None:
    """Measure pytest in fresh interpreters, with the plugin and without, and with no other: a test that needs neither.

    The least time of the processor counts, as the rest of a run varies by more than the plugin takes.
    """
    report.section("A run of pytest that uses no ivsim; floor: without the plugin; the least of all rounds")
    with TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text("def test_nothing():\n    pass\n")
        run = partial(_in_fresh_interpreter, bytecode=folder, folder=folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
        rounds = [{who: run(script) for who, script in _RUNS.items()} for _ in range(3 * plan.imports + 1)]
    ran = {who: [min(each[who][0] for each in rounds[1:])] for who in _RUNS}
    report.times("import the plugin, one test", ran, more=5e-3)


def tests(plan: Plan) -> None:
    """Measure a mock that nothing happens in, and a small test; both for the second and every later time."""
    report.section("A test, from the second on")
    with processes("floor", "ivsim", "moto") as by_name:
        mocks = {name: by_name[name] for name in ("ivsim", "moto")}
        entered = in_turns(
            plan.rounds,
            {name: partial(process, "time_enter_and_leave", plan.slice) for name, process in mocks.items()},
        )
        report.times("enter the mock and leave it", entered, most=0.1e-3)
        with processes("ivsim") as recorder:
            recorder["ivsim"]("start")
            by_name["floor"]("learn", 1, *populated(recorder["ivsim"], 1))
        whole = in_turns(
            plan.rounds,
            {name: partial(process, "time_small_test", 2 * plan.slice) for name, process in by_name.items()},
        )
        report.times('mock, boto3.client("ivs"), three calls', whole, most=10e-3)


def _in_fresh_interpreter(script: str, bytecode: str, folder: str | None = None, **variables: str) -> list[float]:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": bytecode, **variables}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, text=True)
    return [float(each) for each in ran.stdout.split()]
