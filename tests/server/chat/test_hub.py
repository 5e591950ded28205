"""The fan-out as a whole: how everybody goes when the server does."""

from __future__ import annotations

from ivsim import Emulator

from ...ivschat.conftest import Room
from ..chatting import Raw


def test_everybody_leaves_at_once(sim: Emulator) -> None:
    """A server that closes takes all its clients out of their rooms in one transaction, and others stay in theirs."""
    room = Room(sim)
    inside = room.join("inside")
    with sim.serve() as server:
        clients = [Raw(server, room.token(f"u{number}")) for number in range(500)]
        for client in clients:
            assert client.shake()[0] == 101
        assert len(sim.chat.connections) == 501
        before = sim._state.journal.changes
        server.close()
        assert sim._state.journal.changes - before == 1
    assert [each.id for each in sim.chat.connections] == [inside.id]
    for client in clients:
        assert client.end() == (1001, "the server stops")
        client.__exit__()


def test_last_words(sim: Emulator) -> None:
    """What was said before is still sent to each, and then the end."""
    room = Room(sim)
    inside = room.join("inside", "SEND_MESSAGE")
    with sim.serve() as server:
        clients = [Raw(server, room.token(f"u{number}")) for number in range(5)]
        for client in clients:
            client.shake()
        for word in ("one", "two"):
            inside.send_message(word)
        server.close()
    for client in clients:
        heard = [client.frame()[1] for _ in range(2)]
        assert [word in frame for word, frame in zip((b"one", b"two"), heard, strict=True)] == [True, True]
        assert client.end() == (1001, "the server stops")
        client.__exit__()
