"""Calls and events as lists, and as server-sent events."""

from __future__ import annotations

import threading
import tracemalloc
from datetime import datetime, timezone

import pytest

from ivsim import Emulator
from ivsim.server.control import event_stream
from ivsim.server.control.sources import Entries, Frames

from .. import calling
from .control_client import Answer, Control, call
from .waiting import until


def test_events(sim: Emulator, control: Control) -> None:
    """The events are listed as they are, all or those of one type."""
    arn = call(sim, "CreateChannel")["channel"]["arn"]
    sim.streams.start(arn).starve()
    assert control("GET", "/events").body == {"events": list(sim.events), "before": None, "after": 3}
    wanted = control("GET", "/events?detailType=IVS%20Stream%20Health%20Change").body["events"]
    assert [event["detail"]["event_name"] for event in wanted] == ["Starvation Start"]


def test_events_that_arrive(sim: Emulator, control: Control) -> None:
    """A stream of those that arrive has no event that is lost, and one that is late when it comes."""
    sim.clock.freeze()
    sim.events.disturb("lost", pattern={"detail": {"event_name": ["Session Created"]}})
    sim.events.disturb("delayed", pattern={"detail": {"event_name": ["Stream Start"]}})
    stream = sim.streams.start(call(sim, "CreateChannel")["channel"]["arn"])
    with control.follow("/events?arrived=true") as arrived, control.follow("/events") as happened:
        stream.end()
        names = [event.data["detail"]["event_name"] for event in arrived.take(2)]
        sim.clock.advance(30)
        assert [*names, next(arrived).data["detail"]["event_name"]] == ["Session Ended", "Stream End", "Stream Start"]
        assert [event.data for event in happened.take(4)] == list(sim.events)


def test_calls(sim: Emulator, control: Control) -> None:
    """The calls are listed, all or those of one operation."""
    sim.clock.freeze(datetime(2030, 1, 1, tzinfo=timezone.utc))
    call(sim, "CreateChannel", name="x")
    call(sim, "CreateRoom", name=3)
    first, second = control("GET", "/calls").body["calls"]
    assert first == {
        "service": "ivs",
        "operation": "CreateChannel",
        "params": {"name": "x"},
        "accountId": "123456789012",
        "region": "us-east-1",
        "status": 200,
        "error": None,
        "at": "2030-01-01T00:00:00Z",
    }
    assert (second["status"], second["error"]) == (400, "ValidationException")
    assert control("GET", "/calls?operation=create_room").body == {"calls": [second], "before": None, "after": 2}


def test_events_as_they_happen(sim: Emulator, control: Control) -> None:
    """A stream of events has those so far and then each new one, and goes on behind Last-Event-ID."""
    arn = call(sim, "CreateChannel")["channel"]["arn"]
    stream = sim.streams.start(arn)
    with control.follow("/events") as events:
        assert [event.data for event in events.take(2)] == list(sim.events)
        stream.end()
        ended = events.take(2)
        assert [event.data["detail"]["event_name"] for event in ended] == ["Session Ended", "Stream End"]
        assert [(event.id, event.name) for event in ended] == [("3", "event"), ("4", "event")]
    with control.follow("/events", Last_Event_ID="3") as events:
        assert next(events) == ended[1]


def test_some_events_as_they_happen(sim: Emulator, control: Control) -> None:
    """A stream of one type's events has no other, but counts all."""
    arn = call(sim, "CreateChannel")["channel"]["arn"]
    sim.streams.start(arn).starve()
    with control.follow("/events?detailType=IVS%20Stream%20Health%20Change") as events:
        assert next(events).id == "3"


def test_calls_as_they_happen(sim: Emulator, control: Control) -> None:
    """A stream of calls has those of the operation that was asked for."""
    call(sim, "CreateRoom")
    with control.follow("/calls?operation=create_channel") as calls:
        call(sim, "ListRooms")
        call(sim, "CreateChannel", name="x")
        assert next(calls).data["params"] == {"name": "x"}


def rooms(sim: Emulator, number: int) -> None:
    """Make rooms with the names 1, 2 and so on, and list the channels after each."""
    for name in range(1, number + 1):
        call(sim, "CreateRoom", name=str(name))
        call(sim, "ListChannels")


