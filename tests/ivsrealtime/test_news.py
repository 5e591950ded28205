"""What clients on a stage are told."""

from __future__ import annotations

from ivsim import Emulator, LiveParticipant

from ..calling import call


def told(who: LiveParticipant, *about: LiveParticipant) -> list[str]:
    """Return what somebody was told, by a letter for whom it is about."""
    letters = {each.participant_id: "abcdef"[place] for place, each in enumerate(about)}
    return [f"{each.name} {letters[each.participant_id]}" for each in who.seen]


def test_newcomers(sim: Emulator, stage: str) -> None:
    """Who comes later is told who is there, and who of them publishes, and nothing of those who left."""
    gone, host, quiet = sim.stages.join(stage), sim.stages.join(stage), sim.stages.join(stage)
    gone.publish()
    host.publish()
    host.mute()
    quiet.publish()
    quiet.unpublish()
    host.subscribe(gone)
    gone.leave()
    guest = sim.stages.join(stage)
    assert told(guest, host, quiet) == [
        "stageParticipantJoined a",
        "stageStreamMuteChanged a",
        "stageParticipantJoined b",
    ]
    assert guest.seen[1].is_publishing
    assert guest.seen[1].audio_muted


def test_one_is_told_nothing_of_oneself(sim: Emulator, stage: str) -> None:
    """What somebody does is told to the others, and streams to those who subscribe alone."""
    host, guest, other = sim.stages.join(stage), sim.stages.join(stage), sim.stages.join(stage)
    host.publish()
    guest.subscribe(host)
    guest.unsubscribe(host)
    assert told(host, guest, other) == ["stageParticipantJoined a", "stageParticipantJoined b"]
    assert told(guest, host, other) == [
        "stageParticipantJoined a",
        "stageParticipantJoined b",
        "stageParticipantPublishStateChanged a",
        "stageParticipantStreamsAdded a",
        "stageParticipantStreamsRemoved a",
    ]
    assert len(other.seen) == 3


def test_each_connection_is_told_its_own(sim: Emulator, stage: str) -> None:
    """Who comes again with the same token is told anew, and what was told before, up to the end, stays."""
    token = call(sim, "CreateParticipantToken", stageArn=stage).body["participantToken"]["token"]
    host, first = sim.stages.join(stage), sim.stages.join(token)
    host.publish()
    second = sim.stages.join(token)
    host.unpublish()
    second.leave()
    third = sim.stages.join(token)
    assert told(first, host, first) == [
        "stageParticipantJoined a",
        "stageParticipantPublishStateChanged a",
        "stageLeft b",
    ]
    assert first.seen[-1].reason == "token-reused"
    assert told(second, host) == [
        "stageParticipantJoined a",
        "stageParticipantPublishStateChanged a",
        "stageParticipantPublishStateChanged a",
    ]
    assert told(third, host) == ["stageParticipantJoined a"]
    with sim.isolated():
        fourth = sim.stages.join(token)
    assert fourth.seen == []


def test_who_left_is_told_no_more(sim: Emulator, stage: str) -> None:
    """Nothing that happens after somebody left is told to it, and what was, stays."""
    host, guest = sim.stages.join(stage), sim.stages.join(stage)
    guest.leave()
    before = guest.seen
    host.publish()
    assert guest.seen == before
    assert told(guest, host) == ["stageParticipantJoined a"]
