"""What IVS Chat keeps of a long life."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from ivsim import ChatRefused, Emulator

from ..calling import call
from ..lives import Life


def test_who_is_slow_gets_what_is_left(tmp_path: Path) -> None:
    """A connection receives, also after a load, from the oldest frame that is still there, and then each once."""
    life = Life(10)
    ada = life.connect()
    ada.send_message("0")
    assert ada.receive()["Content"] == "0"
    for number in range(1, 40):
        life.sim.clock.advance(1)
        ada.send_message(str(number))
    frames = [json.loads(frame)["Content"] for frame in ada.frames]
    assert frames == [str(number) for number in range(40 - len(frames), 40)]
    assert 10 <= len(frames) <= 20
    assert ada.receive()["Content"] == frames[0]
    life.sim.save(tmp_path / "state.json")
    sim = Emulator()
    sim.load(tmp_path / "state.json")
    (ada,) = sim.chat.connections
    assert [json.loads(frame)["Content"] for frame in ada.frames] == frames
    assert [ada.receive()["Content"] for _ in frames[1:]] == frames[1:]
    with pytest.raises(LookupError):
        ada.receive()
    assert (sim.calls.first, sim.events.first) == (life.sim.calls.first, life.sim.events.first)


def test_what_is_wanted_stays() -> None:
    """What is live, valid or still to be delivered is not history, however old it is."""
    life = Life(3, "realistic")
    sim = life.sim
    members = {"roomIdentifier": life.room, "userId": "bob", "capabilities": ["SEND_MESSAGE"]}
    tokens = [call(sim, "CreateChatToken", **members).body["token"] for _ in range(8)]
    ada = life.connect()
    for _ in range(8):
        ada.send_message("to be delivered")
    stream = sim.streams.live[0].stream_id
    for _ in range(21):  # and so many that nothing is dropped right after the delivery
        call(sim, "ListRooms")
    assert not ada.closed
    assert all(not sim.chat.connect(token).closed for token in tokens)
    assert [each.stream_id for each in sim.streams.live] == [stream]
    sim.clock.advance(11)
    assert len(sim.chat.logs(life.room)[life.logging]) == 8
    call(sim, "DeleteRoom", identifier=life.room)
    sim.clock.advance(timedelta(minutes=61))
    assert ada.closed


def test_tokens_of_sessions_that_are_over() -> None:
    """A token whose session would have ended is history, also before the token itself expires."""
    life = Life(1)
    members = {"roomIdentifier": life.room, "userId": "bob", "sessionDurationInMinutes": 1}
    first, *_ = [call(life.sim, "CreateChatToken", **members).body["token"] for _ in range(3)]
    life.sim.clock.advance(61)
    for _ in range(5):
        life.happen("call")
    with pytest.raises(ChatRefused, match="never returned this token"):
        life.sim.chat.connect(first)
