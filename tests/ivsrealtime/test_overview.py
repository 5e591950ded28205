"""What the overview says of a stage beyond GetStage."""

from __future__ import annotations

from typing import Any

import pytest

from ivsim import Emulator, StageRefused
from ivsim.ivsrealtime.overview import MOST_EVENTS, MOST_SESSIONS

from ..calling import call


def shown(sim: Emulator) -> Any:
    """Return what is shown of the one stage."""
    (one,) = sim.overview()["stages"]
    return one


def test_empty(sim: Emulator, stage: str) -> None:
    """A stage on which nobody was has nobody, and no sessions."""
    one = shown(sim)
    assert one.pop("participants") == one.pop("stageSessions") == []
    assert one == {
        **call(sim, "GetStage", arn=stage).body["stage"],
        "accountId": "123456789012",
        "region": "us-east-1",
    }


def test_who_is_there(sim: Emulator, stage: str) -> None:
    """A stage has those who are there, what they send, and whom they hear and see; who has left is not among them."""
    host = sim.stages.join(stage, user_id="host", attributes={"role": "star"})
    host.publish(video=[{"width": 640, "height": 360, "idr_interval": 1}], audio=[])
    host.mute()
    guest = sim.stages.join(stage, capabilities=["SUBSCRIBE"])
    guest.subscribe(host)
    sim.stages.join(stage).leave()
    first, second = shown(sim)["participants"]
    assert first == {
        "participantId": host.participant_id,
        "userId": "host",
        "attributes": {"role": "star"},
        "capabilities": ["PUBLISH", "SUBSCRIBE"],
        "isRemote": False,
        "sentLoss": 0.0,
        "receivedLoss": 0.0,
        "isPublishing": True,
        "video": [
            {
                "width": 640,
                "height": 360,
                "framerate": 30.0,
                "bitrate": 2_500_000,
                "codec": "H264",
                "profile": "Baseline",
                "idrInterval": 1.0,
                "bFrames": False,
            }
        ],
        "audio": [],
        "audioMuted": True,
        "videoStopped": False,
        "subscriptions": [],
        "protocol": "WHIP",
        "replicationType": "NONE",
        "recordingState": "DISABLED",
        "firstJoinTime": first["firstJoinTime"],
    }
    assert first["firstJoinTime"].endswith("Z")
    assert (second["userId"], second["attributes"], second["subscriptions"]) == ("", {}, [host.participant_id])
    guest.unsubscribe(host)
    host.unpublish()
    assert shown(sim)["participants"][0]["video"] == []


def test_sessions(sim: Emulator, stage: str) -> None:
    """The newest sessions are shown as GetStageSession shows them, with what happened there, the newest first."""
    for _ in range(MOST_SESSIONS + 1):
        sim.stages.join(stage).leave()
    host, guest = sim.stages.join(stage, user_id="host"), sim.stages.join(stage)
    host.publish()
    guest.subscribe(host)
    host.fail("QUOTA_EXCEEDED")
    sessions = shown(sim)["stageSessions"]
    assert len(sessions) == MOST_SESSIONS
    newest = dict(sessions[0])
    events = newest.pop("events")
    assert newest == call(sim, "GetStageSession", stageArn=stage, sessionId=host.session_id).body["stageSession"]
    assert "endTime" not in newest
    assert "endTime" in sessions[1]
    names = ["SUBSCRIBE_STARTED", "PUBLISH_STARTED", "JOINED", "JOINED"]
    assert [each["name"] for each in events] == ["PUBLISH_STOPPED", "SUBSCRIBE_STOPPED", "PUBLISH_ERROR", *names]
    subscribed, failed = dict(events[3]), events[2]
    assert subscribed.pop("eventTime").endswith("Z")
    assert subscribed == {
        "name": "SUBSCRIBE_STARTED",
        "participantId": guest.participant_id,
        "remoteParticipantId": host.participant_id,
        "remoteUserId": "host",
    }
    assert (failed["userId"], failed["errorCode"]) == ("host", "QUOTA_EXCEEDED")


def test_many_events(sim: Emulator, stage: str) -> None:
    """Of a session with many events the newest are shown."""
    host = sim.stages.join(stage)
    for _ in range(MOST_EVENTS):
        host.publish()
        host.unpublish()
    (session,) = shown(sim)["stageSessions"]
    assert [each["name"] for each in session["events"]] == ["PUBLISH_STOPPED", "PUBLISH_STARTED"] * (MOST_EVENTS // 2)


def test_nobody_by_that_id(sim: Emulator, stage: str) -> None:
    """An event about somebody who never was there has no user id for them."""
    guest = sim.stages.join(stage)
    with pytest.raises(StageRefused):
        guest.subscribe("nobody")
    event = shown(sim)["stageSessions"][0]["events"][0]
    assert (event["name"], event["remoteParticipantId"], event["errorCode"]) == (
        "SUBSCRIBE_ERROR",
        "nobody",
        "PUBLISHER_NOT_FOUND",
    )
    assert "remoteUserId" not in event
