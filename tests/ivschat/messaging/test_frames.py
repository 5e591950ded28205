"""What is sent, compared as text with frames that were captured from the service."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone

import pytest

from ivsim import ChatConnection, Emulator

from ...calling import call
from ..conftest import NOON, Room, last, received

ID = re.compile(r'"Id":"([a-zA-Z0-9]{12})"')
TIME = re.compile(r'"SendTime":"([^"]+)"')


def like(captured: str, connection: ChatConnection) -> str:
    """Return a captured frame with the id of the last one of a connection, and its digits beyond microseconds."""
    frame = connection.frames[-1]
    (identifier,), (time,) = ID.findall(frame), TIME.findall(frame)
    before = TIME.findall(captured)[0]
    assert time[:26] == before[:26]
    return captured.replace(before, time).replace(ID.findall(captured)[0], identifier)


def at(sim: Emulator, time: str) -> None:
    """Set the clock to the time of a capture."""
    sim.clock.freeze(datetime.strptime(time[:26], "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=timezone.utc))


def test_message(sim: Emulator) -> None:
    """A MESSAGE is what was captured in December 2022."""
    captured = (
        '{"Type":"MESSAGE","Id":"3k8BLtOKGPyF","RequestId":"344f6d10-78ea-405d-bb14-2ef08339dc0c",'
        '"Attributes":{"k":"v"},"Content":"hello","SendTime":"2022-12-02T08:25:51.13691272Z",'
        '"Sender":{"UserId":"bob","Attributes":{"name":"Bob"}}}'
    )
    at(sim, "2022-12-02T08:25:51.13691272Z")
    bob = Room(sim).join("bob", attributes={"name": "Bob"})
    bob.send(
        '{"Action":"SEND_MESSAGE","RequestId":"344f6d10-78ea-405d-bb14-2ef08339dc0c","Content":"hello",'
        '"Attributes":{"k":"v"}}'
    )
    assert bob.frames == [like(captured, bob)]


def test_two_frames_of_one_time(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames whose times would be the same to the nanosecond still follow each other."""
    bob = room.join("bob")
    monkeypatch.setattr("ivsim.core.ids.Ids.alphanumeric", lambda _ids, length: "a" * length)
    for number in range(3):
        bob.send_message(str(number))
    first, second, third = (int(TIME.findall(frame)[0][20:-1].ljust(9, "0")) for frame in bob.frames)
    assert (second, third) == (first + 1, first + 2)


def test_message_without_attributes_and_request_id(sim: Emulator) -> None:
    """What was never given is "" and null, and {} for the sender, as captured in January 2023."""
    captured = (
        '{"Type":"MESSAGE","Id":"WhO6MW6iRdS5","RequestId":"","Attributes":{"username":"gleningp"},"Content":"bbiab!",'
        '"SendTime":"2023-01-05T14:33:32.894089757Z","Sender":{"UserId":"75758272-f3f2-4f65-83c5-9b8f144116b8",'
        '"Attributes":{}}}'
    )
    at(sim, "2023-01-05T14:33:32.894089757Z")
    room = Room(sim)
    someone = room.join("75758272-f3f2-4f65-83c5-9b8f144116b8")
    someone.send('{"action":"SEND_MESSAGE","content":"bbiab!","attributes":{"username":"gleningp"}}')
    assert someone.frames == [like(captured, someone)]
    someone.send('{"Action":"SEND_MESSAGE","Content":"x"}')
    assert '"RequestId":"","Attributes":null,"Content":"x"' in someone.frames[-1]


def test_deletion(sim: Emulator) -> None:
    """A deletion is what was captured in October 2022, and has MessageId besides; over HTTP it is the same."""
    captured = (
        '{"Type":"EVENT","Id":"1OjMY6p8h4uv","RequestId":"","EventName":"aws:DELETE_MESSAGE",'
        '"Attributes":{"MessageID":"I4fme01f7HYM","MessageId":"I4fme01f7HYM","Reason":"[removed by moderator]"},'
        '"SendTime":"2022-10-14T20:08:11.258800067Z"}'
    )
    at(sim, "2022-10-14T20:08:11.258800067Z")
    room = Room(sim)
    ada = room.join("ada")
    ada.send('{"Action":"DELETE_MESSAGE","Id":"I4fme01f7HYM","Reason":"[removed by moderator]"}')
    assert ada.frames == [like(captured, ada)]
    answer = call(sim, "DeleteMessage", roomIdentifier=room.arn, id="I4fme01f7HYM", reason="[removed by moderator]")
    assert ada.frames[-1] == like(captured, ada)
    assert answer.body["id"] == last(ada)["Id"]


def test_disconnection(sim: Emulator) -> None:
    """A disconnection is what was captured in October 2022; over HTTP it is the same."""
    captured = (
        '{"Type":"EVENT","Id":"b4aYjMZyU8bo","RequestId":"","EventName":"aws:DISCONNECT_USER",'
        '"Attributes":{"Reason":"Repeated offensive messages. Be nice!","UserId":"42fb390e"},'
        '"SendTime":"2022-10-17T12:53:12.922376139Z"}'
    )
    at(sim, "2022-10-17T12:53:12.922376139Z")
    room = Room(sim)
    ada = room.join("ada")
    ada.send('{"Action":"DISCONNECT_USER","UserId":"42fb390e","Reason":"Repeated offensive messages. Be nice!"}')
    assert ada.frames == [like(captured, ada)]
    call(
        sim,
        "DisconnectUser",
        roomIdentifier=room.arn,
        userId="42fb390e",
        reason="Repeated offensive messages. Be nice!",
    )
    assert ada.frames[-1] == like(captured, ada)


