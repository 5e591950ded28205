"""Programs that events are sent to: a web hook, and what stands for `sam local start-lambda`."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Function = Callable[[dict[str, Any], None], Any]


class Program(ThreadingHTTPServer):
    """A program that listens, and takes what is POSTed to it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: list[int] = []
        """How it answers, one after the other; 200 when there is none left."""
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.answers = threading.Event()
        self.answers.set()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for what was sent."""
        self.paths.append(path)
        self.bodies.append(json.loads(body))
        self.answers.wait(60)
        return self.statuses.pop(0) if self.statuses else 200, {}, b""


class LocalLambda(Program):
    """Functions behind Lambda's Invoke, as `sam local start-lambda` has it."""

    def __init__(self) -> None:
        super().__init__()
        self.functions: dict[str, Function] = {}

    def invoke_url(self, name: str) -> str:
        """Return where a function is invoked."""
        return f"{self.url}/2015-03-31/functions/{name}/invocations"

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Call the function; one that raises is answered as Lambda answers it, with 200 and a header."""
        super().answer(path, body)
        function = self.functions.get(path.removeprefix("/2015-03-31/functions/").removesuffix("/invocations"))
        if function is None:
            return 404, {"x-amzn-errortype": "ResourceNotFound"}, b'{"Type": "User", "Message": "Function not found"}'
        try:
            return 200, {}, json.dumps(function(json.loads(body), None)).encode()
        except ValueError as error:
            told = {"errorMessage": str(error), "errorType": type(error).__name__}
            return 200, {"x-amz-function-error": "Unhandled"}, json.dumps(told).encode()


class RuntimeEmulator(LocalLambda):
    """One function, as the runtime interface emulator in AWS's images has it, which tells of errors in the body alone.

    Source: aws/aws-lambda-runtime-interface-emulator, cmd/aws-lambda-rie/handlers.go; its issues 20 and 21.
    """

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.functions["function"] = function
        self._is_busy = threading.Lock()

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Call the function; while it works others are answered 400, and what it takes too long for is said as text."""
        if not self._is_busy.acquire(blocking=False):
            return 400, {}, b""
        try:
            status, _, told = super().answer(path, body)
        except TimeoutError:
            status, told = 200, b"Task timed out after 3.00 seconds"
        finally:
            self._is_busy.release()
        return status, {}, told


class _Handler(BaseHTTPRequestHandler):
    server: Program

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.server.answer(self.path, sent)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@contextmanager
def running(program: Program) -> Iterator[Program]:
    """Let a program listen until the end of the block."""
    with program:
        thread = threading.Thread(target=program.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield program
        finally:
            program.answers.set()
            program.shutdown()
            thread.join()
