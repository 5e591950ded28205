"""The control endpoints: what they do, and how they refuse."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from ivsim import Emulator, __version__
from ivsim.core.arguments import ValueRefused

from .control_client import Answer, Control, call


@pytest.fixture
def channel(sim: Emulator) -> str:
    """The ARN of a channel, "evening-show"."""
    arn: str = call(sim, "CreateChannel", name="evening-show")["channel"]["arn"]
    return arn


def refusal(answer: Answer) -> tuple[int, str | None]:
    """Return status and field of a problem, which is checked to be one."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.body["type"] == "about:blank"
    assert answer.body["status"] == answer.status
    assert answer.body["title"]
    assert answer.body["detail"]
    return answer.status, answer.body.get("field")


def test_health(control: Control) -> None:
    """Health tells version, account and region, and that there is nowhere to push to."""
    assert control("GET", "/health").body == {
        "status": "ok",
        "version": __version__,
        "accountId": "123456789012",
        "region": "us-east-1",
        "rtmpUrl": None,
    }


def test_where_encoders_push_to(sim: Emulator) -> None:
    """Health tells where encoders push to, by the address that the client came by if that is not this machine's own."""
    with sim.serve(rtmp_port=0) as server:
        assert server.rtmp_url is not None
        control = Control(server)
        assert control("GET", "/health").body["rtmpUrl"] == server.rtmp_url
        from_elsewhere = control("GET", "/health", Host="studio.internal:4870").body["rtmpUrl"]
        assert from_elsewhere == server.rtmp_url.replace("127.0.0.1", "studio.internal")


def test_reset(sim: Emulator, control: Control, channel: str) -> None:
    """Reset empties the emulator."""
    answer = control("POST", "/reset")
    assert (answer.status, answer.body) == (204, b"")
    assert not sim.calls
    assert not sim.overview()["channels"]


def test_state(sim: Emulator, control: Control, channel: str) -> None:
    """A state that was saved over HTTP comes back over HTTP, byte for byte."""
    saved = control("GET", "/state")
    assert saved.body["format"] == "ivsim"
    sim.reset()
    assert control("PUT", "/state", saved.body).status == 204
    assert [each["arn"] for each in sim.overview()["channels"]] == [channel]