def names(answer: Answer) -> list[str]:
    """Return the names in the calls of an answer."""
    return [each["params"].get("name", "") for each in answer.body["calls"]]


def test_page_by_page(sim: Emulator, control: Control) -> None:
    """Of calls and events the newest few are listed, and the answer has what to ask with for older and newer ones."""
    rooms(sim, 4)
    newest = control("GET", "/calls?operation=CreateRoom&limit=2")
    assert (names(newest), newest.body["before"], newest.body["after"]) == (["3", "4"], 5, 8)
    older = control("GET", "/calls?operation=CreateRoom&limit=3&before=5")
    assert (names(older), older.body["before"], older.body["after"]) == (["1", "2"], None, 4)
    assert control("GET", "/calls?after=8").body == {"calls": [], "before": 9, "after": 8}
    rooms(sim, 1)
    newer = control("GET", "/calls?after=8&limit=1")
    assert (names(newer), newer.body["after"]) == (["1"], 9)
    sim.streams.start(call(sim, "CreateChannel")["channel"]["arn"]).end()
    listed = control("GET", "/events?limit=1").body
    assert listed == {"events": [sim.events[-1]], "before": 4, "after": 4}
    assert control("GET", "/events?before=4&limit=2").body["events"] == sim.events[1:3]


@pytest.mark.parametrize(
    ("query", "field", "detail"),
    [
        ("limit=0", "limit", "Expected `int` >= 1"),
        ("limit=few", "limit", "Expected `int`, got `str`"),
        ("after=-1", "after", "Expected `int` >= 0"),
        ("before=0", "before", "Expected `int` >= 1"),
        ("before=1&after=1", "before", "it is given beside `after`, and only one of them can be"),
    ],
)
def test_no_page(control: Control, query: str, field: str, detail: str) -> None:
    """What is no number, or two places at once, is refused by name."""
    for path in ("calls", "events"):
        answer = control("GET", f"/{path}?{query}")
        assert (answer.status, answer.body["field"], answer.body["detail"]) == (400, field, detail)


def test_forgotten_place(sim: Emulator, control: Control) -> None:
    """A place that was forgotten, or never reached, is gone; 0 is the oldest there is, and from there one goes on."""
    rooms(sim, 1)
    sim.reset()
    rooms(sim, 1)
    for asked in ("after=1", "after=5", "before=6"):
        answer = control("GET", f"/calls?{asked}")
        assert (answer.status, answer.body["field"]) == (410, asked.partition("=")[0])
    assert control("GET", "/calls?after=1").body["detail"] == (
        "of the calls after 1 those up to 2 are forgotten; 0 begins with the oldest"
    )
    assert [len(control("GET", f"/calls?{asked}").body["calls"]) for asked in ("after=0", "after=2", "before=3")] == [
        2,
        2,
        0,
    ]


def test_stream_of_the_newest(sim: Emulator, control: Control) -> None:
    """A stream begins where the list would, and whoever comes back to it goes on where it was."""
    rooms(sim, 4)
    with control.follow("/calls?operation=CreateRoom&limit=1") as calls:
        assert next(calls).data["params"] == {"name": "4"}
        rooms(sim, 1)
        assert next(calls).data["params"] == {"name": "1"}
    with control.follow("/calls?after=6") as calls:
        assert [each.id for each in calls.take(4)] == ["7", "8", "9", "10"]
    sim.calls.clear()
    rooms(sim, 1)
    assert control("GET", "/calls?after=6", Accept="text/event-stream").status == 410
    with control.follow("/calls?after=6", Last_Event_ID="11") as calls:
        assert next(calls).id == "12"
    with control.follow("/calls?limit=9") as calls:
        assert next(calls).id == "11"


@pytest.mark.parametrize(
    ("query", "field", "detail"),
    [
        ("before=1", "before", "a stream goes on with what comes, so it has no end"),
        ("after=0&limit=1", "limit", "a stream has everything after a place, so it has no limit there"),
    ],
)
def test_no_stream(control: Control, query: str, field: str, detail: str) -> None:
    """What a stream cannot be is refused by name."""
    answer = control("GET", f"/calls?{query}", Accept="text/event-stream")
    assert (answer.status, answer.body["field"], answer.body["detail"]) == (400, field, detail)


