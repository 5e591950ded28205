"""What everybody in a room is sent."""

from __future__ import annotations

import json

import pytest

from ivsim import Emulator

from ..calling import call
from .conftest import NOON, Room, received


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
