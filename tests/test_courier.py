"""Couriers, to AWS or what stands for it: to services by boto3, to a folder as files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from ivsim.core.deliveries import FirehoseRecord, LogEvent, S3Object
from ivsim.courier import AwsCourier, FolderCourier, courier, from_environment

NOON = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where boto3 cannot even sign, that is the error; nothing that follows is carried."""
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: None)
    carried: list[str] = []

    def parcels() -> Any:
        for name in ("one", "two"):
            carried.append(name)
            yield S3Object("bucket", name, b"", "text/plain")

    assert courier()("us-east-1", parcels()) == NoCredentialsError.__name__
    assert carried == ["one"]


def test_times_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log event keeps its milliseconds, all of them."""
    from datetime import datetime, timedelta, timezone

    import boto3
    from moto import mock_aws

    now = datetime.now(timezone.utc).replace(microsecond=0)
    times = [now + timedelta(milliseconds=number) for number in range(200)]
    with mock_aws():
        logs = boto3.client("logs", region_name="us-east-1")
        logs.create_log_group(logGroupName="group")
        assert courier()("us-east-1", [LogEvent("group", "stream", time, "x") for time in times]) is None
        events = logs.get_log_events(logGroupName="group", logStreamName="stream", startFromHead=True)["events"]
    assert [event["timestamp"] % 1000 for event in events] == list(range(200))


def parcels() -> Iterator[Any]:
    """Return one of each kind."""
    yield S3Object("shows", "ivs/b.ts", b"media", "video/MP2T")
    yield S3Object("logs", "AWSLogs/a.log.gz", b"chat", "application/x-gzip")
    yield LogEvent("group", "stream", NOON, "hello")
    yield FirehoseRecord("delivery", b"hello")


@pytest.mark.parametrize("kind", [S3Object, LogEvent, FirehoseRecord])
def test_the_kinds_that_were_asked_for(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A courier carries the kinds whose endpoint the environment names, and throws the others away."""
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: None)
    assert from_environment() is None
    name = {S3Object: "S3", LogEvent: "LOGS", FirehoseRecord: "FIREHOSE"}[kind]
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", "http://127.0.0.1:9")
    named = from_environment()
    assert named
    for parcel in parcels():
        assert named("us-east-1", [parcel]) == (NoCredentialsError.__name__ if isinstance(parcel, kind) else None)


def test_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder has the objects of buckets as files, and nothing else; they can be had back."""
    to_folder = FolderCourier(tmp_path, AwsCourier())
    assert to_folder("us-east-1", parcels()) is None
    assert [str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()] == ["shows/ivs/b.ts"]
    assert to_folder("us-east-1", [S3Object("shows", "ivs/b.ts", b"more", "video/MP2T")]) is None
    assert to_folder("us-east-1", [S3Object("shows", "AbCdEfGh1234/1.mp4", b"stage", "video/mp4")]) is None
    assert to_folder.fetch("us-east-1", "shows", "AbCdEfGh1234/1.mp4") == b"stage"
    assert to_folder.fetch("us-east-1", "shows", "ivs/b.ts") == b"more"
    for bucket, key in (("shows", "ivs/c.ts"), ("other", "ivs/b.ts"), ("shows", "ivs")):
        with pytest.raises(KeyError, match=key):
            to_folder.fetch("us-east-1", bucket, key)


def test_what_others_refuse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not for the folder goes to the other courier, whose refusal is the answer."""
    monkeypatch.setattr("botocore.session.Session.get_credentials", lambda _: None)
    to_folder = FolderCourier(tmp_path, courier())
    assert to_folder("us-east-1", parcels()) == NoCredentialsError.__name__
    assert (tmp_path / "shows/ivs/b.ts").read_bytes() == b"media"


def test_a_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be written is an error, with the file and the reason in the log; what was there stays."""
    (tmp_path / "shows").write_text("no folder")
    assert FolderCourier(tmp_path, AwsCourier())("us-east-1", parcels()) in ("FileExistsError", "NotADirectoryError")
    assert f"{tmp_path}/shows/ivs/b.ts cannot be written: " in caplog.text
    assert (tmp_path / "shows").read_text() == "no folder"


def test_brought_back() -> None:
    """An object of S3 can be had back; one that is not there is a KeyError."""
    import boto3
    from moto import mock_aws

    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="shows")
        s3.put_object(Bucket="shows", Key="a", Body=b"media")
        assert courier().fetch("us-east-1", "shows", "a") == b"media"
        for bucket, key in (("shows", "b"), ("other", "a")):
            with pytest.raises(KeyError, match=key):
                courier().fetch("us-east-1", bucket, key)
