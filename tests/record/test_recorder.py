"""The recorder notes what botocore's clients ask and are answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.exceptions import ClientError
from tools.record.recorder import About, Call, Recorder, Recording, is_aws, read
from tools.record.run import Run

ABOUT = About(date="2026-11-29", region="us-west-2", botocore="1.44.8", endpoints={"ivs": "https://ivs"})


def test_a_call(run: Run) -> None:
    """A call is noted with what was asked, and the body as it came."""
    with run.scenario("one"):
        created = run.client("ivs").create_channel(name="show")
    (call,) = run.calls
    assert (call.scenario, call.service, call.operation, call.parameters) == (
        "one",
        "ivs",
        "CreateChannel",
        {"name": "show"},
    )
    assert (call.status, call.error) == (200, "")
    assert call.answer["channel"]["arn"] == created["channel"]["arn"]


def test_the_time(toured: Run) -> None:
    """A call has the time at which it was answered, by the clock of who answered it."""
    times = [datetime.fromisoformat(call.at) for call in toured.calls]
    assert times == sorted(times)
    assert times[0].utcoffset() == timedelta(0)


def test_a_refusal(run: Run) -> None:
    """A refused call is noted with the error's code, and its members as they came."""
    with run.scenario("one"), pytest.raises(ClientError):
        run.client("ivschat").get_room(identifier="arn:aws:ivschat:us-west-2:123456789012:room/AbCdEf123456")
    (call,) = run.calls
    assert (call.status, call.error) == (404, "ResourceNotFoundException")
    assert call.answer["resourceType"] == "ROOM"


def test_what_the_caller_changes_later(run: Run) -> None:
    """What was asked stays as it was, whatever the caller does with the same dict."""
    tags = {"a": "b"}
    with run.scenario("one"):
        run.client("ivschat").create_room(tags=tags)
    tags["c"] = "d"
    assert run.calls[0].parameters == {"tags": {"a": "b"}}


def test_outside_of_a_scenario(run: Run) -> None:
    """Nothing is noted before and after a scenario, nor in the one without a name; what it is part of goes on then."""
    rooms = run.client("ivschat").list_rooms
    recorder = Recorder()
    recorder.watch(run.client("ivschat"))
    rooms()
    with recorder.scenario("one"):
        rooms()
        with recorder.scenario(""):
            rooms()
        rooms(maxResults=2)
    rooms()
    assert [call.parameters for call in recorder.calls] == [{}, {"maxResults": 2}]


@pytest.mark.parametrize("body", [b"<html>\xff", b"[1]"])
def test_a_body_that_is_no_object(run: Run, body: bytes) -> None:
    """What is not a JSON object, such as a proxy's page, is noted as text."""

    class Response:
        status_code = 200
        content = body

    model = run.client("ivs").meta.service_model.operation_model("ListChannels")
    recorder = Recorder()
    with recorder.scenario("one"):
        answered: dict[str, Any] = {"ResponseMetadata": {"HTTPHeaders": {}}}
        recorder._answered(Response(), answered, model, {"recorded_parameters": {}})
    assert recorder.calls[0].answer == {"text": body.decode(errors="replace")}
    assert recorder.calls[0].at == ""


def test_files(tmp_path: Path) -> None:
    """A recording is written under its date, never over another, and read as it was."""
    call = Call(scenario="one", service="ivs", operation="ListChannels", parameters={}, status=200, answer={"a": "ü"})
    recording = Recording(about=ABOUT, calls=[call])
    paths = [recording.write(tmp_path) for _ in range(3)]
    assert [path.name for path in paths] == ["2026-11-29.json", "2026-11-29-2.json", "2026-11-29-3.json"]
    assert all(read(path) == recording for path in paths)
    assert "ü" in paths[0].read_text(encoding="utf-8")


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """A file that is no recording is refused, with the place."""
    (tmp_path / "x.json").write_text('{"about": {"date": 1}}')
    with pytest.raises(msgspec.ValidationError, match=r"\$\.about\.date"):
        read(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ivs.us-west-2.amazonaws.com", True),
        ("https://ivs.us-west-2.api.aws", True),
        ("http://127.0.0.1:4870", False),
        ("https://amazonaws.com.example.com", False),
        ("nonsense", False),
    ],
)
def test_who_is_aws(url: str, expected: bool) -> None:
    """AWS is known by its hosts."""
    assert is_aws(url) is expected


def test_a_recording_says_who_answered(toured: Run) -> None:
    """A recording has the endpoints that answered, by which a server of ivsim is known not to be AWS."""
    endpoints = toured.recording({}).about.endpoints
    assert endpoints.keys() == {"ivs", "ivschat", "ivs-realtime"}
    assert not any(is_aws(url) for url in endpoints.values())
