"""Feeds: what those who come by a door are to be sent, in order, and when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ivsim import Emulator, LiveParticipant, StageRefused
from ivsim.ivsrealtime.feed import Cut, Ended, Feed, Missing, Sent
from ivsim.ivsrealtime.live_participant import Key
from ivsim.ivsrealtime.participants import Client

from ..calling import call
from .people import refused

CHROME = Client("Linux", "", "Chrome", "156.0", "1.41.0")


class Door:
    """A door whose clients are followed."""

    def __init__(self, sim: Emulator) -> None:
        self.sim = sim
        self.woken = 0
        self.feed: Feed = sim.stages.feed(self._wake)
        self.names: dict[Key, str] = {}

    def _wake(self) -> None:
        self.woken += 1

    def token(self, stage: str, user_id: str, **more: Any) -> str:
        """Return a token."""
        made: str = call(self.sim, "CreateParticipantToken", stageArn=stage, userId=user_id, **more).body[
            "participantToken"
        ]["token"]
        return made

    def join(self, token: str) -> LiveParticipant:
        """Let a client in."""
        participant = self.feed.join(token, CHROME)
        self.names[participant.key] = participant.user_id
        return participant

    def news(self) -> list[Any]:
        """Return the news in short: to whom, and what."""
        return [self._short(each) for each in self.feed.news()]

    def _short(self, news: Sent | Ended | Cut | Missing) -> Any:
        if isinstance(news, (Cut, Missing)):
            return type(news).__name__, self.names.get(news.to)
        frame: Any = json.loads(news.frame) if news.frame else None
        if isinstance(news, Ended):
            return "Ended", self.names[news.to], frame and frame["payload"]["code"]
        to, payload = " ".join(sorted(self.names[each] for each in news.to)), frame["payload"]
        if "count" in payload:
            return to, payload["sequenceNumber"], payload["count"]
        return to, payload["sequenceNumber"], " ".join(each["userId"] for each in payload["participants"])


@pytest.fixture
def door(sim: Emulator) -> Iterator[Door]:
    door = Door(sim)
    assert door.news() == []
    yield door
    door.feed.close()


def test_state(sim: Emulator, door: Door, stage: str) -> None:
    """All get the whole state, numbered, whenever it is another; whoever comes is woken for once."""
    door.join(door.token(stage, "ann"))
    assert door.news() == [("ann", 1, "ann")]
    assert door.news() == []
    woken = door.woken
    bob = sim.stages.join(stage, user_id="bob")
    door.join(door.token(stage, "eve"))
    assert door.woken == woken + 1
    assert door.news() == [("ann eve", 2, "ann bob eve")]
    bob.publish()
    bob.mute()
    (sent,) = door.feed.news()
    assert isinstance(sent, Sent)
    shown = json.loads(sent.frame)["payload"]["participants"][1]
    assert (shown["isPublishing"], shown["audioMuted"], shown["videoStopped"]) == (True, True, False)
    bob.mute()
    assert door.news() == []


def test_its_client(sim: Emulator, door: Door, stage: str) -> None:
    """The API shows the client, of whom more may be learned later; what a test sends has none."""
    ann = door.join(door.token(stage, "ann"))
    asked = {"stageArn": stage, "sessionId": ann.session_id, "participantId": ann.participant_id}
    expected = {"osName": "Linux", "browserName": "Chrome", "browserVersion": "156.0", "sdkVersion": "1.41.0"}
    shown = call(sim, "GetParticipant", **asked).body["participant"]
    assert shown.items() >= expected.items()
    ann.describe(Client(sdk_version="1.42.0"))
    shown = call(sim, "GetParticipant", **asked).body["participant"]
    assert shown.items() >= {**expected, "sdkVersion": "1.42.0"}.items()
    assert ann.is_remote
    assert not sim.stages.join(stage).is_remote
    ann.leave()
    assert not ann.is_remote


def test_subscribers(sim: Emulator, door: Door, stage: str) -> None:
    """The number of subscribers is told when it is another, and to newcomers unless it is 0."""
    ann, host = door.join(door.token(stage, "ann")), sim.stages.join(stage, user_id="host")
    host.publish()
    door.news()
    ann.subscribe(host)
    assert door.news() == [("ann", 2, 1)]
    door.join(door.token(stage, "eve"))
    assert door.news() == [("ann eve", 3, "ann host eve"), ("eve", 4, 1)]
    ann.unsubscribe(host)
    assert door.news() == [("ann eve", 5, 0)]


@pytest.mark.parametrize(
    ("operation", "code"), [("DisconnectParticipant", "PARTICIPANT_DISCONNECTED"), ("DeleteStage", "STAGE_DELETED")]
)
def test_thrown_out(sim: Emulator, door: Door, stage: str, operation: str, code: str) -> None:
    """Who is thrown out learns why, and nothing else."""
    ann = door.join(door.token(stage, "ann"))
    door.news()
    members = {"arn": stage} if operation == "DeleteStage" else {"stageArn": stage}
    more = {} if operation == "DeleteStage" else {"participantId": ann.participant_id}
    call(sim, operation, **members, **more)
    assert door.news() == [("Ended", "ann", code)]
    sim.stages.join(call(sim, "CreateStage").body["stage"]["arn"])
    assert door.news() == []


def test_thrown_out_for_a_reason(sim: Emulator, door: Door, stage: str) -> None:
    """The `reason` of DisconnectParticipant reaches the client."""
    ann = door.join(door.token(stage, "ann"))
    door.news()
    members = {"stageArn": stage, "participantId": ann.participant_id, "reason": "spam"}
    call(sim, "DisconnectParticipant", **members)
    assert (ann.seen[-1].reason, ann.seen[-1].message) == ("participant-disconnected", "spam")
    [ended] = [each for each in door.feed.news() if isinstance(each, Ended)]
    assert json.loads(ended.frame)["payload"] == {"code": "PARTICIPANT_DISCONNECTED", "reason": "spam"}


def test_token_reused(door: Door, stage: str) -> None:
    """Who comes with the token of one who is there takes its place."""
    token = door.token(stage, "ann")
    first = door.join(token)
    door.news()
    second = door.join(token)
    assert (first.participant_id, first.is_connected) == (second.participant_id, False)
    assert door.news() == [("Ended", "ann", "TOKEN_REUSED"), ("ann", 1, "ann")]


def test_made_to_leave(sim: Emulator, door: Door, stage: str) -> None:
    """Whom a test makes leave learns that by a code of ivsim's own."""
    ann = door.join(door.token(stage, "ann"))
    sim.stages.join(stage, user_id="bob")
    door.news()
    sim.stages.find(ann.participant_id).leave()
    assert door.news() == [("Ended", "ann", "PARTICIPANT_LEFT")]


