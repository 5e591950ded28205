"""RTMP without a socket: whatever comes in whatever pieces gives the same events, or an orderly end."""

from __future__ import annotations

import copy
import random
import struct
from collections.abc import Iterable

import pytest

from ivsim.server.live import amf
from ivsim.server.live.rtmp import MOST_MESSAGE, Connection, Event, Media, Metadata, Publish, RtmpRefused, Unpublish

from . import publisher
from .publisher import AUDIO, COMMAND, DATA, VIDEO, command, message, opening

SESSION = opening("sk_1") + publisher.metadata(width=640.0) + publisher.media(2) + command("deleteStream", 6, None, 1)


def received(connection: Connection, pieces: Iterable[bytes]) -> list[Event]:
    """Return the events of what comes in pieces; whoever wants to publish may."""
    events = []
    for piece in pieces:
        for event in connection.receive(piece):
            events.append(event)
            if isinstance(event, Publish):
                connection.accept()
    return events


def open_connection() -> Connection:
    """Return a connection over which somebody publishes."""
    connection = Connection()
    received(connection, [opening("sk_1")])
    connection.take_bytes()
    return connection


def commands(data: bytes) -> list[list[amf.Value]]:
    """Return the commands among what a server sends, in messages of one chunk each."""
    found, at = [], 0
    while at < len(data):
        length, kind = int.from_bytes(data[at + 4 : at + 7], "big"), data[at + 7]
        if kind == COMMAND:
            found.append(amf.decode(data[at + 12 : at + 12 + length]))
        at += 12 + length
    return found


def test_session() -> None:
    """A session gives its events in order, and the client its answers, with the numbers of its transactions."""
    connection = Connection()
    events = received(connection, [SESSION])
    kinds = [type(event) for event in events]
    assert kinds == [Publish, Metadata, *[Media] * 6, Unpublish]
    assert events[0] == Publish("app", "sk_1")
    assert events[1] == Metadata({"width": 640.0})
    times = [(event.kind, event.time) for event in events if isinstance(event, Media)]
    assert times[2:6] == [("video", 0), ("audio", 0), ("video", 33), ("audio", 33)]
    sent = connection.take_bytes()
    assert sent[:1] == b"\3"
    assert sent[1537:3073] == publisher.HANDSHAKE[1:]
    answers = commands(sent[3073:])
    assert [answer[:2] for answer in answers] == [
        ["_result", 1.0],
        ["_result", 2.0],
        ["_result", 3.0],
        ["onFCPublish", 0.0],
        ["_result", 4.0],
        ["onStatus", 0.0],
    ]
    assert connection.take_bytes() == b""


def test_cut_anywhere() -> None:
    """Wherever a session is cut in two, and byte by byte, the events are the same."""
    whole = received(Connection(), [SESSION])
    assert received(Connection(), (bytes([byte]) for byte in SESSION)) == whole
    for at in range(0, len(SESSION), 31):
        assert received(Connection(), [SESSION[:at], SESSION[at:]]) == whole


def test_nonsense() -> None:
    """Whatever is changed in a session, it goes on, or it is refused."""
    rng = random.Random(1)
    whole, begun = SESSION, publisher.metadata(width=640.0) + publisher.media(2) + command("deleteStream", 6, None, 1)
    opened = open_connection()
    for number in range(10_000):
        connection, session = (Connection(), whole) if number % 10 == 0 else (copy.deepcopy(opened), begun)
        data = bytearray(session)
        for _ in range(rng.choice((1, 2, 8))):
            data[rng.randrange(3073 if session is whole else 0, len(data))] = rng.randrange(256)
        try:
            received(connection, [bytes(data)])
        except RtmpRefused:
            continue


def test_other_protocols() -> None:
    """Who speaks something else is refused with the first byte."""
    with pytest.raises(RtmpRefused, match="this is no RTMP"):
        received(Connection(), [b"GET / HTTP/1.1\r\n"])


