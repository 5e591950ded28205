"""ivsim's stages: calls about them, and a day in which people come and go."""

from __future__ import annotations

from time import perf_counter
from typing import Any

from ivsim import Emulator, LiveParticipant

from . import STAGE_CALLS, ivsim

_VIEWERS = 10
_GUESTS_COME = range(15, 95, 20)


class Contender(ivsim.Contender):
    """Clients for IVS Real-Time under one mock, which has room for any number of stages."""

    service = "ivs-realtime"
    calls = STAGE_CALLS
    quota, operation, member = "Stages", "CreateStage", "stage"

    def day(self, stages: int) -> tuple[float, int]:
        """Return the seconds that a day of stages takes, and how many events of participants it has."""
        sim = Emulator(transitions="realistic", quotas={"Stages": stages})
        sim.clock.freeze()
        shows = [_Show(sim, self._ask(sim, "CreateStage")["stage"]["arn"]) for _ in range(stages)]
        began = perf_counter()
        for minute in range(24 * 60):
            for number, show in enumerate(shows):
                show.pass_minute((minute + number) % 120)
            sim.clock.advance(60)
        took = perf_counter() - began
        return took, sum(self._count(sim, show.arn) for show in shows)

    def _count(self, sim: Emulator, arn: str) -> int:
        """Return how many events the participants of a stage have had."""
        number = 0
        for session in self._pages(sim, "ListStageSessions", "stageSessions", stageArn=arn):
            there = {"stageArn": arn, "sessionId": session["sessionId"]}
            for each in self._pages(sim, "ListParticipants", "participants", **there):
                them = {**there, "participantId": each["participantId"]}
                number += len(self._pages(sim, "ListParticipantEvents", "events", **them))
        return number

    def _pages(self, sim: Emulator, operation: str, member: str, **members: str) -> list[Any]:
        page = self._ask(sim, operation, **members)
        found: list[Any] = page[member]
        while "nextToken" in page:
            page = self._ask(sim, operation, **members, nextToken=page["nextToken"])
            found += page[member]
        return found


class _Show:
    """A stage that has a show of 100 minutes, and a break of 20 in which nobody is there."""

    def __init__(self, sim: Emulator, arn: str) -> None:
        self.arn = arn
        self._sim = sim
        self._viewers: list[LiveParticipant] = []
        self._host: LiveParticipant | None = None
        self._guest: LiveParticipant | None = None

    def pass_minute(self, minute: int) -> None:
        """A host publishes, guests come one after the other for 20 minutes, and viewers subscribe to all of them."""
        if minute == 0:
            self._host = self._sim.stages.join(self.arn, user_id="host")
            self._host.publish()
        elif self._host is None:  # the show had begun before the day
            return
        elif minute in range(1, _VIEWERS + 1):
            viewer = self._sim.stages.join(self.arn, user_id=f"viewer{minute}", capabilities=["SUBSCRIBE"])
            viewer.subscribe(self._host)
            self._viewers.append(viewer)
        elif minute in _GUESTS_COME:
            self._change_guest()
        elif minute == 100:
            for each in (*self._viewers, self._guest, self._host):
                if each is not None:
                    each.leave()
            self._viewers, self._guest, self._host = [], None, None
        elif minute % 5 == 0:
            self._host.mute(audio=minute % 10 == 0)

    def _change_guest(self) -> None:
        if self._guest is not None:
            self._guest.leave()
        self._guest = self._sim.stages.join(self.arn, user_id="guest")
        self._guest.publish()
        for viewer in self._viewers:
            viewer.subscribe(self._guest)
