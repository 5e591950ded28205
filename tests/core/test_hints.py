"""Mistakes that work with an emulator and bite at AWS: each is told once, in a list and in the log."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from ivsim import Emulator
from ivsim.core import hints

from ..calling import call, send, signed


@pytest.fixture(autouse=True)
def _warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.WARNING):
        yield


def told(sim: Emulator, caplog: pytest.LogCaptureFixture, topic: str) -> list[str]:
    """Return the hints of a topic, which are all in its log too."""
    texts = [hint.text for hint in sim.hints if hint.topic == topic]
    assert [record.getMessage() for record in caplog.records if record.name == f"ivsim.{topic}"] == texts
    return texts


def test_a_cut_page(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """A list whose default is one item a page, and that is cut because nobody gave a page size, is told of."""
    for _ in range(2):
        call(sim, "CreatePlaybackRestrictionPolicy")
    call(sim, "ListPlaybackRestrictionPolicies", maxResults=1)
    assert told(sim, caplog, "calls") == []
    for _ in range(2):
        assert len(call(sim, "ListPlaybackRestrictionPolicies").body["playbackRestrictionPolicies"]) == 1
    (text,) = told(sim, caplog, "calls")
    assert (
        text == "ListPlaybackRestrictionPolicies was called without maxResults, and a page has 1 then; there are more"
    )


def test_each_cut_list(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Each operation whose list is cut is a cause of its own, so that both places in the code are found."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    sim.quotas["Stream key"] = 2
    call(sim, "CreateStreamKey", channelArn=arn)
    for _ in range(2):
        call(sim, "CreatePlaybackRestrictionPolicy")
    call(sim, "ListStreamKeys", channelArn=arn)
    call(sim, "ListPlaybackRestrictionPolicies")
    assert [text.partition(" ")[0] for text in told(sim, caplog, "calls")] == [
        "ListStreamKeys",
        "ListPlaybackRestrictionPolicies",
    ]


def test_another_region(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """A client of one region that asks for an ARN of another finds nothing, and is told why, once."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    body = b'{"arn": "%s"}' % arn.encode()
    for _ in range(2):
        assert send(sim, "POST", "/GetChannel", body, signed("eu-west-1")).code == "ResourceNotFoundException"
    assert told(sim, caplog, "calls") == [
        f"a client of eu-west-1 asked for {arn}, which is of us-east-1: make it for that region"
    ]
    call(sim, "DeleteChannel", arn=arn)
    assert call(sim, "GetChannel", arn=arn).code == "ResourceNotFoundException"
    assert len(sim.hints) == 1


def test_another_region_in_a_batch(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """So is a client that asks for several at once, whose answer has an error for each."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    answer = send(sim, "POST", "/BatchGetChannel", b'{"arns": ["%s"]}' % arn.encode(), signed("eu-west-1"))
    assert answer.status == 200
    (text,) = told(sim, caplog, "calls")
    assert text.startswith(f"a client of eu-west-1 asked for {arn}, which is of us-east-1")


def test_an_answer_stays_as_it_is(sim: Emulator) -> None:
    """A hint changes no answer: an error has the text it has without one, or the text that a test gave it."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    body = b'{"arn": "%s"}' % arn.encode()
    sim.faults.add("GetChannel", "ResourceNotFoundException", message="ordered")
    ordered = send(sim, "POST", "/GetChannel", body, signed("eu-west-1"))
    usual = send(sim, "POST", "/GetChannel", body, signed("eu-west-1"))
    assert len(sim.hints) == 1
    call(sim, "DeleteChannel", arn=arn)
    assert ordered.body["exceptionMessage"] == "ordered"
    assert usual.body == call(sim, "GetChannel", arn=arn).body


def test_isolated(sim: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """What is told in an isolated block is taken back with it, and told again; what was told before stays told."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]

    def ask(region: str) -> list[str]:
        send(sim, "POST", "/GetChannel", b'{"arn": "%s"}' % arn.encode(), signed(region))
        return [hint.text.split()[3] for hint in sim.hints]

    assert ask("eu-west-1") == ["eu-west-1"]
    with sim.isolated():
        assert ask("eu-west-1") == ["eu-west-1"]
        assert ask("eu-central-1") == ["eu-west-1", "eu-central-1"]
    assert ask("eu-west-1") == ["eu-west-1"]
    assert ask("eu-central-1") == ["eu-west-1", "eu-central-1"]
    assert [record.name for record in caplog.records] == ["ivsim.calls"] * 3


def test_a_reset_inside_isolated(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The age of a chat token is known again after a block in which the emulator was reset."""
    now = [0.0]
    monkeypatch.setattr(hints, "monotonic", lambda: now[0])
    room = call(sim, "CreateRoom").body["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ada").body["token"]
    with sim.isolated():
        sim.reset()
    now[0] = 5
    assert sim.hints.age(token) == 5


def test_a_reset_makes_nobody_old(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what was made before a reset, no age is known after it."""
    now = [0.0]
    monkeypatch.setattr(hints, "monotonic", lambda: now[0])
    room = call(sim, "CreateRoom").body["arn"]
    token = call(sim, "CreateChatToken", roomIdentifier=room, userId="ada").body["token"]
    now[0] = 5
    assert sim.hints.age(token) == 5
    sim.reset()
    assert sim.hints.age(token) == 0


def test_an_old_chat_token(sim: Emulator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that lives because the clock stands still is told of, when more real time has passed than it lives."""
    sim.clock.freeze()
    now = [0.0]
    monkeypatch.setattr(hints, "monotonic", lambda: now[0])
    room = call(sim, "CreateRoom").body["arn"]
    tokens = [call(sim, "CreateChatToken", roomIdentifier=room, userId="ada").body["token"] for _ in range(2)]
    now[0] = 3600
    sim.chat.connect(tokens[0])
    assert told(sim, caplog, "chat") == []
    now[0] = 3601
    sim.chat.connect(tokens[1])
    assert told(sim, caplog, "chat") == ["a chat token was used 3601 real seconds after it was made; it lives for 3600"]


def test_who_is_not_known_is_young(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what was made too long ago to be remembered, or in a state that was loaded, nothing is told."""
    monkeypatch.setattr(hints, "MOST_BORN", 1)
    room = call(sim, "CreateRoom").body["arn"]
    old, new = (call(sim, "CreateChatToken", roomIdentifier=room, userId="ada").body["token"] for _ in range(2))
    assert sim.hints.age(old) == 0 < sim.hints.age(new)


def test_a_reset(sim: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a reset hints are told again; of more causes than anybody reads nothing is told."""
    monkeypatch.setattr(hints, "MOST_CAUSES", 1)
    with sim._state.transaction():
        sim.hints.tell_of_mistake("calls", "one", "first")
        sim.hints.tell_of_mistake("calls", "other", "second")
    assert [hint.text for hint in sim.hints] == ["first"]
    sim.reset()
    assert list(sim.hints) == []
    with sim._state.transaction():
        sim.hints.tell_of_mistake("calls", "one", "first")
    assert [hint.text for hint in sim.hints] == ["first"]
