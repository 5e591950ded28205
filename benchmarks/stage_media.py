"""Clients of a stage that publish, and others that are subscribed to them."""

from __future__ import annotations

from importlib.util import find_spec
from time import perf_counter, sleep

from . import report
from .plan import Plan
from .turns import Process, processes

_MOST_A_PUBLISHER, _MOST_A_SUBSCRIBER, _MOST_DELAY = 0.06, 0.03, 0.1


def stage_media(plan: Plan) -> None:
    """Let a few publish with some subscribers, then many with more; needs aiortc, and leaves itself out without.

    Each is subscribed to one who publishes. What a client costs is what the server takes with all of them more than it
    took before, once all are connected. Publishers and subscribers are one process, and the server another.
    """
    if find_spec("aiortc") is None:
        return
    for publishers, subscribers, bitrate in plan.stage_media:
        people = f"{publishers} publishers and {subscribers} subscribers"
        report.section(f"Media of a stage, {bitrate / 1e6:g} Mbit/s each: {people}, all on these CPUs")
        with processes("ivsim_stage_media", "stage_clients") as by_name:
            server, clients = by_name.values()
            _measure(server, clients, publishers, subscribers, bitrate, plan.pushes[2] / 2)


def _measure(
    server: Process, clients: Process, publishers: int, subscribers: int, bitrate: int, seconds: float
) -> None:
    url, people = server("serve", publishers + subscribers)
    idle, before = share(server, seconds), server("memory")
    clients("publish", url, people[:publishers], bitrate)
    sleep(1)
    published = share(server, seconds)
    clients("subscribe", url, people[publishers:], people[:publishers])
    sleep(1)
    clients("forget")
    watched = share(server, seconds)
    packets, lost, delay = clients("seen")
    memory = server("memory") - before
    for each in (clients, server):
        each("close")
    publisher, subscriber = (published - idle) / publishers, (watched - published) / subscribers
    for what, taken, most in (
        ("a publisher, in percent of a core", publisher, _MOST_A_PUBLISHER),
        ("a subscriber, in percent of a core", subscriber, _MOST_A_SUBSCRIBER),
    ):
        report.row(what, "-", f"{taken:.2%}", "-", budget=f"<= {most:.0%}", met=taken <= most)
    report.row("packets that reached subscribers", "-", f"{packets / seconds:,.0f}/s", "-")
    report.row("... and packets that were lost", "-", f"{lost:,}", "-", budget="0", met=not lost)
    budget = f"<= {_MOST_DELAY * 1000:.0f} ms"
    report.row(
        "from client to client, median", "-", f"{delay * 1000:.1f} ms", "-", budget=budget, met=delay <= _MOST_DELAY
    )
    report.row("memory that they take", "-", f"{memory / 2**20:.1f} MB", "-")


def share(server: Process, seconds: float) -> float:
    """Return the share of a core that the server takes, over some seconds."""
    began, spent = perf_counter(), server("spent")
    sleep(seconds)
    return float((server("spent") - spent) / (perf_counter() - began))