def test_nobody_is_at_the_other_end(sim: Emulator, control: Control, channel: str) -> None:
    """In a state that is put in, broadcasts go on, and chat connections, which nobody holds, are closed."""
    live = sim.streams.start(channel)
    room = call(sim, "CreateRoom")["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])["token"]
    sim.chat.connect(token)
    saved = control("GET", "/state").body
    control("POST", "/reset")
    control("PUT", "/state", saved)
    assert [each.stream_id for each in sim.streams.live] == [live.stream_id]
    assert sim.chat.connections == []
    assert control("GET", f"/chat/rooms/{room}/transcript").body["connections"] == []


def test_what_is_no_state(sim: Emulator, control: Control, channel: str) -> None:
    """What is no state is refused, and what is there stays."""
    answer = control("PUT", "/state", {})
    assert refusal(answer) == (400, None)
    assert "no `format` 'ivsim'" in answer.body["detail"]
    assert sim.overview()["channels"]


def test_state_that_cannot_be_saved(sim: Emulator, control: Control) -> None:
    """A fault that no file can keep is a conflict."""
    sim.faults.add("CreateChannel", "ThrottlingException", when=lambda _: True)
    answer = control("GET", "/state")
    assert refusal(answer) == (409, None)
    assert "ivs:CreateChannel" in answer.body["detail"]


def test_life_of_a_stream(sim: Emulator, control: Control, channel: str) -> None:
    """A stream is started, starved, recovered, watched and ended, and each answer shows how it is then."""
    started = control("POST", "/streams", {"channel": channel, "viewers": 2, "encoder": "ffmpeg"})
    assert started.status == 201
    stream = started.body
    assert stream["channelArn"] == channel
    assert (stream["channelName"], stream["isLive"], stream["viewerCount"]) == ("evening-show", True, 2)
    assert datetime.fromisoformat(stream["startTime"].replace("Z", "+00:00")).tzinfo is not None
    path = f"/streams/{stream['streamId']}"
    assert control("POST", f"{path}/starve").body["health"] == "STARVING"
    assert control("POST", f"{path}/recover").body["health"] == "HEALTHY"
    assert control("PUT", f"{path}/viewers", {"viewers": 7}).body["viewerCount"] == 7
    call(sim, "PutMetadata", channelArn=channel, metadata="goal")
    assert [each["text"] for each in control("GET", path).body["metadata"]] == ["goal"]
    assert control("GET", "/streams").body["streams"][0]["streamId"] == stream["streamId"]
    ended = control("POST", f"{path}/end").body
    assert not ended["isLive"]
    assert ended["endTime"]
    assert control("GET", "/streams").body == {"streams": []}
    assert control("POST", f"{path}/end").status == 200


@pytest.mark.parametrize(
    ("done", "body", "event"),
    [("fail", {"reason": "a test"}, "Stream Failure"), ("breach", {"limit": "Ingest Bitrate"}, "Ingest Bitrate")],
)
def test_end_of_a_stream(
    sim: Emulator, control: Control, channel: str, done: str, body: dict[str, str], event: str
) -> None:
    """A failure and a breach of ingest end a stream, and it may connect again."""
    stream = control("POST", "/streams", {"channel": channel}).body
    path = f"/streams/{stream['streamId']}"
    assert not control("POST", f"{path}/{done}", body).body["isLive"]
    details = [each["detail"] for each in sim.events]
    assert event in [detail.get("event_name") or detail.get("limit_name") for detail in details]
    again = control("POST", f"{path}/reconnect")
    assert again.status == 201
    assert again.body["isLive"]
    assert again.body["streamId"] != stream["streamId"]
    assert refusal(control("POST", f"{path}/starve")) == (409, None)
    call(sim, "StopStream", channelArn=channel)
    call(sim, "DeleteChannel", arn=channel)
    assert control("GET", path).body["channelName"] == "evening-show"
    assert refusal(control("POST", f"{path}/reconnect")) == (409, None)


def test_channel_by_other_names(sim: Emulator, control: Control, channel: str) -> None:
    """A channel is named by its name or stream key too; what several channels are named is refused."""
    key = sim.overview()["channels"][0]["streamKeys"][0]["value"]
    assert control("POST", "/streams", {"channel": "evening-show"}).body["channelArn"] == channel
    assert len(control("GET", f"/streams?channel={key}").body["streams"]) == 1
    other = call(sim, "CreateChannel", name="other")["channel"]["arn"]
    assert control("GET", f"/streams?channel={other}").body == {"streams": []}
    assert refusal(control("POST", "/streams", {"streamKey": key})) == (409, None)
    assert refusal(control("GET", "/streams?channel=nobody")) == (404, "channel")
    assert refusal(control("POST", "/streams", {"channel": "nobody"})) == (404, "channel")
    assert refusal(control("GET", "/streams/st-1")) == (404, "streamId")
    call(sim, "CreateChannel", name="other")
    assert refusal(control("GET", "/streams?channel=other")) == (409, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "channel"),
        ({"channel": "x", "streamKey": "y"}, "channel"),
        ({"channel": "evening-show", "viewers": "many"}, "viewers"),
        ({"channel": "evening-show", "viewers": -1}, "viewers"),
        ({"channel": "evening-show", "viewer": 1}, "viewer"),
        ({"channel": "evening-show", "encoder": "VHS"}, "encoder"),
        ({"channel": "evening-show", "video": {"videoHeight": "tall"}}, "video"),
        ({"channel": "evening-show", "video": [{}, {"x": [1]}]}, "video"),
        ([], None),
        (b"{", None),
        (b"\xff", None),
        (b"[" * 100_000, None),
    ],
)
def test_refused_body(sim: Emulator, control: Control, channel: str, body: Any, field: str | None) -> None:
    """A body that is wrong is a problem which names the field, and changes nothing."""
    assert refusal(control("POST", "/streams", body)) == (400, field)
    assert not sim.streams.live


def test_missing_field(control: Control) -> None:
    """A field that is missing is named."""
    assert refusal(control("PUT", "/latencies", {"seconds": 1})) == (400, "operation")


