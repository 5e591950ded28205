"""Message review: what a handler is given, what it may answer, and what happens when it does not."""

from __future__ import annotations

import functools
import logging
import re
import unittest.mock
from collections.abc import Callable
from typing import Any

import pytest

from ivsim import ChatConnection

from ...calling import call
from ..conftest import Room, error, last, received, said

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:review"


@pytest.fixture
def reviewed(room: Room) -> Callable[..., ChatConnection]:
    """Return a function that puts a handler in place, and a user into the room."""

    def put(handler: Any, *, fallback: str = "ALLOW") -> ChatConnection:
        room.update(messageReviewHandler={"uri": LAMBDA, "fallbackResult": fallback})
        if handler is not None:
            room.sim.chat.review_handlers[LAMBDA] = handler
        return room.join("bob", attributes={"name": "Bob"})

    return put


def test_payload(room: Room, reviewed: Any) -> None:
    """The payload is the documented one, and the message's id is the one in it."""
    payloads: list[dict[str, Any]] = []

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        payloads.append(dict(payload))
        payload["Sender"]["Attributes"]["name"] = "Eve"
        return {"ReviewResult": "ALLOW", "Content": payload["Content"]}

    bob = reviewed(handler)
    bob.send_message("hi 🎉", {"k": "v"})
    bob.send_message("hi")
    frames = received(bob)
    assert list(payloads[0]) == ["Content", "MessageId", "RoomArn", "Attributes", "Sender"]
    assert {**payloads[0], "Sender": None} == {
        "Content": "hi 🎉",
        "MessageId": frames[0]["Id"],
        "RoomArn": room.arn,
        "Attributes": {"k": "v"},
        "Sender": None,
    }
    assert payloads[0]["Sender"] == {"Attributes": {"name": "Eve"}, "UserId": "bob", "Ip": "192.0.2.1"}
    assert payloads[1]["Attributes"] is None
    assert [frame["Sender"]["Attributes"] for frame in frames] == [{"name": "Bob"}] * 2


def test_changed(room: Room, reviewed: Any) -> None:
    """A handler may change content and attributes; what it leaves out stays. The sender gets it so, too."""
    answers = iter(
        [
            {"ReviewResult": "ALLOW", "Content": "h*", "Attributes": {"checked": "yes"}},
            {"ReviewResult": "ALLOW", "Content": "hi", "Attributes": None, "More": 1},
            {"ReviewResult": "ALLOW", "Content": "hi", "Attributes": {}},
        ]
    )
    bob, ada = reviewed(lambda _: next(answers)), room.join("ada")
    request_ids = [bob.send_message("hi", {"k": "v"}) for _ in range(3)]
    frames = received(bob)
    assert [(frame["Content"], frame["Attributes"]) for frame in frames] == [
        ("h*", {"checked": "yes"}),
        ("hi", {"k": "v"}),
        ("hi", {}),
    ]
    assert [frame["RequestId"] for frame in frames] == request_ids
    assert ada.frames == bob.frames


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"ReviewResult": "DENY"}, "Message rejected by review"),
        ({"ReviewResult": "DENY", "Content": ""}, "Message rejected by review"),
        ({"ReviewResult": "DENY", "Attributes": {"Reason": "rude"}}, "Message rejected by review: rude"),
        ({"ReviewResult": "DENY", "Attributes": {"Why": "rude"}}, "Message rejected by review"),
    ],
)
def test_denied(room: Room, reviewed: Any, answer: dict[str, Any], text: str) -> None:
    """A denied message reaches nobody; its sender gets ERROR 406 with the reason, under the message's id."""
    payloads: list[dict[str, Any]] = []

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        payloads.append(payload)
        return answer

    bob, ada = reviewed(handler), room.join("ada")
    request_id = bob.send_message("hi")
    assert error(bob) == (406, text)
    assert (last(bob)["Id"], last(bob)["RequestId"]) == (payloads[0]["MessageId"], request_id)
    assert ada.frames == []


def fails(_: dict[str, Any]) -> dict[str, Any]:
    raise LookupError("oh")


def nested(depth: int) -> list[Any]:
    """Return a list in a list in a list, so deep."""
    return functools.reduce(lambda inner, _: [inner], range(depth), [])


