from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest

import ivsim
from ivsim import Emulator, mock_ivs
from ivsim.server.run import Server

from .raw import RawClient, request
from .waiting import until


def client(server: Server, service: str = "ivs") -> Any:
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    return boto3.client(service, endpoint_url=server.url, region_name="us-west-2", **keys)


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_addresses(server: Server) -> None:
    """A server says where it is, for SDKs and for chat clients."""
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert server.chat_url == f"ws://127.0.0.1:{server.port}"
    assert not server.is_open_to_others


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("localhost", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("", "127.0.0.1"),
        pytest.param("::1", "[::1]", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")),
        pytest.param("::", "[::1]", marks=pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")),
    ],
)
def test_hosts(sim: Emulator, host: str, told: str) -> None:
    """It may listen at names and at any address of the machine, and says one that clients reach."""
    with sim.serve(host=host) as server:
        assert server.url == f"http://{told}:{server.port}"
        assert server.is_open_to_others == (host in ("", "0.0.0.0", "::"))
        with RawClient(server.port, server.host) as raw:
            assert raw.call("/ListChannels").status == 200


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a" * 70])
def test_not_of_this_machine(sim: Emulator, host: str) -> None:
    """An address that is somebody else's, or nobody's, is one clear error."""
    with pytest.raises(OSError, match=f"cannot listen at {host}, port 0: (?!.*attempting).+"):
        sim.serve(host=host)


@pytest.mark.parametrize("port", [-1, 65536])
def test_no_port(sim: Emulator, port: int) -> None:
    """So is a number that is no port."""
    with pytest.raises(ValueError, match=f"port: {port} is not from 0 to 65535"):
        sim.serve(port)


def test_busy(sim: Emulator, server: Server) -> None:
    """And a port that is taken; the one who has it goes on."""
    with pytest.raises(OSError, match=f"port {server.port}: something else listens there"):
        sim.serve(server.port)
    with RawClient(server.port) as raw:
        assert raw.call("/ListChannels").status == 200


def test_again_at_once(sim: Emulator) -> None:
    """A port is free again when its server is closed, though clients were there; closing again is nothing."""
    with sim.serve() as server, RawClient(server.port) as raw:
        raw.call("/ListChannels")
        server.close()
        assert raw.is_over()
        with sim.serve(server.port) as other, RawClient(other.port) as new:
            assert new.call("/ListChannels").status == 200
        server.close()


def test_closed_before_it_served(sim: Emulator) -> None:
    """A server that was only made gives its port back."""
    server = Server(sim, port=0)
    server.close()
    Server(sim, port=server.port).close()


def test_two_at_a_time(sim: Emulator) -> None:
    """One emulator may be on two ports, two on two."""
    with sim.serve() as one, sim.serve() as two, Emulator().serve() as other:
        with RawClient(one.port) as first, RawClient(two.port) as second, RawClient(other.port) as third:
            first.call("/CreateChannel")
            assert b"arn:aws:ivs" in second.call("/ListChannels").body
            assert third.call("/ListChannels").body == b'{"channels":[]}'


def test_inside_and_outside_a_mock() -> None:
    """What a mock started is on the port, during the mock and after it; a client with its URL goes there."""
    with mock_ivs() as sim:
        inside = boto3.client("ivs", region_name="us-west-2")
        arn = inside.create_channel(name="x")["channel"]["arn"]
        server = sim.serve()
        with server:
            over_http = client(server)
            assert over_http.get_channel(arn=arn)["channel"]["name"] == "x"
    assert ivsim.current() is None
    with sim.serve() as server:
        again = client(server)
        assert again.get_channel(arn=arn)["channel"]["name"] == "x"
        with mock_ivs():
            assert inside.list_channels()["channels"] == []
            assert len(again.list_channels()["channels"]) == 1
    for each in (inside, over_http, again):
        each.close()


def test_due() -> None:
    """What is due happens though nobody calls."""
    seen: list[str] = []
    with mock_ivs(transitions="realistic") as sim, sim.serve():
        sim.events.subscribe(lambda event: seen.append(event["detail"]["event_name"]))
        arn = boto3.client("ivs", region_name="us-west-2").create_channel()["channel"]["arn"]
        sim.streams.start(arn)
        sim.clock.advance(3.9)
        until(lambda: "Stream Start" in seen)


def test_due_fails(
    sim: Emulator, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ivsim's in what is due is in the log, and the server goes on."""

    def run_due() -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(sim.clock, "run_due", run_due)
        until(lambda: "ZeroDivisionError" in caplog.text)
    with RawClient(server.port) as raw:
        assert raw.call("/ListChannels").status == 200


def test_stops_at_once(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody is waited for: idle, half-said, slow, or deaf; and nothing is in the log about it."""
    sim.faults.latency("ListChannels", 3600)
    with sim.serve() as server:
        idle, half, slow = (RawClient(server.port) for _ in range(3))
        idle.call("/ListRooms")
        half.send(b"POST /ListRooms HTT")
        slow.send(request("/ListChannels"))
        until(lambda: len(sim.calls) == 2)
        server.close()
        for each in (idle, half, slow):
            assert each.is_over()
            each.__exit__()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert "ivsim" not in {thread.name for thread in threading.enumerate()}


def test_stops_while_they_come() -> None:
    """Whoever is let in at the last moment is let go too: no socket stays open."""
    for _ in range(10):
        with Emulator().serve() as server:
            clients = [socket.create_connection((server.host, server.port)) for _ in range(50)]
        for client in clients:
            client.close()
    gc.collect()  # which warns of what was not closed


def test_closed_from_within(sim: Emulator) -> None:
    """A subscriber may close the server that called it; the call is answered."""
    with sim.serve() as server, RawClient(server.port) as raw:
        arn = raw.call("/CreateChannel").body.decode().split('"')[5]
        sim.streams.start(arn)
        sim.events.subscribe(lambda _: server.close())
        assert raw.call("/StopStream", f'{{"channelArn": "{arn}"}}'.encode()).status == 200
        assert raw.is_over()


def test_failure_to_start(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it cannot begin to serve nobody waits for it, and the thread says why."""
    failures: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", failures.append)

    async def fail(self: Server, ready: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Server, "_serve", fail)
    with sim.serve():
        pass
    assert [failure.exc_type for failure in failures] == [ZeroDivisionError]


def test_failure_leaves_nothing(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that failed to start does not get in the way of the emulator afterwards."""
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr("uvicorn.Config.load", lambda _: 1 / 0)
        Server(sim, port=0).run()
    sim.reset()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_main_thread(sim: Emulator, number: signal.Signals) -> None:
    """In the main thread it serves until a signal, and then leaves signals alone."""
    before = signal.getsignal(number)
    server = Server(sim, port=0)
    server.run(lambda: os.kill(os.getpid(), number))
    assert signal.getsignal(number) is before
    Server(sim, port=server.port).close()


def test_signal_before_it_serves(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal that comes before there is a loop is not lost."""
    server = Server(sim, port=0)
    serve = server._serve

    async def late(ready: Any) -> None:
        server._ask_to_stop()
        await serve(ready)

    monkeypatch.setattr(server, "_serve", late)
    server.run()


def test_event_weather(sim: Emulator) -> None:
    """The weather is that of the server until it is closed, and then what it was; what is no seed serves nothing."""
    seen: list[object] = []
    sim.events.weather = 1
    for seed in ("7", None):
        with sim.serve(event_weather=seed):
            seen.append(sim.events.weather)
        seen.append(sim.events.weather)
    assert seen == ["7", 1, 1, 1]
    with pytest.raises(TypeError, match=r"event_weather: 1\.5 is neither"):
        sim.serve(event_weather=1.5)  # type: ignore[arg-type]


def test_hundred_clients(sim: Emulator, server: Server) -> None:
    """A hundred SDK clients at the same time lose nothing, and nobody gets what is somebody else's."""
    start = threading.Barrier(100)
    session = boto3.Session(aws_access_key_id="any", aws_secret_access_key="any", region_name="us-west-2")
    clients = [session.client("ivs", endpoint_url=server.url) for _ in range(100)]

    def work(number: int) -> list[str]:
        start.wait()
        names = [f"channel-{number}-{each}" for each in range(5)]
        arns = [clients[number].create_channel(name=name)["channel"]["arn"] for name in names]
        assert [clients[number].get_channel(arn=arn)["channel"]["name"] for arn in arns] == names
        return arns

    with ThreadPoolExecutor(100) as pool:
        arns = [arn for made in pool.map(work, range(100)) for arn in made]
    assert len(set(arns)) == 500
    pages = clients[0].get_paginator("list_channels").paginate(maxResults=100)
    assert {channel["arn"] for page in pages for channel in page["channels"]} == set(arns)
    assert len(sim.calls.of("CreateChannel")) == 500
    for each in clients:
        each.close()
