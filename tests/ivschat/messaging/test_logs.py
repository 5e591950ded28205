"""Chat logs: records, where they go, and what is lost."""

from __future__ import annotations

import gzip
import json
import logging
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ivsim import Emulator, mock_ivs

from ...calling import call
from ..conftest import NOON, Room, received

S3 = {"s3": {"bucketName": "chat-logs"}}
CLOUD_WATCH = {"cloudWatchLogs": {"logGroupName": "logs"}}
FIREHOSE = {"firehose": {"deliveryStreamName": "logs"}}


def logging_to(sim: Emulator, *destinations: dict[str, Any]) -> list[str]:
    """Make a logging configuration for each destination."""
    calls = (call(sim, "CreateLoggingConfiguration", destinationConfiguration=each) for each in destinations)
    return [answer.body["arn"] for answer in calls]


@pytest.fixture
def destinations() -> Iterator[None]:
    """A bucket, a log group and a delivery stream into another bucket, at moto."""
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for name in ("chat-logs", "from-firehose"):
            s3.create_bucket(Bucket=name)
        boto3.client("logs", region_name="us-east-1").create_log_group(logGroupName="logs")
        to = {"RoleARN": "arn:aws:iam::123456789012:role/x", "BucketARN": "arn:aws:s3:::from-firehose"}
        firehose = boto3.client("firehose", region_name="us-east-1")
        firehose.create_delivery_stream(DeliveryStreamName="logs", ExtendedS3DestinationConfiguration=to)
        yield


def objects(bucket: str = "chat-logs") -> dict[str, bytes]:
    """Return what is in a bucket."""
    s3 = boto3.client("s3", region_name="us-east-1")
    listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in listed}


def test_records(room: Room) -> None:
    """Messages and events are logged with the frame as payload; errors and what nobody may log are not."""
    room.sim.clock.freeze(datetime(2023, 1, 5, 14, 33, 32, 894089, tzinfo=timezone.utc))
    (arn,) = logging_to(room.sim, S3)
    room.update(loggingConfigurationIdentifiers=[arn])
    ada = room.join("ada", attributes={"name": "Ada"})
    ada.send_message("hi", {"k": "v"})
    ada.send("?")
    ada.delete_message("I4fme01f7HYM")
    call(room.sim, "SendEvent", roomIdentifier=room.arn, eventName="x")
    logs = room.sim.chat.logs(room.arn)
    assert list(logs) == [arn]
    assert [list(record) for record in logs[arn]] == [["event_timestamp", "type", "payload", "version"]] * 3
    assert {record["event_timestamp"] for record in logs[arn]} == {"2023-01-05T14:33:32.894Z"}
    assert [record["type"] for record in logs[arn]] == ["MESSAGE", "EVENT", "EVENT"]
    assert [record["version"] for record in logs[arn]] == ["1.0"] * 3
    assert [record["payload"] for record in logs[arn]] == [each for each in received(ada) if each["Type"] != "ERROR"]


def test_what_is_attached(room: Room) -> None:
    """What is logged is what is said while a configuration is attached; a list that names one twice counts once."""
    one, two = logging_to(room.sim, S3, CLOUD_WATCH)
    ada = room.join("ada")
    for content, attached in (("0", []), ("1", [one]), ("2", [two, one]), ("3", [one, one]), ("4", [])):
        room.update(loggingConfigurationIdentifiers=attached)
        ada.send_message(content)

    def contents() -> dict[str, list[str]]:
        logs = room.sim.chat.logs(room.arn)
        return {arn: [record["payload"]["Content"] for record in records] for arn, records in logs.items()}

    assert contents() == {one: ["1", "2", "3"], two: ["2"]}
    call(room.sim, "DeleteRoom", identifier=room.arn)
    assert contents() == {one: ["1", "2", "3"], two: ["2"]}


def test_no_logs(room: Room) -> None:
    """A room that logs has an empty list for a start; another has none; what is no room is refused."""
    assert room.sim.chat.logs(room.arn) == {}
    room.update(loggingConfigurationIdentifiers=logging_to(room.sim, S3))
    assert list(room.sim.chat.logs(room.arn).values()) == [[]]
    assert room.sim.chat.logs(room.arn[:-1] + "0") == {}
    (configuration,) = logging_to(room.sim, S3)
    for wrong in ("lobby", configuration, room.arn.replace(":ivschat:", ":ivs:")):
        with pytest.raises(ValueError, match=f"room_arn: '{wrong}' is not the ARN of a room"):
            room.sim.chat.logs(wrong)
    with pytest.raises(TypeError, match=r"room_arn: \{'arn': 'x'\} is not a str"):
        room.sim.chat.logs({"arn": "x"})  # type: ignore[arg-type]


