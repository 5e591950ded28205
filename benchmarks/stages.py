"""Stages: what it takes to be there, calls about a full one, and a day of many."""

from __future__ import annotations

from functools import partial
from statistics import median

from . import report
from .plan import Plan
from .turns import in_turns, processes

_ROUNDS = 3
_FACTORS: dict[str, float | None] = {
    "get_participant": 1.10,
    "list_participant_events": 1.25,
    "list_participants": 1.25,
    "list_participants_middle": 1.25,
    "list_participants_published": None,  # looks at everybody
}


def crowded_stage(plan: Plan) -> None:
    """Let publishers and subscribers join a stage by token, each subscriber see one publisher, and all leave again.

    Then measure calls about them, while all are there; no other emulator has any.
    """
    publishers, subscribers = plan.stage
    report.section(f"A stage with {publishers:,} publishers and {subscribers:,} subscribers")
    with processes("floor_participants", "ivsim_participants") as started:
        floor, ivsim = started["floor_participants"], started["ivsim_participants"]
        ivsim("start")
        runs = [ivsim("crowd", publishers, subscribers, False) for _ in range(_ROUNDS)]
        for step in ("join", "publish", "subscribe", "leave"):
            report.row(step, "-", report.seconds(median(getattr(run, step) for run in runs)), "-")
        ivsim("crowd", publishers, subscribers, True)
        size = publishers + subscribers
        floor("learn", size, *ivsim("record", size))
        for call, factor in _FACTORS.items():
            contenders = {"floor": floor, "ivsim": ivsim}
            measured = in_turns(
                plan.rounds,
                {name: partial(process, "time", call, size, plan.slice) for name, process in contenders.items()},
            )
            report.times(call, measured, factor=factor)


def stage_day(plan: Plan) -> None:
    """Let people come to stages and go through a day that is advanced minute by minute.

    Each stage has a show of 100 minutes in every 120: a host who publishes, and mutes or not every 5 minutes, ten
    viewers who come one a minute and subscribe, four guests one after the other, whom the viewers subscribe to as well.
    """
    report.section(f"A day of {plan.day:,} stages on the frozen clock")
    with processes("ivsim_stages") as by_name:
        runs = [by_name["ivsim_stages"]("day", plan.day) for _ in range(_ROUNDS)]
        took, (_, events) = median(seconds for seconds, _ in runs), runs[0]
        report.row("the day", "-", report.seconds(took), "-")
        report.row(f"... for each of {events:,} events", "-", report.seconds(took / events), "-")
