"""Servers on a port: calls per second from several clients at once, and what it takes to start and to stop."""

from __future__ import annotations

import asyncio
import http.client
import json
from functools import partial
from itertools import repeat
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from . import report
from .http_client import Client, raw_request
from .plan import Plan
from .turns import in_turns, processes, ratio

_CLIENTS = (1, 16)
_LEAST = 4_000
_SECONDS = 10
"""How many times a turn is longer than elsewhere: connections are made in it."""


def servers(plan: Plan) -> None:
    """Measure get_channel over HTTP, on connections that are kept; then starting and stopping.

    The clients are one process that does nothing but write a request, signed once, and wait for the answer.
    """
    report.section("A server, get_channel over HTTP with connections kept")
    with processes("floor_server", "ivsim_server", "moto_server") as by_name:
        urls = {name.removesuffix("_server"): process("start") for name, process in by_name.items() if name[0] != "f"}
        requests = {name: get_channel(url, made(url)) for name, url in urls.items()}
        response, body = _send(urls["ivsim"], requests["ivsim"])
        by_name["floor_server"]("learn", response.getheaders(), body)
        urls["floor"], requests["floor"] = by_name["floor_server"]("start"), requests["ivsim"]
        for clients in _CLIENTS:
            measured = in_turns(
                plan.rounds // 2 + 1,
                {
                    name: partial(_rate, urls[name], requests[name], clients, _SECONDS * plan.slice)
                    for name in ("floor", "ivsim", "moto")
                },
            )
            of_floor, of_ivsim = ratio(measured, "ivsim", "floor") or 0, ratio(measured, "moto", "ivsim") or 0
            ours = median(measured["ivsim"])
            report.row(
                f"calls per second, {clients} clients" if clients > 1 else "calls per second, 1 client",
                *(f"{median(measured[name]):,.0f}/s" for name in ("floor", "ivsim", "moto")),
                of_floor=f"{of_floor:.2f} x",
                of_ivsim=f"{of_ivsim:.2f} x",
                budget=f">= {_LEAST:,}/s" if clients > 1 else "",
                met=ours >= _LEAST if clients > 1 else None,
            )
    runs: dict[str, list[list[tuple[float, float]]]] = {"ivsim": [], "moto": []}
    for _ in range(plan.imports):
        for name, times in runs.items():
            with processes(f"{name}_server") as fresh:
                times.append([fresh[f"{name}_server"]("times") for _ in range(2)])
    for what, turn, step, most in (
        ("start, the first time in a process", 0, 0, 0.150),
        ("start, again", 1, 0, 0.150),
        ("stop", 1, 1, 0.010),
    ):
        report.times(what, {name: [run[turn][step] for run in each] for name, each in runs.items()}, most=most)


def made(url: str) -> str:
    """Make a channel; return its ARN."""
    _, body = _send(url, _signed(url, "CreateChannel", {"name": "benchmark"}))
    arn: str = json.loads(body)["channel"]["arn"]
    return arn


def get_channel(url: str, arn: str) -> AWSRequest:
    """Return a signed call of GetChannel."""
    return _signed(url, "GetChannel", {"arn": arn})


def _signed(url: str, operation: str, members: dict[str, str]) -> AWSRequest:
    request = AWSRequest(
        "POST", f"{url}/{operation}", {"Content-Type": "application/json"}, json.dumps(members).encode()
    )
    SigV4Auth(Credentials("bench", "bench"), "ivs", "us-east-1").add_auth(request)
    return request


def _send(url: str, request: AWSRequest) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request(request.method, urlsplit(request.url).path, request.data, dict(request.headers.items()))
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, body
    return response, body


def _rate(url: str, request: AWSRequest, clients: int, seconds: float) -> float:
    """Return the calls per second of so many clients, each of which calls again as soon as it is answered."""
    return asyncio.run(
        _calls(urlsplit(url).hostname or "", urlsplit(url).port or 0, raw_request(url, request), clients, seconds)
    )


async def _calls(host: str, port: int, raw: bytes, clients: int, seconds: float) -> float:
    crowd = [Client(host, port, repeat(raw)) for _ in range(clients)]
    for client in crowd:
        await client.connect()
    began = perf_counter()
    for client in crowd:
        client.call()
    await asyncio.sleep(seconds)
    elapsed = perf_counter() - began
    for client in crowd:
        client.leave()
    return sum(len(client.delays) for client in crowd) / elapsed
