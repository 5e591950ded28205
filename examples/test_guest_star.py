"""A guest star show on IVS Real-Time, and its tests: who gets which token, and a table of who is on stage.

One Lambda function stands behind an API and gives tokens. EventBridge calls the other with "IVS Stage Update". Events
may come twice or in another order, so the table remembers when it heard of somebody last.

Run it: `python -m pytest examples/test_guest_star.py`
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest

from ivsim import Emulator, LiveParticipant, StageRefused

# The code under test ------------------------------------------------------------------------------------------------

realtime = boto3.client("ivs-realtime", region_name="us-west-2")

SEATS = 2
"""How many guests may be on stage beside the host."""


@dataclass
class Row:
    """What the table has about somebody, who is on stage or was."""

    user_id: str
    is_on_stage: bool
    heard: str


table: dict[tuple[str, str], Row] = {}
"""By the stage's ARN and the participant's id."""

complaints: list[str] = []
"""What the people on call have heard of."""


def on_stage(stage: str) -> list[str]:
    """Return who is on stage now, for the show's page."""
    return sorted(row.user_id for (arn, _), row in table.items() if arn == stage and row.is_on_stage)


def stages() -> Iterator[dict[str, Any]]:
    """Yield all stages, page by page: boto3 has no paginator for them."""
    page = realtime.list_stages()
    yield from page["stages"]
    while "nextToken" in page:
        page = realtime.list_stages(nextToken=page["nextToken"])
        yield from page["stages"]


def give_token(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer the API: the host and, while a seat is free, guests may publish; everybody else watches."""
    user, wanted = event["requestContext"]["authorizer"]["principalId"], json.loads(event["body"])
    stage = next((each for each in stages() if each["name"] == wanted["show"]), None)
    if stage is None:
        return {"statusCode": 404, "body": json.dumps({"message": f"there is no show {wanted['show']}"})}
    host = stage["tags"]["host"]
    role = "host" if user == host else wanted.get("role", "viewer")
    if role == "guest" and len([each for each in on_stage(stage["arn"]) if each not in (host, user)]) >= SEATS:
        return {"statusCode": 409, "body": json.dumps({"message": "all seats are taken"})}
    made = realtime.create_participant_token(
        stageArn=stage["arn"],
        userId=user,
        attributes={"role": role},
        capabilities=["SUBSCRIBE"] if role == "viewer" else ["PUBLISH", "SUBSCRIBE"],
        duration=60,  # minutes
    )
    return {"statusCode": 200, "body": json.dumps({"token": made["participantToken"]["token"]})}


def on_stage_update(event: dict[str, Any], _context: object) -> None:
    """Keep the table."""
    detail = event["detail"]
    who = event["resources"][0], detail["participant_id"]
    if who in table and detail["event_time"] < table[who].heard:
        return
    match detail["event_name"]:
        case "Participant Published":
            table[who] = Row(detail["user_id"], True, detail["event_time"])
        case "Participant Unpublished":
            table[who] = Row(detail["user_id"], False, detail["event_time"])
        case "Participant Publish Error":
            complaints.append(f"{detail['user_id']}: {detail['error_code']}")


# Its tests ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def stage(ivsim: Emulator) -> str:
    """The stage of a show of Ada's, in an account where EventBridge keeps the table; the clock stands still."""
    table.clear()
    complaints.clear()
    ivsim.clock.freeze()
    ivsim.events.subscribe(lambda event: on_stage_update(event, None))
    arn: str = realtime.create_stage(name="evening-show", tags={"host": "ada"})["stage"]["arn"]
    return arn


def ask(user: str, **wanted: str) -> dict[str, Any]:
    """Call the API as somebody who is signed in."""
    body = json.dumps({"show": "evening-show", **wanted})
    return give_token({"requestContext": {"authorizer": {"principalId": user}}, "body": body}, None)


def join(sim: Emulator, user: str, role: str = "viewer") -> LiveParticipant:
    """Join with a token that the API gives."""
    return sim.stages.join(json.loads(ask(user, role=role)["body"])["token"])


def test_the_page_shows_who_is_on_stage(ivsim: Emulator, stage: str) -> None:
    """Who publishes is on it, who only watches is not."""
    with join(ivsim, "ada") as host:
        host.publish()
        guest, viewer = join(ivsim, "bob", "guest"), join(ivsim, "eve")
        guest.publish()
        viewer.subscribe(guest)
        assert on_stage(stage) == ["ada", "bob"]
        guest.leave()
        assert on_stage(stage) == ["ada"]
    assert on_stage(stage) == []
    assert complaints == []


def test_whoever_watches_cannot_publish(ivsim: Emulator, stage: str) -> None:
    """The role of the host is not to be had for the asking."""
    eve = join(ivsim, "eve", "viewer")
    with pytest.raises(StageRefused, match="INSUFFICIENT_CAPABILITIES"):
        eve.publish()
    assert on_stage(stage) == []
    assert complaints == ["eve: INSUFFICIENT_CAPABILITIES"]


def test_seats_are_free_again(ivsim: Emulator, stage: str) -> None:
    """A third guest is sent away until one of the two has left; who is on stage may come back at any time."""
    bob, eve = join(ivsim, "bob", "guest"), join(ivsim, "eve", "guest")
    for guest in (join(ivsim, "ada"), bob, eve):
        guest.publish()
    assert ask("joe", role="guest")["statusCode"] == 409
    assert ask("bob", role="guest")["statusCode"] == 200
    eve.leave()
    assert ask("joe", role="guest")["statusCode"] == 200
    assert on_stage(stage) == ["ada", "bob"]


def test_a_connection_that_breaks_off(ivsim: Emulator, stage: str) -> None:
    """When publishing fails the guest is off the stage, and somebody hears why."""
    guest = join(ivsim, "bob", "guest")
    guest.publish()
    guest.fail("QUOTA_EXCEEDED")
    assert on_stage(stage) == []
    assert complaints == ["bob: QUOTA_EXCEEDED"]


def test_events_come_twice_and_late(ivsim: Emulator, stage: str) -> None:
    """What is delivered again, in the wrong order, does not bring anybody back on stage."""
    guest = join(ivsim, "bob", "guest")
    guest.publish()
    ivsim.clock.advance(5)
    guest.leave()
    for event in reversed(ivsim.events.of("IVS Stage Update")):
        on_stage_update(event, None)
    assert on_stage(stage) == []


def test_an_old_invitation(ivsim: Emulator, stage: str) -> None:
    """A token opens the door for an hour, and only to the stage of its show."""
    token = json.loads(ask("bob", role="guest")["body"])["token"]
    ivsim.clock.advance(timedelta(hours=1))
    with pytest.raises(StageRefused, match="TOKEN_EXPIRED"):
        ivsim.stages.join(token)
    assert "activeSessionId" not in realtime.get_stage(arn=stage)["stage"]


def test_a_show_that_does_not_exist(ivsim: Emulator, stage: str) -> None:
    """The answer says so, and no token is made."""
    assert ask("ada", show="morning-show")["statusCode"] == 404
    assert ivsim.calls.of("CreateParticipantToken") == []


def test_a_show_among_many(ivsim: Emulator, stage: str) -> None:
    """The stage is found on the second page too."""
    for number in range(60):
        realtime.create_stage(name=f"show-{number}", tags={"host": "joe"})
    assert ask("joe", show="show-59")["statusCode"] == 200
    assert [call.params["stageArn"] for call in ivsim.calls.of("CreateParticipantToken")] != [stage]
    assert len(ivsim.calls.of("ListStages")) == 2
