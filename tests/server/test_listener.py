from __future__ import annotations

import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic

import pytest

from ivsim import Emulator
from ivsim.server.connection import Limits
from ivsim.server.run import Server

from .chatting import Client
from .control_client import call
from .raw import RawClient, request
from .waiting import DEADLINE, until

HALF = b"POST /CreateChannel HTTP/1.1\r\nContent-Le"

SERVE = """
import logging, resource, sys
from ivsim import Emulator
from ivsim.server.connection import Limits
from ivsim.server.run import Server

descriptors, idle, head, quiet = map(float, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (int(descriptors),) * 2)
logging.basicConfig(format="%(name)s: %(message)s")
limits = Limits()._replace(idle=idle, head=head, quiet=quiet)
server = Server(Emulator(), port=0, limits=limits)
server.run(lambda: print(server.port, flush=True))
"""

NEVER = 3600


class Small:
    """A server in a process of its own, with few descriptors."""

    def __init__(self, descriptors: int, *, idle: float = NEVER, head: float = NEVER, quiet: float = NEVER) -> None:
        command = [sys.executable, "-c", SERVE, *map(str, (descriptors, idle, head, quiet))]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> list[str]:
        """Stop it; return what it logged."""
        self.process.terminate()
        _, log = self.process.communicate(timeout=DEADLINE)
        assert self.process.returncode == 0
        return log.splitlines()


@pytest.fixture
def small() -> Iterator[Callable[..., Small]]:
    """A function that starts such a server."""
    with ExitStack() as stack:

        def start(descriptors: int, **limits: float) -> Small:
            server = Small(descriptors, **limits)
            stack.enter_context(server.process)
            stack.callback(server.process.kill)
            return server

        yield start