def test_denied_messages_are_not_logged(room: Room) -> None:
    """A record has what was delivered, after review."""
    handler = "arn:aws:lambda:us-east-1:123456789012:function:review"
    answers = iter([{"ReviewResult": "DENY"}, {"ReviewResult": "ALLOW", "Content": "***"}])
    room.sim.chat.review_handlers[handler] = lambda _: next(answers)
    (arn,) = logging_to(room.sim, S3)
    room.update(loggingConfigurationIdentifiers=[arn], messageReviewHandler={"uri": handler})
    ada = room.join("ada")
    ada.send_message("bad")
    ada.send_message("bad")
    assert [record["payload"]["Content"] for record in room.sim.chat.logs(room.arn)[arn]] == ["***"]


def test_realistic_delays() -> None:
    """Realistic logs take five minutes to S3 and ten seconds elsewhere, and come together."""
    sim = Emulator(transitions="realistic")
    sim.clock.freeze(NOON)
    s3, cloud_watch = arns = logging_to(sim, S3, CLOUD_WATCH)
    room = Room(sim, loggingConfigurationIdentifiers=arns)
    ada = room.join("ada")

    def counts() -> tuple[int, int]:
        logs = sim.chat.logs(room.arn)
        return len(logs[s3]), len(logs[cloud_watch])

    ada.send_message("one")
    sim.clock.advance(9)
    ada.send_message("two")
    assert counts() == (0, 0)
    sim.clock.advance(1)
    assert counts() == (0, 2)
    ada.send_message("three")
    sim.clock.advance(290)
    assert counts() == (3, 3)


def test_slow_delivery(room: Room) -> None:
    """A delivery takes the time it is told to take."""
    (arn,) = logging_to(room.sim, S3)
    room.update(loggingConfigurationIdentifiers=[arn])
    room.sim.faults.latency("LogDelivery", 60)
    room.join("ada").send_message("hi")
    room.sim.clock.advance(59)
    assert room.sim.chat.logs(room.arn)[arn] == []
    room.sim.clock.advance(1)
    assert len(room.sim.chat.logs(room.arn)[arn]) == 1


def test_a_destination_that_refuses(room: Room, caplog: Any) -> None:
    """What a destination does not take is lost and reported; what follows arrives."""
    one, two = logging_to(room.sim, S3, CLOUD_WATCH)
    room.update(loggingConfigurationIdentifiers=[one, two])
    room.sim.faults.add(
        "LogDelivery", "AccessDenied", when={"loggingConfigurationIdentifier": two, "roomIdentifier": room.arn}
    )
    ada = room.join("ada")
    with caplog.at_level(logging.WARNING, "ivsim.chat"):
        ada.send_message("one")
    assert f"chat log of {room.arn} for {two} is lost: AccessDenied" in caplog.text
    ada.send_message("two")
    logs = room.sim.chat.logs(room.arn)
    assert [[record["payload"]["Content"] for record in logs[arn]] for arn in (one, two)] == [["one", "two"], ["two"]]


def test_a_destination_that_leads_nowhere() -> None:
    """Where constraints go unchecked a configuration may have no destination; then there is nothing to do."""
    sim = Emulator(strict=False, deliver=True)
    room = Room(sim, loggingConfigurationIdentifiers=[*logging_to(sim, {}), "arn:nothing"])
    room.join("ada").send_message("hi")
    assert [len(records) for records in sim.chat.logs(room.arn).values()] == [1, 0]


@pytest.mark.usefixtures("destinations")
def test_s3() -> None:
    """In S3 there is a compressed object of JSON lines, under the documented key, the same in every run."""

    def run() -> dict[str, bytes]:
        sim = Emulator(seed=1, deliver=True)
        sim.clock.freeze(NOON)
        room = Room(sim, loggingConfigurationIdentifiers=logging_to(sim, S3))
        room.join("ada").send_message("é")
        (record,) = sim.chat.logs(room.arn).popitem()[1]
        ((key, body),) = objects().items()
        room_id = room.arn.rpartition("/")[2]
        assert re.fullmatch(
            f"AWSLogs/123456789012/IVSChatLogs/1.0/us-east-1/room_{room_id}/2026/11/21/12/"
            f"123456789012_IVSChatLogs_1.0_us-east-1_room_{room_id}_20261121T1200Z_[0-9a-f]{{8}}.log.gz",
            key,
        )
        text = gzip.decompress(body).decode()
        assert json.loads(text) == record
        assert text == json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        return {key: body}

    first = run()
    boto3.client("s3", region_name="us-east-1").delete_object(Bucket="chat-logs", Key=next(iter(first)))
    assert run() == first


