"""The picture of one who publishes on a stage, over HTTP."""

from __future__ import annotations

import pytest
import requests

from ivsim import Emulator
from ivsim.server.run import Server

from .control_client import call
from .waiting import DEADLINE


@pytest.fixture
def stage(sim: Emulator) -> str:
    """A stage."""
    arn: str = call(sim, "CreateStage", name="panel")["stage"]["arn"]
    return arn


def ask(server: Server, participant_id: str) -> requests.Response:
    """Ask for a picture."""
    return requests.get(f"{server.url}/_ivsim/participants/{participant_id}/picture", timeout=DEADLINE)


def test_drawn(sim: Emulator, server: Server, stage: str) -> None:
    """Of one without a client there is a drawn picture while it shows one, and else none."""
    host = sim.stages.join(stage)
    assert ask(server, host.participant_id).status_code == 204
    host.publish()
    shown = ask(server, host.participant_id)
    assert (shown.status_code, shown.headers["Content-Type"], shown.headers["Cache-Control"]) == (
        200,
        "video/mp4",
        "no-store",
    )
    assert shown.content[4:8] == b"ftyp"
    host.mute(video=True)
    assert ask(server, host.participant_id).status_code == 204
    host.unpublish()
    host.publish(video=[])
    assert (ask(server, host.participant_id).status_code, ask(server, host.participant_id).content) == (204, b"")


def test_nobody(server: Server) -> None:
    """Of nobody there is no picture."""
    refused = ask(server, "nobody")
    assert (refused.status_code, refused.json()["field"]) == (404, "participantId")