def test_large_body(control: Control) -> None:
    """More than a megabyte is too much, but for a state."""
    assert refusal(control("POST", "/streams", b" " * (1024 * 1024 + 1))) == (413, None)
    assert refusal(control("POST", "/streams", b" " * (1024 * 1024 - 2) + b"{}")) == (400, "channel")
    assert refusal(control("PUT", "/state", b" " * (1024 * 1024 + 1))) == (400, None)


def test_client_that_leaves(control: Control, caplog: pytest.LogCaptureFixture) -> None:
    """A client that goes away before its body is whole harms nobody."""
    connection = control.open("GET", "/health")[0]
    connection.close()
    connection.connect()
    connection.putrequest("POST", "/_ivsim/streams")
    connection.putheader("Content-Length", "100")
    connection.endheaders(b"{")
    connection.close()
    assert control("GET", "/health").status == 200
    assert not caplog.records


def test_clock(sim: Emulator, control: Control) -> None:
    """The clock is frozen, advanced and let go."""
    assert control("GET", "/clock").body["frozen"] is False
    frozen = control("POST", "/clock/freeze", {"at": "2030-01-01T12:00:00+01:00"}).body
    assert frozen == {"now": "2030-01-01T11:00:00Z", "frozen": True}
    assert control("POST", "/clock/advance", {"seconds": 1.5}).body["now"] == "2030-01-01T11:00:01.500000Z"
    assert control("POST", "/clock/unfreeze").body["frozen"] is False
    assert control("POST", "/clock/freeze").body["frozen"] is True
    assert sim.clock.is_frozen


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("freeze", {"at": "2030-01-01T12:00:00"}, "at"),
        ("freeze", {"at": "9999-01-01T12:00:00Z"}, "at"),
        ("freeze", {"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ("advance", {"seconds": -1}, "seconds"),
        ("advance", {"seconds": 1e300}, "seconds"),
    ],
)
def test_refused_time(control: Control, path: str, body: dict[str, Any], field: str) -> None:
    """What is no time is refused, in the words of the request."""
    assert refusal(control("POST", f"/clock/{path}", body)) == (400, field)


def test_faults(sim: Emulator, control: Control) -> None:
    """Faults and latencies are added, shown, and cleared."""
    fault = {"operation": "CreateChannel", "errorCode": "ThrottlingException", "when": {"name": "x"}, "times": None}
    added = control("POST", "/faults", fault)
    assert added.status == 201
    sim.faults.add("CreateRoom", "ThrottlingException", when=lambda _: False)
    control("PUT", "/latencies", {"operation": "GetChannel", "seconds": 0.01})
    shown = control("GET", "/faults").body
    assert shown["faults"][0] == added.body
    assert added.body == {
        "operations": ["ivs:CreateChannel"],
        "errorCode": "ThrottlingException",
        "left": None,
        "message": "",
        "when": {"name": "x"},
    }
    assert shown["faults"][1]["when"] is None
    assert shown["latencies"] == {"ivs:GetChannel": 0.01}
    assert call(sim, "CreateChannel", name="x").get("channel") is None
    assert control("DELETE", "/faults").status == 204
    assert control("GET", "/faults").body == {"faults": [], "latencies": {}}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"operation": "CreateChanel"}, "operation"),
        ({"errorCode": "Boom"}, "errorCode"),
        ({"when": {"nane": 1}}, "when"),
        ({"times": 0}, "times"),
    ],
)
def test_refused_fault(sim: Emulator, control: Control, change: dict[str, Any], field: str) -> None:
    """A fault that cannot be is refused, in the words of the request."""
    fault = {"operation": "CreateChannel", "errorCode": "ThrottlingException", **change}
    assert refusal(control("POST", "/faults", fault)) == (400, field)
    assert not sim.faults.pending


ENDED = {"detail": {"event_name": ["Session Ended"]}}


