"""The AWS CLI's own examples for IVS Real-Time, run for real: what they show is what ivsim shows."""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ..calling import send, signed

_AWSCLI = importlib.util.find_spec("awscli")  # asked without importing it, as it replaces our botocore

pytestmark = pytest.mark.skipif(_AWSCLI is None, reason="the AWS CLI is not installed")

REGION = "us-west-2"
ARN = re.compile(r"arn:aws:ivs:[a-z0-9-]+:\d+:([a-z-]+)/[a-zA-Z0-9]+")
EXAMPLE = re.compile(r"^    (aws ivs-realtime .*?)\n\n(?=\S)(?:Output::\n\n(.*?)(?=^\S|\Z))?", re.MULTILINE | re.DOTALL)

LIVE_ONLY = {"activeSessionId"}
"""Members that samples show and that need somebody on the stage."""


def example(name: str, number: int) -> tuple[list[str], Any]:
    """Return the arguments of an example of the CLI's, and what it prints; None where it prints nothing."""
    assert _AWSCLI
    assert _AWSCLI.origin
    text = (Path(_AWSCLI.origin).parent / "examples" / "ivs-realtime" / f"{name}.rst").read_text()
    command, output = EXAMPLE.findall(text)[number - 1]
    return shlex.split(re.sub(r"\\ *\n", "", command))[1:], json.loads(output) if output else None


def make(sim: Emulator, operation: str, **members: Any) -> str:
    """Make something, and return its ARN."""
    answer = send(sim, "POST", f"/{operation}", json.dumps(members).encode(), signed(REGION))
    return str(next(iter(answer.body.values()))["arn"])


def shows(sample: Any, answer: Any, place: str = "") -> None:
    """Check that an answer has all that a sample has: members, and values that are no names, ids or times."""
    if isinstance(sample, dict):
        assert sample.keys() - LIVE_ONLY <= answer.keys(), place
        for name in sample.keys() - LIVE_ONLY:
            shows(sample[name], answer[name], f"{place}.{name}")
    elif isinstance(sample, list):
        assert len(answer) >= 1, place
        shows(sample[0], answer[0], f"{place}[0]")
    elif isinstance(sample, str) and sample and not re.fullmatch("[A-Z_]+", sample):
        assert type(answer) is str, place
        found = ARN.match(sample)
        assert not found or ARN.match(answer)[1] == found[1], place  # type: ignore[index]
    else:
        assert answer == sample, place


@pytest.fixture
def aws(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A function that runs `aws` with arguments, at the server, and returns what it prints."""
    for name, value in {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_ENDPOINT_URL_IVS_REALTIME": server.url,
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Any:
        command = [sys.executable, "-W", "ignore", "-m", "awscli", *arguments, "--output", "json"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout or "null")

    return run


@pytest.fixture
def there(sim: Emulator, make_public_key: Callable[[], str]) -> dict[str, str]:
    """One of everything that the examples name, by its resource type."""
    encoder = make(sim, "CreateEncoderConfiguration", name="e")
    storage = make(sim, "CreateStorageConfiguration", name="s", s3={"bucketName": "abc"})
    stage = make(sim, "CreateStage", name="stage1")
    return {
        "stage": stage,
        "encoder-configuration": encoder,
        "storage-configuration": storage,
        "channel": make(sim, "CreateChannel"),
        "ingest-configuration": make(sim, "CreateIngestConfiguration", name="i", ingestProtocol="RTMPS"),
        "public-key": make(sim, "ImportPublicKey", publicKeyMaterial=make_public_key()),
    }


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("create-encoder-configuration", 1),
        ("create-participant-token", 1),
        ("create-stage", 1),
        ("create-stage", 3),
        ("create-storage-configuration", 1),
        ("get-ingest-configuration", 1),
        ("get-public-key", 1),
        ("get-stage", 1),
        ("list-stages", 1),
        ("start-composition", 2),
        ("update-ingest-configuration", 1),
    ],
)
@pytest.mark.needs("ImportPublicKey", "CreateIngestConfiguration")
def test_shown(aws: Callable[..., Any], there: dict[str, str], name: str, number: int) -> None:
    """What the example shows of an answer is in the answer."""
    arguments, output = example(name, number)
    shows(output, aws(*(ARN.sub(lambda found: there[found[1]], argument) for argument in arguments)))


@pytest.mark.parametrize("kind", ["ingest-configuration", "stage"])
@pytest.mark.needs("ImportPublicKey", "CreateIngestConfiguration")
def test_deleted(aws: Callable[..., Any], there: dict[str, str], kind: str) -> None:
    """What the example deletes is deleted, and nothing is printed."""
    arguments, output = example(f"delete-{kind}", 1)
    assert output is None
    assert aws(*(ARN.sub(lambda found: there[found[1]], argument) for argument in arguments)) is None
