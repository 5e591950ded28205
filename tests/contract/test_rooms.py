from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from .conftest import REGION, Services

HANDLER = f"arn:aws:lambda:{REGION}:123456789012:function:review"


def body(response: Any) -> dict[str, Any]:
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def test_defaults(aws: Services) -> None:
    """A room created with nothing shows its limits, but no name, handler or logging: what was never given is absent."""
    room = body(aws.ivschat.create_room())
    assert room == {
        "arn": room["arn"],
        "id": room["arn"].rpartition("/")[2],
        "createTime": room["createTime"],
        "updateTime": room["createTime"],
        "maximumMessageRatePerSecond": 10,
        "maximumMessageLength": 500,
        "tags": {},
    }
    assert len(room["id"]) == 12
    assert body(aws.ivschat.get_room(identifier=room["arn"])) == room


def test_update(aws: Services) -> None:
    """An update keeps what it does not name, and moves updateTime."""
    room = body(aws.ivschat.create_room(name="one", maximumMessageLength=10, tags={"a": "b"}))
    aws.sim.clock.advance(1)
    updated = body(aws.ivschat.update_room(identifier=room["arn"], maximumMessageRatePerSecond=100))
    assert updated["updateTime"] - room["updateTime"] >= timedelta(seconds=1)
    assert updated == {**room, "maximumMessageRatePerSecond": 100, "updateTime": updated["updateTime"]}
    assert body(aws.ivschat.get_room(identifier=room["arn"])) == updated


def test_review_handler(aws: Services) -> None:
    """A handler falls back to ALLOW; an empty uri detaches it, and shows that there was one."""
    arn = aws.ivschat.create_room(messageReviewHandler={"uri": HANDLER})["arn"]
    room = aws.ivschat.get_room(identifier=arn)
    assert room["messageReviewHandler"] == {"uri": HANDLER, "fallbackResult": "ALLOW"}
    updated = aws.ivschat.update_room(identifier=arn, messageReviewHandler={"fallbackResult": "DENY"})
    assert updated["messageReviewHandler"] == {"uri": HANDLER, "fallbackResult": "DENY"}
    detached = aws.ivschat.update_room(identifier=arn, messageReviewHandler={"uri": ""})
    assert detached["messageReviewHandler"] == {"uri": "", "fallbackResult": "DENY"}
    for none in ({}, {"uri": ""}, {"fallbackResult": "DENY"}):
        assert "messageReviewHandler" not in aws.ivschat.create_room(messageReviewHandler=none)


def test_logging(aws: Services) -> None:
    """The list of logging configurations is replaced whole; an empty one leaves none; each has to exist."""
    make = aws.ivschat.create_logging_configuration
    one, two = (make(destinationConfiguration={"s3": {"bucketName": "abc"}})["arn"] for _ in range(2))
    arn = aws.ivschat.create_room(loggingConfigurationIdentifiers=[one])["arn"]
    update = aws.ivschat.update_room
    both = update(identifier=arn, loggingConfigurationIdentifiers=[two, one])
    assert both["loggingConfigurationIdentifiers"] == [two, one]
    assert update(identifier=arn, name="x")["loggingConfigurationIdentifiers"] == [two, one]
    assert "loggingConfigurationIdentifiers" not in update(identifier=arn, loggingConfigurationIdentifiers=[])
    aws.ivschat.delete_logging_configuration(identifier=one)
    for call, members in ((aws.ivschat.create_room, {}), (update, {"identifier": arn})):
        code = aws.code(call, loggingConfigurationIdentifiers=[two, one], **members)
        assert code == "ResourceNotFoundException"


def test_list(aws: Services) -> None:
    """Rooms are listed with the one that was updated last first, as summaries."""
    arns = [aws.ivschat.create_room(name=name)["arn"] for name in "abc"]
    aws.ivschat.update_room(identifier=arns[0], name="a2")
    rooms = aws.ivschat.list_rooms()["rooms"]
    assert [room["name"] for room in rooms] == ["a2", "c", "b"]
    assert set(rooms[0]) == {"arn", "id", "name", "createTime", "updateTime", "tags"}


def test_filters(aws: Services) -> None:
    """Filters have to match exactly, and all of them."""
    logging = aws.ivschat.create_logging_configuration(destinationConfiguration={"s3": {"bucketName": "abc"}})["arn"]
    create = aws.ivschat.create_room
    create(name="a")
    create(name="a", messageReviewHandler={"uri": HANDLER})
    create(name="b", messageReviewHandler={"uri": HANDLER}, loggingConfigurationIdentifiers=[logging])

    def listed(**filters: str) -> int:
        return len(aws.ivschat.list_rooms(**filters)["rooms"])

    assert listed(name="a") == 2
    assert listed(name="A") == 0
    assert listed(messageReviewHandlerUri=HANDLER) == 2
    assert listed(name="a", messageReviewHandlerUri=HANDLER) == 1
    assert listed(loggingConfigurationIdentifier=logging) == 1
    assert listed(loggingConfigurationIdentifier=logging + "x", name="b") == 0


def test_delete(aws: Services) -> None:
    """A deleted room is gone; the error says which room, by its bare id."""
    room = aws.ivschat.create_room()
    assert aws.ivschat.delete_room(identifier=room["arn"])["ResponseMetadata"]["HTTPStatusCode"] == 204
    for operation in ("get", "update", "delete"):
        call = getattr(aws.ivschat, f"{operation}_room")
        with pytest.raises(aws.ivschat.exceptions.ResourceNotFoundException) as refused:
            call(identifier=room["arn"])
        assert refused.value.response["resourceId"] == room["id"]
        assert refused.value.response["resourceType"] == "ROOM"
        assert refused.value.response["Error"]["Message"] == f"Resource: {room['arn']} not found"


def test_invalid_members(aws: Services) -> None:
    """A ValidationException of IVS Chat lists the members at fault."""
    refused = aws.refusal(aws.ivschat.create_room, name="two words", maximumMessageLength=501)
    assert refused["reason"] == "FIELD_VALIDATION_FAILED"
    pattern = aws.ivschat.meta.service_model.shape_for("RoomName").metadata["pattern"]
    assert refused["fieldList"] == [
        {"name": "name", "message": f"Member must satisfy regular expression pattern: {pattern}"},
        {"name": "maximumMessageLength", "message": "Member must be between 1 and 500, inclusive"},
    ]
    text = "Request member: name failed to satisfy the constraints: Member must satisfy regular expression pattern: "
    assert refused["Error"]["Message"].startswith(text)
    assert aws.ivschat.list_rooms()["rooms"] == []


def test_a_bare_id_is_no_identifier(aws: Services) -> None:
    """An identifier is an ARN."""
    room = aws.ivschat.create_room()
    assert aws.code(aws.ivschat.get_room, identifier=room["id"]) == "ValidationException"


def test_quota(aws: Services) -> None:
    """When the quota of rooms is used up, the error carries it."""
    aws.sim.quotas["Rooms"] = 1
    aws.ivschat.create_room()
    refused = aws.refusal(aws.ivschat.create_room)
    assert refused["ResponseMetadata"]["HTTPStatusCode"] == 402
    assert (refused["limit"], refused["resourceType"]) == (1, "ROOM")