def test_disturbances(sim: Emulator, control: Control, channel: str) -> None:
    """What is wanted of events is added, shown and forgotten; what became of them is shown, and which arrived."""
    added = control("POST", "/disturbances", {"way": "lost", "pattern": ENDED, "times": 2})
    assert added.status == 201
    assert added.body == {"way": "lost", "pattern": ENDED, "left": 2, "seconds": 30}
    always = control("POST", "/disturbances", {"way": "doubled", "times": None, "seconds": 5}).body
    assert always == {"way": "doubled", "pattern": {}, "left": None, "seconds": 5}
    sim.streams.start(channel).end()
    created, started, ended, over = sim.events
    shown = control("GET", "/disturbances").body
    assert shown["disturbances"] == [{**added.body, "left": 1}, always]
    assert shown["weather"] is None
    assert shown["disturbed"] == [
        {"way": way, "seconds": 0, "event": event}
        for way, event in (("doubled", created), ("doubled", started), ("lost", ended), ("doubled", over))
    ]
    assert control("GET", "/events").body["events"] == [created, started, ended, over]
    arrived = control("GET", "/events?arrived=true")
    assert arrived.body == {"events": [created, created, started, started, over, over], "before": None, "after": 6}
    assert control("GET", "/events?arrived=true&limit=1").body["events"] == [over]
    assert control("DELETE", "/disturbances").status == 204
    assert control("GET", "/disturbances").body["disturbances"] == []
    assert sim.events.disturbances == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"way": "losst"}, "way"),
        ({"way": None}, "way"),
        ({"times": 0}, "times"),
        ({"seconds": 0}, "seconds"),
        ({"seconds": "long"}, "seconds"),
        ({"pattern": {"source": "aws.ivs"}}, "pattern"),
        ({"pattern": ["aws.ivs"]}, "pattern"),
        ({"event": "Stream Start"}, "event"),
    ],
)
def test_refused_disturbance(sim: Emulator, control: Control, change: dict[str, Any], field: str) -> None:
    """What cannot be wanted of events is refused, in the words of the request."""
    assert refusal(control("POST", "/disturbances", {"way": "delayed", **change})) == (400, field)
    assert not sim.events.disturbances


def test_event_weather(sim: Emulator, control: Control, channel: str) -> None:
    """The weather is set by a seed, and becomes fair again."""
    assert control("PUT", "/event-weather", {"seed": 7}).body == {
        "disturbances": [],
        "weather": 7,
        "disturbed": [],
    }
    for _ in range(20):
        sim.streams.start(channel).end()
    shown = control("GET", "/disturbances").body["disturbed"]
    assert shown == [{"way": way, "seconds": late, "event": event} for way, late, event in sim.events.disturbed]
    assert shown
    assert control("PUT", "/event-weather", {"seed": None}).body["weather"] is None
    assert sim.events.weather is None
    assert refusal(control("PUT", "/event-weather", {"seed": 1.5})) == (400, "seed")
    assert refusal(control("PUT", "/event-weather", {})) == (400, "seed")


def test_quotas(sim: Emulator, control: Control) -> None:
    """Quotas are read and changed, all that are given or none."""
    assert control("GET", "/quotas").body == dict(sim.quotas)
    assert control("PATCH", "/quotas", {"Channels": 1}).body["Channels"] == 1
    assert refusal(control("PATCH", "/quotas", {"Rooms": 1, "Roms": 1})) == (400, "Roms")
    assert refusal(control("PATCH", "/quotas", {"Rooms": 1, "Channels": -1})) == (400, "Channels")
    assert refusal(control("PATCH", "/quotas", {"Rooms": 1, "Channels": "many"})) == (400, "Channels")
    assert refusal(control("PATCH", "/quotas", [])) == (400, None)
    assert sim.quotas["Rooms"] > 1