FAILURES: list[tuple[Any, str]] = [
    (None, "put a function into sim.chat.review_handlers"),
    (fails, "LookupError: oh"),
    (lambda _: None, "None is not a JSON object"),
    (lambda _: "ALLOW", "'ALLOW' is not a JSON object"),
    (lambda _: [{}], "is not a JSON object"),
    (lambda _: {"ReviewResult": {1, 2}}, "is not a JSON object"),
    (lambda _: {"ReviewResult": "ALLOW", "Content": "\ud83d"}, "is not a JSON object"),
    (lambda _: {"ReviewResult": "ALLOW", "Content": float("nan")}, "is not a JSON object"),
    (lambda _: nested(100_000), "is not a JSON object"),
    (lambda _: {"ReviewResult": nested(100_000)}, "is not a JSON object"),
    (lambda _: {"ReviewResult": nested(50)}, "is neither 'ALLOW' nor 'DENY'"),
    (lambda _: {}, "ReviewResult: None is neither 'ALLOW' nor 'DENY'"),
    (lambda _: {"ReviewResult": "allow", "Content": "x"}, "ReviewResult: 'allow' is neither"),
    (lambda _: {"ReviewResult": ["ALLOW"], "Content": "x"}, "is neither"),
    (lambda _: {"ReviewResult": "ALLOW"}, "Content: None is not text of 1 to 500 characters"),
    (lambda _: {"ReviewResult": "ALLOW", "Content": ""}, "Content: '' is not text"),
    (lambda _: {"ReviewResult": "ALLOW", "Content": 5}, "Content: 5 is not text"),
    (lambda _: {"ReviewResult": "ALLOW", "Content": "x" * 501}, "is not text of 1 to 500"),
    (lambda _: {"ReviewResult": "ALLOW", "Content": "x", "Attributes": {"n": 1}}, "is not a map from strings"),
    (lambda _: {"ReviewResult": "DENY", "Attributes": "no"}, "is not a map from strings"),
    (lambda _: {"ReviewResult": "ALLOW", "Content": "x", "Attributes": {"k": "v" * 1024}}, "more than 1024 bytes"),
]


@pytest.mark.parametrize(("handler", "text"), FAILURES)
@pytest.mark.parametrize("fallback", ["ALLOW", "DENY"])
def test_fallback(room: Room, reviewed: Any, caplog: Any, handler: Any, text: str, fallback: str) -> None:
    """What fails, is missing, or answers what cannot be used is reported, and the room's fallback decides."""
    bob, ada = reviewed(handler, fallback=fallback), room.join("ada")
    with caplog.at_level(logging.WARNING, "ivsim.chat"):
        bob.send_message("hi", {"k": "v"})
    assert LAMBDA in caplog.text
    assert text in caplog.text
    assert len(caplog.records) == 1
    if fallback == "ALLOW":
        assert (said(ada), last(bob)["Attributes"]) == (["hi"], {"k": "v"})
    else:
        assert error(bob) == (406, "Message rejected by review")
        assert ada.frames == []


def deny(_: dict[str, Any]) -> dict[str, Any]:
    return {"ReviewResult": "DENY"}


def test_timeout(room: Room, reviewed: Any, caplog: Any) -> None:
    """A review may take 200 ms of the emulator's clock; whoever takes longer is not waited for."""
    bob = reviewed(deny)
    room.sim.faults.latency("MessageReview", 0.2)
    bob.send_message("in time")
    assert error(bob)[0] == 406
    assert room.sim.clock.now().microsecond == 200_000
    room.sim.faults.latency("MessageReview", 60)
    bob.send_message("too late")
    assert said(bob) == ["too late"]
    assert room.sim.clock.now().microsecond == 400_000
    assert last(bob)["SendTime"].startswith("2026-11-21T12:00:00.4")
    assert "took longer than 0.2 s" in caplog.text
    room.sim.quotas["Message review handler timeout period"] = 61_000
    bob.send_message("patient now")
    assert error(bob)[0] == 406


