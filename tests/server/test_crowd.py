"""A hundred clients at once, of every kind: nothing is lost or doubled, and when they are gone nothing stays."""

from __future__ import annotations

import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config

from ivsim import Emulator
from ivsim.server.run import Server

from ..calling import call, signed
from .chatting import Client
from .control_client import Control
from .fuzzing import until_nobody_is_left
from .raw import RawClient
from .waiting import until

CROWD = 100


def test_sdk_clients(sim: Emulator, server: Server) -> None:
    """A hundred boto3 clients create and tag at once: every create that was answered is listed, every call counted."""
    sim.quotas["Channels"] = 10**6
    once = Config(retries={"total_max_attempts": 1})
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b", "region_name": "us-east-1"}
    session, start = boto3.session.Session(), threading.Barrier(CROWD)
    clients = [session.client("ivs", endpoint_url=server.url, config=once, **keys) for _ in range(CROWD)]

    def work(numbered: tuple[int, Any]) -> list[str]:
        number, ivs = numbered
        start.wait(60)
        arns = [ivs.create_channel(name=f"c{number}-{index}")["channel"]["arn"] for index in range(3)]
        ivs.tag_resource(resourceArn=arns[0], tags={"number": str(number)})
        ivs.close()
        return arns

    with ThreadPoolExecutor(CROWD) as pool:
        made = [arn for arns in pool.map(work, enumerate(clients)) for arn in arns]
    listed = [each["arn"] for each in sim.overview()["channels"]]
    assert sorted(listed) == sorted(made)
    assert len(set(made)) == 3 * CROWD
    assert Counter(each.operation for each in sim.calls) == {"CreateChannel": 3 * CROWD, "TagResource": CROWD}
    assert all(each.error is None for each in sim.calls)


def test_mixed(sim: Emulator, server: Server) -> None:
    """Sockets, callers and listeners: each message is received by everybody once, in one order, and each call told."""
    for name in ("Rate of SendMessage requests per room", "Rate of messaging requests per connection"):
        sim.quotas[name] = 10**6
    room = call(sim, "CreateRoom", maximumMessageRatePerSecond=100).body["arn"]
    tokens = [
        call(sim, "CreateChatToken", roomIdentifier=room, userId=f"u{number}", capabilities=["SEND_MESSAGE"]).body[
            "token"
        ]
        for number in range(40)
    ]
    calls_before = len(sim.calls)
    members = [Client(server, token) for token in tokens]
    feeds = [Control(server).follow("/calls?operation=CreateChannel") for _ in range(10)]

    def say(number: int) -> None:
        members[number].say("hello", RequestId=f"{number}")

    def create(_: int) -> None:
        with RawClient(server.port) as client:
            for _ in range(2):
                assert client.call("/CreateChannel").status == 200

    with ThreadPoolExecutor(CROWD) as pool:
        for done in [*pool.map(say, range(40)), *pool.map(create, range(50))]:
            assert done is None
    heard = [[json.loads(each.receive())["RequestId"] for _ in range(40)] for each in members]
    assert sorted(heard[0], key=int) == [str(number) for number in range(40)]
    assert all(each == heard[0] for each in heard)
    told = [[message.data["params"] for message in feed.take(100)] for feed in feeds]
    assert all(len(each) == 100 for each in told)
    assert len(sim.calls) - calls_before == 100
    for member in members:
        member.__exit__()
    for feed in feeds:
        feed.__exit__()
    until(lambda: not sim.chat.connections and not sim.calls._subscribers and not sim.events._subscribers)
    until_nobody_is_left()


def test_nothing_stays(sim: Emulator) -> None:
    """After a second load as large as the first, neither emulator nor server hold more than after the first."""
    sim = Emulator(seed=1, history=50)
    sizes = []
    with sim.serve() as server:
        for _ in range(3):
            load(sim, server)
            until(lambda: not sim.chat.connections and not sim.calls._subscribers)
            until_nobody_is_left()
            sizes.append(held(sim))
    for name, size in sizes[2].items():
        assert size <= max(sizes[1][name], sizes[0][name], 2 * 50), (name, sizes)


def load(sim: Emulator, server: Server) -> None:
    """Have happen what happens to a server, of each more than is kept."""
    room = call(sim, "CreateRoom").body["arn"]
    channel = call(sim, "CreateChannel").body["channel"]["arn"]
    for number in range(120):
        member = {"roomIdentifier": room, "userId": f"u{number}", "capabilities": ["SEND_MESSAGE"]}
        with Client(server, call(sim, "CreateChatToken", **member).body["token"]) as client:
            client.say("x" * 600)
            client.say("hello")
        with RawClient(server.port) as raw:
            lines = [f"{name}: {value}" for name, value in signed(f"mars-{number}", key=f"{number:012}").items()]
            raw.call("/ListChannels", b"{}", *lines)
            raw.call("/nowhere")
            raw.call("/CreateRoom", b"[")
        sim.streams.start(channel).end()
        with Control(server).follow("/feed"):
            pass
    call(sim, "DeleteRoom", identifier=room)
    call(sim, "DeleteChannel", arn=channel)


def held(sim: Emulator) -> dict[str, int]:
    """Return how much there is of everything, by where it is."""
    state = sim._state
    sizes = {
        "calls": len(sim.calls),
        "events": len(sim.events),
        "failures": len(sim.calls.failures) + len(sim.events.failures),
        "watchers": len(state._watchers),
        "timers": len(state.clock.snapshot().timers),
        "rates": len(state.rates.snapshot()) // 1000,
        "stores": len(state.stores.snapshot()),
        "contexts": sum(len(each._made) for each in sim._dispatcher._contexts.values()),
        "effects": len(state.journal._committed) + len(state.journal._undo),
        "threads": threading.active_count(),
    }
    for (service, *_), (tables, series) in state.stores.snapshot().items():
        for name, (rows, _) in tables.items():
            sizes[f"{service} {name}"] = sizes.get(f"{service} {name}", 0) + len(rows)
        for name, (by_key, first) in series.items():
            total = sum(map(len, by_key.values())) + len(first)
            sizes[f"{service} {name}"] = sizes.get(f"{service} {name}", 0) + total
    return sizes
