"""A stage on a port, and its tokens."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ...calling import call


class Stage:
    """A stage."""

    def __init__(self, sim: Emulator) -> None:
        self.sim = sim
        self.arn: str = call(sim, "CreateStage").body["stage"]["arn"]
        self.id = self.arn.rpartition("/")[2]

    def token(self, user_id: str, **more: Any) -> str:
        """Return a token of CreateParticipantToken."""
        asked = {"stageArn": self.arn, "userId": user_id, **more}
        token: str = call(self.sim, "CreateParticipantToken", **asked).body["participantToken"]["token"]
        return token

    def user_ids(self) -> list[str]:
        """Return who is there, as the API shows it."""
        session = call(self.sim, "GetStage", arn=self.arn).body["stage"].get("activeSessionId")
        if session is None:
            return []
        asked = {"stageArn": self.arn, "sessionId": session, "filterByState": "CONNECTED"}
        return [each["userId"] for each in call(self.sim, "ListParticipants", **asked).body["participants"]]


@pytest.fixture
def stage(sim: Emulator) -> Stage:
    """A stage on which nobody is."""
    return Stage(sim)


@pytest.fixture(autouse=True)
def _no_bug(caplog: pytest.LogCaptureFixture, server: Server, request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing that a client does makes the server log an error."""
    caplog.set_level(logging.INFO)
    yield
    server.close()
    if "bug" not in request.node.name:
        records = [record for phase in ("setup", "call", "teardown") for record in caplog.get_records(phase)]
        ours = [record for record in records if record.levelno > logging.INFO and not record.name.startswith("aiortc")]
        assert [record.getMessage() for record in ours] == []
