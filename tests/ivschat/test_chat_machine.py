"""Random lives of a room, and what has to hold at every moment of them."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from ivsim import ChatConnection, ChatRefused, Emulator

from ..calling import call
from .conftest import EVERYTHING, NOON, Room

LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:review"
USERS = st.sampled_from(["ada", "bob", "eve"])
CAPABILITIES = st.sets(st.sampled_from(EVERYTHING))


@dataclass
class Client:
    """A connection, and what is believed of it: which part of the room's order it saw, how much it has received."""

    connection: ChatConnection
    token: str
    session_ends: float
    joined: int
    left: int | None = None
    received: int = 0
    frames_at_the_end: list[str] = field(default_factory=list)


class RoomLife(RuleBasedStateMachine):
    """A room, its clients, and a watcher who is always there and so knows the order."""

    clients = Bundle("clients")

    def __init__(self) -> None:
        super().__init__()
        logging.getLogger("ivsim.chat").setLevel(logging.CRITICAL)
        self.sim = Emulator(seed=1)
        self.sim.clock.freeze(NOON)
        self.room = Room(self.sim)
        self.everybody: list[Client] = []
        self.denied: set[str] = set()
        self.told: list[str] = []
        self.watch()

    def teardown(self) -> None:
        logging.getLogger("ivsim.chat").setLevel(logging.NOTSET)

    def watch(self) -> None:
        """Let the next watcher take over; nothing is said in between."""
        self.watcher = self.room.join("watcher", sessionDurationInMinutes=180)
        self.watched_until = self.sim.clock.time() + 180 * 60

    @property
    def order(self) -> list[str]:
        return self.told + self.watcher.frames

    def ended(self, client: Client) -> None:
        if client.left is None:
            client.left = len(self.order)
            client.frames_at_the_end = client.connection.frames

    @rule(target=clients, user=USERS, capabilities=CAPABILITIES, minutes=st.integers(1, 3))
    def connect(self, user: str, capabilities: set[str], minutes: int) -> Client:
        token = self.room.token(user, *sorted(capabilities), sessionDurationInMinutes=minutes)
        client = Client(
            self.sim.chat.connect(token), token, self.sim.clock.time() + 60 * minutes, joined=len(self.order)
        )
        self.everybody.append(client)
        return client

    @rule(client=clients)
    def connect_again(self, client: Client) -> None:
        with pytest.raises(ChatRefused):
            self.sim.chat.connect(client.token)

    @rule(client=clients, content=st.sampled_from(["good", "bad", "much too long", ""]), times=st.integers(1, 12))
    def send(self, client: Client, content: str, times: int) -> None:
        for _ in range(times):
            if client.left is None:
                before = len(client.connection.frames)
                client.connection.send_message(content)
                # one answer each, the message or an ERROR; but no ERROR to those whose session ended in a review
                self.expire()
                assert client.connection.closed or len(client.connection.frames) == before + 1
            else:
                with pytest.raises(ConnectionError):
                    client.connection.send_message(content)

    @rule(client=clients)
    def delete(self, client: Client) -> None:
        if client.left is None:
            client.connection.delete_message("I4fme01f7HYM")

    @rule(client=clients, user=USERS)
    def disconnect_by_client(self, client: Client, user: str) -> None:
        if client.left is None:
            before = len(self.order)
            client.connection.disconnect_user(user)
            if len(self.order) > before:
                self.disconnected(user)

    @rule(user=USERS)
    def disconnect_by_back_end(self, user: str) -> None:
        call(self.sim, "DisconnectUser", roomIdentifier=self.room.arn, userId=user)
        self.disconnected(user)

    def disconnected(self, user: str) -> None:
        for client in self.everybody:
            if client.connection.user_id == user:
                self.ended(client)

    @rule()
    def send_event(self) -> None:
        call(self.sim, "SendEvent", roomIdentifier=self.room.arn, eventName="app:x")

    @rule(client=clients)
    def close(self, client: Client) -> None:
        client.connection.close()
        self.ended(client)

    @rule(seconds=st.sampled_from([0.01, 0.5, 1, 30, 60, 200]))
    def advance(self, seconds: float) -> None:
        if self.sim.clock.time() + seconds + 10 >= self.watched_until:
            self.told = self.order
            self.watch()
        self.sim.clock.advance(seconds)
        self.expire()

    def expire(self) -> None:
        for client in self.everybody:
            if self.sim.clock.time() >= client.session_ends:
                self.ended(client)

    @rule(rate=st.integers(1, 100), length=st.sampled_from([3, 10, 500]))
    def update(self, rate: int, length: int) -> None:
        self.room.update(maximumMessageRatePerSecond=rate, maximumMessageLength=length)

    @rule(
        kind=st.sampled_from(["none", "deny bad", "raise", "slow", "nonsense"]),
        fallback=st.sampled_from(["ALLOW", "DENY"]),
    )
    def review(self, kind: str, fallback: str) -> None:
        def handler(payload: dict[str, Any]) -> dict[str, Any]:
            deny = {"deny bad": payload["Content"] == "bad"}.get(kind, fallback == "DENY")
            if deny:
                self.denied.add(payload["MessageId"])
            if kind == "raise":
                raise LookupError
            if kind == "slow":
                self.sim.clock.advance(1)
            return (
                {"ReviewResult": "DENY" if deny else "ALLOW", "Content": payload["Content"]}
                if kind != "nonsense"
                else {}
            )

        self.sim.chat.review_handlers[LAMBDA] = handler
        self.room.update(messageReviewHandler={"uri": "" if kind == "none" else LAMBDA, "fallbackResult": fallback})

    @rule(client=clients)
    def receive(self, client: Client) -> None:
        frames = client.connection.frames
        if client.received < len(frames):
            assert client.connection.receive() == json.loads(frames[client.received])
            client.received += 1
        else:
            with pytest.raises(LookupError):
                client.connection.receive()

    @rule(client=clients)
    def leave_no_trace(self, client: Client) -> None:
        before = self.order, client.connection.frames
        with self.sim.isolated():
            self.room.join("eve").send_message("inside")
            client.connection.close()
        assert before == (self.order, client.connection.frames)

    @invariant()
    def each_saw_a_part_of_one_order(self) -> None:
        order = self.order
        for client in self.everybody:
            seen = [frame for frame in client.connection.frames if '"Type":"ERROR"' not in frame]
            assert seen == order[client.joined : client.left]

    @invariant()
    def nobody_received_what_was_denied(self) -> None:
        delivered = {json.loads(frame)["Id"] for frame in self.order}
        assert not delivered & self.denied

    @invariant()
    def no_id_is_repeated(self) -> None:
        frames = [json.loads(frame)["Id"] for frame in self.order]
        for client in self.everybody:
            frames += [json.loads(frame)["Id"] for frame in client.connection.frames if '"Type":"ERROR"' in frame]
        assert len(set(frames)) == len(frames)

    @invariant()
    def nobody_received_anything_after_the_end(self) -> None:
        for client in self.everybody:
            assert client.connection.closed == (client.left is not None)
            if client.left is not None:
                assert client.connection.frames == client.frames_at_the_end

    @invariant()
    def times_grow(self) -> None:
        times = [json.loads(frame)["SendTime"][:-1].partition(".") for frame in self.order]
        padded = [(second, fraction.ljust(9, "0")) for second, _, fraction in times]
        assert padded == sorted(set(padded))


TestRoomLife = RoomLife.TestCase
TestRoomLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
