"""`make record` asks first, records what it is answered, and says what it left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from moto.server import ThreadedMotoServer
from tools.record.__main__ import main
from tools.record.recorder import Recording, read
from tools.record.replay import replay
from tools.record.run import Run
from tools.record.tour.ivschat import messages, rooms

from ivsim import Emulator

from ..server.waiting import until
from .conftest import REGION

ROOT = Path(__file__).parent.parent.parent
PREFIX = "AWS_ENDPOINT_URL_"


@pytest.fixture
def sim() -> Emulator:
    """What stands for AWS, in the account that moto's STS tells."""
    return Emulator()


@pytest.fixture
def url(sim: Emulator) -> Iterator[str]:
    """Its endpoint."""
    with sim.serve(aws_urls=True) as server:
        yield server.url


@pytest.fixture
def run(url: str) -> Run:
    """A run there, to look and to do what others do."""
    session = boto3.Session(aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="any", region_name=REGION)
    return Run(partial(session.client, endpoint_url=url))


@pytest.fixture(scope="module")
def sts() -> Iterator[str]:
    """Somebody who says who one is."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def settings(url: str, sts: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings of AWS that lead to these two."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv(f"{PREFIX}STS", sts)
    for service in ("IVS", "IVSCHAT", "IVS_REALTIME"):
        monkeypatch.setenv(f"{PREFIX}{service}", url)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.record.cleaning.PAUSES", ())


@pytest.fixture
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a tour be two chapters long."""
    monkeypatch.setattr("tools.record.run.CHAPTERS", [rooms, messages])


short = pytest.mark.usefixtures("_short")


def no_question(_: str) -> str:
    raise AssertionError("asked")


def only_file(folder: Path) -> Recording:
    (path,) = folder.glob("*.json")
    return read(path)


pytestmark = pytest.mark.usefixtures("settings")


def test_a_tour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types yes gets a file, which ivsim answers as the server of ivsim did."""

    def agree(text: str) -> str:
        assert text == "Type yes to go on: "
        return "yes"

    assert main(["--only", "tour", "--to", str(tmp_path)], ask=agree) == 0
    recording = only_file(tmp_path)
    assert recording.about.region == "us-west-2"
    assert "\n".join(map(str, replay(recording))) == ""
    assert f"{len(recording.calls)} calls are in {tmp_path}" in capsys.readouterr().out


@short
def test_the_question(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], sim: Emulator) -> None:
    """The question names account, region, what is made and what it costs, and an endpoint that is not AWS's."""
    answers = iter(["no", "y", ""])
    for _ in range(3):
        assert main(["--to", str(tmp_path), "--bucket", "my-bucket"], ask=lambda _: next(answers)) == 1
    told = capsys.readouterr()
    for part in (
        "in account 123456789012, region us-west-2",
        f"BUT ivs-realtime is at {url}, which is not AWS",
        "calls, creates",
        "in the bucket my-bucket",
        "The contract suite creates a few resources",
        "https://aws.amazon.com/ivs/pricing/",
    ):
        assert part in told.out
    assert "Nothing is recorded: you did not type yes." in told.err
    assert not [call for call in sim.calls if not call.operation.startswith("List")]
    assert list(tmp_path.iterdir()) == []


@short
@pytest.mark.parametrize("error", [EOFError, KeyboardInterrupt])
def test_nobody_there(error: type[BaseException], tmp_path: Path) -> None:
    """Where nobody can answer, and where somebody leaves, nothing is recorded."""

    def leave(_: str) -> str:
        raise error

    assert main(["--to", str(tmp_path)], ask=leave) == 1
    assert list(tmp_path.iterdir()) == []


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Without credentials there is one line, and that is all."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert main(["--yes"], ask=no_question) == 1
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        "Nothing is recorded: AWS does not let us in: Unable to locate credentials.\n",
    )


def test_a_region_that_is_not_empty(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there already would be in the lists, so there has to be nothing; some of it is named."""
    arns = [run.client("ivs").create_channel()["channel"]["arn"] for _ in range(4)]
    assert main(["--yes"], ask=no_question) == 1
    told = capsys.readouterr().err
    assert "us-west-2 has to be empty of IVS" in told
    assert all(arn in told for arn in arns[:3])
    assert arns[3] not in told


@short
def test_another_region(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The tour goes to any region, the contract suite to its own alone."""
    with pytest.raises(SystemExit):
        main(["--region", "eu-west-1"])
    assert "the contract suite expects us-west-2" in capsys.readouterr().err
    assert main(["--region", "eu-west-1", "--only", "tour", "--yes", "--to", str(tmp_path)], ask=no_question) == 0
    assert ":eu-west-1:" in only_file(tmp_path).calls[0].answer["arn"]


@short
def test_what_could_not_be_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str], sim: Emulator) -> None:
    """What AWS does not delete is named at the end, with the reason, and so is a chapter that ended early."""
    sim.faults.add("DeleteRoom", "ValidationException", times=None, message="not today")
    assert main(["--only", "tour", "--yes", "--to", str(tmp_path)], ask=no_question) == 1
    told = capsys.readouterr().err
    assert "the chapter rooms ended early" in told
    assert told.count("NOT DELETED, please do so: arn:aws:ivschat:") == 3
    assert "not today" in told
    assert only_file(tmp_path).calls[-1].scenario == "tour: messages"


