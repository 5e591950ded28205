"""Real clients of stages at the port: each is told in one line that nobody takes it."""

from __future__ import annotations

import json
import logging

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

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


@pytest.mark.parametrize("target", ["/?error_over_ws=1&topic=AbCdEf123456/publishers", "/AbCdEf123456"])
def test_events(sim: Emulator, server: Server, token: str, target: str, caplog: pytest.LogCaptureFixture) -> None:
    """A WebSocket with a token of a stage is refused in the same words, which the log has too."""
    with (
        caplog.at_level(logging.INFO, "ivsim.calls"),
        pytest.raises(InvalidStatus) as refused,
        connect(f"{server.chat_url}{target}", subprotocols=[token]),  # type: ignore[list-item]
    ):
        pass
    assert refused.value.response.status_code == 501
    assert json.loads(refused.value.response.body or b"") == {"ErrorCode": 501, "ErrorMessage": REFUSAL}
    assert REFUSAL in caplog.text
    assert sim.stages.participants == []
