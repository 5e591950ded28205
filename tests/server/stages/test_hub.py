"""All clients of a stage together: who is cut off and comes back, and what reaches whom."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.ivsrealtime.participants import Client
from ivsim.server.run import Server
from ivsim.server.stages.hub import Hub

from ...calling import call
from ..chatting import Raw
from ..control_client import Control
from ..staging import Page, join_error, sdk_path
from ..waiting import until
from .conftest import Stage


def events_of(sim: Emulator, stage: Stage, participant_id: str) -> list[str]:
    """Return the names of what happened to a participant, oldest first."""
    (session, *_) = call(sim, "ListStageSessions", stageArn=stage.arn).body["stageSessions"]
    asked = {"stageArn": stage.arn, "sessionId": session["sessionId"], "participantId": participant_id}
    return [each["name"] for each in reversed(call(sim, "ListParticipantEvents", **asked).body["events"])]


def only(sim: Emulator) -> Any:
    """Return the one participant."""
    (participant,) = sim.stages.participants
    return participant


def test_a_cut_socket_comes_back(sim: Emulator, server: Server, control: Control, stage: Stage) -> None:
    """Whose connection breaks goes on as it was with the next one; nothing is told of it, to nobody."""
    token = stage.token("ann")
    with Page(server, stage.token("bob"), f"/{stage.id}") as bob:
        with Page(server, token, sdk_path(stage.arn)) as page:
            assert page.until_it_sees("bob", "ann")["payload"]["sequenceNumber"] == 2
            ann = sim.stages.connected(token)
            assert ann is not None
            ann.publish()
            page.sees()
            shown = control("POST", f"/participants/{ann.participant_id}/cut").body
            assert (shown["isConnected"], shown["isRemote"]) == (True, True)
            assert page.rest() == ([], 1006)
        assert ann.is_publishing
        with Page(server, token, sdk_path(stage.arn)) as page:
            assert page.hears()["payload"]["sequenceNumber"] == 3
            page.say(type="PING")
            assert page.hears() == {"type": "PONG"}
            for expected in (["bob"], ["bob", "ann"], ["bob", "ann"]):
                assert bob.sees() == expected
            bob.say(type="PING")
            assert bob.hears() == {"type": "PONG"}
            assert ann.is_connected
        assert bob.sees() == ["bob"]
    names = ["JOINED", "PUBLISH_STARTED", "PUBLISH_STOPPED", "LEFT"]
    assert events_of(sim, stage, ann.participant_id) == names


def test_it_does_not_come_back(sim: Emulator, server: Server, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not back in time has left; whoever comes later joins once more."""
    monkeypatch.setattr("ivsim.server.stages.hub.PATIENCE", 0.05)
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as page:
        page.sees()
        ann = only(sim)
        ann.cut()
        page.rest()
    until(lambda: not ann.is_connected)
    assert stage.user_ids() == []
    with Page(server, token, sdk_path(stage.arn)) as page:
        assert page.sees() == ["ann"]


def test_cut_while_it_is_away(sim: Emulator, server: Server, stage: Stage) -> None:
    """Who is cut off already cannot be cut off once more, and comes back all the same."""
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as page:
        page.sees()
        ann = only(sim)
        ann.cut()
        page.rest()
    ann.cut()
    with Page(server, token, sdk_path(stage.arn)) as page:
        assert page.sees() == ["ann"]
    assert events_of(sim, stage, ann.participant_id) == ["JOINED", "LEFT"]


def test_refused_when_it_comes_back(sim: Emulator, server: Server, stage: Stage) -> None:
    """A test has one whose connection broke refused when it comes back; the next time it is let in, as who it was."""
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as page:
        page.sees()
        only(sim).cut()
        page.rest()
    sim.faults.add("StageJoin", "STAGE_AT_CAPACITY", when={"userId": "ann"})
    assert join_error(server, token, stage.arn) == "STAGE_AT_CAPACITY"
    with Page(server, token, sdk_path(stage.arn)) as page:
        assert page.sees() == ["ann"]
        ann = only(sim)
    until(lambda: not ann.is_connected)
    assert events_of(sim, stage, ann.participant_id) == ["JOINED", "LEFT"]


def test_thrown_out_meanwhile(sim: Emulator, server: Server, stage: Stage) -> None:
    """Who is thrown out while it is cut off is not awaited, and learns why when it is back."""
    token = stage.token("ann")
    with Page(server, stage.token("bob"), f"/{stage.id}") as bob:
        with Page(server, token, sdk_path(stage.arn)) as page:
            page.sees()
            ann = sim.stages.connected(token)
            assert ann is not None
            ann.cut()
            page.rest()
        sim.stages.join(stage.arn, user_id="eve")
        bob.until_it_sees("bob", "ann", "eve")
        call(sim, "DisconnectParticipant", stageArn=stage.arn, participantId=ann.participant_id)
        bob.until_it_sees("bob", "eve")
        assert join_error(server, token, stage.arn) == "PARTICIPANT_DISCONNECTED"