@short
def test_what_somebody_else_made(tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there in the end and was made by nobody knows whom is named, and left alone."""
    made = []

    def make(_: str) -> str:
        made.append(run.client("ivschat").create_room(name="theirs")["arn"])
        return "yes"

    assert main(["--only", "tour", "--to", str(tmp_path)], ask=make) == 1
    assert f"There is now {made[0]}. If nobody else made it" in capsys.readouterr().err
    assert run.there() == made


@short
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), "interrupted while cleaning up"),
        (EndpointConnectionError(endpoint_url="x"), "could not look whether something is left: Could not connect"),
    ],
)
def test_trouble_at_the_end(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    expected: str,
) -> None:
    """When the last look fails, or is interrupted, that is told, and the file is written all the same."""

    def broken(_: Run) -> list[str]:
        raise error

    monkeypatch.setattr(Run, "sweep", broken)
    assert main(["--only", "tour", "--yes", "--to", str(tmp_path)], ask=no_question) == 1
    assert expected in capsys.readouterr().err
    assert only_file(tmp_path).calls


@short
def test_before_anything_was_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is interrupted before its first call writes no file."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    def agree(_: str) -> str:
        monkeypatch.setattr(Run, "tour", interrupt)
        return "yes"

    assert main(["--to", str(tmp_path)], ask=agree) == 1
    assert list(tmp_path.iterdir()) == []


def process(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tools.record", "--yes", "--to", str(folder), *arguments]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_signals(tmp_path: Path, sim: Emulator, run: Run, sent: signal.Signals) -> None:
    """A run that is stopped while AWS makes something it never hears of deletes that too, and writes what it has."""
    sim.faults.latency("CreatePlaybackRestrictionPolicy", 300)
    recording = process(tmp_path, "--only", "tour")
    try:
        until(lambda: any(call.operation == "CreatePlaybackRestrictionPolicy" for call in sim.calls))
        recording.send_signal(sent)
        _, told = recording.communicate(timeout=60)
    finally:
        recording.kill()
    assert recording.returncode == 1
    assert "Interrupted." in told
    assert run.there() == []
    assert any(call.operation == "DeletePlaybackRestrictionPolicy" for call in sim.calls)
    assert only_file(tmp_path).calls[-1].scenario == "tour: playback_key_pairs"


def test_an_interrupted_contract_suite(tmp_path: Path, sim: Emulator, run: Run) -> None:
    """What the test under way has made is deleted, and no other test begins."""
    sim.faults.latency("CreateChatToken", 300)
    recording = process(tmp_path, "--only", "contract", "tests/contract/test_tokens.py")
    try:
        until(lambda: any(call.operation == "CreateChatToken" for call in sim.calls))
        recording.send_signal(signal.SIGINT)
        _, told = recording.communicate(timeout=60)
    finally:
        recording.kill()
    assert recording.returncode == 1
    assert "Interrupted." in told
    assert run.there() == []
    assert [call.operation for call in only_file(tmp_path).calls] == ["CreateRoom"]


def test_the_contract_suite(tmp_path: Path, run: Run, sim: Emulator) -> None:
    """Contract tests go through the door to AWS and are recorded; those that need an emulator, or cost, are skipped."""
    tests = [f"tests/contract/test_{name}.py" for name in ("tagging", "paging", "messages", "compositions")]
    recording = process(tmp_path, "--only", "contract", *tests)
    said, told = recording.communicate(timeout=300)
    assert recording.returncode == 0, said + told
    assert "needs an emulator behind the API" in said
    assert "StartComposition: a composition is billed by the hour" in said
    assert "failed" not in said
    recorded = only_file(tmp_path)
    assert run.there() == []
    scenarios = {call.scenario for call in recorded.calls}
    assert "tests/contract/test_paging.py::test_pages_cover_everything[aws]" in scenarios
    assert "\n".join(map(str, replay(recorded))) == ""
    assert not [call for call in sim.calls if call.operation == "StartComposition"]
