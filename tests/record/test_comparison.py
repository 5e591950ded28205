"""Two answers are compared member by member, and generated values by what they stand for."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from tools.record.comparison import MISSING, Comparison, Difference
from tools.record.recorder import Call

ARN = "arn:aws:ivs:us-west-2:111122223333:channel/"
ONE, OTHER, THIRD = "AbCdEf123456", "ZyXwVu987654", "QqQqQq111111"


def call(answer: Any = None, *, operation: str = "GetChannel", service: str = "ivs", **more: Any) -> Call:
    return Call(
        **{
            "scenario": "one",
            "service": service,
            "operation": operation,
            "parameters": {},
            "status": 200,
            "answer": answer or {},
            **more,
        }
    )


def found(aws: Call, ivsim: Call, comparison: Comparison | None = None) -> list[tuple[str, Any, Any]]:
    differences = (comparison or Comparison()).differences(1, aws, ivsim)
    return [(each.path, each.aws, each.ivsim) for each in differences]


def of_channel(aws: Any, ivsim: Any, comparison: Comparison | None = None) -> list[tuple[str, Any, Any]]:
    return found(call({"channel": aws}), call({"channel": ivsim}), comparison)


@pytest.mark.parametrize(
    ("aws", "ivsim", "expected"),
    [
        ({"latencyMode": "LOW"}, {"latencyMode": "NORMAL"}, [("/channel/latencyMode", "LOW", "NORMAL")]),
        ({"authorized": True}, {"authorized": 1}, [("/channel/authorized", True, 1)]),
        ({"n": 30}, {"n": 30.0}, []),
        ({"n": 30}, {"n": "30"}, [("/channel/n", 30, "30")]),
        ({"preset": ""}, {}, [("/channel/preset", "", MISSING)]),
        ({}, {"preset": ""}, [("/channel/preset", MISSING, "")]),
        ({"tags": {"a": "b"}}, {"tags": {"a": "c"}}, [("/channel/tags/a", "b", "c")]),
        ({"tags": {}}, {"tags": []}, [("/channel/tags", {}, [])]),
        ({"l": [1, 2]}, {"l": [1]}, [("/channel/l/1", 2, MISSING)]),
        ({"l": []}, {"l": [1]}, [("/channel/l/0", MISSING, 1)]),
        ({"l": [{"a": 1}, None]}, {"l": [{"a": 2}, None]}, [("/channel/l/0/a", 1, 2)]),
    ],
)
def test_members(aws: Any, ivsim: Any, expected: Any) -> None:
    """Values that differ, members and items that one of the two has not, are told with their path and both values."""
    assert of_channel(aws, ivsim) == expected


def test_status() -> None:
    """A status of its own is a difference."""
    assert found(call(status=200), call(status=204)) == [("status", 200, 204)]


def test_errors() -> None:
    """Two errors, or one on one side alone, are one difference; of the same error the texts are compared."""
    refused = call({"message": "no"}, error="ConflictException", status=409)
    other = call({"exceptionMessage": "never"}, error="ValidationException", status=400)
    assert found(refused, other) == [("error", "ConflictException: no", "ValidationException: never")]
    assert found(refused, call()) == [("error", "ConflictException: no", MISSING)]
    assert found(call(), call(error="AccessDeniedException")) == [("error", MISSING, "AccessDeniedException: ")]
    assert found(refused, call({"message": "not"}, error="ConflictException", status=409)) == [
        ("/message", "no", "not")
    ]


def test_ids_stand_for_each_other() -> None:
    """An id that is new on both sides is taken for the other's, and from then on has to be."""
    comparison = Comparison()
    assert of_channel({"arn": ARN + ONE}, {"arn": ARN + OTHER}, comparison) == []
    assert of_channel({"arn": ARN + ONE}, {"arn": ARN + OTHER}, comparison) == []
    for aws, ivsim in ((ONE, THIRD), (THIRD, OTHER)):
        differs = [("/channel/arn", ARN + aws, ARN + ivsim)]
        assert of_channel({"arn": ARN + aws}, {"arn": ARN + ivsim}, comparison) == differs


@pytest.mark.parametrize(
    ("aws", "ivsim", "is_alike"),
    [
        (f"Resource: {ARN}{ONE} not found", f"Resource: {ARN}{OTHER} not found", True),
        (f"Resource: {ARN}{ONE} not found", f"Resource: {ARN}{OTHER} is gone", False),
        (f"Resource: {ARN}{ONE} not found", f"Resource: {ARN}short not found", False),
        (f"Resource: {ARN}{ONE}", "Resource: none", False),
        ("0759d61188d4.srt.live-video.net", "aaaabbbbcccc.srt.live-video.net", True),
        ("0759d61188d4.srt.live-video.net", "aaaabbbbcccc.live-video.net", False),
        ("wss://global.events.live-video.net", "wss://aaaabbbbcccc.events.live-video.net", False),
        (
            f"https://0759d61188d4.us-west-2.playback.live-video.net/api/video/v1/us-west-2.1.channel.{ONE}.m3u8",
            f"https://aaaabbbbcccc.us-west-2.playback.live-video.net/api/video/v1/us-west-2.1.channel.{OTHER}.m3u8",
            True,
        ),
    ],
)
def test_what_is_generated_inside_of_texts(aws: str, ivsim: str, is_alike: bool) -> None:
    """Ids of ARNs and labels of hosts may differ inside of a text, the rest of it may not, nor their form."""
    assert bool(found(call({"message": aws}), call({"message": ivsim}))) is not is_alike


