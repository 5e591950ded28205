"""From a request's body and query string to the members of an input."""

from __future__ import annotations

import pytest

from ivsim import Emulator

from ..calling import call, send


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nonsense",
        b"[]",
        b'"text"',
        b"null",
        b"7",
        b"{} {}",
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": "\\ud800"}',
        b'{"name": "\\uD800"}',
        '{"name": "ä"}'.encode("latin-1"),
        '{"name": "x"}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"[" * 1_000_000,
        b'{"a":' * 100_000,
        b'{"a":' * 150 + b"1" + b"}" * 150,
        b'{"maxResults": ' + b"9" * 5000 + b"}",
        b"\0" * 100,
    ],
)
def test_malformed_bodies(sim: Emulator, body: bytes) -> None:
    """What is no JSON object in UTF-8 is a ValidationException, never a traceback."""
    for operation, service in (("ListChannels", "ivs"), ("ListRooms", "ivschat")):
        answer = send(sim, "POST", f"/{operation}", body)
        assert (answer.status, answer.code) == (400, "ValidationException")
        assert sim.calls[-1].service == service


def test_great_numbers(sim: Emulator) -> None:
    """A number that no float can hold is JSON: its member is refused, not the body."""
    answer = send(sim, "POST", "/ListChannels", b'{"maxResults": 1e400}')
    assert (answer.status, answer.code) == (400, "ValidationException")
    assert "/maxResults" in answer.body["exceptionMessage"]


def test_large_bodies(sim: Emulator) -> None:
    """Ten megabytes are read, as any API behind Amazon API Gateway would; more is not."""
    most = b'{"name": "' + b"x" * (10 * 1024 * 1024 - 12) + b'"}'
    assert send(sim, "POST", "/CreateChannel", most).code == "ValidationException"
    answer = send(sim, "POST", "/CreateChannel", most + b" ")
    assert (answer.status, answer.code) == (413, "RequestEntityTooLarge")


def test_members_that_no_model_knows(sim: Emulator) -> None:
    """A member that the model does not know is ignored, and so is one that is null."""
    answer = call(sim, "CreateChannel", name="x", tags=None, inventedYesterday={"a": 1})
    assert answer.status == 200
    assert answer.body["channel"]["name"] == "x"
    assert sim.calls[-1].params == {"name": "x", "tags": None, "inventedYesterday": {"a": 1}}


def test_no_body_at_all(sim: Emulator) -> None:
    """An operation without required members needs no body."""
    assert send(sim, "POST", "/CreateChannel").status == 200


def test_query_strings(sim: Emulator) -> None:
    """TagKeys may be repeated, encoded in either way, or empty, which is no key."""
    tags = {"a b": "1", "c+d": "2", "e": "3"}
    arn = call(sim, "CreateChannel", tags=tags).body["channel"]["arn"]
    assert send(sim, "DELETE", f"/tags/{arn}?tagKeys=a+b&tagKeys=c%2Bd&other=e").status == 200
    assert send(sim, "GET", f"/tags/{arn}").body == {"tags": {"e": "3"}}
    for query in ("", "?", "?tagKeys=", "?tagkeys=e"):
        assert send(sim, "DELETE", f"/tags/{arn}{query}").code == "ValidationException"


def test_what_was_sent_is_not_what_is_kept(sim: Emulator) -> None:
    """Changing what `sim.calls` shows changes nothing in the emulator."""
    arn = call(sim, "CreateChannel", tags={"a": "b"}).body["channel"]["arn"]
    sim.calls[-1].params["tags"]["c"] = "d"
    assert call(sim, "GetChannel", arn=arn).body["channel"]["tags"] == {"a": "b"}
    policy = call(sim, "CreatePlaybackRestrictionPolicy", allowedCountries=["DE"]).body
    sim.calls[-1].params["allowedCountries"].append("FR")
    arn = policy["playbackRestrictionPolicy"]["arn"]
    shown = call(sim, "GetPlaybackRestrictionPolicy", arn=arn).body["playbackRestrictionPolicy"]
    assert shown["allowedCountries"] == ["DE"]