@pytest.mark.parametrize("number", [2, 63, 64, 319, 320, 65599])
@pytest.mark.parametrize("time", [0, 1000, 0xFFFFFE, 0xFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("repeats", [True, False])
def test_headers(number: int, time: int, repeats: bool) -> None:
    """Chunk streams have numbers of one to three bytes, and times of three or seven, repeated in each chunk or not."""
    payload = bytes([0x27]) + bytes(range(255))
    data = message(VIDEO, payload, time=time, number=number, repeats=repeats)
    assert received(open_connection(), [data]) == [Media("video", time, payload)]
    assert received(open_connection(), (bytes([byte]) for byte in data)) == [Media("video", time, payload)]


def test_what_is_left_out() -> None:
    """A header takes over what it leaves out: the kind and the length, then the distance in time too."""
    first = message(VIDEO, b"\x27a", time=1000)
    same_stream = publisher.basic(1, 4) + (40).to_bytes(3, "big") + (3).to_bytes(3, "big") + bytes([AUDIO]) + b"\xafbc"
    same_length = publisher.basic(2, 4) + (20).to_bytes(3, "big") + b"\xafde"
    same_all = publisher.basic(3, 4) + b"\xaffg"
    assert received(open_connection(), [first + same_stream + same_length + same_all]) == [
        Media("video", 1000, b"\x27a"),
        Media("audio", 1040, b"\xafbc"),
        Media("audio", 1060, b"\xafde"),
        Media("audio", 1080, b"\xaffg"),
    ]


def test_chunk_size() -> None:
    """Chunks have the size that the encoder sets; one that cannot be is refused."""
    connection = open_connection()
    large = message(1, struct.pack(">I", 60_000), number=2) + message(VIDEO, b"\x27" * 50_000, chunk=60_000)
    assert received(connection, [large]) == [Media("video", 0, b"\x27" * 50_000)]
    for size in (0, MOST_MESSAGE + 1):
        with pytest.raises(RtmpRefused, match=f"chunks may not have {size} bytes"):
            received(open_connection(), [message(1, struct.pack(">I", size), number=2)])


def test_control() -> None:
    """A ping is answered; a message may be given up; acknowledgements, and what nobody knows, are passed over."""
    connection = open_connection()
    data = message(4, struct.pack(">HI", 6, 7), number=2) + message(3, bytes(4), number=2) + message(99, b"x", number=2)
    assert received(connection, [data, message(4, struct.pack(">HI", 3, 0), number=2)]) == []
    assert connection.take_bytes()[12:] == struct.pack(">HI", 7, 7)
    begun = message(VIDEO, b"\x27" * 200)[:140]
    given_up = message(2, struct.pack(">I", 4), number=2) + message(2, struct.pack(">I", 50), number=2)
    assert received(connection, [begun + given_up + message(VIDEO, b"\x27b")]) == [Media("video", 0, b"\x27b")]


def test_acknowledgement() -> None:
    """After 2.5 MB the encoder is told that they have come."""
    connection = open_connection()
    received(connection, [message(VIDEO, b"\x27" * 1000)] * 2600)
    assert connection.take_bytes()[7:8] == b"\3"


def test_aggregate() -> None:
    """Messages that come as one are taken apart, with their own times."""
    parts = [(VIDEO, 500, b"\x27a"), (AUDIO, 510, b"\xafb"), (22, 510, b"")]
    body = b"".join(
        bytes([kind]) + len(data).to_bytes(3, "big") + time.to_bytes(3, "big") + bytes(4) + data + bytes(4)
        for kind, time, data in parts
    )
    assert received(open_connection(), [message(22, body, time=1000)]) == [
        Media("video", 1000, b"\x27a"),
        Media("audio", 1010, b"\xafb"),
    ]


def test_of_version_3() -> None:
    """Commands and data that begin with a byte for AMF3 are read as the others."""
    connection = open_connection()
    data = message(15, b"\0" + amf.encode("onMetaData", {"a": 1})) + message(
        17, b"\0" + amf.encode("closeStream", 0, None)
    )
    assert received(connection, [data]) == [Metadata({"a": 1.0}), Unpublish()]


def test_nothing_of_interest() -> None:
    """Other commands and data change nothing; nor do media of whoever may not publish, or has stopped."""
    connection = Connection()
    list(connection.receive(opening("sk_1") + message(VIDEO, b"\x27a")))
    quiet = command("_checkbw", 7, None) + command("who", 8) + message(DATA, amf.encode("onTextData", {}))
    assert list(connection.receive(quiet + message(DATA, amf.encode("onMetaData")) + command("FCUnpublish", 9))) == []
    connection.accept()
    assert list(connection.receive(message(VIDEO, b""))) == []
    connection.stop("That is all.")
    assert list(connection.receive(message(VIDEO, b"\x27a"))) == []
    assert commands(connection.take_bytes()[3073:])[-1][3] == {
        "level": "status",
        "code": "NetStream.Unpublish.Success",
        "description": "That is all.",
        "objectEncoding": 0.0,
    }


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (publisher.basic(3, 9), "has not begun"),
        (b"".join(message(3, bytes(4), number=number) for number in range(2, 100)), "too many streams"),
        (
            publisher.basic(0, 4) + bytes(3) + b"\xff\xff\xff" + bytes([VIDEO]) + bytes(4),
            "16777215 bytes, and at most 4194304",
        ),
        (message(VIDEO, bytes(200))[:140] + message(VIDEO, bytes(10)), "before the one before it is whole"),
        (command("publish", 9, None, "again"), "one stream over a connection"),
        (message(COMMAND, b"\2\0"), "cannot be read"),
        (message(22, b"\x09\0\0"), "cannot be read"),
        (message(1, b"\0"), "cannot be read"),
    ],
)
def test_refused(data: bytes, why: str) -> None:
    """What no encoder sends is refused, with the reason."""
    with pytest.raises(RtmpRefused, match=why):
        received(open_connection(), [data])


def test_rejected() -> None:
    """Whoever may not publish is told why."""
    connection = Connection()
    assert list(connection.receive(opening(""))) == [Publish("app", "")]
    connection.take_bytes()
    connection.reject("no channel has this stream key")
    ((name, _, _, status),) = commands(connection.take_bytes())
    assert (name, status) == (
        "onStatus",
        {
            "level": "error",
            "code": "NetStream.Publish.BadName",
            "description": "no channel has this stream key",
            "objectEncoding": 0.0,
        },
    )
