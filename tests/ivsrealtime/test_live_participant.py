"""The handle on one who is on a stage."""

from __future__ import annotations

import pytest

from ivsim import Emulator, StageRefused

from ..calling import call


def test_with_block(sim: Emulator, stage: str) -> None:
    """It leaves with the block, and only once; its text says where it is."""
    with sim.stages.join(stage) as host:
        assert host.is_connected
        assert repr(host) == f"<LiveParticipant {host.participant_id} on {stage}, connected>"
    host.leave()
    assert repr(host) == f"<LiveParticipant {host.participant_id} on {stage}, not connected>"


def test_gone(sim: Emulator, stage: str) -> None:
    """Who has left can do nothing; what it was stays to be read, until a reset."""
    host = sim.stages.join(stage, user_id="host")
    host.publish()
    host.leave()
    for act in (host.publish, host.unpublish, host.mute, lambda: host.fail("QUOTA_EXCEEDED")):
        with pytest.raises(StageRefused, match="NOT_CONNECTED"):
            act()
    assert (host.user_id, host.is_publishing) == ("host", False)
    sim.reset()
    assert (host.user_id, host.is_connected, host.seen, host.participant) == ("", False, [], None)


def test_mute(sim: Emulator, stage: str) -> None:
    """Who publishes can mute its sound and stop its picture; the others are told, and the next time it is undone."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage)
    with pytest.raises(StageRefused, match="NOT_PUBLISHING"):
        host.mute()
    host.publish()
    host.mute()
    host.mute(audio=False, video=True)
    muted = [(each.audio_muted, each.video_stopped) for each in guest.seen if each.name == "stageStreamMuteChanged"]
    assert muted == [(True, False), (False, True)]
    host.unpublish()
    host.publish()
    assert (guest.seen[-1].audio_muted, guest.seen[-1].video_stopped) == (False, False)


def test_offer(sim: Emulator, stage: str) -> None:
    """Who asks before it publishes hears why it may not, and so does an event; who publishes has nothing to ask."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage, capabilities=["SUBSCRIBE"])
    with pytest.raises(StageRefused, match="INSUFFICIENT_CAPABILITIES"):
        guest.offer()
    host.offer()
    assert not host.is_publishing
    host.publish()
    sim.quotas["Concurrent publishers"] = 1
    host.offer()
    with pytest.raises(StageRefused, match="QUOTA_EXCEEDED: Quota exceeded: Concurrent publishers, limit: 1"):
        sim.stages.join(stage).offer()
    asked = {"stageArn": stage, "sessionId": guest.session_id, "participantId": guest.participant_id}
    events = call(sim, "ListParticipantEvents", **asked).body["events"]
    assert [each.get("errorCode") for each in events] == ["INSUFFICIENT_CAPABILITIES", None]


def test_another(sim: Emulator, stage: str) -> None:
    """Another in the session is found by its id, also when that one has left."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage, user_id="guest")
    guest.leave()
    other = host.other(guest.participant_id)
    assert other is not None
    assert (other.user_id, other.is_connected) == ("guest", False)
    assert host.other("nobody") is None


def test_other_tracks(sim: Emulator, stage: str) -> None:
    """Who publishes may send something else; the others are told where a picture is there that was not, and no more."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage)
    with pytest.raises(StageRefused, match="NOT_PUBLISHING"):
        host.replace_tracks()
    host.publish(video=[])
    host.replace_tracks(video=[{"width": 640, "height": 360}, {"width": 320, "height": 180}])
    host.replace_tracks(video={"width": 640, "height": 360}, audio=[])
    record = host.participant
    assert record is not None
    assert ([each.width for each in record.video], record.audio) == ([640], ())
    told = [(each.audio_muted, each.video_stopped) for each in guest.seen if each.name == "stageStreamMuteChanged"]
    assert told == [(False, False), (True, False)]
    host.mute(audio=False, video=True)
    host.replace_tracks()
    record = host.participant
    assert record is not None
    assert (record.audio_muted, record.video_stopped) == (False, True)


def test_other_tracks_that_are_not_taken(sim: Emulator, stage: str) -> None:
    """Publishing ends with what a stage does not take, and its code; what cannot be said changes nothing."""
    host = sim.stages.join(stage)
    host.publish()
    with pytest.raises(ValueError, match="width"):
        host.replace_tracks(video={"width": 0})
    assert host.is_publishing
    with pytest.raises(StageRefused, match="RESOLUTION_EXCEEDED"):
        host.replace_tracks(video={"width": 1920, "height": 1080})
    asked = {"stageArn": stage, "sessionId": host.session_id, "participantId": host.participant_id}
    events = call(sim, "ListParticipantEvents", **asked).body["events"]
    assert [each.get("errorCode") for each in events if each["name"] == "PUBLISH_ERROR"] == ["RESOLUTION_EXCEEDED"]
    assert (host.is_connected, host.is_publishing) == (True, False)


def test_fail(sim: Emulator, stage: str) -> None:
    """Publishing fails with a code of the API, and ends; one that it does not have is an error."""
    host = sim.stages.join(stage)
    with pytest.raises(StageRefused, match="NOT_PUBLISHING"):
        host.fail("QUOTA_EXCEEDED")
    host.publish()
    with pytest.raises(ValueError, match="error_code: "):
        host.fail("BAD_LUCK")
    host.fail("QUOTA_EXCEEDED")
    assert host.is_connected
    assert not host.is_publishing
    asked = {"stageArn": stage, "sessionId": host.session_id, "participantId": host.participant_id}
    events = call(sim, "ListParticipantEvents", **asked).body["events"]
    assert [each.get("errorCode") for each in events] == [None, "QUOTA_EXCEEDED", None, None]


def test_other(sim: Emulator, stage: str) -> None:
    """One subscribes to a handle or an id, to nothing else."""
    with pytest.raises(TypeError, match="other: "):
        sim.stages.join(stage).subscribe(1)  # type: ignore[arg-type]


def test_record(sim: Emulator, stage: str) -> None:
    """What the service knows of it is its record, as it is now."""
    host = sim.stages.join(stage, attributes={"role": "star"}, capabilities=["PUBLISH"])
    host.publish()
    record = host.participant
    assert record
    assert (record.attributes, record.capabilities, record.is_publishing) == ({"role": "star"}, ("PUBLISH",), True)
    sim.clock.advance(24 * 3600)
    record = host.participant
    assert record
    assert not record.is_publishing


def test_subscribed(sim: Emulator, stage: str) -> None:
    """Whom it hears and sees can be asked, by the handle or by id, until the other publishes no more."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage)
    host.publish()
    assert not guest.is_subscribed_to(host)
    guest.subscribe(host)
    assert guest.is_subscribed_to(host)
    assert guest.is_subscribed_to(host.participant_id)
    assert not host.is_subscribed_to(guest)
    host.unpublish()
    assert not guest.is_subscribed_to(host)
    with pytest.raises(TypeError, match="other: 1 is neither a participant nor the id of one"):
        guest.is_subscribed_to(1)  # type: ignore[arg-type]