@pytest.mark.parametrize(
    ("aws", "ivsim", "is_alike"),
    [
        ("2026-11-29T12:00:00Z", "2026-11-29T12:00:04Z", True),
        ("2026-11-29T12:00:00Z", "2026-11-29T11:59:54Z", False),
        ("2026-11-29T12:00:00.123Z", "2026-11-29T12:00:00.000Z", True),
        ("2026-11-29T12:00:00.123Z", "2026-11-29T12:00:00Z", False),
        ("2026-11-29T12:00:00Z", "now", False),
    ],
)
def test_times(aws: str, ivsim: str, is_alike: bool) -> None:
    """Times have one form, and are a few seconds apart at most."""
    assert (of_channel({"t": aws}, {"t": ivsim}) == []) is is_alike


@pytest.mark.parametrize(
    ("operation", "aws", "ivsim", "is_alike"),
    [
        ("CreateStreamKey", {"streamKey": {"value": "sk_x_abc"}}, {"streamKey": {"value": "sk_x_def"}}, True),
        ("CreateStreamKey", {"streamKey": {"value": "sk_x_abc"}}, {"streamKey": {"value": "sk_x_defg"}}, False),
        ("ListChannels", {"nextToken": "AQ+a="}, {"nextToken": "AQabcdef"}, True),
        ("GetStream", {"stream": {"streamId": "st-1aaa"}}, {"stream": {"streamId": "st-1bbb"}}, True),
        ("GetStream", {"stream": {"streamId": "st-1aaa"}}, {"stream": {"streamId": "st_1bbb"}}, False),
        ("GetStream", {"stream": {"state": "st-1aaa"}}, {"stream": {"state": "st-1bbb"}}, False),
    ],
)
def test_secrets_and_ids(operation: str, aws: Any, ivsim: Any, is_alike: bool) -> None:
    """What the model marks as sensitive, and what is called an id, may differ, but for its form; page tokens in all."""
    assert (found(call(aws, operation=operation), call(ivsim, operation=operation)) == []) is is_alike


def jwt(**claims: Any) -> str:
    parts = ({"alg": "ES384"}, claims)
    return ".".join([*(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "c2ln"])


@pytest.mark.parametrize(
    ("aws", "ivsim", "expected"),
    [
        ({"exp": 100, "jti": "aa"}, {"exp": 104, "jti": "bb"}, []),
        ({"exp": 100}, {"exp": 106}, [("/participantToken/token/claims/exp", 100, 106)]),
        ({"version": "0.0"}, {"version": "1.0"}, [("/participantToken/token/claims/version", "0.0", "1.0")]),
        ({"exp": 1, "version": "0.0"}, {"exp": 1}, [("/participantToken/token/claims/version", "0.0", MISSING)]),
        ({"resource": ARN + ONE, "topic": ONE}, {"resource": ARN + OTHER, "topic": OTHER}, []),
        (
            {"resource": ARN + ONE, "topic": ONE},
            {"resource": ARN + OTHER, "topic": THIRD},
            [("/participantToken/token/claims/topic", ONE, THIRD)],
        ),
    ],
)
def test_tokens_are_read(aws: Any, ivsim: Any, expected: Any) -> None:
    """Of a token the claims are compared, not the signature."""
    token, other = (
        call({"participantToken": {"token": jwt(**claims)}}, service="ivs-realtime", operation="CreateParticipantToken")
        for claims in (aws, ivsim)
    )
    assert found(token, other) == expected


def test_what_is_asked() -> None:
    """Parameters have ivsim's ids where they have AWS's, whole and inside of texts; short ones are left in texts."""
    comparison = Comparison()
    of_channel({"arn": ARN + ONE, "fooId": "ab"}, {"arn": ARN + OTHER, "fooId": "cd"}, comparison)
    asked = comparison.asked({"arn": ARN + ONE, "ids": [ONE, "ab", "abc"], "n": 1, "other": "LOW"})
    assert asked == {"arn": ARN + OTHER, "ids": [OTHER, "cd", "abc"], "n": 1, "other": "LOW"}


def test_what_was_asked_for_is_no_id() -> None:
    """A user's id that the caller gave is the same on both sides."""
    comparison = Comparison()
    comparison.asked({"userId": "ada"})
    token = {"participantToken": {"userId": "ada"}}
    assert found(call(token), call({"participantToken": {"userId": "eve"}}), comparison) == [
        ("/participantToken/userId", "ada", "eve")
    ]
    assert found(call(token), call(token), comparison) == []


def test_what_differs_once_is_not_taken_for_it() -> None:
    """A value that stands for something already is not taken for another that it was met with by mistake."""
    comparison = Comparison()
    comparison.asked({"name": ""})
    assert of_channel({"name": "show"}, {"name": ""}, comparison) == [("/channel/name", "show", "")]
    assert comparison.asked("show") == "show"
    of_channel({"fooId": "one"}, {"fooId": "two"}, comparison)
    assert comparison.asked(["one", "two"]) == ["two", "two"]
    assert comparison.asked("two") == "two"


def test_a_difference_is_told_in_a_line() -> None:
    """A difference says where it is, and what both have, as JSON has it."""
    assert str(Difference("tour: rooms", 3, "GetRoom", "/name", "ü", MISSING)) == (
        'tour: rooms, call 3, GetRoom /name: AWS "ü", ivsim nothing'
    )
