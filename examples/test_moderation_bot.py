"""A moderation bot for IVS Chat, and its tests: a Lambda function that reviews messages, and a listener in the room.

The function stops what must not be said before anybody gets it. The listener sees what was said: who writes in capitals
has the message deleted, and is disconnected the second time.

Run it: `python -m pytest examples/test_moderation_bot.py`
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import boto3
import pytest

from ivsim import ChatConnection, Emulator

# The code under test ------------------------------------------------------------------------------------------------

ivschat = boto3.client("ivschat", region_name="us-west-2")

FORBIDDEN = ("bet365", "free coins")


def review(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer IVS Chat as a Lambda function does: allow, mask, or deny."""
    content = event["Content"]
    if any(word in content.lower() for word in FORBIDDEN):
        return {"ReviewResult": "DENY", "Content": "", "Attributes": {"Reason": "no advertising"}}
    return {"ReviewResult": "ALLOW", "Content": content.replace("damn", "d**n")}


class Listener:
    """What becomes of each frame of a room's WebSocket."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.warned: Counter[str] = Counter()

    def on_frame(self, text: str) -> None:
        """Look at a frame."""
        frame = json.loads(text)
        if frame["Type"] != "MESSAGE" or not frame["Content"].isupper():
            return
        user = frame["Sender"]["UserId"]
        ivschat.delete_message(roomIdentifier=self.room, id=frame["Id"], reason="please do not shout")
        self.warned[user] += 1
        if self.warned[user] == 2:
            ivschat.disconnect_user(roomIdentifier=self.room, userId=user, reason="shouting")


# Its tests ----------------------------------------------------------------------------------------------------------

LAMBDA = "arn:aws:lambda:us-west-2:123456789012:function:review"


@pytest.fixture
def room(ivsim: Emulator) -> str:
    """A room whose messages are reviewed, while the clock stands still."""
    ivsim.clock.freeze()
    ivsim.chat.review_handlers[LAMBDA] = lambda event: review(event, None)
    arn: str = ivschat.create_room(messageReviewHandler={"uri": LAMBDA, "fallbackResult": "DENY"})["arn"]
    return arn


def join(sim: Emulator, room: str, user: str) -> ChatConnection:
    """Connect as somebody who may send messages."""
    token = ivschat.create_chat_token(roomIdentifier=room, userId=user, capabilities=["SEND_MESSAGE"])
    return sim.chat.connect(token["token"])


def listen(listener: Listener, connection: ChatConnection) -> None:
    """Hand the listener what arrived since the last time."""
    while True:
        try:
            frame = connection.receive()
        except LookupError:
            return
        listener.on_frame(json.dumps(frame))


def test_advertising_reaches_nobody(ivsim: Emulator, room: str) -> None:
    """The sender learns why; the others never know."""
    bob, eve = join(ivsim, room, "bob"), join(ivsim, room, "eve")
    eve.send_message("get free coins here")
    assert bob.frames == []
    refused = eve.receive()
    assert refused["ErrorCode"] == 406
    assert "no advertising" in refused["ErrorMessage"]


def test_what_is_rude_is_masked(ivsim: Emulator, room: str) -> None:
    """Everybody gets what the function made of it, the sender too."""
    bob = join(ivsim, room, "bob")
    bob.send_message("damn, what a goal")
    assert bob.receive()["Content"] == "d**n, what a goal"


def test_who_shouts_twice_is_out(ivsim: Emulator, room: str) -> None:
    """The first time the message is deleted, the second time the user is disconnected."""
    listener, bot = Listener(room), join(ivsim, room, "bot")
    bob, eve = join(ivsim, room, "bob"), join(ivsim, room, "eve")
    eve.send_message("GOAL")
    listen(listener, bot)
    message, deletion = eve.receive(), eve.receive()
    assert deletion["EventName"] == "aws:DELETE_MESSAGE"
    assert deletion["Attributes"]["MessageId"] == message["Id"]
    assert [bob.closed, eve.closed] == [False, False]
    eve.send_message("GOAAAL")
    listen(listener, bot)
    assert [bob.closed, eve.closed] == [False, True]
    assert eve.close_reason == "shouting"


def test_a_function_that_is_too_slow_lets_nothing_through(ivsim: Emulator, room: str) -> None:
    """The room falls back to DENY, so a bot that is down is no open door."""
    ivsim.faults.latency("MessageReview", 1)
    bob = join(ivsim, room, "bob")
    bob.send_message("hello?")
    assert bob.receive()["ErrorCode"] == 406