def test_the_very_last_moment(room: Room, reviewed: Any) -> None:
    """A handler that moves the clock by just the time it has is in time, whatever floats make of that."""

    def punctual(payload: dict[str, Any]) -> dict[str, Any]:
        room.sim.clock.advance(0.2)
        return {"ReviewResult": "DENY"}

    bob = reviewed(punctual)
    for _ in range(20):
        room.sim.clock.advance(1 / 7)
        bob.send_message("hi")
    assert said(bob) == []


def test_time_a_handler_takes(room: Room, reviewed: Any, caplog: Any) -> None:
    """A handler that moves the clock takes that time, and is not waited for twice."""

    def slow(payload: dict[str, Any]) -> dict[str, Any]:
        room.sim.clock.advance(0.3)
        return {"ReviewResult": "DENY"}

    bob = reviewed(slow)
    bob.send_message("too late")
    room.sim.faults.latency("MessageReview", 1)
    bob.send_message("too late")
    assert said(bob) == ["too late"] * 2
    assert room.sim.clock.now().microsecond == 600_000


@pytest.mark.parametrize("code", ["AccessDeniedException", "TooManyRequestsException"])
def test_failures_on_demand(room: Room, reviewed: Any, caplog: Any, code: str) -> None:
    """A handler that cannot be called is not called."""
    called: list[Any] = []
    bob = reviewed(called.append)
    room.sim.faults.add("MessageReview", code, when={"uri": LAMBDA, "userId": "bob", "roomIdentifier": room.arn})
    bob.send_message("hi")
    assert said(bob) == ["hi"]
    assert called == []
    assert f"could not be called: {code}" in caplog.text


def test_what_is_not_reviewed(room: Room, reviewed: Any) -> None:
    """Events are not, nor messages of a room whose handler was taken off, which open connections notice."""
    bob = reviewed(deny)
    call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="x")
    bob.delete_message("I4fme01f7HYM")
    assert [frame["Type"] for frame in received(bob)] == ["EVENT", "EVENT"]
    room.update(messageReviewHandler={"uri": ""})
    bob.send_message("hi")
    assert said(bob) == ["hi"]


def test_rejected_before_review(room: Room, reviewed: Any) -> None:
    """Only what the room would take is reviewed."""
    called: list[Any] = []
    bob = reviewed(called.append)
    bob.send_message("x" * 501)
    assert error(bob)[0] == 400
    assert called == []


def test_handlers_may_use_the_api(room: Room, reviewed: Any) -> None:
    """A handler runs outside of everything: it may call the API, and send messages that are reviewed in their turn."""
    bob: ChatConnection
    ada = room.join("ada")

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        if payload["Content"] == "bad":
            ada.send_message("now now")
            call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="bob", reason="bad")
            return {"ReviewResult": "DENY", "Attributes": {"Reason": "bad"}}
        return {"ReviewResult": "ALLOW", "Content": payload["Content"].upper()}

    bob = reviewed(handler)
    bob.send_message("bad")
    assert bob.closed
    assert [frame["Type"] for frame in received(bob)] == ["MESSAGE", "EVENT"]
    assert said(ada) == said(bob) == ["NOW NOW"]


def test_reviewed_before_send_message_returns(room: Room, reviewed: Any) -> None:
    """Whoever sends, a handler or an event's subscriber too, finds the message reviewed when that is done."""
    mod, heard = room.join("mod"), []

    def answer(content: str) -> None:
        mod.send_message(content)
        heard.append(last(mod)["Content"])

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        if payload["Content"] == "why?":
            answer("because")
        return {"ReviewResult": "ALLOW", "Content": payload["Content"].upper()}

    bob = reviewed(handler)
    bob.send_message("why?")
    assert said(bob) == ["BECAUSE", "WHY?"]
    room.sim.events.subscribe(lambda _: answer("live"))
    channel = call(room.sim, "CreateChannel").body["channel"]["arn"]
    room.sim.streams.start(channel)
    assert heard[:2] == ["BECAUSE", "LIVE"]


