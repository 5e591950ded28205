"""A server whose viewers ask for media that take long to make, and what others notice of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, repeat
from statistics import median, quantiles
from threading import Thread
from urllib.parse import urlsplit

from . import report
from .contenders.ivsim_media import MAKING
from .http_client import Client, raw_request
from .plan import Plan
from .servers import get_channel, made
from .turns import processes

_VIEWERS = 8
_MOST = 0.005
_SECONDS = 40
"""How many times a turn is longer than elsewhere: segments have to be made in it, for viewers who wait in a line."""


def slow_media(plan: Plan) -> None:
    """Measure get_channel over HTTP while each viewer asks for one segment after the other, on a channel of its own.

    So no segment is asked for twice, and there is always one that is being made.
    """
    report.section(f"A server, get_channel over HTTP, and segments that take {report.seconds(MAKING)} to make")
    with processes("ivsim_media") as by_name:
        url, targets = by_name["ivsim_media"]("serve", _VIEWERS)
        call = repeat(raw_request(url, get_channel(url, made(url))))
        viewers = _viewers(url, targets)
        seconds = max(_SECONDS * plan.slice, 1)
        alone, beside = [], []
        for _ in range(plan.rounds // 2 + 1):
            alone.append(asyncio.run(_measured(url, call, [], seconds))[0])
            beside.append(asyncio.run(_measured(url, call, viewers, seconds)))
        by_name["ivsim_media"]("close")
    taken = median(delay for delay, _ in beside)
    report.row("get_channel, 95 of 100", "-", report.seconds(median(alone)), "-")
    report.row(
        f"... beside {_VIEWERS} viewers of slow media",
        "-",
        report.seconds(taken),
        "-",
        budget=f"<= {report.seconds(_MOST)}",
        met=taken <= _MOST,
    )
    report.row("... and their segments", "-", f"{median(rate for _, rate in beside):.1f}/s", "-")


@contextmanager
def watched(url: str, targets: Sequence[Sequence[str]]) -> Iterator[None]:
    """Have each of some viewers ask for one segment of a channel after the other, in a thread, inside the block."""
    loop = asyncio.new_event_loop()
    over = asyncio.Event()
    thread = Thread(target=loop.run_until_complete, args=(_watch(url, _viewers(url, targets), over),))
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def _viewers(url: str, targets: Sequence[Sequence[str]]) -> list[Iterator[bytes]]:
    """Return the requests of each viewer."""
    return [
        cycle(f"GET {target} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n\r\n".encode() for target in each)
        for each in targets
    ]


async def _watch(url: str, viewers: Sequence[Iterator[bytes]], over: asyncio.Event) -> None:
    place = urlsplit(url).hostname or "", urlsplit(url).port or 0
    clients = [Client(*place, requests) for requests in viewers]
    for client in clients:
        await client.connect()
        client.call()
    await over.wait()
    for client in clients:
        client.leave()


async def _measured(
    url: str, call: Iterator[bytes], viewers: Sequence[Iterator[bytes]], seconds: float
) -> tuple[float, float]:
    """Return the 95th percentile of what a call takes, and how many segments a second came meanwhile."""
    place = urlsplit(url).hostname or "", urlsplit(url).port or 0
    caller, *crowd = clients = [Client(*place, requests) for requests in (call, *viewers)]
    for client in clients:
        await client.connect()
    for client in clients:
        client.call()
    await asyncio.sleep(seconds)
    for client in clients:
        client.leave()
    return quantiles(caller.delays, n=20)[-1], sum(len(client.delays) for client in crowd) / seconds
