"""Programs that listen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from moto.server import ThreadedMotoServer

from ivsim.server.rules import sending, targets

from ..waiting import DEADLINE
from .programs import LocalLambda, Program, running


@pytest.fixture
def hook() -> Iterator[Program]:
    """A web hook."""
    program = Program()
    with running(program):
        yield program


@pytest.fixture
def functions() -> Iterator[LocalLambda]:
    """Functions behind Lambda's Invoke."""
    program = LocalLambda()
    with running(program):
        yield program


@pytest.fixture
def moto() -> Iterator[str]:
    """The endpoint of moto's server, which is empty."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    requests.post(f"http://{host}:{port}/moto-api/reset", timeout=DEADLINE)  # all of a process have the same in them
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No target is given up because the machine is slow."""
    monkeypatch.setattr(targets, "HTTP_SECONDS", float(DEADLINE))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(sending, "WAITS", (0.001,) * 5)


def rule(target: dict[str, Any], *, name: str = "all", **pattern: Any) -> dict[str, Any]:
    """Return a rule; without a pattern, for all events of IVS."""
    return {"name": name, "pattern": pattern or {"source": ["aws.ivs"]}, "target": target}
