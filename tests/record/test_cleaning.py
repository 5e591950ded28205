"""What a run has made is deleted, in an order that works, and what cannot be is told."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from tools.record.cleaning import PAUSES, TAG, Cleaner, Thing, made, survey
from tools.record.recorder import Call
from tools.record.run import Run

from ivsim import Emulator

POLICY = "DeletePlaybackRestrictionPolicy"


@pytest.fixture
def cleaner(run: Run, waited: list[float]) -> Cleaner:
    """A cleaner that never waits."""
    return Cleaner(run.client, waited.append)


def call(service: str, operation: str, answer: dict[str, Any], error: str = "") -> Call:
    return Call(
        scenario="one", service=service, operation=operation, parameters={}, status=200, error=error, answer=answer
    )


@pytest.mark.parametrize(
    ("service", "operation", "answer", "expected"),
    [
        (
            "ivs",
            "CreateChannel",
            {"streamKey": {"arn": "key"}, "channel": {"arn": "channel"}},
            [("ivs", "DeleteChannel", "arn", "channel")],
        ),
        (
            "ivs",
            "ImportPlaybackKeyPair",
            {"keyPair": {"arn": "pair"}},
            [("ivs", "DeletePlaybackKeyPair", "arn", "pair")],
        ),
        ("ivschat", "CreateRoom", {"arn": "room", "id": "x"}, [("ivschat", "DeleteRoom", "identifier", "room")]),
        (
            "ivs-realtime",
            "CreateStage",
            {"stage": {"arn": "stage"}, "participantTokens": [{}]},
            [("ivs-realtime", "DeleteStage", "arn", "stage")],
        ),
        (
            "ivs-realtime",
            "StartComposition",
            {"composition": {"arn": "composition"}},
            [("ivs-realtime", "StopComposition", "arn", "composition")],
        ),
        ("ivs-realtime", "CreateParticipantToken", {"participantToken": {"token": "x"}}, []),
        ("ivs-realtime", "StartParticipantReplication", {"sourceStageArn": "x"}, []),
        ("ivs", "StartViewerSessionRevocation", {}, []),
        ("ivs", "GetChannel", {"channel": {"arn": "channel"}}, []),
    ],
)
def test_what_was_made(service: str, operation: str, answer: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    """An answer tells what was made, and the model by which operation it goes; a refusal made nothing."""
    assert list(made([call(service, operation, answer)])) == expected
    assert list(made([call(service, operation, answer, "ConflictException")])) == []


def test_the_last_one_goes_first(run: Run, sim: Emulator) -> None:
    """Things are deleted in the reverse order, so that what others use goes after them; what is gone is no problem."""
    ivs = run.client("ivs")
    with run.scenario("one"):
        policy = ivs.create_playback_restriction_policy()["playbackRestrictionPolicy"]["arn"]
        ivs.create_channel(playbackRestrictionPolicyArn=policy)
        gone = ivs.create_channel()["channel"]["arn"]
        ivs.delete_channel(arn=gone)
    assert [each.operation for each in sim.calls][-3:] == ["DeleteChannel", "DeleteChannel", POLICY]
    assert sim.calls[-3].error == "ResourceNotFoundException"
    assert (run.left, run.there()) == ([], [])


def test_what_is_in_use_comes_again(run: Run, waited: list[float]) -> None:
    """What cannot be deleted because a thing made earlier uses it is deleted after that, without waiting."""
    ivs = run.client("ivs")
    with run.scenario("one"):
        channel = ivs.create_channel()["channel"]["arn"]
        policy = ivs.create_playback_restriction_policy()["playbackRestrictionPolicy"]["arn"]
        ivs.update_channel(arn=channel, playbackRestrictionPolicyArn=policy)
    assert (run.left, run.there(), waited) == ([], [], [])


def test_what_takes_a_while(run: Run, sim: Emulator, waited: list[float]) -> None:
    """What cannot be deleted yet is tried again, later and later."""
    sim.faults.add("DeleteRoom", "ValidationException", times=2)
    with run.scenario("one"):
        run.client("ivschat").create_room()
    assert (run.left, waited) == ([], list(PAUSES[:2]))


def test_what_stays(run: Run, sim: Emulator, waited: list[float]) -> None:
    """What cannot be deleted at all is told with AWS's reason, and the others are deleted all the same."""
    sim.faults.add("DeleteRoom", "ValidationException", times=None, message="not today")
    with run.scenario("one"):
        room = run.client("ivschat").create_room()["arn"]
        run.client("ivs").create_channel()
    assert waited == list(PAUSES)
    (left,) = run.left
    assert left.startswith(f"{room}: ")
    assert "not today" in left
    assert run.there() == [room]


def test_a_broken_connection(run: Run, cleaner: Cleaner) -> None:
    """Where AWS cannot be reached, what is left is told with that."""
    room = run.client("ivschat").create_room()["arn"]

    def broken(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="there")

    run.client("ivschat").meta.events.register("before-call.ivschat.DeleteRoom", broken)
    thing = Thing("ivschat", "DeleteRoom", "identifier", room)
    cleaner.clean([thing])
    assert cleaner.left == {thing: 'Could not connect to the endpoint URL: "there"'}


def test_an_interrupted_cleaning(run: Run, cleaner: Cleaner) -> None:
    """Who interrupts the cleaning too hears of all that it did not come to."""
    rooms = [run.client("ivschat").create_room()["arn"] for _ in range(2)]

    def interrupt(**_: Any) -> None:
        raise KeyboardInterrupt

    run.client("ivschat").meta.events.register("before-call.ivschat.DeleteRoom", interrupt)
    things = [Thing("ivschat", "DeleteRoom", "identifier", room) for room in rooms]
    with pytest.raises(KeyboardInterrupt):
        cleaner.clean(things)
    assert cleaner.left == dict.fromkeys(things, "the run ended before it was deleted")


def test_survey(run: Run) -> None:
    """Everything that can be deleted is found, page after page and in all services, with whether the tour made it."""
    ivs, chat, realtime = (run.client(service) for service in ("ivs", "ivschat", "ivs-realtime"))
    arns = {chat.create_room()["arn"] for _ in range(51)}
    arns |= {ivs.create_playback_restriction_policy()["playbackRestrictionPolicy"]["arn"] for _ in range(2)}
    encoder = realtime.create_encoder_configuration()["encoderConfiguration"]["arn"]
    stage = realtime.create_stage()["stage"]["arn"]
    channel = ivs.create_channel(tags={TAG: "tour"})["channel"]["arn"]
    destinations = [{"channel": {"channelArn": channel, "encoderConfigurationArn": encoder}}]
    compositions = [
        realtime.start_composition(stageArn=stage, destinations=destinations)["composition"]["arn"] for _ in range(2)
    ]
    realtime.stop_composition(arn=compositions[0])
    found = dict(survey(run.client))
    assert {thing.arn for thing in found} == arns | {encoder, stage, channel, compositions[1]}
    assert [thing.arn for thing, is_tagged in found.items() if is_tagged] == [channel]
    assert {thing.operation for thing in found if thing.arn in (stage, compositions[1])} == {
        "DeleteStage",
        "StopComposition",
    }
