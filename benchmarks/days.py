"""A day of many channels on the frozen clock: what happens between calls, and what it costs."""

from __future__ import annotations

from statistics import median

from . import report
from .plan import Plan
from .turns import processes

_ROUNDS = 3


def day(plan: Plan) -> None:
    """Let channels broadcast through a day that is advanced minute by minute; only ivsim has streams that live.

    Each is live for 100 minutes of 120, recorded, watched by viewers whose number changes every 5 minutes, and starves
    for 10 seconds once a broadcast.
    """
    report.section(f"A day of {plan.day:,} channels on the frozen clock")
    with processes("ivsim") as by_name:
        runs = [by_name["ivsim"]("day", plan.day) for _ in range(_ROUNDS)]
        took, (_, events) = median(seconds for seconds, _ in runs), runs[0]
        report.row("the day", "-", report.seconds(took), "-")
        report.row(f"... for each of {events:,} events", "-", report.seconds(took / events), "-")