def test_feed(sim: Emulator, control: Control) -> None:
    """The feed has every later call, event and frame, and what was sent to one connection alone is not there."""
    arn = call(sim, "CreateChannel")["channel"]["arn"]
    room = call(sim, "CreateRoom")["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ann", capabilities=["SEND_MESSAGE"])["token"]
    ann = sim.chat.connect(token)
    ann.send_message("before")
    with control.follow("/feed") as feed:
        ann.send("no request")
        ann.send_message("hello")
        frame = next(feed)
        assert (frame.name, frame.data["roomArn"], frame.data["frame"]["Content"]) == ("frame", room, "hello")
        sim.streams.start(arn)
        assert [event.name for event in feed.take(2)] == ["event", "event"]
        call(sim, "ListRooms")
        called = next(feed)
        assert (called.name, called.data["operation"], called.id) == ("call", "ListRooms", "4-2-0")
    with control.follow("/feed", Last_Event_ID="3-1-0") as feed:
        assert next(feed) == called._replace(id="4-1-0")
        assert next(feed).data == sim.events[1]


def test_hints(sim: Emulator, control: Control) -> None:
    """A mistake that bites at AWS is in the feed as it is made, and in the list, until the emulator is reset."""
    text = "ListPlaybackRestrictionPolicies was called without maxResults, and a page has 1 then; there are more"
    for _ in range(2):
        call(sim, "CreatePlaybackRestrictionPolicy")
    with control.follow("/feed") as feed:
        call(sim, "ListPlaybackRestrictionPolicies")
        news = {each.name: each.data for each in feed.take(2)}
    assert (news["hint"]["topic"], news["hint"]["text"]) == ("calls", text)
    assert control("GET", "/hints").body == {"hints": [news["hint"]], "after": 1}
    sim.reset()
    assert control("GET", "/hints").body == {"hints": [], "after": 1}


@pytest.mark.parametrize("path", ["/feed", "/calls"])
def test_reset_as_it_happens(sim: Emulator, control: Control, path: str) -> None:
    """A reset is told, and what comes after it."""
    call(sim, "ListRooms")
    with control.follow(path) as feed:
        sim.reset()
        while next(feed).name != "reset":
            pass
        call(sim, "ListChannels")
        assert next(feed).data["operation"] == "ListChannels"


def test_load_as_it_happens(sim: Emulator, control: Control) -> None:
    """When a state is loaded, its calls come anew to who wants all of them, and not to who wants those from now on."""
    call(sim, "ListRooms")
    saved = sim.dumps()
    with control.follow("/calls") as calls, control.follow("/feed") as feed:
        next(calls)
        sim.loads(saved)
        assert [each.name for each in calls.take(2)] == ["reset", "call"]
        assert next(feed).name == "reset"
        call(sim, "ListChannels")
        assert next(feed).data == next(calls).data


def test_chat_after_a_reset(sim: Emulator, control: Control) -> None:
    """A room of the same ARN begins anew in the feed, too."""
    room = call(sim, "CreateRoom")["arn"]
    saved = sim.dumps()
    with control.follow("/feed") as feed:
        call(sim, "SendEvent", roomIdentifier=room, eventName="one")
        assert {each.name for each in feed.take(2)} == {"call", "frame"}
        sim.loads(saved)
        assert next(feed).name == "reset"
        call(sim, "SendEvent", roomIdentifier=room, eventName="two")
        frames = [each.data["frame"]["EventName"] for each in feed.take(2) if each.name == "frame"]
        assert frames == ["two"]


def test_many_frames(sim: Emulator) -> None:
    """Many frames are read in pieces, between which a slow client can be waited for."""
    room = call(sim, "CreateRoom")["arn"]
    frames = Frames(sim.chat)
    end = frames.follow(lambda: None)
    for number in range(250):
        call(sim, "SendEvent", roomIdentifier=room, eventName=str(number))
    news = list(frames.read())
    end()
    assert [index for index, each in enumerate(news) if each is None] == [100, 201]
    texts = [bytes(each[1]["frame"]).decode() for each in news if each is not None]
    assert texts == sim.chat.transcript(room)


