from __future__ import annotations

import logging
import os
import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET
from typing import Any
from urllib.parse import urljoin, urlsplit

import boto3
import m3u8
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator, playback_token
from ivsim.ivs.playback import pictures
from ivsim.media import simulation
from ivsim.server.run import Server
from ivsim.wire.http import Recipe

from ..calling import call
from .raw import RawClient, request
from .waiting import DEADLINE, pour, until

SITE = {"Origin": "https://www.example.com"}


@pytest.fixture
def ivs(server: Server) -> Iterator[Any]:
    """A client for `ivs` at the server."""
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    client = boto3.client("ivs", endpoint_url=server.url, region_name="us-west-2", **keys)
    yield client
    client.close()


@pytest.fixture
def get() -> Iterator[Callable[..., requests.Response]]:
    """A player's way to fetch, from a page of SITE."""
    with requests.Session() as session:
        yield lambda url, **options: session.get(url, headers=SITE, timeout=DEADLINE, **options)


def local(server: Server, playback_url: str) -> str:
    """Return where the port has what a playback URL is for: the same path."""
    return server.url + urlsplit(playback_url).path


@pytest.mark.parametrize("container", ["TS", "FRAGMENTED_MP4"])
def test_watched_over_the_port(
    sim: Emulator, server: Server, ivs: Any, get: Callable[..., requests.Response], container: str
) -> None:
    """A player finds playlists and segments at the port by the URLs in them, and may read them from any site."""
    if "containerFormat" not in ivs.meta.service_model.operation_model("CreateChannel").input_shape.members:
        pytest.skip("the installed botocore has no containers")
    channel = ivs.create_channel(containerFormat=container)["channel"]
    url = local(server, channel["playbackUrl"])
    assert get(url).status_code == 404
    with sim.streams.start(channel["arn"]):
        sim.clock.advance(10)
        master = get(url)
        variant = get(urljoin(url, m3u8.loads(master.text).playlists[0].uri))
        playlist = m3u8.loads(variant.text)
        segment = get(urljoin(variant.url, playlist.segments[-1].uri))
        answers = [master, variant, segment]
        if container == "FRAGMENTED_MP4":
            answers.append(get(urljoin(variant.url, playlist.segment_map[0].uri)))
        hints = re.findall(r"#EXT-X-PREFETCH:(.*)", variant.text)
        answers += [get(urljoin(variant.url, hint)) for hint in hints]
    for answer in answers:
        assert answer.status_code == 200
        assert answer.url.startswith(server.url)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert segment.headers["Content-Type"] == {"TS": "video/mp2t", "FRAGMENTED_MP4": "video/mp4"}[container]
    assert "https://" not in master.text + variant.text


def test_private_over_the_port(sim: Emulator, server: Server, ivs: Any, get: Callable[..., requests.Response]) -> None:
    """A private channel wants its token and keeps to its origins, here too."""
    key = ec.generate_private_key(ec.SECP384R1())
    ivs.import_playback_key_pair(
        publicKeyMaterial=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    )
    channel = ivs.create_channel(authorized=True)["channel"]
    url = local(server, channel["playbackUrl"])
    with sim.streams.start(channel["arn"]):
        refused = get(url)
        assert refused.status_code == 403
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        now = sim.clock.now()
        token = playback_token(key, channel["arn"], origins=["https://www.example.com"], now=now)
        master = get(url, params={"token": token})
        variant = get(urljoin(url, m3u8.loads(master.text).playlists[0].uri))
        for answer in (master, variant):
            assert answer.headers["Access-Control-Allow-Origin"] == SITE["Origin"]
            assert answer.headers["Vary"] == "Origin"
        other = playback_token(key, channel["arn"], origins=["https://other.example"], now=now)
        assert get(url, params={"token": other}).status_code == 403


