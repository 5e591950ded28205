from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError

from ivsim.core.deliveries import LogEvent, S3Object
from ivsim.courier import courier


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
