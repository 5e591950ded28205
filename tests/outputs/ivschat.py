"""Every operation of IVS Chat, called with success."""

from __future__ import annotations

from ivsim import Emulator

from . import TAGS, Call


def call_all(_: Emulator, do: Call) -> None:
    """Make one of everything, look at it, change it, and delete it again."""
    logging = {"destinationConfiguration": {"firehose": {"deliveryStreamName": "x"}}, "name": "l", "tags": TAGS}
    log_arn = do("CreateLoggingConfiguration", logging)["arn"]
    do("GetLoggingConfiguration", {"identifier": log_arn})
    do("UpdateLoggingConfiguration", {"identifier": log_arn, "name": "m"})
    do("ListLoggingConfigurations")
    handler = {"uri": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    room = {"name": "r", "messageReviewHandler": handler, "loggingConfigurationIdentifiers": [log_arn], "tags": TAGS}
    room_arn = do("CreateRoom", room)["arn"]
    do("GetRoom", {"identifier": room_arn})
    do("UpdateRoom", {"identifier": room_arn, "name": "s"})
    do("ListRooms")
    do("CreateChatToken", {"roomIdentifier": room_arn, "userId": "u", "attributes": TAGS})
    do("SendEvent", {"roomIdentifier": room_arn, "eventName": "e", "attributes": TAGS})
    do("DeleteMessage", {"roomIdentifier": room_arn, "id": "abcdefghijkl"})
    do("DisconnectUser", {"roomIdentifier": room_arn, "userId": "u"})
    do("TagResource", {"resourceArn": room_arn, "tags": {"c": "d"}})
    do("ListTagsForResource", {"resourceArn": room_arn})
    do("UntagResource", {"resourceArn": room_arn, "tagKeys": ["c", "a"]})
    do("DeleteRoom", {"identifier": room_arn})
    do("DeleteLoggingConfiguration", {"identifier": log_arn})