def test_reviews_in_threads(room: Room, reviewed: Any) -> None:
    """A slow review holds up nobody else's, and each thread finds its own message reviewed."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Barrier

    both = Barrier(2)

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        both.wait(timeout=60)  # until the other is here, too
        return {"ReviewResult": "ALLOW", "Content": payload["Content"]}

    def send(sender: ChatConnection) -> bool:
        request_id = sender.send_message("hi")
        return request_id in [frame["RequestId"] for frame in received(sender)]

    people = [reviewed(handler), room.join("ada")]
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(send, people)) == [True, True]
    assert people[0].frames == people[1].frames


def test_a_handler_that_stops_the_test(room: Room, reviewed: Any) -> None:
    """What no test catches goes through, such as pytest.fail() in a handler; the room goes on without the message."""

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        if payload["Content"] == "stop":
            pytest.fail("enough")
        return {"ReviewResult": "ALLOW", "Content": payload["Content"]}

    bob = reviewed(handler)
    with pytest.raises(pytest.fail.Exception, match="enough"):
        bob.send_message("stop")
    bob.send_message("go on")
    assert said(bob) == ["go on"]


def test_what_is_allowed_is_delivered_though_the_sender_left(room: Room, reviewed: Any) -> None:
    """A message is on its way once it was sent."""
    bob: ChatConnection
    ada = room.join("ada")

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        bob.close()
        return {"ReviewResult": "ALLOW", "Content": payload["Content"]}

    bob = reviewed(handler)
    bob.send_message("bye")
    assert said(ada) == ["bye"]
    assert bob.frames == []


def test_the_room_may_be_gone(room: Room, reviewed: Any) -> None:
    """A room that is deleted while a message is reviewed gives ERROR 404."""

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        call(room.sim, "DeleteRoom", identifier=room.arn)
        return {"ReviewResult": "ALLOW", "Content": payload["Content"]}

    bob = reviewed(handler)
    bob.send_message("hi")
    assert error(bob) == (404, "Room not found")


def test_a_reset_in_between(room: Room, reviewed: Any) -> None:
    """After a reset nobody is left to be told."""

    def handler(payload: dict[str, Any]) -> dict[str, Any]:
        room.sim.reset()
        return {"ReviewResult": "DENY"}

    bob = reviewed(handler)
    bob.send_message("hi")
    assert bob.frames == []


async def in_time(payload: dict[str, Any]) -> dict[str, Any]:
    return deny(payload)


@pytest.mark.parametrize(
    ("key", "handler", "text"),
    [
        (LAMBDA, "deny", "'deny' is not a function"),
        (LAMBDA, in_time, "is a coroutine function, which nobody would await"),
        (LAMBDA, lambda event, context: deny(event or context), "cannot be called with the payload alone"),
        (LAMBDA, lambda: None, "cannot be called with the payload alone"),
        (LAMBDA, lambda *, event: deny(event), "cannot be called with the payload alone"),
        ("review", deny, "the key is not the ARN of a Lambda function"),
        (None, deny, "the key is not the ARN of a Lambda function"),
    ],
)
def test_wrong_handlers(room: Room, key: Any, handler: Any, text: str) -> None:
    """What could not stand for a Lambda function is refused when it is put there, not passed over when it is needed."""
    with pytest.raises((TypeError, ValueError), match=re.escape(f"review_handlers[{key!r}]: ") + f".*{text}"):
        room.sim.chat.review_handlers[key] = handler
    with pytest.raises((TypeError, ValueError), match=text):
        room.sim.chat.review_handlers.update({key: handler})
    assert dict(room.sim.chat.review_handlers) == {}


def test_the_handlers_stay_the_same_mapping(room: Room) -> None:
    """A mapping cannot be put in the place of `review_handlers`; what is in it is what counts."""
    with pytest.raises(AttributeError):
        room.sim.chat.review_handlers = {LAMBDA: deny}  # type: ignore[misc]
    assert dict(room.sim.chat.review_handlers) == {}


@pytest.mark.parametrize("handler", [dict, functools.partial(max, 1), unittest.mock.Mock()])
def test_anything_that_takes_a_payload(room: Room, handler: Any) -> None:
    """Classes, partial functions and mocks will do."""
    room.sim.chat.review_handlers[LAMBDA] = handler
    assert room.sim.chat.review_handlers[LAMBDA] is handler
