"""What clients may send, and what becomes of what they may not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivsim import Emulator

from ..conftest import EVERYTHING, NOON, Room, error, last, received, said

SENT = '{"Action":"SEND_MESSAGE","Content":"hi"}'


@pytest.mark.parametrize(
    "text",
    [
        '{"requestId":"r","action":"SEND_MESSAGE","content":"hi","attributes":{"A":"b"}}',
        '{"REQUESTID":"r","ACTION":"SEND_MESSAGE","CONTENT":"hi","ATTRIBUTES":{"A":"b"}}',
        '{"rEqUeStId":"r","AcTiOn":"SEND_MESSAGE","Content":"no","content":"hi","Attributes":{"A":"b"},"More":[1]}',
    ],
)
def test_keys_in_any_case(room: Room, text: str) -> None:
    """Keys may be spelled in any case, of two the last counts, what is not known does not; values stay as they are."""
    ada = room.join("ada")
    ada.send(text)
    frame = last(ada)
    assert (frame["RequestId"], frame["Content"], frame["Attributes"]) == ("r", "hi", {"A": "b"})


def test_null_is_absent(room: Room) -> None:
    """A member that is null was not given."""
    ada = room.join("ada")
    ada.send('{"Action":"SEND_MESSAGE","Content":"hi","Attributes":null,"RequestId":null}')
    assert (last(ada)["RequestId"], last(ada)["Attributes"]) == ("", None)
    ada.send('{"Action":"SEND_MESSAGE","Content":"hi","Attributes":{}}')
    assert last(ada)["Attributes"] == {}


def test_frames_of_the_sdk(room: Room) -> None:
    """The methods send what the JavaScript SDK sends, each with a new RequestId, which everybody gets back."""
    ada, bob = room.join("ada"), room.join("bob")
    ids = [
        bob.send_message("hi 🎉", {"k": "v"}),
        bob.send_message("hi"),
        ada.delete_message("I4fme01f7HYM", "Spam"),
        ada.disconnect_user("bob", "Kicked"),
    ]
    assert len(set(ids)) == 4
    assert all(len(each) == 36 for each in ids)
    assert [frame["RequestId"] for frame in received(ada)] == ids
    assert [frame["RequestId"] for frame in received(bob)] == ids


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Action must be one of"),
        ("hi", "Request must be a JSON object"),
        ("[]", "Request must be a JSON object"),
        ('"hi"', "Request must be a JSON object"),
        ('{"Action":"SEND_MESSAGE","Content":NaN}', "Request must be a JSON object"),
        ('{"Action":"SEND_MESSAGE","Content":"\\ud83d"}', "Request must be a JSON object"),
        ("\ud83d", "Request must be a JSON object"),
        ("[" * 100_000, "Request must be a JSON object"),
        ('{"Content":"hi"}', "Action must be one of"),
        ('{"Action":"send_message","Content":"hi"}', "Action must be one of"),
        ('{"Action":["SEND_MESSAGE"],"Content":"hi"}', "Action must be one of"),
        ('{"Action":"SEND_MESSAGE","Content":"hi","RequestId":5}', "RequestId must be a string"),
        ('{"Action":"SEND_MESSAGE"}', "Content must not be empty"),
        ('{"Action":"SEND_MESSAGE","Content":""}', "Content must not be empty"),
        ('{"Action":"SEND_MESSAGE","Content":5}', "Content must be a string"),
        ('{"Action":"SEND_MESSAGE","Content":"hi","Attributes":[]}', "Attributes must be a map"),
        ('{"Action":"SEND_MESSAGE","Content":"hi","Attributes":{"a":1}}', "Attributes must be a map"),
        ('{"Action":"SEND_MESSAGE","Content":"hi","Attributes":{"a":null}}', "Attributes must be a map"),
        ('{"Action":"DELETE_MESSAGE"}', "Id must not be empty"),
        ('{"Action":"DELETE_MESSAGE","Id":"short"}', "Id must be the 12 letters and digits"),
        ('{"Action":"DELETE_MESSAGE","Id":"I4fme01f7HYM\\n"}', "Id must be the 12 letters and digits"),
        ('{"Action":"DELETE_MESSAGE","Id":"I4fme01f7HYM","Reason":{}}', "Reason must be a string"),
        ('{"Action":"DISCONNECT_USER"}', "UserId must not be empty"),
        ('{"Action":"DISCONNECT_USER","UserId":7}', "UserId must be a string"),
    ],
)
def test_malformed(room: Room, text: str, said: str) -> None:
    """What is malformed or lacks something is ERROR 400, for its sender alone, and the connection stays."""
    ada, bob = room.join("ada"), room.join("bob")
    ada.send(text)
    assert error(ada)[0] == 400
    assert said in error(ada)[1]
    assert bob.frames == []
    ada.send(SENT)
    assert last(bob)["Content"] == "hi"


def test_request_id_of_what_is_refused(room: Room) -> None:
    """An ERROR names the request where it can."""
    ada = room.join("ada")
    ada.send('{"RequestId":"mine","Action":"DANCE"}')
    assert last(ada)["RequestId"] == "mine"
    ada.send("?")
    assert last(ada)["RequestId"] == ""


def test_lengths(room: Room) -> None:
    """Content is counted in code points; one too many is ERROR 400, in the words of the service."""
    room.update(maximumMessageLength=3)
    ada = room.join("ada")
    ada.send_message("🎉🎉🎉")
    ada.send_message("four")
    assert error(ada) == (400, "Message exceeds maximum length")
    assert said(ada) == ["🎉🎉🎉"]


@pytest.mark.parametrize(
    ("fits", "too_large"),
    [
        (
            {"Action": "SEND_MESSAGE", "Content": "x", "Attributes": {"é": "x" * 1022}},
            {"Attributes": {"é": "x" * 1023}},
        ),
        ({"Action": "DELETE_MESSAGE", "Id": "I4fme01f7HYM", "Reason": "é" * 256}, {"Reason": "é" * 257}),
        ({"Action": "DISCONNECT_USER", "UserId": "é" * 128}, {"UserId": "é" * 129}),
        ({"Action": "DISCONNECT_USER", "UserId": "bob", "Reason": "é" * 256}, {"Reason": "é" * 257}),
    ],
)
def test_sizes(room: Room, fits: dict[str, object], too_large: dict[str, object]) -> None:
    """Fields that are too large are ERROR 413."""
    ada = room.join("ada")
    ada.send(json.dumps(fits))
    assert last(ada)["Type"] != "ERROR"
    ada.send(json.dumps(fits | too_large))
    assert error(ada)[0] == 413


WRONG: list[tuple[str, tuple[Any, ...], str]] = [
    ("send", (b"x",), "text: b'x' is not a str"),
    ("send_message", (5,), "content: 5 is not a str"),
    ("send_message", (None,), "content: None is not a str"),
    ("send_message", ({"Content": "hi"},), "content: {'Content': 'hi'} is not a str"),
    ("send_message", ("hi", {"n": 1}), "attributes: {'n': 1} is not a dict from str to str"),
    ("send_message", ("hi", {1: "n"}), "attributes: {1: 'n'} is not a dict from str to str"),
    ("send_message", ("hi", []), "attributes: [] is not a dict from str to str"),
    ("send_message", ("hi", "n"), "attributes: 'n' is not a dict from str to str"),
    ("delete_message", ({"Id": "I4fme01f7HYM"},), "id: {'Id': 'I4fme01f7HYM'} is not a str"),
    ("delete_message", ("I4fme01f7HYM", 0), "reason: 0 is not a str"),
    ("disconnect_user", (b"bob",), "user_id: b'bob' is not a str"),
    ("disconnect_user", ("bob", ["Kicked"]), "reason: ['Kicked'] is not a str"),
]


@pytest.mark.parametrize(("method", "arguments", "text"), WRONG)
def test_arguments(room: Room, method: str, arguments: tuple[Any, ...], text: str) -> None:
    """An argument of another type is a mistake in the test, told by name; nothing is sent."""
    ada = room.join("ada")
    with pytest.raises(TypeError, match=re.escape(text)):
        getattr(ada, method)(*arguments)
    assert ada.frames == []


def test_arguments_by_name(room: Room) -> None:
    """The methods' parameters can be named; what is empty is for the room to refuse."""
    ada = room.join("ada")
    ada.send_message(content="hi", attributes={"k": "v"})
    ada.delete_message(id="I4fme01f7HYM", reason="Spam")
    ada.disconnect_user(user_id="bob", reason="Kicked")
    assert [frame["Type"] for frame in received(ada)] == ["MESSAGE", "EVENT", "EVENT"]
    ada.disconnect_user("")
    assert error(ada) == (400, "UserId must not be empty")