def test_expired_meanwhile(sim: Emulator, server: Server, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that expires keeps nobody from staying, but from coming back."""
    monkeypatch.setattr("ivsim.server.stages.hub.PATIENCE", 1)
    token = stage.token("ann", duration=1)
    with Page(server, token, sdk_path(stage.arn)) as page:
        page.sees()
        sim.clock.advance(3600)
        page.say(type="PING")
        assert page.hears() == {"type": "PONG"}
        only(sim).publish()
        assert page.sees() == ["ann"]
        only(sim).cut()
        page.rest()
    assert join_error(server, token, stage.arn) == "TOKEN_EXPIRED"
    until(lambda: not sim.stages.participants)


def test_broken_off(sim: Emulator, server: Server, stage: Stage) -> None:
    """A connection that ends without a close frame, in whatever way, is one that broke."""
    for how in ("eof", "reset"):
        token = stage.token(how)
        with Raw(server, token) as raw:
            assert raw.shake()[0] == 101
            raw.frame()
            ann = sim.stages.connected(token)
            assert ann is not None
            if how == "reset":
                raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                raw.socket.shutdown(socket.SHUT_WR)
                raw.read()
        with Page(server, token, f"/{stage.id}") as page:
            page.sees()
        until(lambda each=ann: not each.is_connected)  # type: ignore[misc]
        assert events_of(sim, stage, ann.participant_id) == ["JOINED", "LEFT"]


def test_a_slow_reader(sim: Emulator, server: Server, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Who does not read is cut off, and the others hear all."""
    hosts = [sim.stages.join(stage.arn, attributes={"text": "x" * 1000}) for _ in range(50)]
    with Raw(server, stage.token("slow")) as raw, Page(server, stage.token("ann"), f"/{stage.id}") as page:
        raw.shake()
        page.sees()
        hosts[0].publish()
        while not page.hears()["payload"]["participants"][0]["isPublishing"]:
            pass
        is_muted = False
        while "is cut off from" not in caplog.text:
            is_muted = not is_muted
            hosts[0].mute(audio=is_muted)
            page.hears()
        page.say(type="PING")
        assert page.hears() == {"type": "PONG"}
        assert raw.end() in (None, (1013, "too slow"))


def test_reset(sim: Emulator, server: Server, stage: Stage) -> None:
    """When all is replaced, sockets close; their SDKs come back at once, and hear how things are now."""
    with Page(server, stage.token("ann"), sdk_path(stage.arn)) as page:
        page.sees()
        sim.reset()
        assert page.rest() == ([], 1012)


def test_a_state_that_is_loaded(sim: Emulator, server: Server, stage: Stage) -> None:
    """Who is in a state that is loaded, and connected, goes on; who is in it alone is awaited."""
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as page:
        page.sees()
        saved = sim.dumps()
        sim.loads(saved)
        page.say(type="PING")
        assert page.hears() == {"type": "PONG"}
    until(lambda: not sim.stages.participants)
    sim.loads(saved)
    assert stage.user_ids() == ["ann"]
    with Page(server, token, sdk_path(stage.arn)) as page:
        assert page.sees() == ["ann"]
    until(lambda: not sim.stages.participants)


def test_after_a_restart(sim: Emulator, server: Server, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is there again after it was killed lets the pages go on that come back, and the others leave."""
    tokens = {name: stage.token(name) for name in ("ann", "bob")}
    with Page(server, tokens["ann"], f"/{stage.id}") as ann, Page(server, tokens["bob"], f"/{stage.id}"):
        ann.until_it_sees("ann", "bob")
        saved = sim.dumps()
    monkeypatch.setattr("ivsim.server.stages.hub.PATIENCE", 2)
    later = Emulator()
    later.loads(saved)
    with later.serve() as again, Page(again, tokens["ann"], f"/{stage.id}") as page:
        assert page.sees() == ["ann", "bob"]
        assert page.sees() == ["ann"]
        participant = only(later)
        assert events_of(later, stage, participant.participant_id) == ["JOINED"]


def test_the_server_stops(sim: Emulator, server: Server, stage: Stage) -> None:
    """When the server stops, all have left, also those who were awaited."""
    with Page(server, stage.token("ann"), f"/{stage.id}") as ann, Page(server, stage.token("bob"), "") as bob:
        ann.until_it_sees("ann", "bob")
        (_, its) = sim.stages.participants
        its.cut()
        bob.rest()
        server.close()
        assert ann.rest()[1] == 1001
    assert sim.stages.participants == []


def test_many(sim: Emulator, server: Server, stage: Stage) -> None:
    """Two hundred pages on one stage all see each other, and all see one leave."""
    pages = [Raw(server, stage.token(f"{number}")) for number in range(200)]
    try:
        for raw in pages:
            assert raw.shake()[0] == 101
        assert len(sim.stages.participants) == 200
        sim.stages.participants[7].leave()
        for number, raw in enumerate(pages):
            frame = b""
            while b"DISCONNECT" not in frame if number == 7 else frame.count(b'"id"') != 199 or b'"7"' in frame:
                frame = raw.frame()[1]
    finally:
        for raw in pages:
            raw.__exit__()


def test_a_bug(server: Server, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A bug of ours at one kind of news is in the log, and the others come."""
    with Page(server, stage.token("ann"), f"/{stage.id}") as page:
        page.sees()
        with monkeypatch.context() as patch:
            patch.setattr(Hub, "_cut", lambda *_: 1 / 0)
            only(stage.sim).cut()
            until(lambda: "ZeroDivisionError" in caplog.text)
        page.say(type="PING")
        assert page.hears() == {"type": "PONG"}


def test_without_a_socket(sim: Emulator, stage: Stage) -> None:
    """What is for one who is missing is for nobody."""

    async def run() -> None:
        hub = Hub(sim)
        token = stage.token("ann")
        socket: Any = Silent()
        participant = hub.join(token, Client(), socket)
        hub.lose(participant)
        participant.cut()
        await asyncio.sleep(0)
        hub.close()
        assert not participant.is_connected
        assert socket.told == []

    asyncio.run(run())


class Silent:
    """A socket that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.told.append(name)
