"""Several threads on one mock and one client: calls per second of all together, and whether anything is lost."""

from __future__ import annotations

from functools import partial
from statistics import median

from . import report
from .calls import populated
from .contenders import Throughput
from .plan import Plan
from .turns import Process, Turns, in_turns, processes, ratio

_LEAST = 0.9


def threads(plan: Plan) -> None:
    """Let every thread make channels and read each back. Every round starts empty.

    Lost is a channel that cannot be found afterwards, an answer about another channel, or a call that is not logged.
    """
    report.section(f"{plan.threads} threads, create_channel and get_channel in turn")
    lost = dict.fromkeys(("floor", "ivsim", "moto"), 0)

    def rate(name: str, process: Process) -> float:
        answer: Throughput = process("throughput", plan.threads, 5 * plan.slice)
        lost[name] += answer.lost
        return answer.rate

    with processes(*lost) as by_name:
        by_name["ivsim"]("start")
        by_name["floor"]("learn", 1, *populated(by_name["ivsim"], 1))
        by_name["moto"]("start")
        rates = in_turns(plan.rounds, {name: partial(rate, name, process) for name, process in by_name.items()})
    of_floor, of_ivsim = ratio(rates, "ivsim", "floor") or 0, ratio(rates, "moto", "ivsim") or 0
    report.row(
        "calls per second",
        *(_rate(rates, name) for name in lost),
        of_floor=f"{of_floor:.2f} x",
        of_ivsim=f"{of_ivsim:.2f} x",
        budget=f">= {_LEAST:.2f} x floor",
        met=of_floor >= _LEAST,
    )
    report.row("lost", "-", str(lost["ivsim"]), str(lost["moto"]), budget="0", met=lost["ivsim"] == 0)


def _rate(rates: Turns, name: str) -> str:
    return f"{median(rates[name]):,.0f}/s"
