"""The official chat SDK for JavaScript, in Node, against the port."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ivsim import ChatConnection, Emulator
from ivsim.server.chat.socket import ChatSocket
from ivsim.server.run import Server

from ..ivschat.conftest import Room
from .conftest import RunNode
from .waiting import until

HANDLER = "arn:aws:lambda:us-east-1:123456789012:function:review"


@pytest.fixture
def room(sim: Emulator) -> Room:
    return Room(sim)


@pytest.fixture
def run(server: Server, room: Room, node: RunNode) -> Callable[..., Any]:
    """A function that runs a scenario of chat.mjs in the room and returns what it tells."""
    return lambda scenario, *more: node("chat.mjs", scenario, server.url, server.chat_url, room.arn, *more)


@pytest.fixture
def observer(room: Room) -> Iterator[ChatConnection]:
    """Somebody in the room who only listens."""
    with room.join("observer") as observer:
        yield observer


def contents(connection: ChatConnection) -> list[str]:
    """Return what was said in the presence of a connection."""
    return [frame["Content"] for frame in map(json.loads, connection.frames) if frame["Type"] == "MESSAGE"]


def test_conversation(run: Callable[..., Any]) -> None:
    """Users talk, get events, delete messages, disconnect one another; promises settle and listeners are called."""
    told = run("conversation")
    assert told["sent"] == [{"mood": "fine"}, None]
    assert told["isDate"]
    assert told["event"] == "string"
    assert told["deleted"] == told["first"]
    heard = [
        ["message", ["hällo <b>", {"mood": "fine"}, "bob", {}]],
        ["message", ["hi", None, "moderator", {"role": "boss"}]],
        ["event", ["app:score", {"home": "1"}]],
        ["messageDelete", [told["first"], "Spam"]],
        ["userDisconnect", ["bob", "Kicked"]],
    ]
    begin = [["connecting", None], ["connect", None]]
    assert told["bob"] == [*begin, *heard, ["disconnect", "serverDisconnect"]]
    assert told["moderator"] == [*begin, *heard, ["disconnect", "clientDisconnect"]]


def test_errors(sim: Emulator, room: Room, run: Callable[..., Any]) -> None:
    """Every error of the Messaging API rejects the promise of the request with its code and text."""

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        denied = payload["Content"] == "rude"
        return {
            "ReviewResult": "DENY" if denied else "ALLOW",
            "Content": payload["Content"].upper(),
            "Attributes": {"Reason": "be kind"} if denied else {},
        }

    sim.chat.review_handlers[HANDLER] = handler
    sim.quotas["Message review handler timeout period"] = 60_000
    room.update(messageReviewHandler={"uri": HANDLER, "fallbackResult": "DENY"})
    faults = ["400", "403", "404", "406", "413", "429", "500", "401"]
    for code in faults:
        sim.faults.add("MessagingRequest", code, when={"userId": "faulty"}, message=f"fault {code}")
    told = run("errors", *faults)
    assert told["codes"] == {
        **{code: [int(code), f"fault {code}", "string"] for code in faults},
        "too long": [400, "Message exceeds maximum length", "string"],
        "not allowed": [403, "Forbidden: the token lacks the capability SEND_MESSAGE", "string"],
        "too large": [413, "Attributes must have at most 1024 bytes of keys and values", "string"],
        "denied": [406, "Message rejected by review: be kind", "string"],
        "too many": [429, "rate limit exceeded", "string"],
        "no room": [404, "Room not found", "string"],
    }
    assert told["allowed"] == "POLITE"
    assert told["tokens"] == 2


def test_renewal(
    room: Room, run: Callable[..., Any], observer: ChatConnection, caplog: pytest.LogCaptureFixture
) -> None:
    """Before its token expires the SDK opens a second WebSocket, then closes the first; its user sees none of it."""
    caplog.set_level(logging.INFO, "ivsim.calls")
    told = run("renewal")
    said: list[Any] = ["message", ["still here", None, "bob", {}]]
    assert told == {"seen": [["connecting", None], ["connect", None], said], "tokens": 2}
    lines = [record.getMessage().split()[:4] for record in caplog.records if " chat: 'bob' " in record.getMessage()]
    joins, leaves = ["101", "chat:", "'bob'", "joins"], ["1000", "chat:", "'bob'", "leaves"]
    assert lines[:3] == [joins, joins, leaves]
    assert contents(observer) == ["still here"]


def test_trouble(
    sim: Emulator, room: Room, run: Callable[..., Any], observer: ChatConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dropped, the SDK connects anew with another token; sent away, it stays away; refused, it tries four times."""
    sockets: list[tuple[asyncio.AbstractEventLoop, socket.socket]] = []
    made = ChatSocket.connection_made

    def note(which: ChatSocket, transport: asyncio.Transport) -> None:
        sockets.append((asyncio.get_running_loop(), transport.get_extra_info("socket")))
        made(which, transport)

    monkeypatch.setattr(ChatSocket, "connection_made", note)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run, "trouble")
        until(lambda: "drop me" in contents(observer) or running.done())
        loop, dropped = sockets[0]
        loop.call_soon_threadsafe(dropped.shutdown, socket.SHUT_RDWR)  # when what the room has is written
        until(lambda: "end my session" in contents(observer) or running.done())
        sim.clock.advance(3600)
        told = running.result()
    begin = [["connecting", None], ["connect", None]]
    assert told["bob"] == [
        *begin,
        ["message", ["drop me", None, "bob", {}]],
        *begin,
        ["message", ["end my session", None, "bob", {}]],
        ["disconnect", "serverDisconnect"],
    ]
    assert told["eve"] == [["connecting", None], ["disconnect", "socketError"]]
    assert told["tokens"] == 4
    assert len(sockets) == 6
