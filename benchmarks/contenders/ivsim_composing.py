"""ivsim on a port, with a stage that is composed for a channel."""

from __future__ import annotations

from typing import Any

from ivsim import Emulator

from .ivsim_stage_media import Contender as StageMedia
from .ivsim_stage_media import call


class Contender(StageMedia):
    """A server with a stage, and a channel for what is composed of it."""

    def serve(self, people: int) -> tuple[str, list[Any]]:
        """Serve; return the URL of WHIP, and a token for each."""
        self._sim = Emulator()
        self._stage = call(self._sim, "CreateStage")["stage"]["arn"]
        made = [call(self._sim, "CreateParticipantToken", stageArn=self._stage) for _ in range(people)]
        self._server = self._sim.serve()
        return f"{self._server.url}/", [each["participantToken"]["token"] for each in made]

    def compose(self) -> None:
        """Compose from now on."""
        channel = call(self._sim, "CreateChannel", host="ivs")["channel"]["arn"]
        call(self._sim, "StartComposition", stageArn=self._stage, destinations=[{"channel": {"channelArn": channel}}])

    def framerate(self) -> float:
        """Return the pictures a second that were composed in the last seconds."""
        (live,) = self._sim.streams.live
        return live.measured.framerate if live.measured else 0.0
