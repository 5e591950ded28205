"""The feature of docs/tutorial.md and its tests: the shows of a web site, who is told of them, and the talk afterwards.

Run it: `python -m pytest examples/test_shows.py`
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest

from ivsim import Emulator, StageRefused

# The code under test ----------------------------------------------------------------------------------------------

ivs = boto3.client("ivs", region_name="us-west-2")
chat = boto3.client("ivschat", region_name="us-west-2")
stages = boto3.client("ivs-realtime", region_name="us-west-2")


def create_show(name: str, owner: str) -> tuple[str, str] | None:
    """Create the channel of a show; return its ARN and its stream key, or None when the account is full."""
    try:
        created = ivs.create_channel(name=name, tags={"owner": owner})
    except ivs.exceptions.ServiceQuotaExceededException:
        return None
    return created["channel"]["arn"], created["streamKey"]["value"]


def on_air() -> list[str]:
    """Return the names of the shows that can be watched now, the most watched first, at most 50."""
    pages = ivs.get_paginator("list_streams").paginate()
    streams = [stream for page in pages for stream in page["streams"]]
    streams.sort(key=lambda stream: stream["viewerCount"], reverse=True)
    arns = [stream["channelArn"] for stream in streams[:50]]
    if not arns:
        return []
    names = {channel["arn"]: channel["name"] for channel in ivs.batch_get_channel(arns=arns)["channels"]}
    return [names[arn] for arn in arns]


def on_ivs_event(event: dict[str, Any], context: object = None, notify: Callable[[str], object] = print) -> None:
    """Tell the followers of a show that it has started. The handler of a Lambda function behind an EventBridge rule."""
    if event["detail"].get("event_name") == "Stream Start":
        notify(f"{event['detail']['channel_name']} is on the air")


def tell_the_room(event: dict[str, Any], room: str) -> None:
    """Send `show:over` to everybody in the room of a show that has ended."""
    if event["detail"].get("event_name") == "Stream End":
        chat.send_event(roomIdentifier=room, eventName="show:over")


def invite(stage: str, user: str, may_speak: bool = False) -> str:
    """Return the token with which somebody joins a talk."""
    capabilities = ["PUBLISH", "SUBSCRIBE"] if may_speak else ["SUBSCRIBE"]
    made = stages.create_participant_token(stageArn=stage, userId=user, capabilities=capabilities)
    token: str = made["participantToken"]["token"]
    return token


def speakers(stage: str) -> list[str]:
    """Return who is heard in a talk now."""
    session = stages.get_stage(arn=stage)["stage"].get("activeSessionId")
    if session is None:
        return []
    there = stages.list_participants(stageArn=stage, sessionId=session, filterByState="CONNECTED")["participants"]
    return [each["userId"] for each in there if each["published"]]


# Its tests ----------------------------------------------------------------------------------------------------------


def new_show(name: str, owner: str) -> tuple[str, str]:
    """Return what `create_show` does where there is room."""
    show = create_show(name, owner)
    assert show is not None
    return show


def test_nothing_is_on_air_at_first(ivsim: Emulator) -> None:
    new_show("evening-show", "ada")
    assert on_air() == []


def test_the_most_watched_show_comes_first(ivsim: Emulator) -> None:
    quiet, _ = new_show("chess", "ada")
    loud, _ = new_show("drums", "bob")
    ivsim.streams.start(quiet, viewers=2)
    ivsim.streams.start(loud, viewers=40)
    assert on_air() == ["drums", "chess"]


def test_a_show_is_over_when_its_owner_stops(ivsim: Emulator) -> None:
    arn, key = new_show("evening-show", "ada")
    ivsim.clock.freeze()
    with ivsim.streams.start(key):
        ivsim.clock.advance(timedelta(hours=2))
        assert on_air() == ["evening-show"]
    assert on_air() == []
    session = ivs.get_stream_session(channelArn=arn)["streamSession"]
    assert session["endTime"] - session["startTime"] == timedelta(hours=2)


def test_followers_hear_of_a_show_once(ivsim: Emulator) -> None:
    notices: list[str] = []
    ivsim.events.subscribe(lambda event: on_ivs_event(event, notify=notices.append))
    arn, _ = new_show("evening-show", "ada")
    ivsim.streams.start(arn).end()
    assert notices == ["evening-show is on the air"]


def test_a_full_account_takes_no_more_shows(ivsim: Emulator) -> None:
    ivsim.quotas["Channels"] = 1
    assert create_show("evening-show", "ada") is not None
    assert create_show("morning-show", "bob") is None
    assert ivsim.calls[-1].error == "ServiceQuotaExceededException"


def test_the_room_hears_when_the_show_is_over(ivsim: Emulator) -> None:
    arn, _ = new_show("evening-show", "ada")
    room = chat.create_room(name="evening-show")["arn"]
    token = chat.create_chat_token(roomIdentifier=room, userId="bob", capabilities=["SEND_MESSAGE"])["token"]
    ivsim.events.subscribe(lambda event: tell_the_room(event, room))
    with ivsim.streams.start(arn), ivsim.chat.connect(token) as bob:
        bob.send_message("hello")
        ivs.stop_stream(channelArn=arn)
        message, over = [json.loads(frame) for frame in bob.frames]
    assert (message["Content"], over["EventName"]) == ("hello", "show:over")


def test_listeners_do_not_speak(ivsim: Emulator) -> None:
    talk = stages.create_stage(name="after-show")["stage"]["arn"]
    with ivsim.stages.join(invite(talk, "ada", may_speak=True)) as ada:
        ada.publish()
        bob = ivsim.stages.join(invite(talk, "bob"))
        bob.subscribe(ada)
        with pytest.raises(StageRefused, match="INSUFFICIENT_CAPABILITIES"):
            bob.publish()
        assert speakers(talk) == ["ada"]
    assert speakers(talk) == []
