"""What the commands say when they are refused, when nobody answers, or somebody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ivsim import Emulator
from ivsim.cli import control
from ivsim.cli.main import main

from ..calling import call

Say = Callable[..., str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Say:
    """A function that runs a command which fails, and returns the one line that it says."""

    def said(*arguments: str) -> str:
        assert main(arguments) == 1
        printed = capsys.readouterr().err
        assert printed.startswith("ivsim: ")
        assert printed.count("\n") == 1
        return printed.removeprefix("ivsim: ").removesuffix("\n")

    return said


@contextmanager
def answering(*answers: bytes, then: threading.Event | None = None) -> Iterator[str]:
    """Have a server answer one request with some bytes, and close once `then` is set; yield its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                for answer in answers:
                    connection.sendall(answer)
                if then is not None:
                    then.wait()

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        if then is not None:
            then.set()
        thread.join()


def test_refusal(sim: Emulator, said: Say) -> None:
    """A refusal names the field and the rule; of what is not there the rule alone says it."""
    call(sim, "CreateChannel", name="show")
    with sim.serve() as server:
        assert said("go-live", "--url", server.url, "show", "--viewers", "-1") == "viewers: Expected `int` >= 0"
        assert said("events", "--url", server.url, "--type", "x").startswith("detailType: there is no detail type 'x'")
        nobody = "no channel has the ARN, the name or the stream key 'nobody'"
        assert said("go-live", "--url", server.url, "nobody") == nobody
        assert said("starve", "--url", server.url, "nobody") == nobody


def test_path(sim: Emulator, said: Say, capsys: pytest.CaptureFixture[str]) -> None:
    """A URL may end in a slash, and have letters of any case in its scheme."""
    with sim.serve() as server:
        for url in (f"{server.url}/", server.url.replace("http", "HTTP")):
            assert main(["reset", "--url", url]) == 0
        assert "404" not in said("end-stream", "--url", f"{server.url}/", "nobody")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:4870",
        "ftp://localhost",
        "http://",
        "http://[::1",
        "http://localhost:x",
        "http://localhost:99999",
        "http://localhost?x=1",
        "http://localhost#x",
    ],
)
def test_no_url(said: Say, url: str) -> None:
    """What is no URL of a server is said to be none."""
    assert said("reset", "--url", url) == f"{url!r} is not the URL of a server, such as http://127.0.0.1:4870"


def test_no_server(said: Say) -> None:
    """When nobody listens, one line says where, why, and what starts a server."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    for command in (["calls"], ["calls", "--follow"], ["reset"]):
        line = said(*command, "--url", url)
        assert line.startswith(f"no server answers at {url} ([Errno ")
        assert line.endswith("Connection refused); `ivsim serve` starts one")
    assert said("reset", "--url", "http://nobody.invalid").startswith("no server answers at http://nobody.invalid (")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nNo", "is not ivsim: it answered 404"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", "is not ivsim: it answered 404"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n[]", "is not ivsim: it answered 404"),
        (b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "is not ivsim: it answered 302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK", "is not ivsim: its answer is not JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", "broke off: "),
        (b"SSH-2.0-OpenSSH\r\n", "is not ivsim: BadStatusLine"),
        (b"", "is not ivsim: RemoteDisconnected"),
    ],
)
def test_another_server(said: Say, answer: bytes, line: str) -> None:
    """When something else listens there, one line says so."""
    with answering(answer) as url:
        assert line in said("events", "--url", url)


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xff", "is not ivsim: its answer is not a stream of events"),
        (b"data: \xff\n\n", "is not ivsim: its answer is not JSON"),
        (b"data: {}\n", "has stopped"),
    ],
)
def test_another_stream(said: Say, answer: bytes, line: str) -> None:
    """What is followed has to be a stream of events; one that is cut in the middle of an event has stopped."""
    head = b"" if answer.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    with answering(head + answer) as url:
        assert line in said("calls", "--follow", "--url", url)


def test_cut_stream(said: Say) -> None:
    """A stream whose server was killed has stopped, wherever it was cut."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    with answering(head, b"20\r\ndata") as url:
        assert said("calls", "--follow", "--url", url) == f"the server at {url} has stopped"


@pytest.mark.parametrize("command", [["calls"], ["calls", "--follow"]])
def test_silent_server(said: Say, monkeypatch: pytest.MonkeyPatch, command: list[str]) -> None:
    """A server that is there and says nothing is given up, and not taken for another."""
    monkeypatch.setattr(control, "_SECONDS", 0.1)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" if len(command) > 1 else b""
    with answering(head, then=threading.Event()) as url:
        assert said(*command, "--url", url) == f"the server at {url} has sent nothing for 0.1 seconds"
