"""A stage of an emulator that is served, with those whom a test sends there."""

from __future__ import annotations

from typing import Any, NamedTuple

import requests

from ivsim import Emulator, LiveParticipant
from ivsim.server.run import Server

from ..control_client import call
from ..waiting import DEADLINE
from .test_sdp import AUDIO, HEAD, VIDEO

OFFER = HEAD + AUDIO + VIDEO


class Meeting(NamedTuple):
    """A stage on a server."""

    sim: Emulator
    server: Server
    arn: str

    @classmethod
    def on(cls, sim: Emulator, server: Server) -> Meeting:
        """Return a new one."""
        return cls(sim, server, call(sim, "CreateStage")["stage"]["arn"])

    def token(self, **members: Any) -> dict[str, Any]:
        """Return a new token of it, with its participant's id."""
        made: dict[str, Any] = call(self.sim, "CreateParticipantToken", stageArn=self.arn, **members)
        token: dict[str, Any] = made["participantToken"]
        return token

    def find(self, token: dict[str, Any]) -> LiveParticipant:
        """Return whose token it is."""
        return self.sim.stages.find(token["participantId"])

    def events(self, token: dict[str, Any]) -> list[tuple[str, str | None]]:
        """Return what has happened to somebody, oldest first, each with its error code."""
        at = {"stageArn": self.arn, "participantId": token["participantId"]}
        events = call(self.sim, "ListParticipantEvents", sessionId=self.find(token).session_id, **at)["events"]
        return [(each["name"], each.get("errorCode")) for each in reversed(events)]


def post(stage: Meeting, path: str, token: str, body: str = OFFER, **headers: str) -> requests.Response:
    """POST an offer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "Application/SDP; charset=utf-8", **headers}
    return requests.post(f"{stage.server.url}{path}", body.replace("\n", "\r\n"), headers=headers, timeout=DEADLINE)
