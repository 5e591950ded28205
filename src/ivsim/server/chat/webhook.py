"""Webhooks: the payload of a review is POSTed to a program in place of the Lambda function."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPException
from queue import Empty, SimpleQueue
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any

from ...ivschat.messaging.reviews import TIMEOUT
from .. import posting

if TYPE_CHECKING:
    from ...core.quotas import Quotas


def post(quotas: Quotas, url: str, payload: dict[str, Any]) -> Mapping[str, Any]:
    """POST the payload to a URL and return the JSON of the answer.

    The quota "Message review handler timeout period" is the real time it has, from the connection to the last byte.
    Redirects are not followed, proxies not used. Every failure raises, and the room's fallback result decides.
    """
    seconds = quotas[TIMEOUT] / 1000
    connection = posting.connection_to(url, seconds or 0.001)
    answers: SimpleQueue[bytes | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            status, function_error, body = posting.post(connection, url, json.dumps(payload).encode())
            is_answer = status == 200 and function_error is None
            answers.put(body if is_answer else HTTPException(f"{url} answered {function_error or status}"))
        except (OSError, HTTPException, ValueError) as error:
            answers.put(error)

    # A thread, because the timeouts of sockets are for each read, and for a name there is none.
    threading.Thread(target=ask, name="ivsim review", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        with suppress(OSError, AttributeError):  # it may be closed, or not be connected yet
            connection.sock.shutdown(SHUT_RDWR)
        raise TimeoutError(f"{url} did not answer within {seconds} s") from None
    if isinstance(answer, Exception):
        raise answer
    response: Mapping[str, Any] = json.loads(answer)
    return response