@pytest.mark.usefixtures("destinations")
def test_s3_in_batches() -> None:
    """Realistic objects hold what five minutes brought, each the records of one hour."""
    sim = Emulator(deliver=True, transitions="realistic")
    sim.clock.freeze(NOON - timedelta(seconds=100))
    room = Room(sim, loggingConfigurationIdentifiers=logging_to(sim, S3))
    ada = room.join("ada")
    for content in "abcd":
        ada.send_message(content)
        sim.clock.advance(60)
    assert objects() == {}
    sim.clock.advance(60)
    found = {key.rpartition("_")[0][-14:]: gzip.decompress(body).decode() for key, body in objects().items()}
    assert [re.findall(r'"Content":"(.)"', text) for text in found.values()] == [["a", "b"], ["c", "d"]]
    assert list(found) == ["20261121T1158Z", "20261121T1200Z"]


@pytest.mark.usefixtures("destinations")
def test_cloud_watch_logs() -> None:
    """In CloudWatch Logs there is a stream for the room, with an event for each record, at its time."""
    sim = Emulator(deliver=True)
    sim.clock.freeze(datetime.now(timezone.utc).replace(microsecond=123_000))
    room = Room(sim, loggingConfigurationIdentifiers=logging_to(sim, CLOUD_WATCH))
    ada = room.join("ada")
    ada.send_message("one")
    ada.send_message("two")
    logs = boto3.client("logs", region_name="us-east-1")
    (stream,) = logs.describe_log_streams(logGroupName="logs")["logStreams"]
    assert stream["logStreamName"] == f"aws/IVSChatLogs/1.0/room_{room.arn.rpartition('/')[2]}"
    events = logs.get_log_events(logGroupName="logs", logStreamName=stream["logStreamName"])["events"]
    assert [json.loads(event["message"]) for event in events] == sim.chat.logs(room.arn).popitem()[1]
    assert {event["timestamp"] for event in events} == {int(sim.clock.time() * 1000)}


@pytest.mark.usefixtures("destinations")
def test_firehose() -> None:
    """Firehose gets a line of JSON for each record."""
    with mock_ivs(deliver=True) as sim:
        room = Room(sim, loggingConfigurationIdentifiers=logging_to(sim, FIREHOSE))
        ada = room.join("ada")
        ada.send_message("one")
        ada.send_message("two")
        lines = b"".join(objects("from-firehose").values()).decode().splitlines()  # moto's order is random
        records = sorted(map(json.loads, lines), key=lambda record: str(record["payload"]["SendTime"]))
        assert records == sim.chat.logs(room.arn).popitem()[1]


@pytest.mark.usefixtures("destinations")
def test_destinations_that_are_not_there(caplog: Any) -> None:
    """A bucket, group or stream that does not exist gets nothing, which is reported; the chat goes on."""
    sim = Emulator(deliver=True)
    missing = [
        {kind: dict.fromkeys(place, "missing")} for each in (S3, CLOUD_WATCH, FIREHOSE) for kind, place in each.items()
    ]
    room = Room(sim, loggingConfigurationIdentifiers=logging_to(sim, *missing))
    ada = room.join("ada")
    ada.send_message("hi")
    assert len(ada.frames) == 1
    assert list(sim.chat.logs(room.arn).values()) == [[], [], []]
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records if record.name == "ivsim.chat"] == [
        "NoSuchBucket",
        "ResourceNotFoundException",
        "ResourceNotFoundException",
    ]


@pytest.mark.usefixtures("destinations")
def test_log_events_of_another_time(caplog: Any) -> None:
    """CloudWatch Logs takes nothing that is long past, as on a clock that was set; that is reported, too."""
    sim = Emulator(deliver=True)
    sim.clock.freeze(datetime(2020, 1, 1, tzinfo=timezone.utc))
    room = Room(sim, loggingConfigurationIdentifiers=logging_to(sim, CLOUD_WATCH))
    room.join("ada").send_message("hi")
    assert list(sim.chat.logs(room.arn).values()) == [[]]
    assert "is lost: RejectedLogEvents" in caplog.text