def test_it_comes_back(sim: Emulator, door: Door, stage: str) -> None:
    """Whose connection broke stays, and is told all anew when it is back; nobody else notices."""
    token = door.token(stage, "ann")
    ann = door.join(token)
    bob = door.join(door.token(stage, "bob"))
    door.news()
    door.feed.lose(ann.key)
    assert door.news() == []
    again = door.join(token)
    assert again.key == ann.key
    assert door.news() == [("ann", 1, "ann bob")]
    door.feed.leave(bob.key)
    door.feed.leave(bob.key)
    assert door.news() == [("ann", 2, "ann")]
    asked = {"stageArn": stage, "sessionId": ann.session_id, "participantId": ann.participant_id}
    assert [each["name"] for each in call(sim, "ListParticipantEvents", **asked).body["events"]] == ["JOINED"]


def test_it_is_kicked_meanwhile(sim: Emulator, door: Door, stage: str) -> None:
    """Who was thrown out before it is back is refused, of which an event tells."""
    token = door.token(stage, "ann")
    ann = door.join(token)
    sim.stages.join(stage)
    door.feed.lose(ann.key)
    call(sim, "DisconnectParticipant", stageArn=stage, participantId=ann.participant_id)
    refused("PARTICIPANT_DISCONNECTED", door.join, token)
    assert door.news() == [("Ended", "ann", "PARTICIPANT_DISCONNECTED")]
    asked = {"stageArn": stage, "sessionId": ann.session_id, "participantId": ann.participant_id}
    names = [each["name"] for each in call(sim, "ListParticipantEvents", **asked).body["events"]]
    assert names == ["JOIN_ERROR", "LEFT", "JOINED"]


def test_cut(sim: Emulator, door: Door, stage: str) -> None:
    """A test has a client's connection break; there is none where a test stands for the client."""
    ann = door.join(door.token(stage, "ann"))
    door.news()
    found = sim.stages.find(ann.participant_id)
    found.cut()
    found.cut()
    assert door.news() == [("Cut", "ann")]


