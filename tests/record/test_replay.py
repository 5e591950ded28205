"""What was recorded of ivsim's own server is what ivsim answers; what is changed in it is told."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from tools.record.comparison import MISSING
from tools.record.recorder import Call, Recording
from tools.record.replay import replay
from tools.record.run import Run

from ivsim import Emulator

from ..recorded import test_recorded
from .conftest import ACCOUNT, BUCKET, REGION


@pytest.fixture(scope="module")
def recording() -> Recording:
    """A small recording, of a channel, what goes wrong with it, and a token; the answers come by a server."""
    session = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="any", region_name=REGION)
    with Emulator(account_id=ACCOUNT).serve(aws_urls=True) as server:
        run = Run(partial(session.client, endpoint_url=server.url))
        ivs, realtime = run.client("ivs"), run.client("ivs-realtime")
        with run.scenario("tour: channels"):
            arn = ivs.create_channel(name="show")["channel"]["arn"]
            ivs.get_channel(arn=arn)
            ivs.delete_channel(arn=arn)
            with pytest.raises(ivs.exceptions.ResourceNotFoundException):
                ivs.get_channel(arn=arn)
        with run.scenario("tour: stages"):
            stage = realtime.create_stage()["stage"]["arn"]
            realtime.create_participant_token(stageArn=stage, duration=5)
    return run.recording({ACCOUNT: "111122223333"})


def test_a_tour_through_ivsim(toured: Run) -> None:
    """A tour through ivsim's own server has no differences, with everything that is generated another."""
    recording = toured.recording({ACCOUNT: "111122223333", BUCKET: "amzn-s3-demo-bucket"})
    assert len(recording.calls) > 350
    assert "\n".join(map(str, replay(recording))) == ""


def changed(recording: Recording, number: int, change: Callable[[dict[str, Any]], None]) -> Recording:
    """Return a recording in which AWS has another answer to one call."""
    whole = msgspec.to_builtins(recording)
    change(whole["calls"][number - 1])
    return msgspec.convert(whole, Recording)


def remove(path: str) -> Callable[[dict[str, Any]], None]:
    def change(call: dict[str, Any]) -> None:
        member, name = path.split("/")
        del call["answer"][member][name]

    return change


@pytest.mark.parametrize(
    ("number", "change", "expected"),
    [
        (
            2,
            lambda call: call["answer"]["channel"].update(latencyMode="NORMAL"),
            ("tour: channels", 2, "GetChannel", "/channel/latencyMode", "NORMAL", "LOW"),
        ),
        (
            2,
            remove("channel/preset"),
            ("tour: channels", 2, "GetChannel", "/channel/preset", MISSING, ""),
        ),
        (
            2,
            lambda call: call["answer"]["channel"].update(color="green"),
            ("tour: channels", 2, "GetChannel", "/channel/color", "green", MISSING),
        ),
        (
            4,
            lambda call: call.update(error="AccessDeniedException", answer={"message": "no"}),
            ("tour: channels", 4, "GetChannel", "error", "AccessDeniedException: no", None),
        ),
        (
            4,
            lambda call: call["answer"].update(message="Resource not found"),
            ("tour: channels", 4, "GetChannel", "/message", "Resource not found", None),
        ),
        (3, lambda call: call.update(status=200), ("tour: channels", 3, "DeleteChannel", "status", 200, 204)),
        (
            6,
            lambda call: call["answer"]["participantToken"].update(duration=6),
            ("tour: stages", 2, "CreateParticipantToken", "/participantToken/duration", 6, 5),
        ),
    ],
    ids=["value", "missing at AWS", "missing in ivsim", "error code", "message", "status", "second scenario"],
)
def test_what_is_changed_is_told(recording: Recording, number: int, change: Any, expected: Any) -> None:
    """One answer that is another makes one difference, in its place."""
    (difference,) = replay(changed(recording, number, change))
    found = (difference.scenario, difference.number, difference.operation, difference.path, difference.aws)
    assert found == expected[:-1]
    if expected[-1] is not None:
        assert difference.ivsim == expected[-1]


def test_another_id_than_before(recording: Recording) -> None:
    """An answer that shows another channel than the one that was asked for is told, though ids always differ."""
    (difference,) = replay(
        changed(recording, 2, lambda call: call["answer"]["channel"].update(arn=_other_id(recording.calls[1])))
    )
    assert difference.path == "/channel/arn"


def _other_id(call: Call) -> str:
    return str(call.answer["channel"]["arn"][:-12] + "AbCdEf123456")


def test_time_passes_as_it_did(recording: Recording) -> None:
    """The replay's clock is the recording's: a token that ends an hour later than it should is told."""

    def later(call: dict[str, Any]) -> None:
        token = call["answer"]["participantToken"]
        token["expirationTime"] = token["expirationTime"].replace("Z", "+01:00")

    (difference,) = replay(changed(recording, 6, later))
    assert difference.path == "/participantToken/expirationTime"


def test_without_times(recording: Recording) -> None:
    """What has no time, because nobody said when, is replayed now."""
    calls = [msgspec.structs.replace(call, at="") for call in recording.calls[:4]]
    assert replay(msgspec.structs.replace(recording, calls=calls)) == []


@pytest.fixture
def file(recording: Recording, tmp_path: Path) -> Callable[..., Path]:
    """Writes the recording, as if AWS had answered, with changes to what it is."""

    def write(**changes: Any) -> Path:
        at_aws = {"ivs": "https://ivs.us-west-2.amazonaws.com", "ivs-realtime": "https://ivsrealtime.us-west-2.api.aws"}
        about = msgspec.structs.replace(recording.about, **{"endpoints": at_aws, **changes})
        return msgspec.structs.replace(recording, about=about).write(tmp_path)

    return write


def test_a_file_in_the_folder(file: Callable[..., Path]) -> None:
    """A file in tests/recorded/ to which ivsim answers as AWS did passes."""
    test_recorded.test_ivsim_answers_as_aws_did(file())


def test_a_file_that_differs(file: Callable[..., Path]) -> None:
    """The test of a file fails with each difference in a line."""
    path = file()
    path.write_text(path.read_text().replace('"latencyMode": "LOW"', '"latencyMode": "NORMAL"'))
    with pytest.raises(AssertionError, match='call 2, GetChannel /channel/latencyMode: AWS "NORMAL", ivsim "LOW"'):
        test_recorded.test_ivsim_answers_as_aws_did(path)


def test_a_file_from_elsewhere(file: Callable[..., Path]) -> None:
    """A file that somebody recorded of a server of ivsim is no truth."""
    with pytest.raises(AssertionError, match="recorded elsewhere than at AWS"):
        test_recorded.test_ivsim_answers_as_aws_did(file(endpoints={"ivs": "http://127.0.0.1:4870"}))


def test_a_file_of_a_newer_botocore(file: Callable[..., Path]) -> None:
    """A file with operations and members that the installed botocore may not know is left out."""
    with pytest.raises(pytest.skip.Exception, match="recorded with botocore 999"):
        test_recorded.test_ivsim_answers_as_aws_did(file(botocore="999.0.0"))
