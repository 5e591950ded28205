"""Message review by webhook."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.ivschat.chat import ChatConnection
from ivsim.server.run import Server

from .control_client import Control, call
from .rules.programs import LocalLambda, running

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:review"


class Reviewer(ThreadingHTTPServer):
    """A program in another language that reviews messages."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.answer, self.body = 200, b'{"ReviewResult": "ALLOW", "Content": "***"}', b""
        self.path = ""
        self.answers = threading.Event()
        self.answers.set()
        self.asked = threading.Event()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Reviewer

    def do_POST(self) -> None:
        self.server.path = self.path
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.set()
        self.server.answers.wait(10)
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def reviewer() -> Iterator[Reviewer]:
    """One that listens."""
    with Reviewer() as reviewer:
        thread = threading.Thread(target=reviewer.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield reviewer
        reviewer.answers.set()
        reviewer.shutdown()
        thread.join()


@pytest.fixture
def ann(sim: Emulator) -> ChatConnection:
    """Somebody in a room whose messages are reviewed, and denied when that does not work."""
    sim.quotas["Message review handler timeout period"] = 5000
    handler = {"uri": LAMBDA, "fallbackResult": "DENY"}
    room = call(sim, "CreateRoom", messageReviewHandler=handler)["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])["token"]
    return sim.chat.connect(token)


def put(control: Control, url: str) -> Any:
    """Set the review handler."""
    return control("PUT", "/review-handlers", {"lambdaArn": LAMBDA, "url": url})


def test_review(control: Control, reviewer: Reviewer, ann: ChatConnection) -> None:
    """The payload of Lambda is POSTed, and what is answered decides."""
    url = f"{reviewer.url}/hook?secret=1"
    assert put(control, url).body == {"lambdaArn": LAMBDA, "url": url}
    ann.send_message("rude")
    assert ann.receive()["Content"] == "***"
    payload = json.loads(reviewer.body)
    assert (payload["Content"], payload["Sender"]["UserId"]) == ("rude", "ann")
    assert reviewer.path == "/hook?secret=1"


def test_invoke_url(control: Control, ann: ChatConnection) -> None:
    """The URL may be that of Lambda's Invoke, as SAM has it; a function that fails leaves it to the fallback result."""

    def review(payload: dict[str, Any], context: None) -> dict[str, str]:
        if payload["Content"] == "strange":
            raise ValueError("what is that?")
        return {"ReviewResult": "ALLOW", "Content": payload["Content"].upper()}

    functions = LocalLambda()
    functions.functions["Review"] = review
    with running(functions):
        put(control, functions.invoke_url("Review"))
        ann.send_message("hello")
        assert ann.receive()["Content"] == "HELLO"
        ann.send_message("strange")
        assert ann.receive()["ErrorCode"] == 406


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (500, b"{}"),
        (302, b""),
        (202, b'{"ReviewResult": "ALLOW", "Content": "x"}'),
        (200, b"not JSON"),
        (200, b"[]"),
        (200, b'{"ReviewResult": "MAYBE"}'),
    ],
)
def test_useless_answer(control: Control, reviewer: Reviewer, ann: ChatConnection, status: int, answer: bytes) -> None:
    """What cannot be used leaves it to the room's fallback result."""
    reviewer.status, reviewer.answer = status, answer
    put(control, reviewer.url)
    ann.send_message("hello")
    assert ann.receive()["ErrorCode"] == 406


def test_nobody_there(control: Control, reviewer: Reviewer, ann: ChatConnection) -> None:
    """So does a URL where nobody listens."""
    put(control, "http://127.0.0.1:1")
    ann.send_message("hello")
    assert ann.receive()["ErrorCode"] == 406


def test_late_answer(sim: Emulator, control: Control, reviewer: Reviewer, ann: ChatConnection) -> None:
    """So does an answer that takes longer than the quota, in real time, also when the clock stands."""
    sim.clock.freeze()
    sim.quotas["Message review handler timeout period"] = 100
    reviewer.answers.clear()
    put(control, reviewer.url)
    ann.send_message("hello")
    assert ann.receive()["ErrorCode"] == 406
    assert reviewer.asked.wait(10)
    sim.quotas["Message review handler timeout period"] = 0
    ann.send_message("hello")
    assert ann.receive()["ErrorCode"] == 406


def test_list(sim: Emulator, control: Control) -> None:
    """Handlers are listed, those in process without a URL, and taken away."""
    sim.chat.review_handlers["arn:aws:lambda:us-east-1:123456789012:function:mine"] = lambda payload: payload
    put(control, "https://example.com")
    assert control("GET", "/review-handlers").body == [
        {"lambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:mine", "url": None},
        {"lambdaArn": LAMBDA, "url": "https://example.com"},
    ]
    assert control("DELETE", f"/review-handlers?lambdaArn={LAMBDA}").status == 204
    assert control("DELETE", f"/review-handlers?lambdaArn={LAMBDA}").status == 404
    assert list(sim.chat.review_handlers) == ["arn:aws:lambda:us-east-1:123456789012:function:mine"]