def test_asked_first(server: Server) -> None:
    """A browser that asks first hears what the edge answers."""
    headers = {**SITE, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "range"}
    answer = requests.options(f"{server.url}/v1/segment/x.ts", headers=headers, timeout=DEADLINE)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")


def test_head(sim: Emulator, server: Server, ivs: Any) -> None:
    """HEAD is answered without a body, on one connection."""
    channel = ivs.create_channel()["channel"]
    with sim.streams.start(channel["arn"]), requests.Session() as session:
        for _ in range(2):
            answer = session.head(local(server, channel["playbackUrl"]), timeout=DEADLINE)
            assert (answer.status_code, answer.content) == (200, b"")


@pytest.fixture
def segment_target(sim: Emulator) -> Iterator[str]:
    """Where on the port a segment of a live channel is."""
    arn = call(sim, "CreateChannel").body["channel"]["arn"]
    with sim.streams.start(arn):
        sim.clock.advance(10)
        variant = m3u8.loads(sim.playback.request(arn).body).playlists[0].uri
        yield m3u8.loads(sim.playback.request(variant).body).segments[0].uri.partition(".net")[2]


def test_head_of_a_segment(segment_target: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """HEAD makes no segment, so its length is not known; a connection goes on after that."""
    monkeypatch.setattr(simulation, "transport_stream", bytes.fromhex)
    with RawClient(server.port) as client:
        for _ in range(2):
            reply = client.call(segment_target, b"", method="HEAD")
            assert (reply.status, reply.headers["content-type"]) == (200, "video/mp2t")
            assert "content-length" not in reply.headers


def test_a_bug_in_media(
    segment_target: str, server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in what makes a segment is a 500 for its viewer, with the traceback in the log; the next one is made."""
    with RawClient(server.port) as client:
        with monkeypatch.context() as patch:
            patch.setattr(simulation, "transport_stream", bytes.fromhex)
            reply = client.call(segment_target, b"", "Origin: https://example.com", method="GET")
        assert (reply.status, reply.headers["x-amzn-errortype"]) == (500, "InternalServerException")
        assert reply.headers["access-control-allow-origin"] == "*"
        assert "TypeError: bytes.fromhex() takes exactly one argument (3 given)" in caplog.text
        assert f"GET http://localhost{segment_target}" in caplog.text
        assert client.call(segment_target, b"", method="GET").body[0] == 0x47


@pytest.fixture
def fifo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A named pipe, from which segments are made of: each is ready when something was written and the pipe closed."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    monkeypatch.setattr(pictures, "Recipe", lambda *_: Recipe(Path.read_bytes, (path,)))
    return path


def test_nobody_waits_for_media(sim: Emulator, segment_target: str, server: Server, fifo: Path) -> None:
    """While a segment is made, the server answers others; then its viewers get it, however many."""
    with RawClient(server.port) as one, RawClient(server.port) as two, RawClient(server.port) as other:
        for viewer in (one, two):
            viewer.send(request(segment_target, b"", method="GET"))
        descriptor = pour(fifo)
        assert other.call("/ListChannels").status == 200
        os.write(descriptor, b"media")
        os.close(descriptor)
        for viewer in (one, two):
            reply = viewer.read()
            assert (reply.status, reply.headers["content-length"], reply.body) == (200, "5", b"media")


def test_a_viewer_leaves(
    sim: Emulator, segment_target: str, server: Server, fifo: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A viewer who leaves before the segment is made is let go, and disturbs nobody; to close does not wait for it."""
    caplog.set_level(logging.INFO, "ivsim")
    with RawClient(server.port) as leaving:
        leaving.send(request(segment_target, b"", method="GET"))
        descriptor = pour(fifo)
        leaving.socket.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))  # or it might still listen
    until(lambda: f"200 GET http://localhost{segment_target}" in caplog.text)
    with RawClient(server.port) as other:
        assert other.call("/ListChannels").status == 200
    server.close()
    os.close(descriptor)
    assert "bug" not in caplog.text