def test_announced(sim: Emulator, door: Door, stage: str) -> None:
    """What an SDK says of its streams before it publishes holds from the beginning, and each time."""
    ann = door.join(door.token(stage, "ann"))
    ann.announce(audio_muted=True, video_stopped=False)
    record = ann.participant
    assert record is not None
    assert (record.audio_muted, record.video_stopped) == (False, False)
    for _ in range(2):
        ann.publish()
        record = ann.participant
        assert record is not None
        assert (record.audio_muted, record.video_stopped) == (True, False)
        ann.unpublish()
    ann.publish()
    ann.announce(audio_muted=False, video_stopped=True)
    record = ann.participant
    assert record is not None
    assert (record.audio_muted, record.video_stopped) == (False, True)


def test_all_replaced(sim: Emulator, door: Door, stage: str) -> None:
    """After a reset nobody is there; after a load those are, and those who are in it and nobody follows are missing."""
    ann = door.join(door.token(stage, "ann"))
    saved = sim.dumps()
    eve = door.join(door.token(stage, "eve"))
    door.news()
    sim.reset()
    assert door.news() == [("Ended", "ann", None), ("Ended", "eve", None)]
    sim.loads(saved)
    assert door.news() == [("Missing", "ann"), ("ann", 1, "ann")]
    sim.loads(saved)
    assert door.news() == []
    assert (ann.is_connected, eve.is_connected) == (True, False)


def test_left_before_a_reset(sim: Emulator, door: Door, stage: str) -> None:
    """What is forgotten before somebody asks was news all the same."""
    ann = door.join(door.token(stage, "ann"))
    sim.stages.join(stage)
    door.news()
    call(sim, "DisconnectParticipant", stageArn=stage, participantId=ann.participant_id)
    sim.reset()
    sim.reset()
    assert door.news() == [("Ended", "ann", "PARTICIPANT_DISCONNECTED")]


def test_two_doors(sim: Emulator, door: Door, stage: str) -> None:
    """A door does not look for the clients of another; when that is gone, they have left."""
    other = Door(sim)
    ann = other.join(other.token(stage, "ann"))
    assert door.news() == []
    other.feed.close()
    assert not ann.is_connected
    assert door.news() == []


def test_a_server_that_was_killed(sim: Emulator, stage: str) -> None:
    """Who was connected to a server that is gone without a word is missing for the next one."""
    first = Door(sim)
    ann = first.join(first.token(stage, "ann"))
    sim.stages.join(stage, user_id="bob")
    later = Emulator()
    later.loads(sim.dumps())
    second = Door(later)
    (missing, _) = second.feed.news()
    assert missing == Missing(ann.key)
    second.feed.leave(ann.key)
    assert [each.user_id for each in later.stages.participants] == ["bob"]


def test_held_elsewhere(sim: Emulator, door: Door, stage: str) -> None:
    """Whose client comes by a door without a feed is not awaited after a load, until that lets go of it."""
    ann = sim.stages.let_in(door.token(stage, "ann"), CHROME, by_whip=True)
    saved = sim.dumps()
    sim.stages.hold(ann)
    sim.loads(saved)
    assert door.news() == []
    sim.stages.release(ann)
    sim.loads(saved)
    assert door.feed.news()[0] == Missing(ann.key)


@pytest.mark.needs("StartParticipantReplication")
def test_replica(sim: Emulator, door: Door, stage: str, other: str) -> None:
    """A replica from another stage is there like anybody, publishing, with the attributes that it was given."""
    host = sim.stages.join(stage, user_id="host", attributes={"a": "1"})
    host.publish()
    door.join(door.token(other, "ann"))
    door.news()
    place = {"sourceStageArn": stage, "destinationStageArn": other, "participantId": host.participant_id}
    call(sim, "StartParticipantReplication", **place, attributes={"b": "2"})
    (sent,) = door.feed.news()
    assert isinstance(sent, Sent)
    shown = json.loads(sent.frame)["payload"]["participants"][1]
    assert (shown["id"], shown["userId"], shown["isPublishing"]) == (host.participant_id, "host", True)
    assert shown["attributes"] == {"a": "1", "b": "2"}
    call(sim, "StopParticipantReplication", **place)
    assert door.news() == [("ann", 3, "ann")]


def test_refused(door: Door) -> None:
    """A token that admits to nothing is refused as in process."""
    with pytest.raises(StageRefused, match="TOKEN_MALFORMED"):
        door.join("token")
