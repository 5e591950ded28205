"""ivsim on a port, with a stage that clients send media to."""

from __future__ import annotations

import json
import resource
import time
from typing import Any

from ivsim import Emulator, Request


class Contender:
    """A server with people on a stage, whose clients are still to come."""

    def serve(self, people: int) -> tuple[str, list[tuple[str, str]]]:
        """Serve; return the URL, and for each of them the id and the token."""
        sim = Emulator()
        stage = call(sim, "CreateStage")["stage"]["arn"]
        tokens = [call(sim, "CreateParticipantToken", stageArn=stage)["participantToken"] for _ in range(people)]
        for each in tokens:
            sim.stages.join(each["token"])
        self._server = sim.serve()
        return self._server.url, [(each["participantId"], each["token"]) for each in tokens]

    def spent(self) -> float:
        """Return the seconds of processor time that the process has taken."""
        return time.process_time()

    def memory(self) -> int:
        """Return the most bytes that the process has had."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def close(self) -> None:
        """End."""
        self._server.close()


def call(sim: Emulator, operation: str, *, host: str = "ivsrealtime", **members: Any) -> dict[str, Any]:
    """Call an operation, and return what is answered."""
    body = json.dumps(members).encode()
    url = f"https://{host}.us-east-1.amazonaws.com/{operation}"
    answer: dict[str, Any] = json.loads(sim.handle(Request("POST", url, {}, body)).body)
    return answer