def test_own_event(room: Room) -> None:
    """SendEvent sends its attributes in the order of their keys, null for none, and answers with the event's id."""
    ada = room.join("ada")
    answer = call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="app:x", attributes={"b": "2", "a": "1"})
    start = f'{{"Type":"EVENT","Id":"{answer.body["id"]}","RequestId":"","EventName":"app:x",'
    assert ada.frames[0].startswith(start + '"Attributes":{"a":"1","b":"2"},"SendTime":"2026-11-21T12:00:00.')
    call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="app:x")
    assert '"Attributes":null' in ada.frames[1]


def test_no_reason(room: Room) -> None:
    """A reason that nobody gave is empty, and there."""
    ada = room.join("ada")
    ada.delete_message("I4fme01f7HYM")
    call(room.sim, "DisconnectUser", roomIdentifier=room.arn, userId="bob")
    assert [frame["Attributes"]["Reason"] for frame in received(ada)] == ["", ""]


def test_error(room: Room) -> None:
    """An ERROR has the members of the documented sample, in its order."""
    ada = room.join("ada")
    ada.send('{"Action":"DANCE","RequestId":"497f"}')
    identifier = last(ada)["Id"]
    assert ada.frames == [
        '{"ErrorCode":400,"ErrorMessage":"Action must be one of SEND_MESSAGE, DELETE_MESSAGE, DISCONNECT_USER",'
        f'"Id":"{identifier}","RequestId":"497f","Type":"ERROR"}}'
    ]


def test_characters(room: Room) -> None:
    """Text travels as UTF-8; what HTML would trip over is escaped, as Go does; it arrives as it was sent."""
    ada = room.join("ada")
    text = 'é 🎉 <b> & "q" \\ \n \u2028\u2029'
    ada.send_message(text, {"é": "<"})
    assert (
        r'"Attributes":{"é":"\u003c"},"Content":"é 🎉 \u003cb\u003e \u0026 \"q\" \\ \n \u2028\u2029"' in ada.frames[0]
    )
    assert ada.receive()["Content"] == text


def test_send_times(room: Room) -> None:
    """Times have up to nine digits, no zero at the end, and grow from frame to frame though the clock stands still."""
    ada = room.join("ada")
    for _ in range(400):
        call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="x")
    times = [frame["SendTime"] for frame in received(ada)]
    assert all(re.fullmatch(r"2026-11-21T12:00:00(\.\d{0,8}[1-9])?Z", time) for time in times)
    exact = [time[:-1].partition(".")[2].ljust(9, "0") for time in times]
    assert exact == sorted(set(exact))
    assert max(map(len, times)) == 30
    room.sim.clock.freeze(NOON - timedelta(hours=1))
    call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="x")
    assert last(ada)["SendTime"].startswith("2026-11-21T11:00:00")


def test_a_whole_second_has_no_fraction(room: Room) -> None:
    """As Go writes it: no fraction when there is none."""
    ada = room.join("ada")
    room.sim.clock.freeze(NOON + timedelta(microseconds=999_999))
    for _ in range(1_000):
        call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="x")
    times = {frame["SendTime"] for frame in received(ada)}
    assert "2026-11-21T12:00:01Z" in times
    assert len(times) == 1_000


def test_every_frame_has_an_id_of_its_own(room: Room) -> None:
    """Messages, events and errors alike; a client drops what has an id it knows."""
    ada = room.join("ada")
    for _ in range(9):
        ada.send_message("x")
        call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="x")
        ada.send("?")
        room.sim.clock.advance(1)
    ids = [frame["Id"] for frame in received(ada)]
    assert len(set(ids)) == len(ids) == 27
    assert all(re.fullmatch("[a-zA-Z0-9]{12}", each) for each in ids)


def test_same_seed_same_frames() -> None:
    """With a seed and a frozen clock two runs give the same bytes: frames, ids, logs."""

    def run() -> tuple[list[str], str]:
        sim = Emulator(seed=7)
        sim.clock.freeze(NOON)
        logs = call(sim, "CreateLoggingConfiguration", destinationConfiguration={"s3": {"bucketName": "logs"}})
        handler = {"uri": "arn:aws:lambda:us-east-1:123456789012:function:review"}
        room = Room(sim, messageReviewHandler=handler, loggingConfigurationIdentifiers=[logs.body["arn"]])
        sim.chat.review_handlers[handler["uri"]] = lambda payload: {
            "ReviewResult": "DENY" if "bad" in payload["Content"] else "ALLOW",
            "Content": payload["Content"],
        }
        ada, bob = room.join("ada"), room.join("bob", attributes={"name": "Bob"})
        for content in ("one", "bad", "three"):
            bob.send_message(content)
            sim.clock.advance(0.125)
        ada.delete_message(bob.receive()["Id"])
        ada.disconnect_user("bob", "enough")
        return [*ada.frames, *bob.frames], json.dumps(sim.chat.logs(room.arn))

    assert run() == run()