def test_forgotten_entries() -> None:
    """Who is behind what history keeps goes on with the oldest there is, once."""
    sim = Emulator(history=5)
    calls = Entries("call", sim.calls, show=lambda each: each.operation)
    for _ in range(300):
        call(sim, "ListRooms")
    assert sim.calls.first > 0
    assert sum(each is not None for each in calls.read()) == len(sim.calls)
    assert calls.position == sim.calls.end == 300


@pytest.mark.parametrize("last", ["x", "1", "1-2", "1-2-3-4", "-1-2-3", "9" * 5000 + "-1-1", "\xb2-1-1"])
def test_unknown_position(control: Control, last: str) -> None:
    """What is no id of the stream is refused."""
    connection, response = control.open("GET", "/feed", Last_Event_ID=last)
    assert response.status == 400
    assert b'"field":"Last-Event-ID"' in response.read()
    connection.close()


def test_position_of_another_server(sim: Emulator, control: Control) -> None:
    """Who goes on behind more than there ever was, as after a restart, gets what there is."""
    call(sim, "ListRooms")
    with control.follow("/calls", Last_Event_ID="99") as calls:
        assert next(calls).id == "1"


@pytest.mark.parametrize("path", ["/feed", "/events", "/calls", "/health"])
def test_head(sim: Emulator, control: Control, path: str) -> None:
    """HEAD has the headers of a stream, and ends."""
    answer = control("HEAD", path, Accept="text/event-stream")
    kind = "application/json" if path == "/health" else "text/event-stream; charset=utf-8"
    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert not sim.calls._subscribers


def test_heartbeat(sim: Emulator, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent stream says now and then that it is alive."""
    monkeypatch.setattr(event_stream, "HEARTBEAT", 0.01)
    with control.follow("/events") as events:
        assert [events.line() for _ in range(4)] == [":", "", ":", ""]


def test_client_that_leaves(sim: Emulator, control: Control) -> None:
    """Nobody tells a client that went away: its subscriptions are gone."""
    watchers = len(sim._state._watchers)
    with control.follow("/feed"):
        until(lambda: sim.calls._subscribers and len(sim._state._watchers) > watchers)
    until(lambda: not sim.calls._subscribers and not sim.events._subscribers)
    assert len(sim._state._watchers) == watchers


def test_slow_client(sim: Emulator, control: Control) -> None:
    """A client that does not read costs nothing but its place in the logs, and gets everything when it does."""
    big = "x" * 1000
    call(sim, "ListRooms")
    with control.follow("/calls") as slow:
        next(slow)
        tracemalloc.start()
        for number in range(30_000):
            sim.calls._entries.append(sim.calls[0]._replace(operation=big))  # all with one text, so they take little
            if number % 10_000 == 0:
                call(sim, "ListRooms")
                control("GET", "/health")
        taken, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert taken < 15_000_000
        with control.follow("/calls") as leaving:
            next(leaving)
        names = {each.data["operation"] for each in slow.take(30_003)}
    until(lambda: not sim.calls._subscribers)
    assert names == {big, "ListRooms"}


def test_news_from_another_thread_while_closing(sim: Emulator) -> None:
    """Calls go on while the server closes, and nothing fails."""
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            call(sim, "ListRooms")

    thread = threading.Thread(target=work)
    with sim.serve() as server:
        feeds = [Control(server).follow("/feed") for _ in range(3)]
        thread.start()
        for each in feeds:
            next(each)
    stop.set()
    thread.join()
    for each in feeds:
        each.__exit__()
    assert not sim.calls.failures


@pytest.mark.parametrize("depth", [90, 500, 970, 100_000])
def test_deep_calls(sim: Emulator, control: Control, depth: int) -> None:
    """However deep what a call was sent is nested, who listens hears of it, and it can be listed and saved."""
    with control.follow("/calls") as calls:
        answer = calling.send(sim, "POST", "/CreateChannel", b'{"x": ' + b"[" * depth + b"]" * depth + b"}")
        assert answer.status == (200 if depth < 100 else 400)
        assert next(calls).data["operation"] == "CreateChannel"
    assert control("GET", "/calls").status == control("GET", "/state").status == 200
    assert not sim.calls.failures
