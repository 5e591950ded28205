from __future__ import annotations

import gzip
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import m3u8
import pytest
import requests
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import make_server
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from ivsim import Emulator, web
from ivsim.dispatcher import MOST_BYTES
from ivsim.media import simulation
from ivsim.services import SERVICES
from ivsim.wsgi import Application

from .calling import call, respond_in_parts, signed
from .server.raw import RawClient, chunked

CHANNEL = "arn:aws:ivs:us-east-1:123456789012:channel/AbCdEf123456"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"


@pytest.fixture
def client(sim: Emulator) -> Client:
    """The emulator `sim` behind WSGI."""
    return Client(Application(sim))


@contextmanager
def served(application: Any) -> Iterator[str]:
    """An application on a port, and its URL."""
    server = make_server("127.0.0.1", 0, application, threaded=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_own_emulator() -> None:
    """An application has an emulator of its own, unless it is given one."""
    application = Application()
    assert Client(application).post("/CreateChannel", json={"name": "x"}).status_code == 200
    assert [call.operation for call in application.emulator.calls] == ["CreateChannel"]
    assert Application(application.emulator).emulator is application.emulator


def test_calls(sim: Emulator, client: Client) -> None:
    """Requests are answered as at the port, errors too, with CORS and compressed bodies."""
    headers = {**signed("eu-west-1"), "Origin": "https://example.com", "Content-Encoding": "gzip"}
    made = client.post("/CreateChannel", data=gzip.compress(b'{"name": "x"}'), headers=headers)
    assert made.json is not None
    assert made.json["channel"]["arn"].startswith("arn:aws:ivs:eu-west-1:")
    assert made.headers["Access-Control-Allow-Origin"] == "*"
    assert made.headers["Content-Length"] == str(len(made.data))
    refused = client.post("/GetChannel", json={"arn": CHANNEL})
    assert (refused.status, refused.headers["x-amzn-ErrorType"]) == ("404 Not Found", "ResourceNotFoundException")
    asked = {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}
    preflight = client.options("/CreateChannel", headers=asked)
    assert (preflight.status_code, "Content-Length" in preflight.headers) == (204, False)
    head = client.head("/nowhere")
    assert (head.status_code, head.data) == (404, b"")


@pytest.mark.parametrize("mount", ["", "/aws"])
@pytest.mark.parametrize("name", ["RAW_URI", "REQUEST_URI", None])
def test_target(sim: Emulator, client: Client, name: str | None, mount: str) -> None:
    """ARNs in paths are understood, with and without the target as it was sent, and below a mount."""
    arn = json.loads(client.post("/CreateChannel", json={"tags": {"a": "b"}}).data)["channel"]["arn"]
    application: Any = Application(sim)
    if mount:
        application = DispatcherMiddleware(NotFound(), {mount: application})
    for sent in (arn, arn.replace("/", "%2F").replace(":", "%3A")):
        environ = EnvironBuilder(method="GET", path=f"{mount}/tags/{arn}").get_environ()
        del environ["RAW_URI"], environ["REQUEST_URI"]
        if name is not None:
            environ[name] = f"http://localhost{mount}/tags/{sent}"
        body, status, _ = run_wsgi_app(application, environ)
        assert (status, b"".join(body)) == ("200 OK", b'{"tags":{"a":"b"}}')


def test_target_that_was_rewritten(sim: Emulator) -> None:
    """What a middleware has made of a path counts more than what was sent."""
    environ = EnvironBuilder(method="POST", path="/CreateChannel").get_environ()
    run_wsgi_app(Application(sim), {**environ, "PATH_INFO": "/ListChannels"})
    run_wsgi_app(Application(sim), {**environ, "PATH_INFO": "/a b"})
    assert [call.operation for call in sim.calls] == ["ListChannels", ""]


def test_bug(client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A bug of ivsim's is a 500, its traceback in the log."""

    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    handlers = SERVICES["ivs"].handlers
    monkeypatch.setitem(handlers, "list_channels", handlers["list_channels"]._replace(function=fail))
    assert client.post("/ListChannels").status_code == 500
    assert "ZeroDivisionError" in caplog.text


def test_late(sim: Emulator, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    """A slow answer comes, and is in the log with the others."""
    caplog.set_level(logging.INFO, "ivsim.calls")
    sim.faults.latency("ListChannels", 0.02)
    assert client.post("/ListChannels").status_code == 200
    assert caplog.messages[0].startswith("200 ivs:ListChannels ")


def test_chunked(sim: Emulator) -> None:
    """Chunked bodies are read where the server says that it ends them."""
    with served(Application(sim)) as url, RawClient(int(url.rpartition(":")[2])) as client:
        head = b"POST /CreateChannel HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        assert b'"name":"x"' in client.send(head + chunked(b'{"name"', b': "x"}')).read().body


def test_gone_in_the_middle(sim: Emulator) -> None:
    """A body that breaks off has called nothing."""
    environ = EnvironBuilder(method="POST", path="/CreateChannel", data=b"{}").get_environ()
    _, status, _ = run_wsgi_app(Application(sim), {**environ, "CONTENT_LENGTH": "3"})
    assert status == "400 Bad Request"
    assert len(sim.calls) == 0


@pytest.mark.parametrize("most", [MOST_BYTES, 2 * MOST_BYTES])
def test_too_large(sim: Emulator, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Of a body that does not end only so much is read, and less is kept."""
    monkeypatch.setattr(web, "MOST_THROWN_AWAY", most)
    with open("/dev/zero", "rb") as zeros:
        environ = EnvironBuilder(method="POST", path="/CreateChannel").get_environ()
        environ |= {"wsgi.input": zeros, "wsgi.input_terminated": True}
        _, status, _ = run_wsgi_app(Application(sim), environ)
    assert status.startswith("413 ")  # the name has changed


@pytest.mark.parametrize(
    ("method", "target", "headers", "ours"),
    [
        ("POST", "/CreateChannel", {}, True),
        ("POST", "/CreateChannel", signed(), True),
        ("POST", "/CreateChannel", signed(service="medialive"), False),
        ("POST", "/CreateStage", {}, True),
        ("POST", "/NoSuchThing", signed(service="ivschat"), True),
        ("POST", "/NoSuchThing", {}, False),
        ("PUT", "/bucket/key", {}, False),
        ("GET", f"/tags/{CHANNEL}", {}, True),
        ("GET", f"/tags/{CHANNEL.replace(':', '%3A')}", {}, True),
        ("GET", f"/tags/{QUEUE}", {}, False),
        ("GET", f"/tags/{QUEUE}", signed(), True),
        ("GET", "/tags/nothing", {}, False),
        ("GET", "/tags/%ff", {}, False),
        ("GET", "/bucket?X-Amz-Credential=a%2F20261120%2Fus-east-1%2Fs3%2Faws4_request", {}, False),
        ("GET", "/api/video/v1/us-east-1.123456789012.channel.AbCd.m3u8", {}, True),
        ("GET", "/v1/segment/x.ts", signed(service="s3"), False),
        ("OPTIONS", "/CreateChannel", {"Access-Control-Request-Method": "POST"}, True),
        ("OPTIONS", "/bucket", {"Access-Control-Request-Method": "PUT"}, False),
        ("OPTIONS", "/CreateChannel", {}, False),
    ],
)
def test_otherwise(method: str, target: str, headers: dict[str, str], ours: bool) -> None:
    """What is for IVS stays, and all else goes on, with its body unread."""
    seen: list[bytes] = []

    def other(environ: Any, start_response: Any) -> list[bytes]:
        seen.append(environ["wsgi.input"].read())
        start_response("299 OTHER", [])
        return []

    answer = Client(Application(otherwise=other)).open(target, method=method, headers=headers, data=b"{}")
    assert (answer.status_code == 299) == (not ours)
    assert seen == ([] if ours else [b"{}"])


@pytest.mark.parametrize("path", ["/", "/publish/xYz1R6DQvGzA"])
def test_offers(sim: Emulator, client: Client, path: str) -> None:
    """An offer of media is told in one line, readable for a page's script, that it needs a server."""
    headers = {"Content-Type": "application/sdp", "Origin": "http://localhost:5173"}
    refused = client.post(path, data="v=0", headers=headers)
    assert (refused.status_code, refused.text) == (
        501,
        "media of stages go through a server: ivsim serve, or sim.serve()\n",
    )
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert list(sim.calls) == []


def test_otherwise_what_is_not_utf8() -> None:
    """So does a path that is no text at all."""

    def other(_: Any, start_response: Any) -> list[bytes]:
        start_response("299 OTHER", [])
        return []

    environ = {**EnvironBuilder().get_environ(), "PATH_INFO": "/tags/\xff", "REQUEST_URI": "/tags/%ff"}
    _, status, _ = run_wsgi_app(Application(otherwise=other), environ)
    assert status == "299 OTHER"


def test_beside_moto(sim: Emulator) -> None:
    """One port has IVS of ivsim and all else of moto's server."""
    application = Application(sim, otherwise=DomainDispatcherApplication(create_backend_app))
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
    with served(application) as url:
        requests.post(f"{url}/moto-api/reset", timeout=60)  # of what others in this process have left
        ivs, ivschat, s3, sqs = (
            boto3.client(service, endpoint_url=url, **keys) for service in ("ivs", "ivschat", "s3", "sqs")
        )
        s3.create_bucket(Bucket="my-recordings")
        s3.put_object(Bucket="my-recordings", Key="tags/arn:aws:ivs", Body=b"key")
        destination = {"s3": {"bucketName": "my-recordings"}}
        made = ivs.create_recording_configuration(destinationConfiguration=destination, tags={"a": "b"})
        assert ivs.list_tags_for_resource(resourceArn=made["recordingConfiguration"]["arn"])["tags"] == {"a": "b"}
        ivschat.create_room(name="lobby")
        sqs.create_queue(QueueName="mine")
        assert s3.get_object(Bucket="my-recordings", Key="tags/arn:aws:ivs")["Body"].read() == b"key"
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["my-recordings"]
        with pytest.raises(ivs.exceptions.ResourceNotFoundException):
            ivs.get_channel(arn=CHANNEL)
        for each in (ivs, ivschat, s3, sqs):
            each.close()
    assert [call.operation for call in sim.calls] == [
        "CreateRecordingConfiguration",
        "ListTagsForResource",
        "CreateRoom",
        "GetChannel",
    ]


def test_without_the_extra(tmp_path: Path) -> None:
    """Without werkzeug it says what to install; what the server needs is not imported."""
    program = (
        "import sys, ivsim.wsgi; assert not {'uvicorn', 'httptools', 'starlette', 'websockets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    (tmp_path / "werkzeug.py").write_text("raise ModuleNotFoundError('No module named werkzeug', name='werkzeug')")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-c", "import ivsim.wsgi"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    text = 'ModuleNotFoundError: werkzeug is not installed; pip install "ivsim[wsgi]"'
    assert ran.stderr.splitlines()[-1] == text


def test_segments(sim: Emulator, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments are made for those who get them, and a bug in that is a 500. HEAD makes none, so tells no length."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    with sim.streams.start(arn):
        variant = m3u8.loads(sim.playback.request(arn).body).playlists[0].uri
        target = m3u8.loads(sim.playback.request(variant).body).segments[0].uri.partition(".net")[2]
        segment = client.get(target)
        assert (segment.status_code, segment.headers["Content-Length"]) == (200, str(len(segment.data)))
        monkeypatch.setattr(simulation, "transport_stream", bytes.fromhex)
        head = client.head(target)
        assert (head.status_code, head.headers["Content-Type"], "Content-Length" in head.headers) == (
            200,
            "video/mp2t",
            False,
        )
        assert client.get(target).status_code == 500


def test_bodies_in_parts(sim: Emulator, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes in parts is refused: a thread that gives an answer waits for nothing but latency."""
    monkeypatch.setattr(Emulator, "respond", respond_in_parts)
    answer = client.get("/v1/segment/x.ts")
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"]) == (501, "NotEmulated")
    assert answer.json is not None
    assert "sim.serve()" in answer.json["message"]
