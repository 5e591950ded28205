"""The events WebSocket of a stage: who joins by it, what is said there, and how it ends."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from ivsim import Emulator
from ivsim.ivsrealtime.refusals import Refusal
from ivsim.server.run import Server
from ivsim.server.stages.hub import Hub
from ivsim.server.stages.socket import StageSocket

from ...calling import call
from ...ivsrealtime.people import told
from ...ivsrealtime.signing import BackEnd
from ..chatting import Raw, close
from ..staging import Page, join_error, sdk_path
from ..waiting import until
from .conftest import Stage

EXCHANGE = "aws:ivs:EXCHANGE_TOKEN"


@pytest.fixture(params=["SDK", "samples"])
def path(request: pytest.FixtureRequest, stage: Stage) -> str:
    """What a client asks for: AWS's web SDK, and AWS's samples in Python."""
    return sdk_path(stage.arn) if request.param == "SDK" else f"/{stage.id}"


def refusal(server: Server, token: str, path: str) -> tuple[int, str]:
    """Return status and code of a handshake that is refused."""
    with pytest.raises(InvalidStatus) as refused:
        Page(server, token, path)
    response = refused.value.response
    assert response.headers["Content-Type"] == "application/json"
    body = json.loads(bytes(response.body or b""))
    assert body["status"] == response.status_code
    return response.status_code, body["message"].partition(":")[0]


def test_join(sim: Emulator, server: Server, stage: Stage, path: str) -> None:
    """Who comes by either address is a participant, and sees all others: first of all frames, byte by byte."""
    guest = sim.stages.join(stage.arn)
    token = stage.token("ann", attributes={"role": "host"})
    with Page(server, token, path) as page:
        assert page.socket.subprotocol == token
        ann = sim.stages.connected(token)
        assert ann is not None
        assert page.receive() == (
            f'{{"type":"STAGE_STATE","version":"0","payload":{{"sequenceNumber":1,"stageId":"{stage.id}",'
            f'"participants":[{{"id":"{guest.participant_id}","userId":"","attributes":{{}},'
            '"isPublishing":false,"audioMuted":false,"videoStopped":false},'
            f'{{"id":"{ann.participant_id}","userId":"ann","attributes":{{"role":"host"}},'
            '"isPublishing":false,"audioMuted":false,"videoStopped":false}]}}'
        )
        assert stage.user_ids() == ["", "ann"]
        asked = {"stageArn": stage.arn, "sessionId": ann.session_id, "participantId": ann.participant_id}
        shown = call(sim, "GetParticipant", **asked).body["participant"]
        assert (shown["osName"], shown["browserName"], shown["browserVersion"]) == ("Linux", "Chrome", "156.0.0.0")
        guest.leave()
        assert page.sees() == ["ann"]
    until(lambda: stage.user_ids() == [])
    names = [each["name"] for each in call(sim, "ListParticipantEvents", **asked).body["events"]]
    assert names == ["LEFT", "JOINED"]


def test_two_pages(server: Server, stage: Stage) -> None:
    """Two pages see each other come and go."""
    with Page(server, stage.token("ann"), sdk_path(stage.arn)) as ann:
        assert ann.sees() == ["ann"]
        with Page(server, stage.token("bob"), sdk_path(stage.arn)) as bob:
            assert (ann.sees(), bob.sees()) == (["ann", "bob"], ["ann", "bob"])
        assert ann.sees() == ["ann"]


@pytest.mark.needs("ImportPublicKey")
def test_self_signed(sim: Emulator, server: Server, stage: Stage) -> None:
    """A token that a back end has signed is as good."""
    token = BackEnd()(sim, stage.arn, jti="ann_1", user_id="ann")
    with Page(server, token, sdk_path(stage.arn)) as page:
        assert page.sees() == ["ann"]


def test_ping(server: Server, stage: Stage) -> None:
    """PING is answered."""
    with Page(server, stage.token("ann"), f"/{stage.id}") as page:
        page.sees()
        page.say(type="PING")
        assert page.receive() == '{"type":"PONG"}'


def test_silence(sim: Emulator, server: Server, stage: Stage) -> None:
    """A test has PING not answered, for one page alone; what else there is to say is said."""
    with Page(server, stage.token("ann"), f"/{stage.id}") as ann, Page(server, stage.token("bob"), "/") as bob:
        ann.until_it_sees("ann", "bob")
        bob.sees()
        sim.faults.add("StagePing", "NoAnswer", times=3, when={"userId": "ann"})
        for page in (ann, ann, ann, bob):
            page.say(type="PING")
        assert bob.hears() == {"type": "PONG"}
        until(lambda: not sim.faults.pending)
        sim.stages.join(stage.arn, user_id="eve")
        assert ann.sees() == ["ann", "bob", "eve"]
        ann.say(type="PING")
        assert ann.hears() == {"type": "PONG"}


def test_a_late_answer(sim: Emulator, server: Server, stage: Stage) -> None:
    """A test has PING answered late; what is said after it is answered meanwhile."""
    with Page(server, stage.token("ann"), sdk_path(stage.arn)) as ann:
        ann.sees()
        sim.faults.latency("StagePing", 3600)
        ann.say(type="PING")
        ann.say(type="nonsense")
        assert ann.hears()["type"] == "ERROR"
        sim.faults.latency("StagePing", 0.01)
        ann.say(type="PING")
        assert ann.hears() == {"type": "PONG"}


def test_let_in_late(sim: Emulator, server: Server, stage: Stage) -> None:
    """A test has whoever joins wait."""
    sim.faults.latency("StageJoin", 0.01)
    with Page(server, stage.token("ann"), sdk_path(stage.arn)) as ann:
        assert ann.sees() == ["ann"]


@pytest.mark.parametrize("is_gone", [False, True])
def test_waits_to_be_let_in(sim: Emulator, stage: Stage, is_gone: bool) -> None:
    """Who waits to be let in is not there, nor ever was when it is gone before."""

    async def run() -> None:
        hub = Hub(sim)
        transport = Waiting(is_gone=is_gone)
        socket = StageSocket(hub)
        sim.faults.latency("StageJoin", 0.01)
        socket.connection_made(transport)  # type: ignore[arg-type]
        socket.data_received(handshake(stage.token("ann")))
        assert stage.user_ids() == []
        while "is_closing" not in transport.told:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        assert stage.user_ids() == ([] if is_gone else ["ann"])
        hub.close()
        socket.connection_lost(None)

    asyncio.run(run())


def handshake(token: str) -> bytes:
    """Return what a client sends that would be upgraded."""
    lines = ["GET / HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", f"Sec-WebSocket-Protocol: {token}", "", ""]
    return "\r\n".join(lines).encode()


class Waiting:
    """A transport that notes what it is told, and may be gone."""

    def __init__(self, *, is_gone: bool) -> None:
        self.told: list[str] = []
        self._is_gone = is_gone

    def __getattr__(self, name: str) -> Any:
        def note(*_: Any, **__: Any) -> bool:
            self.told.append(name)
            return self._is_gone

        return note


@pytest.mark.parametrize(
    ("code", "status"), [("STAGE_AT_CAPACITY", 503), ("TOKEN_NOT_ALLOWED", 403), ("INTERNAL_SERVER_EXCEPTION", 500)]
)
def test_a_test_wants_it_refused(sim: Emulator, server: Server, stage: Stage, code: str, status: int) -> None:
    """A test has whoever joins refused with a code, by the frame or by the status; the next is let in."""
    sim.faults.add("StageJoin", code, times=2)
    assert join_error(server, stage.token("ann"), stage.arn) == code
    assert refusal(server, stage.token("ann"), f"/{stage.id}") == (status, code)
    with Page(server, stage.token("bob"), sdk_path(stage.arn)) as bob:
        assert bob.sees() == ["bob"]


def test_mute(sim: Emulator, server: Server, stage: Stage) -> None:
    """What a page says of its streams the others see: at once while it publishes, else from when it does."""
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as ann:
        ann.sees()
        with Page(server, stage.token("bob"), sdk_path(stage.arn)) as bob:
            bob.sees()
            ann.say(type="SET_STATE", version="0", audioMuted=True, videoStopped=False)
            ann.say(type="PING")
            assert [ann.sees(), ann.hears()["type"]] == [["ann", "bob"], "PONG"]
            participant = sim.stages.connected(token)
            assert participant is not None
            participant.publish()
            for expected in ((True, True, False), (True, False, True)):
                shown = bob.hears()["payload"]["participants"][0]
                assert (shown["isPublishing"], shown["audioMuted"], shown["videoStopped"]) == expected
                ann.say(type="SET_STATE", version="0", audioMuted=False, videoStopped=True)


def test_subscriber_count(sim: Emulator, server: Server, stage: Stage) -> None:
    """Pages hear how many subscribe."""
    host, guest = sim.stages.join(stage.arn), sim.stages.join(stage.arn)
    with Page(server, stage.token("ann"), sdk_path(stage.arn)) as page:
        page.sees()
        host.publish()
        page.sees()
        guest.subscribe(host)
        assert page.receive() == '{"type":"aws:ivs:SUBSCRIBER_COUNT","payload":{"sequenceNumber":3,"count":1}}'


def test_thrown_out(sim: Emulator, server: Server, stage: Stage) -> None:
    """DisconnectParticipant reaches the page, the others see it gone, and its token is good for nothing."""
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as ann, Page(server, stage.token("bob"), f"/{stage.id}") as bob:
        ann.until_it_sees("ann", "bob")
        bob.sees()
        participant = sim.stages.connected(token)
        assert participant is not None
        call(sim, "DisconnectParticipant", stageArn=stage.arn, participantId=participant.participant_id)
        frames, code = ann.rest()
        assert frames == [{"type": "aws:ivs:DISCONNECT", "payload": {"code": "PARTICIPANT_DISCONNECTED"}}]
        assert code == 1000
        assert bob.sees() == ["bob"]
        assert join_error(server, token, stage.arn) == "PARTICIPANT_DISCONNECTED"


def test_stage_deleted(sim: Emulator, server: Server, stage: Stage) -> None:
    """DeleteStage throws all out, and nobody joins any more."""
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as page:
        page.sees()
        call(sim, "DeleteStage", arn=stage.arn)
        assert page.rest() == ([{"type": "aws:ivs:DISCONNECT", "payload": {"code": "STAGE_DELETED"}}], 1000)
    assert join_error(server, token, stage.arn) == "STAGE_DELETED"


def test_token_reused(server: Server, stage: Stage) -> None:
    """Of two with one token the second stays."""
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as first:
        first.sees()
        with Page(server, token, sdk_path(stage.arn)) as second:
            assert first.rest() == ([{"type": "aws:ivs:DISCONNECT", "payload": {"code": "TOKEN_REUSED"}}], 1000)
            assert second.sees() == ["ann"]
            assert stage.user_ids() == ["ann"]


def test_made_to_leave(sim: Emulator, server: Server, stage: Stage) -> None:
    """Whom a test makes leave learns it by the frame as well, so that its SDK does not come back."""
    token = stage.token("ann")
    with Page(server, token, sdk_path(stage.arn)) as page:
        page.sees()
        participant = sim.stages.connected(token)
        assert participant is not None
        participant.leave()
        assert page.rest() == ([{"type": "aws:ivs:DISCONNECT", "payload": {"code": "PARTICIPANT_LEFT"}}], 1000)


@pytest.mark.needs("ImportPublicKey")
def test_exchange(sim: Emulator, server: Server, stage: Stage) -> None:
    """A page goes over to another token, which both ids confirm; the others see who it is now."""
    sign = BackEnd()
    old, new = sign(sim, stage.arn, user_id="ann"), sign(sim, stage.arn, user_id="star", attributes={"a": "b"})
    with Page(server, old, sdk_path(stage.arn)) as ann, Page(server, stage.token("bob"), f"/{stage.id}") as bob:
        ann.until_it_sees("ann", "bob")
        bob.sees()
        ids = {"requestId": "1-2", "traceId": "1-3"}
        ann.say(type=EXCHANGE, payload={"oldToken": old, "newToken": new, **ids})
        assert ann.hears() == {"type": EXCHANGE, "payload": ids}
        assert ann.sees() == ["star", "bob"]
        shown = bob.hears()["payload"]["participants"][0]
        assert (shown["id"], shown["userId"], shown["attributes"]) == ("ann", "star", {"a": "b"})
        ann.say(type=EXCHANGE, payload={"oldToken": old, "newToken": old, **ids})
        refused = ann.hears()["payload"]
        assert (refused["requestId"], refused["code"]) == ("1-2", "TOKEN_EXCHANGE_REFUSED")
        assert "traceId" not in refused
    assert "Token Exchanged" in told(sim)


def test_exchange_refused(server: Server, stage: Stage) -> None:
    """Tokens of CreateParticipantToken cannot be exchanged, which one id alone says; the page stays."""
    old = stage.token("ann")
    with Page(server, old, sdk_path(stage.arn)) as page:
        page.sees()
        wanted = {"oldToken": old, "newToken": stage.token("star"), "requestId": "1-2", "traceId": "1-3"}
        page.say(type=EXCHANGE, payload=wanted)
        refused = page.hears()["payload"]
        assert (sorted(refused), refused["code"]) == (["code", "message", "requestId"], "TOKEN_EXCHANGE_REFUSED")
        assert stage.user_ids() == ["ann"]


def test_tokens_that_are_refused(sim: Emulator, server: Server, stage: Stage) -> None:
    """A token that admits to nothing is refused: for the SDK by a frame, for others before the upgrade."""
    token, other = stage.token("ann"), Stage(sim)
    expired, path = stage.token("ann", duration=1), f"/{stage.id}"
    sim.clock.advance(60)
    for bad, code, status in [
        (expired, "TOKEN_EXPIRED", 401),
        (token[:-2] + "AA", "TOKEN_MALFORMED", 401),
        ("eyJ.eyJ.x", "TOKEN_MALFORMED", 401),
        (other.token("ann"), "TOKEN_MALFORMED", 401),
        ("AQICAHchat.token", "TOKEN_MALFORMED", 401),
    ]:
        assert join_error(server, bad, stage.arn) == code
        if bad.startswith("eyJ"):
            assert refusal(server, bad, path) == (status, code)
    call(sim, "DeleteStage", arn=stage.arn)
    assert refusal(server, token, path) == (403, "STAGE_DELETED")
    assert sim.stages.participants == []


@pytest.mark.needs("ImportPublicKey")
def test_tokens_of_back_ends_that_are_refused(sim: Emulator, server: Server, stage: Stage) -> None:
    """So is one that a back end has signed: expired, forged, with a key that is gone, and one for connections."""
    sign = BackEnd()
    good, now = sign(sim, stage.arn), int(sim.clock.now().timestamp())
    assert join_error(server, sign(sim, stage.arn, exp=now - 1), stage.arn) == "TOKEN_EXPIRED"
    assert join_error(server, BackEnd()(Emulator(), stage.arn), stage.arn) == "TOKEN_MALFORMED"
    connection = sign(sim, stage.arn, resource=None, account_id="123456789012", region="us-east-1")
    assert join_error(server, connection, stage.arn) == "TOKEN_MALFORMED"
    (key,) = call(sim, "ListPublicKeys").body["publicKeys"]
    call(sim, "DeletePublicKey", arn=key["arn"])
    assert join_error(server, good, stage.arn) == "TOKEN_MALFORMED"


def test_no_token(server: Server, stage: Stage) -> None:
    """A handshake without a token, at a stage's address, is refused as one whose token is malformed."""
    with Raw(server, Sec_WebSocket_Protocol=None) as raw:
        raw.handshake = raw.handshake.replace(b"GET / ", f"GET /?topic={stage.id}/publishers ".encode())
        status, headers = raw.shake()
        assert (status, headers["connection"]) == (401, "close")


