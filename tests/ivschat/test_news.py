"""News of rooms: what a door is told of its connections, and what everybody in a room is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivsim import ChatConnection, Emulator
from ivsim.ivschat.news import Closed, Feed, News, Sent

from ..calling import call
from .conftest import EVERYTHING, NOON, Room, received


class Door:
    """A feed, how often it said that there is news, and who came through."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.wakes = 0
        self.feed: Feed[ChatConnection] = room.sim.chat.feed(self._wake)

    def _wake(self) -> None:
        self.wakes += 1

    def join(self, user: str) -> Any:
        connection, news = self.feed.connect(self.room.token(user, *EVERYTHING))
        assert news == []
        return connection

    def news(self) -> News:
        """Return all news, asked for one by one."""
        news: News = []
        is_more = True
        while is_more:
            more, is_more = self.feed.news(1)
            news += more
        return news


@pytest.fixture
def door(room: Room) -> Door:
    return Door(room)


def say(room: Room, *names: str) -> None:
    """Send events of some names to everybody in a room."""
    for name in names:
        assert call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName=name).status == 200


def test_wakes_once(sim: Emulator, room: Room, door: Door) -> None:
    """It says once that there is news, until somebody asks; nothing of what concerns no connection of the door."""
    inside, other = room.join("bob"), Room(sim)
    say(room, "before")
    door.join("ada")
    call(sim, "CreateChannel")
    say(other, "elsewhere")
    inside.send("nothing")
    inside.close()
    door.news()
    before = door.wakes
    say(other, "elsewhere")
    assert (door.wakes, door.news()) == (before, [])
    for _ in range(2):
        before = door.wakes
        say(room, "one", "two", "three")
        assert door.wakes == before + 1
        assert len(door.news()) == 3


def test_more_than_history_keeps(room: Room) -> None:
    """Nothing is lost that history dropped before somebody asked: neither frames nor how connections ended."""
    small = Room(Emulator(history=1))
    door = Door(small)
    stays, *kicked = door.join("bob"), *(door.join("ada") for _ in range(5))
    say(small, "one", "two", "three", "four")
    call(small.sim, "DisconnectUser", roomIdentifier=small.arn, userId="ada", reason="Kicked")
    say(small, "five", "six", "seven")
    assert kicked[0].close_code is None
    assert len(stays.frames) < 8
    news = door.news()
    assert [each for each in news if isinstance(each, Closed)] == [
        Closed(small.arn, each.id, 1000, "Kicked") for each in kicked
    ]
    names = [each.text.partition('"EventName":"')[2].partition('"')[0] for each in news if isinstance(each, Sent)]
    assert names == ["one", "two", "three", "four", "aws:DISCONNECT_USER", "five", "six", "seven"]
    assert [type(each) for each in news] == [Sent] * 5 + [Closed] * 5 + [Sent] * 3


def test_before_a_reset(sim: Emulator, room: Room, door: Door) -> None:
    """What happened before a reset is told, and then that those who were left are gone."""
    ada, bob = door.join("ada"), door.join("bob")
    call(sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada", reason="Kicked")
    sim.reset()
    event, *ends = door.news()
    assert isinstance(event, Sent)
    assert ends == [
        Closed(room.arn, ada.id, 1000, "Kicked"),
        Closed(room.arn, bob.id, 1012, "the emulator was reset"),
    ]


def test_taken_back(sim: Emulator, room: Room, door: Door) -> None:
    """Who stays after a block that is taken back is told what was sent inside, and goes on with what comes."""
    ada = door.join("ada")
    with sim.isolated():
        say(room, "inside")
        sent = ada.frames
    say(room, "after")
    assert [each.text for each in door.news() if isinstance(each, Sent)] == sent + ada.frames


def test_left_in_another_order(sim: Emulator, room: Room, door: Door) -> None:
    """Who leaves after a leave that came to nothing is told of when it really did; what was sent is told once."""
    ada, bob, _ = door.join("ada"), door.join("bob"), door.join("eve")
    with pytest.raises(ZeroDivisionError), sim._state.transaction():
        ada.close()
        raise ZeroDivisionError
    for leaving, name in ((bob, "one"), (ada, "two")):
        say(room, name)
        leaving.close()
    say(room, "three")
    told = [each.to if isinstance(each, Closed) else json.loads(each.text)["EventName"] for each in door.news()]
    assert told == ["one", bob.id, "two", ada.id, "three"]


def test_a_room_without_anybody(room: Room, door: Door) -> None:
    """Of a room where the last one left nothing is told any more, and whoever comes later is told what comes then."""
    door.join("ada").close()
    door.news()
    before = door.wakes
    say(room, "nobody")
    assert (door.wakes, door.news()) == (before, [])
    bob = door.join("bob")
    say(room, "bob")
    assert [each.text for each in door.news() if isinstance(each, Sent)] == bob.frames


def test_disconnect(room: Room, door: Door) -> None:
    """Who is disconnected by the door is told what came before, and its end; a second time is nothing."""
    elsewhere = Room(room.sim)
    ada, bob, eve = door.join("ada"), door.join("bob"), door.feed.connect(elsewhere.token("eve"))[0]
    ada.send("nothing")
    bob.send("nothing")
    say(room, "before")
    say(elsewhere, "elsewhere")
    frames = [Sent(room.arn, ada.id, each) for each in ada.frames]
    assert len(frames) == 2
    assert door.feed.disconnect(ada) == [*frames, Closed(room.arn, ada.id, 1000, "")]
    assert door.feed.disconnect(ada) == []
    sent = [each for each in door.news() if isinstance(each, Sent)]
    assert [each.text for each in sent if each.room_arn == room.arn] == bob.frames
    assert [each.text for each in sent if each.room_arn == elsewhere.arn] == eve.frames
    assert {each.to for each in sent} == {None, bob.id}


def test_disconnect_who_left(room: Room, door: Door) -> None:
    """Who was kicked, and disconnects before that was told, is told so, and not what came later."""
    ada, bob = door.join("ada"), door.join("bob")
    call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="ada", reason="Kicked")
    say(room, "later")
    assert door.feed.news(1)[1]
    assert door.feed.disconnect(ada) == [Closed(room.arn, ada.id, 1000, "Kicked")]
    assert [each.to for each in door.news()] == [None]
    assert len(bob.frames) == 2


