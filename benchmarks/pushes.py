"""Encoders that push to a server, and viewers of what they push."""

from __future__ import annotations

import asyncio
from itertools import repeat
from time import sleep
from urllib.parse import urlsplit

from . import report
from .http_client import Client, raw_request
from .plan import Plan
from .servers import get_channel, made
from .turns import Process, processes

_MOST_A_PUSH = 0.02
_LEAST_CALLS, _CLIENTS = 0.8, 16
_SPEED = 20
_MOST_MEMORY = 20 * 2**20


def pushes(plan: Plan) -> None:
    """Let encoders push, all at once, then viewers watch; each kind is a process of its own, and so is the server.

    What a push costs is what the server takes with all of them more than it took with none, and so with viewers. The
    frames are counted in what a viewer of each push gets.
    """
    count, viewers, seconds = plan.pushes
    report.section(f"Pushes of 6 Mbit/s by RTMP: {count} of them, then with {viewers} viewers, all on these CPUs")
    with processes("ivsim_pushes", "encoders", "viewers") as by_name:
        server, encoders, crowd = by_name["ivsim_pushes"], by_name["encoders"], by_name["viewers"]
        url, rtmp_url, keys, targets = server("serve", count)
        idle, calls = _share(server, seconds), _calls(url, seconds)
        before = server("memory")
        encoders("push", rtmp_url, keys)
        sleep(3)
        share, calls_beside = _share(server, seconds), _calls(url, seconds)
        crowd("watch", url, targets, viewers)
        sleep(3)
        crowd("forget")
        watched = _share(server, seconds)
        segments, lost = crowd("seen")
        memory = server("memory") - before
        for each in (crowd, encoders, server):
            each("close")
    push = (share - idle) / count
    budget = f"<= {_MOST_A_PUSH:.0%}"
    report.row("a push, in percent of a core", "-", f"{push:.2%}", "-", budget=budget, met=push <= _MOST_A_PUSH)
    report.row("a viewer, in percent of a core", "-", f"{(watched - share) / viewers:.2%}", "-")
    report.row("segments that reached viewers", "-", f"{segments:,}", "-")
    report.row("... and frames that were lost", "-", f"{lost:,}", "-", budget="0", met=not lost)
    report.row("memory that pushes and viewers take", "-", _size(memory), "-")
    report.row(f"get_channel, {_CLIENTS} clients, without pushes", "-", f"{calls:,.0f}/s", "-")
    budget = f">= {_LEAST_CALLS:.0%} of that"
    met = calls_beside >= _LEAST_CALLS * calls
    report.row("... and beside them", "-", f"{calls_beside:,.0f}/s", "-", budget=budget, met=met)


def long_push(plan: Plan) -> None:
    """Let one encoder push for long, at 20 times the speed, and see whether the server takes more and more memory."""
    seconds = plan.long_push
    report.section(f"A push of 6 Mbit/s for {seconds * _SPEED / 60:,.0f} minutes, at {_SPEED} times the speed")
    with processes("ivsim_pushes", "encoders") as by_name:
        server, encoders = by_name["ivsim_pushes"], by_name["encoders"]
        _, rtmp_url, keys, _ = server("serve", 1)
        before = server("memory")
        encoders("push", rtmp_url, keys, _SPEED)
        sleep(seconds / 6)
        early = server("memory") - before
        sleep(seconds * 5 / 6)
        late = server("memory") - before
        for each in (encoders, server):
            each("close")
    report.row("memory that it takes, after a sixth of it", "-", _size(early), "-")
    budget, met = f"<= {_size(_MOST_MEMORY)}", late <= _MOST_MEMORY
    report.row("... and at its end", "-", _size(late), "-", budget=budget, met=met)


def _size(count: float) -> str:
    return f"{count / 2**20:.1f} MB"


def _share(server: Process, seconds: float) -> float:
    """Return the part of a core that the server takes."""
    before = server("spent")
    sleep(seconds)
    spent: float = server("spent") - before
    return spent / seconds


def _calls(url: str, seconds: float) -> float:
    """Return how often a second clients are answered, as many as keep the server busy."""
    return asyncio.run(_call(url, raw_request(url, get_channel(url, made(url))), seconds))


async def _call(url: str, raw: bytes, seconds: float) -> float:
    place = urlsplit(url).hostname or "", urlsplit(url).port or 0
    clients = [Client(*place, repeat(raw)) for _ in range(_CLIENTS)]
    for client in clients:
        await client.connect()
        client.call()
    await asyncio.sleep(seconds)
    for client in clients:
        client.leave()
    return sum(len(client.delays) for client in clients) / seconds