@pytest.mark.parametrize("encoded", [True, False])
def test_transcript(sim: Emulator, control: Control, encoded: bool) -> None:
    """A transcript has what everybody was sent, and who is there."""
    room = call(sim, "CreateRoom")["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])["token"]
    call(sim, "CreateRoom")
    path = f"/chat/rooms/{quote(room, safe='') if encoded else room}/transcript"
    assert control("GET", path).body == {"frames": [], "connections": []}
    ann = sim.chat.connect(token)
    ann.send_message("hello")
    ann.send("not a request")
    shown = control("GET", path).body
    assert [frame["Content"] for frame in shown["frames"]] == ["hello"]
    (connection,) = shown["connections"]
    assert (connection["id"], connection["userId"]) == (ann.id, "ann")
    assert connection["capabilities"] == ["SEND_MESSAGE"]
    assert connection["joinedAt"].endswith("Z")
    assert refusal(control("GET", f"/chat/rooms/{room}x/transcript")) == (404, "roomArn")


def test_overview(sim: Emulator, control: Control, channel: str) -> None:
    """The overview is that of the emulator but for its playback URLs, which lead to the server; it is no call."""
    expected = sim.overview()
    for each in expected["channels"]:
        each["playbackUrl"] = f"{control.server.url}{urlsplit(each['playbackUrl']).path}"
    assert control("GET", "/overview").body == expected
    assert len(sim.calls) == 1


def test_overview_that_is_known(sim: Emulator, control: Control, channel: str) -> None:
    """Who has the overview is told 304 until something in it changes; what another server said is nothing to this."""

    def look(tag: str) -> tuple[int, str]:
        answer = control("GET", "/overview", If_None_Match=tag)
        return answer.status, answer.headers["etag"]

    status, tag = look('"x"')
    assert status == 200
    call(sim, "GetChannel", arn=channel)
    assert look(tag) == (304, tag)
    call(sim, "UpdateChannel", arn=channel, name="other")
    status, changed = look(tag)
    assert status == 200
    assert changed != tag
    with Emulator().serve() as other:
        assert Control(other)("GET", "/overview", If_None_Match=changed).status == 200


def test_unknown_path(control: Control) -> None:
    """What is not there is 404, a method that is not for it 405, each with a reason."""
    assert refusal(control("GET", "/nothing")) == (404, None)
    answer = control("DELETE", "/streams")
    assert refusal(answer) == (405, None)
    assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))


def test_head(control: Control) -> None:
    """HEAD is GET without a body."""
    answer = control("HEAD", "/health")
    assert (answer.status, answer.body) == (200, None)


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("GET", "/health?x=1", "x"),
        ("GET", "/events?detailType=Nothing", "detailType"),
        ("GET", "/calls?operation=Nothing", "operation"),
        ("DELETE", "/review-handlers", "lambdaArn"),
    ],
)
def test_refused_parameter(control: Control, method: str, path: str, field: str) -> None:
    """A parameter that is unknown, missing or wrong is named."""
    assert refusal(control(method, path)) == (400, field)


def test_bug(
    sim: Emulator, control: Control, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug of ours is 500, with its traceback in the log, even one that looks like a refusal."""
    for error in (KeyError("x"), ValueError("viewers: 3"), ValueRefused("nothing", "of the request"), RuntimeError()):

        def fail(error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(sim, "reset", fail)
        with caplog.at_level(logging.ERROR, "ivsim.server"):
            assert refusal(control("POST", "/reset")) == (500, None)
        assert caplog.records[-1].exc_info is not None


def test_deep_body(control: Control) -> None:
    """A condition that is nested deeper than it could be shown again is refused."""
    for depth in (100, 900, 10_000):
        when = b"[" * depth + b"]" * depth
        fault = b'{"operation": "CreateChannel", "errorCode": "ConflictException", "when": {"tags": %b}}' % when
        assert refusal(control("POST", "/faults", fault)) == (400, None)


def test_log(sim: Emulator, control: Control, caplog: pytest.LogCaptureFixture) -> None:
    """A request is a line at DEBUG beside those of calls, when its answer begins: refused, unknown, or without end."""
    caplog.set_level(logging.DEBUG, "ivsim")
    assert control("GET", "/events?detailType=IVS%20Stream%20State%20Change").status == 200
    assert control("POST", "/streams", {}).status == 400
    assert control("POST", "/reset", Origin="https://example.com").status == 403
    assert control("HEAD", "/nowhere").status == 404
    with control.follow("/feed"):
        pass
    assert [(each.name, each.levelno, re.sub(r" [\d.]+ ms$", "", each.getMessage())) for each in caplog.records] == [
        ("ivsim.calls", logging.DEBUG, line)
        for line in (
            "200 GET /_ivsim/events?detailType=IVS%20Stream%20State%20Change",
            "400 POST /_ivsim/streams",
            "403 POST /_ivsim/reset",
            "404 HEAD /_ivsim/nowhere",
            "200 GET /_ivsim/feed",
        )
    ]