def test_two_doors(room: Room, door: Door) -> None:
    """Each door hears of its own connections."""
    other = Door(room)
    ada, bob = door.join("ada"), other.join("bob")
    ada.send("nothing")
    bob.close()
    assert [each.to for each in door.news() if isinstance(each, Sent)] == [ada.id]
    assert other.news() == [Closed(room.arn, bob.id, 1000, "")]


def test_close(room: Room, door: Door) -> None:
    """Nobody is woken by a feed that was closed."""
    door.join("ada")
    before = door.wakes
    door.feed.close()
    say(room, "late")
    room.sim.reset()
    assert door.wakes == before


def test_transcript(sim: Emulator, room: Room) -> None:
    """A transcript has what everybody was sent, whoever was there, and nothing that one alone was sent."""
    ann = room.join("ann")
    ann.send_message("one")
    ann.send("nothing")
    bob = room.join("bob")
    ann.close()
    bob.send_message("two")
    contents = [json.loads(text)["Content"] for text in sim.chat.transcript(room.arn)]
    assert contents == ["one", "two"]
    call(sim, "DeleteRoom", identifier=room.arn)
    assert len(sim.chat.transcript(room.arn)) == 2
    with pytest.raises(LookupError, match="there is no room 'x'"):
        sim.chat.transcript("x")


def test_who_is_there(sim: Emulator, room: Room) -> None:
    """A connection knows what it may do and since when it is there, until that is reset away."""
    ann = room.join("ann", "SEND_MESSAGE")
    assert (ann.capabilities, ann.joined_at) == (("SEND_MESSAGE",), NOON)
    sim.reset()
    assert (ann.capabilities, ann.joined_at) == ((), None)


def test_transcripts(sim: Emulator, room: Room) -> None:
    """News of all rooms come once, from when one began to listen, without what was taken back."""
    other = Room(sim)
    ann = room.join("ann")
    ann.send_message("before")
    woken: list[int] = []
    transcripts = sim.chat.transcripts(lambda: woken.append(1))
    assert transcripts.news() == []
    ann.send_message("one")
    ann.send("nothing")
    call(sim, "SendEvent", roomIdentifier=other.arn, eventName="two")
    assert woken
    assert [(each.room_arn, each.text) for each in transcripts.news()] == [
        (room.arn, ann.frames[-2]),
        (other.arn, sim.chat.transcript(other.arn)[0]),
    ]
    assert transcripts.news() == []
    ann.close()
    assert transcripts.news() == []
    sim.reset()
    assert transcripts.news() == []
    fresh = Room(sim).join("ann")
    fresh.send_message("three")
    assert [json.loads(each.text) for each in transcripts.news()] == received(fresh)
    transcripts.close()
    fresh.send_message("four")
    assert transcripts.news() == []


def test_disconnect_all(room: Room, door: Door) -> None:
    """When all who are followed are disconnected, each is told what came before, and its end; others are not told."""
    elsewhere, inside = Room(room.sim), room.join("inside")
    ada, eve = door.join("ada"), door.feed.connect(elsewhere.token("eve"))[0]
    assert door.feed.followed == {ada.id, eve.id}
    say(room, "before")
    changes = room.sim._state.journal.changes
    news = door.feed.disconnect_all()
    assert room.sim._state.journal.changes == changes + 1
    assert {each for each in news if isinstance(each, Closed)} == {
        Closed(room.arn, ada.id, 1000, ""),
        Closed(elsewhere.arn, eve.id, 1000, ""),
    }
    assert [each.text for each in news if isinstance(each, Sent)] == ada.frames
    assert door.feed.followed == set()
    assert (ada.closed, eve.closed, inside.closed) == (True, True, False)
    assert door.feed.disconnect_all() == door.news() == []