def test_function_and_webhook(sim: Emulator, control: Control, reviewer: Reviewer, ann: ChatConnection) -> None:
    """Of a function in process and a webhook, what was set last stands for the Lambda function; DELETE takes both."""
    sim.chat.review_handlers[LAMBDA] = lambda _: {"ReviewResult": "ALLOW", "Content": "mine"}
    put(control, reviewer.url)
    ann.send_message("hello")
    assert ann.receive()["Content"] == "***"
    sim.chat.review_handlers[LAMBDA] = lambda _: {"ReviewResult": "ALLOW", "Content": "mine"}
    ann.send_message("hello")
    assert ann.receive()["Content"] == "mine"
    assert control("GET", "/review-handlers").body == [{"lambdaArn": LAMBDA, "url": None}]
    assert control("DELETE", f"/review-handlers?lambdaArn={LAMBDA}").status == 204
    assert control("GET", "/review-handlers").body == []


def test_without_a_server(sim: Emulator, reviewer: Reviewer, ann: ChatConnection) -> None:
    """A URL is asked while a server runs: not before, not when it failed to start, and not after it was closed."""
    sim.chat.webhooks[LAMBDA] = reviewer.url

    def send() -> Any:
        ann.send_message("hello")
        frame = ann.receive()
        return frame.get("Content") or frame["ErrorCode"]

    assert send() == 406
    with sim.serve() as server:
        with pytest.raises(OSError, match="something else listens there"):
            sim.serve(server.port)
        assert send() == "***"
        with sim.serve():
            assert send() == "***"
        assert send() == "***"
    reviewer.asked.clear()
    assert send() == 406
    with pytest.raises(OSError, match="there is no directory"):
        Server(sim, port=0, state="no/such/directory")
    assert send() == 406
    assert not reviewer.asked.is_set()


def test_several_who_post(sim: Emulator, ann: ChatConnection) -> None:
    """Of several functions that POST for an emulator the last is asked that is left; to end one twice is nothing."""
    sim.chat.webhooks[LAMBDA] = "http://127.0.0.1:1"
    ends = [
        sim.chat.post_with(lambda *_, name=name: {"ReviewResult": "ALLOW", "Content": name})
        for name in ("one", "two", "three")
    ]
    heard = []
    for number in (2, 0, 0):
        ann.send_message("hello")
        heard.append(ann.receive()["Content"])
        ends[number]()
    assert heard == ["three", "two", "two"]


def test_reset(control: Control, reviewer: Reviewer) -> None:
    """A reset keeps webhooks."""
    put(control, reviewer.url)
    control("POST", "/reset")
    assert control("GET", "/review-handlers").body == [{"lambdaArn": LAMBDA, "url": reviewer.url}]


def test_kept_in_the_file(tmp_path: Path, reviewer: Reviewer) -> None:
    """After a restart with the file of its state a server goes on to ask where the one before did."""
    file = tmp_path / "state.json"
    first = Emulator(quotas={"Message review handler timeout period": 5000})
    room = call(first, "CreateRoom", messageReviewHandler={"uri": LAMBDA, "fallbackResult": "DENY"})["arn"]
    with Server(first, port=0, state=file) as server:
        server.start()
        assert put(Control(server), reviewer.url).status == 200
        deadline = time.monotonic() + 10
        while reviewer.url not in file.read_text():  # the change alone is enough for the file to be written
            assert time.monotonic() < deadline
            time.sleep(0.01)
    second = Emulator()
    with Server(second, port=0, state=file):
        review(second, room)


def test_loaded(tmp_path: Path, control: Control, sim: Emulator, reviewer: Reviewer) -> None:
    """Webhooks come with a state, over HTTP and in process, in the place of those that were there."""
    first = Emulator(quotas={"Message review handler timeout period": 5000})
    room = call(first, "CreateRoom", messageReviewHandler={"uri": LAMBDA, "fallbackResult": "DENY"})["arn"]
    empty = first.dumps()
    first.chat.webhooks[LAMBDA] = reviewer.url
    control("PUT", "/state", first.dumps())
    review(sim, room)
    sim.loads(empty)
    assert control("GET", "/review-handlers").body == []
    sim.loads(first.dumps())
    review(sim, room)
    old = json.loads(first.dumps())
    del old["webhooks"]
    assert control("PUT", "/state", old).status == 204
    assert control("GET", "/review-handlers").body == []


def test_no_server() -> None:
    """Without a server nobody asks a URL: the room's fallback result decides."""
    sim = Emulator()
    room = call(sim, "CreateRoom", messageReviewHandler={"uri": LAMBDA, "fallbackResult": "ALLOW"})["arn"]
    sim.chat.webhooks[LAMBDA] = "http://127.0.0.1:1/"
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])["token"]
    ann = sim.chat.connect(token)
    ann.send_message("hello")
    assert ann.receive()["Content"] == "hello"


def review(sim: Emulator, room: str) -> None:
    """Check that a message to a room comes back as the reviewer has it."""
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])["token"]
    ann = sim.chat.connect(token)
    ann.send_message("hello")
    assert ann.receive()["Content"] == "***"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "file:///etc/passwd",
        "http://",
        "http://x:99999",
        "http://x:0",
        "http://[",
        "ftp://example.com",
        "http://ü.example",
        "http://user:secret@example.com",
        "http://example.com/a b",
        "http://exa\tmple.com",
    ],
)
def test_no_url(sim: Emulator, control: Control, url: str) -> None:
    """Only http and https are URLs for it."""
    answer = put(control, url)
    assert (answer.status, answer.body["field"]) == (400, "url")
    assert not sim.chat.webhooks


def test_no_arn(control: Control) -> None:
    """What is no ARN is refused."""
    answer = control("PUT", "/review-handlers", {"lambdaArn": "review", "url": "http://localhost"})
    assert (answer.status, answer.body["field"]) == (400, "lambdaArn")
