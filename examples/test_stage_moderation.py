"""Moderation of a stage, and its tests: somebody is thrown out, cannot come back, and an audit table tells of it.

DisconnectParticipant throws one participant out and makes its token worthless. Another token of the same user is good
all the same, so the list of those who are banned is asked when tokens are given, and when somebody begins to publish.
Nobody can be muted from outside: a client mutes itself, when the moderator asks it to, and who does not is thrown out.

Run it: `python -m pytest examples/test_stage_moderation.py`
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NamedTuple

import boto3
import pytest

from ivsim import Emulator, StageRefused

# The code under test ------------------------------------------------------------------------------------------------

realtime = boto3.client("ivs-realtime", region_name="us-west-2")


class Entry(NamedTuple):
    """A line of the audit table: who was thrown out, by whom and why."""

    time: datetime
    user_id: str
    participant_id: str
    moderator: str
    reason: str


class Banned(Exception):
    """The user may not come to this stage any more."""


class Moderation:
    """Who may be on a stage, and what was done to those who may not."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.banned: dict[str, str] = {}
        self.audit: list[Entry] = []

    def token(self, user_id: str) -> str:
        """Return a token for a user. Raises Banned with the reason."""
        if user_id in self.banned:
            raise Banned(self.banned[user_id])
        made = realtime.create_participant_token(stageArn=self.stage, userId=user_id)
        return str(made["participantToken"]["token"])

    def throw_out(self, user_id: str, *, moderator: str, reason: str) -> None:
        """Ban a user, and disconnect them wherever they are connected with a token of theirs."""
        self.banned[user_id] = reason
        session = realtime.get_stage(arn=self.stage)["stage"].get("activeSessionId")
        if session is None:
            return
        wanted = {"stageArn": self.stage, "sessionId": session, "filterByUserId": user_id}
        page = realtime.list_participants(**wanted)  # boto3 has no paginator for it
        found = page["participants"]
        while "nextToken" in page:
            page = realtime.list_participants(**wanted, nextToken=page["nextToken"])
            found += page["participants"]
        for each in found:
            if each["state"] == "CONNECTED":
                self._disconnect(each["participantId"], user_id, moderator, reason)

    def on_stage_update(self, event: dict[str, Any], _context: object) -> None:
        """Throw out whoever publishes in spite of it all. EventBridge calls this with "IVS Stage Update"."""
        detail = event["detail"]
        if detail["event_name"] == "Participant Published" and detail["user_id"] in self.banned:
            reason = self.banned[detail["user_id"]]
            self._disconnect(detail["participant_id"], detail["user_id"], "the list", reason)

    def _disconnect(self, participant_id: str, user_id: str, moderator: str, reason: str) -> None:
        realtime.disconnect_participant(stageArn=self.stage, participantId=participant_id, reason=reason)
        self.audit.append(Entry(datetime.now(timezone.utc), user_id, participant_id, moderator, reason))


# Its tests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def moderation(ivsim: Emulator) -> Moderation:
    """The moderation of a new stage, which EventBridge calls; the clock stands still."""
    ivsim.clock.freeze()
    moderation = Moderation(realtime.create_stage(name="panel")["stage"]["arn"])
    ivsim.events.subscribe(lambda event: moderation.on_stage_update(event, None))
    return moderation


def test_thrown_out(ivsim: Emulator, moderation: Moderation) -> None:
    """The others see that the user is gone, and the user's own client why."""
    host, troll = (ivsim.stages.join(moderation.token(user)) for user in ("host", "troll"))
    troll.publish()
    host.subscribe(troll)
    moderation.throw_out("troll", moderator="host", reason="insults")
    assert (host.is_connected, troll.is_connected) == (True, False)
    assert [each.name for each in host.seen][-1] == "stageParticipantLeft"
    assert troll.seen[-1].reason == "participant-disconnected"
    (entry,) = moderation.audit
    assert entry[1:] == ("troll", troll.participant_id, "host", "insults")


def test_no_way_back(ivsim: Emulator, moderation: Moderation) -> None:
    """Neither with the token of before, nor with a new one."""
    token = moderation.token("troll")
    host, _ = ivsim.stages.join(moderation.token("host")), ivsim.stages.join(token)
    moderation.throw_out("troll", moderator="host", reason="insults")
    with pytest.raises(StageRefused, match="PARTICIPANT_DISCONNECTED"):
        ivsim.stages.join(token)
    with pytest.raises(Banned, match="insults"):
        moderation.token("troll")
    assert ivsim.stages.participants[0].participant_id == host.participant_id


def test_a_second_token(ivsim: Emulator, moderation: Moderation) -> None:
    """Whoever has a token in reserve can still join and listen, but is thrown out at the first word."""
    first, second = moderation.token("troll"), moderation.token("troll")
    ivsim.stages.join(first)
    moderation.throw_out("troll", moderator="host", reason="insults")
    back = ivsim.stages.join(second)
    assert [each.participant_id for each in ivsim.stages.participants] == [back.participant_id]
    back.publish()
    assert ivsim.stages.participants == []
    assert [entry.moderator for entry in moderation.audit] == ["host", "the list"]


def test_two_windows(ivsim: Emulator, moderation: Moderation) -> None:
    """A user who is on the stage twice is out twice; others of the stage stay."""
    people = [ivsim.stages.join(moderation.token(user)) for user in ("troll", "host", "troll")]
    moderation.throw_out("troll", moderator="host", reason="insults")
    assert [each.is_connected for each in people] == [False, True, False]
    assert len(moderation.audit) == 2


def test_somebody_who_comes_and_goes(ivsim: Emulator, moderation: Moderation) -> None:
    """Of many connections, all but the last of them over, that one is found on the second page."""
    ivsim.stages.join(moderation.token("host"))
    for _ in range(60):
        ivsim.stages.join(moderation.token("troll")).leave()
    troll = ivsim.stages.join(moderation.token("troll"))
    moderation.throw_out("troll", moderator="host", reason="insults")
    assert not troll.is_connected
    assert len(moderation.audit) == 1


def test_who_is_not_there(ivsim: Emulator, moderation: Moderation) -> None:
    """Whoever has not come yet, or has left, is banned, and nothing has to be disconnected."""
    moderation.throw_out("troll", moderator="host", reason="known from last week")
    ivsim.stages.join(moderation.token("host")).leave()
    with pytest.raises(Banned):
        moderation.token("troll")
    assert moderation.audit == []
    assert ivsim.calls.of("DisconnectParticipant") == []


def test_mute(ivsim: Emulator, moderation: Moderation) -> None:
    """A client that mutes itself when it is asked to stays, and the others see it muted."""
    host, loud = (ivsim.stages.join(moderation.token(user)) for user in ("host", "loud"))
    loud.publish()
    loud.mute()
    told = host.seen[-1]
    assert (told.name, told.participant_id, told.audio_muted) == ("stageStreamMuteChanged", loud.participant_id, True)
    assert moderation.audit == []
