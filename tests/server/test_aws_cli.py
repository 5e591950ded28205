"""The AWS CLI, run for real."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

# Asked without importing it: once imported it puts its own botocore in the place of ours.
pytestmark = pytest.mark.skipif(importlib.util.find_spec("awscli") is None, reason="the AWS CLI is not installed")

Aws = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def aws(server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Aws:
    """A function that runs `aws` with arguments, at the server."""
    config = tmp_path / "config"
    config.write_text("[default]\nregion = us-west-2\noutput = json\ncli_follow_urlparam = false\n")
    for name, value in {
        "AWS_CONFIG_FILE": str(config),
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_ENDPOINT_URL_IVS": server.url,
        "AWS_ENDPOINT_URL_IVSCHAT": server.url,
    }.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", "-m", "awscli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def answer(ran: subprocess.CompletedProcess[str]) -> Any:
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_channels(sim: Emulator, aws: Aws) -> None:
    """Create, list through its pages, tag and delete."""
    made = answer(aws("ivs", "create-channel", "--name", "show-0", "--tags", "stage=dev"))["channel"]
    assert made["arn"].startswith("arn:aws:ivs:us-west-2:123456789012:channel/")
    for number in range(1, 4):
        answer(aws("ivs", "create-channel", "--name", f"show-{number}"))
    shown = answer(aws("ivs", "list-channels", "--page-size", "2"))["channels"]
    assert [channel["name"] for channel in shown] == ["show-0", "show-1", "show-2", "show-3"]
    assert len(sim.calls.of("ListChannels")) == 2
    assert aws("ivs", "tag-resource", "--resource-arn", made["arn"], "--tags", "team=video").returncode == 0
    tags = answer(aws("ivs", "list-tags-for-resource", "--resource-arn", made["arn"]))["tags"]
    assert tags == {"stage": "dev", "team": "video"}
    deleted = aws("ivs", "delete-channel", "--arn", made["arn"])
    assert (deleted.returncode, deleted.stdout, deleted.stderr) == (0, "", "")


def test_error(aws: Aws) -> None:
    """A refusal is exit status 255 (254 in version 2), and its text."""
    refused = aws("ivs", "get-channel", "--arn", "arn:aws:ivs:us-west-2:123456789012:channel/AbCdEf123456")
    assert refused.returncode in (254, 255)
    text = "An error occurred (ResourceNotFoundException) when calling the GetChannel operation: "
    assert text in refused.stderr
    assert refused.stderr.strip().partition(text)[2]


def test_chat(sim: Emulator, aws: Aws) -> None:
    """A room, and a token that lets somebody in."""
    room = answer(aws("ivschat", "create-room", "--name", "lobby"))["arn"]
    asked = ("--room-identifier", room, "--user-id", "ann", "--capabilities", "SEND_MESSAGE")
    token = answer(aws("ivschat", "create-chat-token", *asked))["token"]
    assert sim.chat.connect(token).send_message("hello")


def test_url_as_a_value(aws: Aws) -> None:
    """An origin is a URL, and stays one where `cli_follow_urlparam` is off."""
    origins = ("--allowed-origins", "https://example.com")
    policy = answer(aws("ivs", "create-playback-restriction-policy", "--allowed-countries", "DE", *origins))
    assert policy["playbackRestrictionPolicy"]["allowedOrigins"] == ["https://example.com"]
