"""Clients in Python that find the port by configuration, or were signed by hand. The contract suite has the rest."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from ivsim import Emulator
from ivsim.server.run import Server

from .waiting import DEADLINE

PROGRAM = """
import boto3
print(boto3.client("ivs").create_channel(name="mine")["channel"]["arn"])
print(boto3.client("ivschat").create_room(name="mine")["arn"])
print(boto3.client("ivs-realtime").create_stage(name="mine")["stage"]["arn"])
"""

PROFILE = """
[profile local]
region = eu-west-1
services = here

[services here]
ivs =
  endpoint_url = {url}
ivschat =
  endpoint_url = {url}
ivs_realtime =
  endpoint_url = {url}
"""


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys in the environment; which ones does not matter."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")


@pytest.mark.parametrize(
    "environment",
    [
        {"AWS_ENDPOINT_URL": "{url}"},
        {
            "AWS_ENDPOINT_URL_IVS": "{url}",
            "AWS_ENDPOINT_URL_IVSCHAT": "{url}",
            "AWS_ENDPOINT_URL_IVS_REALTIME": "{url}",
        },
        {
            "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
            "AWS_ENDPOINT_URL_IVS": "{url}",
            "AWS_ENDPOINT_URL_IVSCHAT": "{url}",
            "AWS_ENDPOINT_URL_IVS_REALTIME": "{url}",
        },
        {"AWS_PROFILE": "local", "AWS_CONFIG_FILE": "{config}"},
    ],
    ids=["all", "each", "each before all", "file"],
)
def test_configured(
    sim: Emulator,
    server: Server,
    keys: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
) -> None:
    """A program that knows nothing of ivsim is led to it by its environment, or by the file of its profiles."""
    config = tmp_path / "config"
    config.write_text(PROFILE.format(url=server.url))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(url=server.url, config=config))
    ran = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    channel, room, stage = ran.stdout.split()
    assert channel.startswith("arn:aws:ivs:eu-west-1:123456789012:channel/")
    assert room.startswith("arn:aws:ivschat:eu-west-1:123456789012:room/")
    assert stage.startswith("arn:aws:ivs:eu-west-1:123456789012:stage/")
    assert [call.operation for call in sim.calls] == ["CreateChannel", "CreateRoom", "CreateStage"]


def test_unsigned(server: Server) -> None:
    """A client without credentials is answered too."""
    client = boto3.client(
        "ivs", endpoint_url=server.url, region_name="us-west-2", config=Config(signature_version=UNSIGNED)
    )
    assert client.list_channels()["channels"] == []
    client.close()


def test_path_in_the_endpoint(server: Server, keys: None) -> None:
    """SDKs keep a path in the endpoint, and nothing is there."""
    client = boto3.client("ivs", endpoint_url=f"{server.url}/pre/fix", region_name="us-west-2")
    with pytest.raises(client.exceptions.ClientError, match=r"No operation at POST /pre/fix/ListChannels"):
        client.list_channels()
    client.close()


def with_requests(signed: AWSRequest) -> Any:
    answer = requests.request(
        signed.method, signed.url, data=signed.data, headers=dict(signed.headers), timeout=DEADLINE
    )
    return answer.json()


def with_http_client(signed: AWSRequest) -> Any:
    prepared = signed.prepare()
    _, _, host, target = prepared.url.split("/", 3)
    connection = http.client.HTTPConnection(host, timeout=DEADLINE)
    try:
        connection.request(prepared.method, f"/{target}", prepared.body, dict(prepared.headers))
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


@pytest.mark.parametrize("send", [with_requests, with_http_client])
@pytest.mark.parametrize("auth", [SigV4Auth, SigV4QueryAuth])
def test_signed_by_hand(server: Server, auth: Any, send: Callable[[AWSRequest], Any]) -> None:
    """A request that was signed by hand, in its header or as a URL, is for the region and account of the signature."""
    url, body = f"{server.url}/CreateChannel", json.dumps({"name": "by-hand"})
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
    auth(Credentials("210987654321", "any"), "ivs", "ap-south-1").add_auth(request)
    channel = send(request)["channel"]
    assert channel["arn"].startswith("arn:aws:ivs:ap-south-1:210987654321:channel/")
    tags = AWSRequest("GET", f"{server.url}/tags/{channel['arn']}")
    auth(Credentials("210987654321", "any"), "ivs", "ap-south-1").add_auth(tags)
    assert send(tags) == {"tags": {}}