def in_any_case(name: str) -> st.SearchStrategy[str]:
    return st.tuples(*(st.sampled_from([each.lower(), each.upper()]) for each in name)).map("".join)


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=20)  # half surrogate pairs, too
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | ANY_TEXT
    | st.sampled_from([10**4_000, "x" * 2_000, "a" * 12]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["Action", "Content", "RequestId", "Attributes", "Id", "Reason", "UserId"]).flatmap(in_any_case)
MEMBERS = st.lists(
    st.tuples(st.just("Action"), st.sampled_from(EVERYTHING)) | st.tuples(NAMES | ANY_TEXT, VALUES), max_size=7
)


def as_json(members: list[tuple[str, Any]], *, ascii_only: bool) -> str:
    """Return a JSON object that may have a member twice, and what Python calls JSON besides."""
    pairs = (":".join(json.dumps(each, ensure_ascii=ascii_only) for each in pair) for pair in members)
    return "{" + ",".join(pairs) + "}"


FRAMES = (
    st.builds(as_json, MEMBERS, ascii_only=st.booleans())
    | ANY_TEXT
    | st.builds("{0}{1}".format, st.integers(1, 10_000).map("[".__mul__), st.integers(1, 10_000).map("]".__mul__))
    | st.integers(1, 10_000).map(
        lambda depth: f'{{"Action":"SEND_MESSAGE","Content":"x","More":{"[" * depth}{"]" * depth}}}'
    )
)


@pytest.fixture(scope="module")
def open_room() -> Room:
    """A room that takes whatever comes."""
    sim = Emulator(seed=1)
    sim.clock.freeze(NOON)
    return Room(sim)


@given(text=FRAMES)
@settings(max_examples=500, deadline=None)
def test_whatever_is_sent_has_one_answer(open_room: Room, text: str) -> None:
    """Nothing that a client sends fails or goes unanswered: it has its effect for all, or one ERROR for its sender."""
    ada, bob = open_room.join("ada"), open_room.join("bob")
    ada.send(text)
    (answer,) = ada.frames
    answer.encode()
    if json.loads(answer)["Type"] == "ERROR":
        assert json.loads(answer)["ErrorCode"] in {400, 413}
        assert bob.frames == []
    else:
        assert bob.frames == [answer]
    open_room.sim.clock.advance(1)