def test_a_header_twice(sim: Emulator, server: Server, stage: Stage) -> None:
    """A header that comes twice counts once."""
    token = stage.token("ann")
    with Raw(server, token, User_Agent="one\r\nUser-Agent: Firefox/150.0") as raw:
        assert raw.shake()[0] == 101
        ann = sim.stages.connected(token)
        assert ann is not None
        assert ann.participant is not None
        assert ann.participant.browser_name == "Firefox"


def test_any_address(server: Server, stage: Stage) -> None:
    """Without a topic in the address the token says it all."""
    with Page(server, stage.token("ann"), "") as page:
        assert page.sees() == ["ann"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "truncated"),
        ("[]", "object"),
        ('{"type":"HELLO"}', "HELLO"),
        ('{"type":"SET_STATE","audioMuted":"no","videoStopped":false}', "audioMuted"),
    ],
)
def test_frames_that_are_refused(server: Server, stage: Stage, text: str, rule: str) -> None:
    """What a stage does not take is answered by an ERROR that says why, and the page stays."""
    with Page(server, stage.token("ann"), f"/{stage.id}") as page:
        page.sees()
        page.socket.send(text)
        error = page.hears()
        assert error["type"] == "ERROR"
        assert rule in error["payload"]["message"]
        page.say(type="PING")
        assert page.hears() == {"type": "PONG"}


