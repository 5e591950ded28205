"""A server without the extra `webrtc`: clients with media are told what to install."""

from __future__ import annotations

import sys

import pytest

from ivsim import Emulator
from ivsim.server.run import Server
from ivsim.server.stages.whip import TO_INSTALL

from .meeting import Meeting, post


@pytest.mark.parametrize("path", ["/", "/publish/xYz1R6DQvGzA", "/subscribe/xYz1R6DQvGzA"])
def test_one_line(sim: Emulator, server: Server, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An offer is answered in one line, readable for a page's script, and nobody joins."""
    monkeypatch.setitem(sys.modules, "ivsim.server.stages.webrtc", None)
    stage = Meeting.on(sim, server)
    refused = post(stage, path, stage.token()["token"], Origin="http://localhost:5173")
    assert (refused.status_code, refused.text) == (501, f"{TO_INSTALL}\n")
    assert refused.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert sim.stages.participants == []
    assert [each.operation for each in sim.calls] == ["CreateStage", "CreateParticipantToken"]
