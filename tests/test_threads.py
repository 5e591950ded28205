from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import boto3

from ivsim import LiveParticipant, StageRefused, mock_ivs

THREADS = 8
EACH = 30


def test_eight_threads() -> None:
    """Eight threads create, list and delete on one mock: nothing is lost, nothing is doubled, every page is whole."""
    with mock_ivs() as sim:
        ivs: Any = boto3.client("ivs", region_name="us-east-1")

        def work(number: int) -> list[str]:
            kept = []
            for index in range(EACH):
                arn = ivs.create_channel(name=f"t{number}-{index}")["channel"]["arn"]
                if index % 3:
                    kept.append(arn)
                else:
                    ivs.delete_channel(arn=arn)
                listed = [channel["arn"] for channel in ivs.list_channels()["channels"]]
                assert len(set(listed)) == len(listed)
                if kept:
                    assert ivs.get_channel(arn=kept[-1])["channel"]["arn"] == kept[-1]
            return kept

        with ThreadPoolExecutor(THREADS) as pool:
            kept = [arn for arns in pool.map(work, range(THREADS)) for arn in arns]
        pages = ivs.get_paginator("list_channels").paginate()
        listed = [channel["arn"] for page in pages for channel in page["channels"]]
        assert len(kept) == THREADS * EACH * 2 // 3
        assert sorted(listed) == sorted(kept)
        assert len(sim.calls.of("CreateChannel")) == THREADS * EACH
        keys = [ivs.list_stream_keys(channelArn=arn)["streamKeys"][0]["arn"] for arn in listed]
        assert len(set(keys)) == len(listed)


def test_a_quota_holds_under_threads() -> None:
    """Eight threads at once do not get past a quota."""
    with mock_ivs(quotas={"Channels": 50}):
        ivs: Any = boto3.client("ivs", region_name="us-east-1")

        def create(_: int) -> bool:
            try:
                ivs.create_channel()
            except ivs.exceptions.ServiceQuotaExceededException:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            assert sum(pool.map(create, range(100))) == 50


def test_one_live_stream_under_threads() -> None:
    """However many encoders try at once, one is let in."""
    with mock_ivs() as sim:
        ivs: Any = boto3.client("ivs", region_name="us-east-1")
        arn = ivs.create_channel()["channel"]["arn"]

        def start(_: int) -> bool:
            try:
                sim.streams.start(arn)
            except ValueError:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            assert sum(pool.map(start, range(50))) == 1
        assert len(sim.events) == 2


def test_people_come_and_go_under_threads() -> None:
    """Whoever joins, publishes, subscribes and leaves in eight threads is counted, and nobody is left behind."""
    with mock_ivs(quotas={"Publishers per stage": 4}) as sim:
        realtime: Any = boto3.client("ivs-realtime", region_name="us-east-1")
        arn = realtime.create_stage()["stage"]["arn"]
        host = sim.stages.join(arn, user_id="host")
        host.publish()

        def work(number: int) -> int:
            published = 0
            for index in range(EACH):
                token = realtime.create_participant_token(stageArn=arn, userId=f"{number}")["participantToken"]["token"]
                with sim.stages.join(token) as guest:
                    guest.subscribe(host)
                    with suppress(StageRefused):  # while four publish
                        guest.publish()
                        published += 1
                        guest.mute()
                    if index % 2:
                        guest.unsubscribe(host)
                    there = {"stageArn": arn, "sessionId": host.session_id, "participantId": guest.participant_id}
                    events = realtime.list_participant_events(**there)["events"]
                    assert [events[-1]["name"], events[-2]["name"]] == ["JOINED", "SUBSCRIBE_STARTED"]
            return published

        with ThreadPoolExecutor(THREADS) as pool:
            published = sum(pool.map(work, range(THREADS)))
        assert sim.stages.participants[0].participant_id == host.participant_id
        assert len(sim.stages.participants) == 1
        assert realtime.get_stage(arn=arn)["stage"]["activeSessionId"] == host.session_id
        told = [event["detail"]["event_name"] for event in sim.events.of("IVS Stage Update")]
        assert told.count("Participant Published") == published + 1
        assert told.count("Participant Unpublished") == published
        assert told.count("Participant Publish Error") == THREADS * EACH - published
        seen = [each.name for each in host.seen]
        assert seen.count("stageParticipantJoined") == seen.count("stageParticipantLeft") == THREADS * EACH
        host.leave()
        assert "activeSessionId" not in realtime.get_stage(arn=arn)["stage"]


def test_twelve_publishers_under_threads() -> None:
    """However many publish at once, no more are let than may."""
    with mock_ivs() as sim:
        realtime: Any = boto3.client("ivs-realtime", region_name="us-east-1")
        arn = realtime.create_stage()["stage"]["arn"]

        def publish(_: int) -> bool:
            try:
                sim.stages.join(arn).publish()
            except StageRefused:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as pool:
            assert sum(pool.map(publish, range(50))) == 12
        assert sum(each.is_publishing for each in sim.stages.participants) == 12


def test_one_token_under_threads() -> None:
    """Of those who join with one token at once the last one stays, in one session."""
    with mock_ivs() as sim:
        realtime: Any = boto3.client("ivs-realtime", region_name="us-east-1")
        arn = realtime.create_stage()["stage"]["arn"]
        token = realtime.create_participant_token(stageArn=arn)["participantToken"]["token"]

        def join(_: int) -> LiveParticipant:
            return sim.stages.join(token)

        with ThreadPoolExecutor(THREADS) as pool:
            people = list(pool.map(join, range(50)))
        assert sum(each.is_connected for each in people) == 1
        assert len(realtime.list_stage_sessions(stageArn=arn)["stageSessions"]) == 1
        assert len({each.participant_id for each in people}) == 1