def test_odd_frames(server: Server, stage: Stage) -> None:
    """Bytes close a socket as WebSocket has it."""
    for frame, code in [(Frame(Opcode.BINARY, b"x"), 1003), (Frame(Opcode.TEXT, b"\xff"), 1007)]:
        with Raw(server, stage.token("ann")) as raw:
            assert raw.shake()[0] == 101
            raw.send(frame)
            end = raw.end()
            assert end is not None
            assert end[0] == code


def test_said_with_goodbye(sim: Emulator, server: Server, stage: Stage) -> None:
    """Who says something in the same packet as goodbye is not answered any more, and has left."""
    with Raw(server, stage.token("ann")) as raw:
        raw.shake()
        raw.frame()
        raw.send(Frame(Opcode.TEXT, b'{"type":"PING"}'), close(1000))
        assert raw.frame()[0] is Opcode.CLOSE
    until(lambda: not sim.stages.participants)


def test_a_bug_at_a_token(
    server: Server, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours is a 500, with the traceback in the log."""
    monkeypatch.setattr("ivsim.ivsrealtime.presence.admit", lambda *_, **__: 1 / 0)
    assert refusal(server, stage.token("ann"), f"/{stage.id}")[0] == 500
    assert "ZeroDivisionError" in caplog.text


def test_a_bug_at_a_frame(
    server: Server, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours closes the socket at whose frame it showed, with 1011."""
    with Page(server, stage.token("ann"), f"/{stage.id}") as page:
        page.sees()
        with monkeypatch.context() as patch:
            patch.setattr("ivsim.ivsrealtime.presence.announce", lambda *_, **__: 1 / 0)
            page.say(type="SET_STATE", audioMuted=True, videoStopped=True)
            assert page.rest()[1] == 1011
    assert "ZeroDivisionError" in caplog.text


def test_a_frame_too_late(server: Server, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who says something as it is thrown out is told so, behind which the news come."""
    left = Refusal("NOT_CONNECTED", "it has left")
    with Page(server, stage.token("ann"), f"/{stage.id}") as page:
        page.sees()
        with monkeypatch.context() as patch:
            patch.setattr("ivsim.ivsrealtime.presence.announce", lambda *_, **__: left)
            page.say(type="SET_STATE", audioMuted=True, videoStopped=True)
            assert page.hears()["payload"] == {"message": "NOT_CONNECTED: it has left"}


def test_muted(sim: Emulator) -> None:
    """Nothing more is written to a socket that does not read."""

    async def written() -> Any:
        transport: Any = Transport()
        socket = StageSocket(Hub(sim))
        socket.connection_made(transport)
        for data in (b"before", b"after"):
            socket.write(data)
            socket.mute()
        return transport.written

    assert asyncio.run(written()) == [b"before"]


class Transport:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.write = self.written.append

    def set_write_buffer_limits(self, **_: int) -> None:
        """Keep all."""


def test_the_how_to(sim: Emulator, server: Server, stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """The piece of Python in docs/howto/stages_in_a_browser.md tells what happens on a stage, until it is over."""
    page = Path(__file__).parents[3] / "docs" / "howto" / "stages_in_a_browser.md"
    names: dict[str, Any] = {}
    exec(page.read_text().partition("```python\n")[2].partition("```")[0], names)
    watching = Thread(target=names["watch"], args=(server.chat_url, stage.id, stage.token("ann")))
    watching.start()
    until(lambda: sim.stages.participants)
    call(sim, "DeleteStage", arn=stage.arn)
    watching.join()
    assert "'STAGE_DELETED'" in capsys.readouterr().out


def test_log(server: Server, stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The log has a line for each who joins, is refused, leaves, or is gone."""
    with Page(server, stage.token("ann"), f"/{stage.id}") as page:
        page.sees()
    join_error(server, "eyJ.x.y", stage.arn)
    with Raw(server, stage.token("bob")) as raw:
        raw.shake()
        raw.socket.shutdown(socket.SHUT_RDWR)
    until(lambda: "is cut off from" in caplog.text)
    lines: list[Any] = [each.getMessage().split()[:2] for each in caplog.records if each.name == "ivsim.calls"]
    lines = [each for each in lines if each[1] == "stage:"]
    assert lines == [["101", "stage:"], ["1000", "stage:"], ["101", "stage:"], ["101", "stage:"], ["1006", "stage:"]]
