"""What a test holds of a chat: connections, and what becomes of them."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from ivsim import ChatConnection, Emulator

from ..calling import call
from .conftest import Room, received, said


def test_receive(room: Room) -> None:
    """Frames are received one by one, in order, decoded; with nothing there it is a LookupError, not a wait."""
    ada, bob = room.join("ada"), room.join("bob")
    ada.send_message("one")
    bob.send("?")
    ada.send_message("two")
    assert [ada.receive()["Content"] for _ in range(2)] == ["one", "two"]
    assert [bob.receive()["Type"] for _ in range(3)] == ["MESSAGE", "ERROR", "MESSAGE"]
    for each in (ada, bob):
        with pytest.raises(LookupError, match="has no frame to receive"):
            each.receive()
    bob.send("?")
    with pytest.raises(LookupError, match="it received all 2 that it was sent"):
        ada.receive()
    ada.send_message("three")
    assert ada.receive()["Content"] == "three"


def test_receive_after_the_end(room: Room) -> None:
    """What was sent before the end can be received after it."""
    ada, bob = room.join("ada"), room.join("bob")
    ada.disconnect_user("bob", "x")
    ada.send_message("gone")
    assert bob.receive()["EventName"] == "aws:DISCONNECT_USER"
    with pytest.raises(LookupError, match="closed> has no frame to receive; it received all 1 that"):
        bob.receive()


def test_open_connections(room: Room) -> None:
    """What is open can be found again, and used as by the one who opened it."""
    ada, bob = room.join("ada"), room.join("bob")
    ada.send_message("one")
    bob.close()
    (found,) = room.sim.chat.connections
    assert (found.user_id, found.receive()["Content"]) == ("ada", "one")
    found.send_message("two")
    assert ada.receive()["Content"] == "two"


def test_block(room: Room) -> None:
    """A connection may be had for a block."""
    with room.join("ada") as ada:
        assert repr(ada) == f"<ChatConnection of ada to {room.arn}, open>"
    assert ada.closed
    assert repr(ada).endswith("closed>")


def test_frames_are_those_that_were_sent(room: Room) -> None:
    """Receiving takes nothing away from the frames, and whoever changes the list changes nothing."""
    ada = room.join("ada")
    ada.send_message("one")
    assert json.loads(ada.frames[0]) == ada.receive()
    ada.frames.clear()
    assert said(ada) == ["one"]


def test_reset(room: Room) -> None:
    """After a reset there is nobody, and who was there is closed; review handlers stay."""
    ada = room.join("ada")
    ada.send_message("one")
    token = room.token("bob")
    room.sim.chat.review_handlers["arn:x"] = dict
    room.sim.reset()
    assert ada.closed
    assert (ada.frames, ada.close_code, ada.close_reason) == ([], None, "")
    ada.close()
    with pytest.raises(ConnectionError):
        ada.send_message("two")
    with pytest.raises(LookupError):
        ada.receive()
    with pytest.raises(ValueError, match="CreateChatToken never returned this token"):
        room.sim.chat.connect(token)
    assert list(room.sim.chat.review_handlers) == ["arn:x"]
    assert room.sim.chat.logs(room.arn) == {}


def test_isolated(room: Room) -> None:
    """What is said, received, closed or registered in an isolated block is taken back with it."""
    ada, bob = room.join("ada"), room.join("bob")
    ada.send_message("before")
    token = room.token("eve")
    with room.sim.isolated():
        room.sim.chat.review_handlers["arn:x"] = dict
        eve = room.sim.chat.connect(token)
        ada.send_message("inside")
        assert [ada.receive()["Content"] for _ in range(2)] == ["before", "inside"]
        bob.close()
    assert dict(room.sim.chat.review_handlers) == {}
    assert eve.closed
    assert not bob.closed
    ada.send_message("after")
    assert [ada.receive()["Content"] for _ in range(2)] == ["before", "after"]
    assert said(bob) == ["before", "after"]
    assert not room.sim.chat.connect(token).closed


def test_decorated_class(tmp_path: Path) -> None:
    """In a decorated class each test has the connection that was made for all, as it was made."""
    (tmp_path / "test_class.py").write_text(
        textwrap.dedent("""
        import boto3
        import ivsim
        from ivsim import mock_ivs

        @mock_ivs
        class TestRoom:
            @classmethod
            def setup_class(cls):
                chat = boto3.client("ivschat", region_name="us-west-2")
                room = chat.create_room()["arn"]
                token = chat.create_chat_token(roomIdentifier=room, userId="ada", capabilities=["SEND_MESSAGE"])
                cls.ada = ivsim.current().chat.connect(token["token"])
                cls.ada.send_message("made for all")

            def test_one(self):
                with mock_ivs():
                    self.ada.send_message("one")
                    assert [self.ada.receive()["Content"] for _ in range(2)] == ["made for all", "one"]
                    self.ada.close()

            def test_two(self):
                assert not self.ada.closed
                assert self.ada.receive()["Content"] == "made for all"
                assert len(self.ada.frames) == 1

        def test_afterwards():
            assert len(TestRoom.ada.frames) == 1
        """)
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", str(tmp_path)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path)
    assert "3 passed" in ran.stdout, ran.stdout


def test_many_viewers(sim: Emulator) -> None:
    """Everybody of many gets every frame, and each connection can be closed."""
    sim.clock.freeze()
    room = Room(sim)
    viewers = [room.join(f"viewer{number}") for number in range(300)]
    for number in range(20):
        viewers[number].send_message("x")
        sim.clock.advance(0.1)
    assert {tuple(each.frames) for each in viewers} == {tuple(viewers[0].frames)}
    assert len(viewers[0].frames) == 20
    for each in viewers[::2]:
        call(sim, "DisconnectUser", roomIdentifier=room.arn, userId=each.user_id)
    assert [each.closed for each in viewers] == [True, False] * 150


def test_nothing_half_done_is_seen(room: Room) -> None:
    """Whoever looks from another thread while something happens sees it done or undone, never in between."""
    from concurrent.futures import ThreadPoolExecutor, wait

    to = {"s3": {"bucketName": "logs"}}
    arns = [call(room.sim, "CreateLoggingConfiguration", destinationConfiguration=to).body["arn"] for _ in range(2)]
    room.update(loggingConfigurationIdentifiers=arns)
    ada = room.join("ada", sessionDurationInMinutes=1)
    room.sim.clock.advance(60)  # and the clock has nothing to do that others would wait for

    with ThreadPoolExecutor(2) as threads:
        looks: list[Any] = []

        def fail(about: Any) -> None:
            """Let others look at what the first of the two got just now, for as long as they get on; take it back."""
            if about["loggingConfigurationIdentifier"] == arns[0]:
                return
            looks.append(threads.submit(room.sim.chat.logs, room.arn))
            looks.append(threads.submit(lambda: (ada.frames, ada.closed, ada.close_code)))
            wait(looks, timeout=0.1)
            raise LookupError("not so")

        room.sim.faults.add("LogDelivery", "AccessDenied", when=fail)
        with pytest.raises(LookupError, match="not so"):
            call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="x")
        room.sim.faults.clear()
        assert [look.result() for look in looks] == [{arn: [] for arn in arns}, ([], True, 1000)]


def test_a_busy_room(sim: Emulator) -> None:
    """Eight threads talk while others come, leave, are disconnected, and change the room: one order, nothing lost."""
    from concurrent.futures import ThreadPoolExecutor

    sim.clock.freeze()
    sim.quotas["Rate of messaging requests per connection"] = 1_000
    room = Room(sim, maximumMessageRatePerSecond=100)
    people = [room.join(f"user{number}") for number in range(8)]
    moderator = room.join("moderator")

    def talk(person: ChatConnection) -> int:
        for _ in range(25):
            request_id = person.send_message("hi")
            assert any(request_id in frame for frame in person.frames)
        return 25

    def come_and_go(user: str) -> int:
        for turn in range(25):
            guest = room.join(user)
            if turn % 3 == 0:
                guest.close()
            elif turn % 3 == 1:
                moderator.disconnect_user(user)
            else:
                call(sim, "DisconnectUser", roomIdentifier=room.arn, userId=user)
            assert (guest.closed, guest.close_code) == (True, 1000)
            assert turn % 3 == 0 or guest.frames
        return 0

    def change(length: int) -> int:
        for turn in range(25):
            room.update(maximumMessageLength=length + turn)
            sim.clock.advance(1)
        return 0

    with ThreadPoolExecutor(12) as threads:
        work = [threads.submit(talk, each) for each in people]
        work += [threads.submit(come_and_go, user) for user in ("eve", "mallory")]
        work += [threads.submit(change, length) for length in (100, 200)]
        sent = sum(each.result() for each in work)
    orders = {tuple(frame for frame in each.frames if '"Type":"ERROR"' not in frame) for each in people}
    assert len(orders) == 1
    refused = [frame for each in people for frame in received(each) if frame["Type"] == "ERROR"]
    assert {frame["ErrorCode"] for frame in refused} <= {429}
    assert len(said(moderator)) + len(refused) == sent
    times = [json.loads(frame)["SendTime"][:-1].partition(".") for frame in orders.pop()]
    padded = [(second, fraction.ljust(9, "0")) for second, _, fraction in times]
    assert padded == sorted(set(padded))


def test_threads(sim: Emulator) -> None:
    """Several threads in a room: nothing is lost, and all see one order."""
    from concurrent.futures import ThreadPoolExecutor

    sim.clock.freeze()
    room = Room(sim, maximumMessageRatePerSecond=100)
    people = [room.join(f"user{number}") for number in range(8)]

    def talk(person: ChatConnection) -> list[Any]:
        for number in range(10):
            person.send_message(str(number))
        return [person.receive() for _ in range(10)]

    with ThreadPoolExecutor(8) as threads:
        heard = list(threads.map(talk, people))
    assert {tuple(each.frames) for each in people} == {tuple(people[0].frames)}
    assert len(said(people[0])) == 80
    everything = received(people[0])
    assert all(part == everything[:10] for part in heard)
