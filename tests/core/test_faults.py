from __future__ import annotations

from typing import Any

import boto3
import pytest

from ivsim import Emulator

from ..calling import call, send


def codes(sim: Emulator, operation: str, times: int) -> list[str | None]:
    return [call(sim, operation).code for _ in range(times)]


def test_times(sim: Emulator) -> None:
    """A fault strikes once, or as often as asked, or always, and only its operation."""
    sim.faults.add("CreateChannel", "PendingVerification")
    assert codes(sim, "CreateChannel", 2) == ["PendingVerification", None]
    sim.faults.add("create_channel", "ThrottlingException", times=2)
    assert codes(sim, "ListChannels", 1) == [None]
    assert codes(sim, "CreateChannel", 3) == ["ThrottlingException", "ThrottlingException", None]
    sim.faults.add("CreateChannel", "InternalServerException", times=None)
    assert codes(sim, "CreateChannel", 3) == ["InternalServerException"] * 3
    sim.faults.clear()
    assert codes(sim, "CreateChannel", 1) == [None]
    assert len(call(sim, "ListChannels").body["channels"]) == 3


def test_order(sim: Emulator) -> None:
    """Faults of one operation strike in the order in which they were added."""
    sim.faults.add("ListRooms", "ThrottlingException", times=1)
    sim.faults.add("ListRooms", "AccessDeniedException", times=1)
    assert codes(sim, "ListRooms", 3) == ["ThrottlingException", "AccessDeniedException", None]


def test_only_valid_requests(sim: Emulator) -> None:
    """An invalid request is invalid first, and leaves the fault for the next."""
    sim.faults.add("GetChannel", "AccessDeniedException")
    assert call(sim, "GetChannel").code == "ValidationException"
    arn = "arn:aws:ivs:us-east-1:123456789012:channel/AbCdEf123456"
    assert call(sim, "GetChannel", arn=arn).code == "AccessDeniedException"
    assert call(sim, "GetChannel", arn=arn).code == "ResourceNotFoundException"


def test_texts(sim: Emulator) -> None:
    """A fault says what it is told to, or what the model says."""
    sim.faults.add("ListChannels", "AccessDeniedException", message="not you")
    assert call(sim, "ListChannels").body == {"exceptionMessage": "not you", "message": "not you"}
    sim.faults.add("ListChannels", "AccessDeniedException")
    body = call(sim, "ListChannels").body
    assert body["exceptionMessage"] == body["message"]
    # the models of an older botocore say nothing of it
    texts = ("User does not have sufficient access to perform this action.", "AccessDeniedException")
    assert body["message"] in texts


def test_members_of_errors(sim: Emulator) -> None:
    """An error of IVS Chat carries what its shape asks for: the room at hand, and a limit."""
    room = call(sim, "CreateRoom").body
    sim.faults.add("SendEvent", "ThrottlingException", message="slowly")
    answer = call(sim, "SendEvent", roomIdentifier=room["arn"], eventName="x")
    assert answer.status == 429
    assert answer.body == {"message": "slowly", "resourceId": room["id"], "resourceType": "ROOM", "limit": 100}


def test_latency(sim: Emulator) -> None:
    """A slow operation takes its time on the clock, until it is told to be prompt."""
    sim.clock.freeze()
    before = sim.clock.time()
    sim.faults.latency("ListChannels", 2.5)
    call(sim, "ListChannels")
    call(sim, "ListRooms")
    assert sim.clock.time() - before == 2.5
    sim.faults.latency("ListChannels", 0)
    call(sim, "ListChannels")
    assert sim.clock.time() - before == 2.5


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("CreateChanel", "ThrottlingException"), "did you mean 'CreateChannel'"),
        (("Harp", "ThrottlingException"), "there is no operation 'Harp'; there are 'BatchGetChannel', "),
        (("CreateChannel", "Throttling"), "error_code: there is no error of CreateChannel 'Throttling'; did you mean"),
    ],
)
def test_unknown_names(sim: Emulator, arguments: tuple[str, str], text: str) -> None:
    """A name that does not exist is refused with what there is."""
    with pytest.raises(ValueError, match=text):
        sim.faults.add(*arguments)


@pytest.mark.parametrize("times", [0, -1, 1.5, "2", True])
def test_unusable_counts(sim: Emulator, times: Any) -> None:
    """So is a count that is none."""
    with pytest.raises(ValueError, match="times"):
        sim.faults.add("CreateChannel", "ThrottlingException", times=times)


