"""Message review handlers by webhook: for code in other languages to stand for the Lambda function."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ...emulator import Emulator
from ...ivschat.reviews import TIMEOUT
from .endpoints import Body, endpoint
from .problems import Problem

_MOST_BYTES = 1024 * 1024


class Webhook:
    """A review handler that POSTs the payload to a URL and returns the JSON it is answered.

    The quota "Message review handler timeout period" is the real time it has, from the connection to the last byte.
    Redirects are not followed, proxies not used. Whatever goes wrong raises, and the room's fallback result decides.
    """

    def __init__(self, sim: Emulator, url: str) -> None:
        self.url = url
        self._quotas = sim.quotas

    def __call__(self, payload: dict[str, Any]) -> Mapping[str, Any]:
        """Return the response to a payload."""
        seconds = self._quotas[TIMEOUT] / 1000
        scheme, host, path, query, _ = urlsplit(self.url)
        connection = (HTTPSConnection if scheme == "https" else HTTPConnection)(host, timeout=seconds or 0.001)
        answers: SimpleQueue[bytes | Exception] = SimpleQueue()

        def ask() -> None:
            try:
                headers = {"Content-Type": "application/json", "Connection": "close"}
                target = f"{path or '/'}?{query}" if query else path or "/"
                connection.request("POST", target, json.dumps(payload).encode(), headers)
                response = connection.getresponse()
                body = response.read(_MOST_BYTES)
                answers.put(body if response.status == 200 else HTTPException(f"{self.url} answered {response.status}"))
            except (OSError, HTTPException, ValueError) as error:
                answers.put(error)
            finally:
                connection.close()

        # A thread, because the timeouts of sockets are for each read, and for a name there is none.
        threading.Thread(target=ask, name="ivsim review", daemon=True).start()
        try:
            answer = answers.get(timeout=seconds)
        except Empty:
            with suppress(OSError, AttributeError):  # it may be closed, or not be connected yet
                connection.sock.shutdown(SHUT_RDWR)
            raise TimeoutError(f"{self.url} did not answer within {seconds} s") from None
        if isinstance(answer, Exception):
            raise answer
        response: Mapping[str, Any] = json.loads(answer)
        return response


class ReviewHandler(msgspec.Struct, rename="camel"):
    """A Lambda function's ARN and what stands for it; no URL for a function in the server's own process."""

    lambda_arn: str
    url: str | None


class SetReviewHandler(Body):
    """The ARN that rooms have as `messageReviewHandler.uri`, and where its payload is POSTed."""

    lambda_arn: str
    url: str


@endpoint("GET", "/review-handlers")
def list_review_handlers(sim: Emulator) -> list[ReviewHandler]:
    """Return what stands for the Lambda functions of message review handlers."""
    return [_shown(arn, handler) for arn, handler in sim.chat.review_handlers.items()]


@endpoint(
    "PUT",
    "/review-handlers",
    example={
        "lambdaArn": "arn:aws:lambda:us-east-1:123456789012:function:review",
        "url": "http://127.0.0.1:8080/review",
    },
    aliases={"review_handlers": "lambda_arn"},
)
def set_review_handler(sim: Emulator, body: SetReviewHandler) -> ReviewHandler:
    """Have the payload of each review of a Lambda function POSTed to a URL, which answers the function's response.

    It has 200 ms of real time (the quota "Message review handler timeout period"); the room's fallback result decides
    when that is over, and for an answer that is not 200 or no JSON object.
    """
    if not _is_url(body.url):
        raise Problem(400, f"{body.url!r} is not an http or https URL", field="url")
    sim.chat.review_handlers[body.lambda_arn] = Webhook(sim, body.url)
    return _shown(body.lambda_arn, sim.chat.review_handlers[body.lambda_arn])


@endpoint("DELETE", "/review-handlers")
def delete_review_handler(sim: Emulator, lambda_arn: str) -> None:
    """Have nothing stand for a Lambda function any more."""
    if lambda_arn not in sim.chat.review_handlers:
        raise LookupError(f"there is no review handler for {lambda_arn!r}")
    del sim.chat.review_handlers[lambda_arn]


def _shown(lambda_arn: str, handler: object) -> ReviewHandler:
    return ReviewHandler(lambda_arn, handler.url if isinstance(handler, Webhook) else None)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and text.isascii()
    except ValueError:
        return False
