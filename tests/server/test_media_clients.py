"""Clients with media for stages at the port: each is told in one line that nobody takes them."""

from __future__ import annotations

import pytest
import requests

from ivsim import Emulator
from ivsim.server.media_clients import REFUSAL
from ivsim.server.run import Server

from .control_client import call

OFFER = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


@pytest.fixture
def token(sim: Emulator) -> str:
    """A token of a stage."""
    stage = call(sim, "CreateStage")["stage"]["arn"]
    made: str = call(sim, "CreateParticipantToken", stageArn=stage)["participantToken"]["token"]
    return made


@pytest.mark.parametrize("path", ["/", "/publish/xYz1R6DQvGzA", "/subscribe/xYz1R6DQvGzA"])
def test_whip(sim: Emulator, server: Server, token: str, path: str) -> None:
    """A request with an SDP offer is answered in one line, readable for a page's script, and nobody joins."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/SDP; charset=utf-8",
        "Origin": "http://localhost:5173",
    }
    answer = requests.post(f"{server.url}{path}", OFFER, headers=headers, timeout=10)
    assert (answer.status_code, answer.text) == (501, f"{REFUSAL}\n")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert sim.stages.participants == []
    assert [each.operation for each in sim.calls] == ["CreateStage", "CreateParticipantToken"]