@contextmanager
def many(port: int, number: int, data: bytes = HALF) -> Iterator[list[RawClient]]:
    """Let many connect, each of whom sends the same."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number + 200:
        pytest.skip(f"{number} clients need more descriptors than the {hard} that are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number + 200), hard))
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        yield [stack.enter_context(RawClient(port)).send(data) for _ in range(number)]


def told(log: list[str]) -> list[str]:
    """Return what was logged, without what changes from run to run, or is told by the number."""
    return [re.sub(r"\d+$", "N", line) for line in log]


FULL = (
    "ivsim.server: a client could not be let in: Too many open files; "
    "connections on which nothing comes are closed to make room"
)
EXPIRED = "ivsim.server: requests that were half-sent for too long, and answered 408: N"


def test_more_half_sent_than_descriptors(small: Callable[..., Small]) -> None:
    """When their time is over, half-sent requests keep nobody out, though there are more than descriptors."""
    server = small(1024, head=0.5)
    with many(server.port, 2000) as clients:
        with RawClient(server.port) as honest:
            assert honest.call("/ListChannels").body == b'{"channels":[]}'
        assert all(client.read().status == 408 for client in clients[:100])
    log = told(server.stop())
    assert log.count(FULL) == 1
    assert set(log) == {FULL, EXPIRED}


def test_room_is_made(small: Callable[..., Small]) -> None:
    """When no descriptor is left, half-sent requests do not keep others out until their time is over, and are told."""
    server = small(100, quiet=0.3)
    with many(server.port, 300) as clients:
        with RawClient(server.port) as honest:
            assert honest.call("/ListChannels").status == 200
        reply = clients[0].read()
        assert reply.status == 408
        assert reply.body == b"The server has no connection to spare for a request that does not go on."
    assert server.stop() == [FULL]


@pytest.mark.parametrize("data", [b"", request("/ListChannels")])
def test_idle_ones_make_room(small: Callable[..., Small], data: bytes) -> None:
    """Nor do connections that idle."""
    server = small(100, quiet=0.3)
    with many(server.port, 300, data) as clients:
        for _ in range(2):
            with RawClient(server.port) as honest:
                assert honest.call("/ListChannels").status == 200
        if data:
            assert clients[0].read().status == 200
        assert clients[0].is_over()
    assert server.stop() == [FULL]


def test_the_quietest_make_room(small: Callable[..., Small]) -> None:
    """Of those that idle the ones that have been quiet for longest are closed, and a few at a time."""
    server = small(100, quiet=0)
    with ExitStack() as stack:
        clients = []
        for _ in range(110):
            clients.append(stack.enter_context(RawClient(server.port)))
            assert clients[-1].call("/ListChannels").status == 200
        assert clients[0].is_over()
        for client in clients[60:]:
            assert client.call("/ListChannels").status == 200


def test_nobody_to_make_room(small: Callable[..., Small]) -> None:
    """While all who are there have a right to be, others wait, and are let in when somebody leaves."""
    server = small(100)
    with many(server.port, 150) as clients:
        waiting = RawClient(server.port).send(request("/ListChannels"))
        for client in clients:
            client.__exit__()
        with waiting:
            assert waiting.read().status == 200
    assert server.stop() == [FULL]


def test_stopped_while_full(small: Callable[..., Small]) -> None:
    """A server that lets nobody in stops as any other."""
    server = small(50)
    with many(server.port, 100):
        assert server.process.stderr is not None
        assert server.process.stderr.readline() == f"{FULL}\n"
        assert server.stop() == []


def test_chat_makes_no_room(sim: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Who is answered, and who chats, does not make room; and a failure of another kind is told as well."""
    room = call(sim, "CreateRoom")["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])["token"]
    sim.faults.latency("ListRooms", 60)
    with Server(sim, port=0, limits=Limits(quiet=0)) as server:
        server.start()
        with Client(server, token) as ann, RawClient(server.port) as slow:
            slow.send(request("/ListRooms"))
            until(lambda: sim.calls[-1].operation == "ListRooms")
            with monkeypatch.context() as patch:
                patch.setattr("socket.socket.accept", refuse)
                waiting = RawClient(server.port).send(request("/ListChannels"))
                until(lambda: caplog.messages)
            with waiting:
                assert waiting.read().status == 200
            ann.say("still here")
            assert ann.hears() == "still here"
            slow.socket.setblocking(False)
            with pytest.raises(BlockingIOError):
                slow.socket.recv(1)
    assert [message.partition(";")[0] for message in caplog.messages] == [
        "a client could not be let in: No buffer space available"
    ]


def refuse(_: object) -> None:
    """Fail as `accept()` does when the machine is out of memory for sockets."""
    raise OSError(105, "No buffer space available")


def test_told_again(sim: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """That clients could not be let in is told again when it happens again after a minute, not before."""
    clock, failures = [0.0], []
    monkeypatch.setattr("ivsim.server.run.now", lambda: monotonic() + clock[0])

    def refuse(_: object) -> None:
        failures.append(clock[0])
        raise OSError(105, "No buffer space available")

    with sim.serve() as server:
        for minutes, told in ((0, 1), (0, 1), (1, 2), (0.9, 2), (0.9, 2), (1, 3)):
            clock[0] += 60 * minutes
            with monkeypatch.context() as patch:
                patch.setattr("socket.socket.accept", refuse)
                waiting = RawClient(server.port).send(request("/ListChannels"))
                until(lambda: clock[0] in failures)
            with waiting:
                assert waiting.read().status == 200
            failures.clear()
            assert len(caplog.messages) == told


def test_no_loop(sim: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """While clients cannot be let in it is not tried all the time, and those who are there are answered."""
    failures = []

    def refuse(_: object) -> None:
        failures.append(1)
        raise OSError(105, "No buffer space available")

    monkeypatch.setattr("ivsim.server.listener._RETRY", 3600)
    with sim.serve() as server, RawClient(server.port) as there:
        there.call("/ListChannels")
        monkeypatch.setattr("socket.socket.accept", refuse)
        with RawClient(server.port):
            until(lambda: caplog.messages)
            for _ in range(20):
                assert there.call("/ListChannels").status == 200
            assert failures == [1]
