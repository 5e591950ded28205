"""A chat room on a port, full of WebSockets: how much reaches them, how late, and what each takes in memory."""

from __future__ import annotations

from functools import partial
from statistics import median

from . import report
from .plan import Plan
from .slow_media import watched
from .turns import in_turns, processes, ratio

_LEAST = 0.7
_SEVERAL = 8


def chat_sockets(plan: Plan) -> None:
    """Let one client speak and all of them hear it, the clients being one process and each server another.

    The floor is a bare broadcast server on the same library. First as many messages as everybody can take, one at a
    time and several, in turns, and one while ivsim has media made that take long, for viewers: that takes a processor
    from both. Then so many a second.
    """
    count, rate, seconds = plan.sockets
    report.section(f"Chat over WebSocket, {count:,} clients in a room, all on these CPUs")
    with processes("chat_floor", "chat_ivsim", "crowd") as by_name:
        crowd, servers = by_name.pop("crowd"), {name.partition("_")[2]: each for name, each in by_name.items()}
        ports, memory = {}, {}
        for name, server in servers.items():
            ports[name], tokens = server("serve", count)
            before = server("memory")
            crowd("join", ports[name], count, tokens)
            memory[name] = (server("memory") - before) / count
        rushes = [
            in_turns(
                plan.rounds // 3,
                {name: partial(crowd, "rush", port, outstanding, seconds / 8) for name, port in ports.items()},
            )
            for outstanding in (1, _SEVERAL)
        ]
        with watched(*servers["ivsim"]("media")):
            one = {name: partial(crowd, "rush", port, 1, seconds / 8) for name, port in ports.items()}
            rushes.append(in_turns(plan.rounds // 3, one))
        talks = {name: crowd("talk", port, rate, seconds) for name, port in ports.items()}
    kinds = ("one message at a time", f"{_SEVERAL} messages at a time", "one, while slow media are made")
    for what, rates in zip(kinds, rushes, strict=True):
        of_floor = ratio(rates, "ivsim", "floor") or 0
        report.row(
            f"deliveries, {what}",
            _rate(median(rates["floor"])),
            _rate(median(rates["ivsim"])),
            "-",
            of_floor=f"{of_floor:.2f} x",
            budget=f">= {_LEAST:.2f} x floor",
            met=of_floor >= _LEAST,
        )
    floor, ivsim = talks["floor"], talks["ivsim"]
    report.row(f"deliveries, {rate} messages a second", _rate(floor[0]), _rate(ivsim[0]), "-")
    for index, what in ((1, "... their delay, half of them"), (2, "... and 99 of 100")):
        report.row(what, report.seconds(floor[index]), report.seconds(ivsim[index]), "-")
    report.row("memory of the server for each", _size(memory["floor"]), _size(memory["ivsim"]), "-")


def _rate(each_second: float) -> str:
    return f"{each_second:,.0f}/s"


def _size(count: float) -> str:
    return f"{count / 1024:.1f} KB"