def test_the_longest_latency(sim: Emulator) -> None:
    """A call may take a year, and no second more."""
    year = 365 * 24 * 60 * 60
    sim.faults.latency("CreateChannel", year)
    assert sim.faults.latencies == {"ivs:CreateChannel": year}
    with pytest.raises(ValueError, match="seconds: 31536001 is not a number from 0 to a year"):
        sim.faults.latency("CreateChannel", year + 1)


def test_unusable_latency(sim: Emulator) -> None:
    """And time that would run backwards, or out."""
    for seconds in (-1, float("inf"), float("nan"), 1e308, 10**400):
        with pytest.raises(ValueError, match="seconds"):
            sim.faults.latency("CreateChannel", seconds)


def test_shared_operations(sim: Emulator) -> None:
    """A fault of a tag operation strikes the services that have the error; it can be narrowed to one of them."""
    channel = call(sim, "CreateChannel").body["channel"]["arn"]
    room = call(sim, "CreateRoom").body["arn"]

    def listed(arn: str) -> str | None:
        return send(sim, "GET", f"/tags/{arn}").code

    sim.faults.add("ListTagsForResource", "ChannelNotBroadcasting", times=None)
    assert (listed(room), listed(channel)) == (None, "ChannelNotBroadcasting")
    sim.faults.clear()
    sim.faults.add("ListTagsForResource", "InternalServerException", times=2)
    assert (listed(room), listed(channel), listed(room)) == ("InternalServerException", "InternalServerException", None)
    sim.faults.add("ivschat:list_tags_for_resource", "InternalServerException")
    assert (listed(channel), listed(room)) == (None, "InternalServerException")
    with pytest.raises(ValueError, match="no error of ivschat:TagResource 'ChannelNotBroadcasting'"):
        sim.faults.add("ivschat:TagResource", "ChannelNotBroadcasting")


def test_only_with_certain_parameters(sim: Emulator) -> None:
    """A fault can be for calls with certain parameters: equal ones, or those that a function chooses."""
    sim.faults.add("CreateChannel", "PendingVerification", when={"name": "bad"})
    sim.faults.add("CreateRoom", "PendingVerification", times=None, when=lambda params: "name" not in params)
    assert call(sim, "CreateChannel", name="good").status == 200
    assert call(sim, "CreateChannel").status == 200
    assert call(sim, "CreateChannel", name="bad").code == "PendingVerification"
    assert call(sim, "CreateChannel", name="bad").status == 200
    assert call(sim, "CreateRoom", name="x").status == 200
    assert call(sim, "CreateRoom").code == "PendingVerification"
    with pytest.raises(TypeError, match="when: 5 is neither"):
        sim.faults.add("CreateRoom", "PendingVerification", when=5)  # type: ignore[arg-type]
    with pytest.raises(
        ValueError, match="when: there is no parameter of Ingest 'channel_arn'; did you mean 'channelArn'"
    ):
        sim.faults.add("Ingest", "ConnectionLost", when={"channel_arn": "x"})


def test_one_after_the_other(sim: Emulator) -> None:
    """A fault strikes as often as it was asked to before the next one of its operation does."""
    sim.faults.add("CreateChannel", "PendingVerification", times=2)
    sim.faults.add("CreateChannel", "ServiceQuotaExceededException")
    codes = [call(sim, "CreateChannel").code for _ in range(4)]
    assert codes == ["PendingVerification"] * 2 + ["ServiceQuotaExceededException", None]


def test_other_ways_to_name_an_error(sim: Emulator) -> None:
    """An error may be named by boto3's exception, or by the number of a frame."""
    ivs = boto3.client("ivs", region_name="us-west-2")
    sim.faults.add("CreateChannel", ivs.exceptions.PendingVerification)
    assert call(sim, "CreateChannel").code == "PendingVerification"
    sim.faults.add("MessagingRequest", 500)
    with pytest.raises(ValueError, match="error_code: there is no error of MessagingRequest '600'"):
        sim.faults.add("MessagingRequest", 600)


def test_pending(sim: Emulator) -> None:
    """What has not struck yet can be seen, and what struck for the last time is gone."""
    sim.faults.add("CreateChannel", "PendingVerification", times=2)
    sim.faults.add("CreateRoom", "PendingVerification")
    assert [fault.left for fault in sim.faults.pending] == [2, 1]
    call(sim, "CreateChannel")
    call(sim, "CreateRoom")
    (left,) = sim.faults.pending
    assert (left.operations, left.error_code, left.left) == (("ivs:CreateChannel",), "PendingVerification", 1)
    assert "ivs:CreateChannel" in repr(sim.faults)
    call(sim, "CreateChannel")
    assert not sim.faults.pending
