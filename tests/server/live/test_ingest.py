"""Encoders at the port for RTMP: who is let in, what is told of what they send, and how it ends."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from ivsim import Emulator
from ivsim.media import flv
from ivsim.media.h264 import Format
from ivsim.server.live import incoming as incoming_module
from ivsim.server.run import Server

from ...decoding import executable
from ..control_client import call
from ..waiting import DEADLINE, until
from . import publisher
from .conftest import Encode, told
from .publisher import FORM

Push = Callable[..., socket.socket]


@pytest.fixture
def push(server: Server) -> Iterator[Push]:
    """A function that pushes with a key, some media at first, and returns the connection."""
    sockets: list[socket.socket] = []

    def push(
        key: str, data: bytes = publisher.metadata(videodatarate=800.0, encoder="obs") + publisher.media()
    ) -> socket.socket:
        assert server.rtmp_url
        address = urlsplit(server.rtmp_url)
        connection = socket.create_connection((address.hostname, address.port), DEADLINE)
        sockets.append(connection)
        connection.sendall(publisher.opening(key))
        told = b""
        while b"onStatus" not in told:
            told += connection.recv(65536)
        connection.sendall(data)
        return connection

    yield push
    for each in sockets:
        each.close()


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the server hangs up."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def is_live(sim: Emulator) -> bool:
    return bool(sim.streams.live)


def test_goes_live(sim: Emulator, created: Any, push: Push) -> None:
    """A push is live from its first key frame on, and its session says what is in the media; it ends with the push."""
    connection = push(created["streamKey"]["value"], publisher.headers() + publisher.picture(0))
    assert not is_live(sim)
    connection.sendall(publisher.metadata(videodatarate=800.0, framerate=25.0, audiodatarate=96.0, encoder="obs"))
    connection.sendall(publisher.picture(33, is_key=True))
    until(lambda: is_live(sim))
    shown = call(sim, "GetStreamSession", channelArn=created["channel"]["arn"])["streamSession"]["ingestConfiguration"]
    video = {
        "avcProfile": "Main",
        "avcLevel": "3.0",
        "codec": FORM.codec,
        "encoder": "obs",
        "targetBitrate": 800_000,
        "targetFramerate": 30,
        "videoHeight": 360,
        "videoWidth": 640,
    }
    assert shown["video"].items() >= video.items()
    audio = {"codec": "mp4a.40.2", "sampleRate": 48_000, "channels": 2, "targetBitrate": 96_000}
    assert shown["audio"].items() >= audio.items()
    connection.sendall(publisher.picture(66) + publisher.sound(66) + publisher.picture(99, is_key=True))
    connection.close()
    until(lambda: not is_live(sim))
    assert told(sim) == ["Session Created", "Stream Start", "Session Ended", "Stream End"]


def test_says_that_it_stops(sim: Emulator, created: Any, push: Push) -> None:
    """An encoder that says so has stopped, though it stays connected."""
    connection = push(created["streamKey"]["value"])
    until(lambda: is_live(sim))
    connection.sendall(publisher.command("deleteStream", 9, None, 1))
    until(lambda: not is_live(sim))


def test_without_sound(sim: Emulator, created: Any, push: Push) -> None:
    """Video alone goes live, with nothing known but what it says of itself; numbers that cannot be are passed over."""
    form = Format(640, 360, 30, "avc1.42C01E")
    connection = push(created["streamKey"]["value"], publisher.metadata(videodatarate="much"))
    connection.sendall(publisher.video_header(form) + publisher.picture(0, is_key=True))
    until(lambda: is_live(sim))


def test_stopped(sim: Emulator, created: Any, push: Push) -> None:
    """StopStream cuts the connection and says so; an encoder that comes back begins a new session."""
    arn, key = created["channel"]["arn"], created["streamKey"]["value"]
    connection = push(key)
    until(lambda: is_live(sim))
    call(sim, "StopStream", channelArn=arn)
    assert b"NetStream.Unpublish.Success" in rest(connection)
    push(key)
    until(lambda: is_live(sim))
    assert len(call(sim, "ListStreamSessions", channelArn=arn)["streamSessions"]) == 2


def test_takeover(sim: Emulator, created: Any, push: Push) -> None:
    """Who pushes with a greater priority takes the stream over, and the first is cut off."""
    key = created["streamKey"]["value"]
    first = push(key)
    until(lambda: is_live(sim))
    push(f"{key}?priority=5&bandwidthtest=true")
    assert b"NetStream.Unpublish.Success" in rest(first)
    assert is_live(sim)
    assert len(call(sim, "ListStreamSessions", channelArn=created["channel"]["arn"])["streamSessions"]) == 1


@pytest.mark.parametrize("key", ["sk_wrong", "", "{arn}", "{key}?priority=high"])
def test_wrong_key(created: Any, push: Push, key: str, caplog: pytest.LogCaptureFixture) -> None:
    """Who has no right is refused, in words that the tool prints, and that are in the log."""
    connection = push(key.format(arn=created["channel"]["arn"], key=created["streamKey"]["value"]), b"")
    rest(connection)
    assert "an encoder is refused" in caplog.text


def test_second(sim: Emulator, created: Any, push: Push, caplog: pytest.LogCaptureFixture) -> None:
    """A second encoder is refused, when it comes, or when another was faster with its first key frame."""
    key = created["streamKey"]["value"]
    late = push(key, b"")
    push(key)
    until(lambda: is_live(sim))
    late.sendall(publisher.media())
    rest(late)
    rest(push(key, b""))
    assert caplog.text.count("is live already") == 2


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (publisher.message(9, b"\x90hvc1" + bytes(9)), "'hvc1', by Enhanced RTMP, is not taken; send H.264"),
        (publisher.message(8, b"\x2f\x00\x00"), "send AAC"),
        (publisher.message(9, b"\x17\0\0\0\0\1"), "cannot be read"),
        (publisher.message(1, bytes(4)), "chunks may not have 0 bytes"),
    ],
)
def test_not_taken(created: Any, push: Push, data: bytes, why: str, caplog: pytest.LogCaptureFixture) -> None:
    """Media in another codec, and what is no RTMP, end the connection with a line in the log."""
    rest(push(created["streamKey"]["value"], data))
    assert why in caplog.text


def test_own_mistake(
    created: Any, push: Push, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug of ours is told as one, and cuts the connection."""
    monkeypatch.setattr(flv, "video", bytes.fromhex)
    rest(push(created["streamKey"]["value"]))
    assert "a bug in ivsim at what an encoder sent" in caplog.text


def test_the_server_ends(sim: Emulator, created: Any, push: Push, server: Server) -> None:
    """A server that is closed tells encoders, and their streams end."""
    connection = push(created["streamKey"]["value"])
    until(lambda: is_live(sim))
    server.close()
    assert b"The server stops." in rest(connection)
    assert not is_live(sim)


def test_the_server_ends_before_it_is_live(created: Any, push: Push, server: Server) -> None:
    """So is an encoder told that has sent nothing yet."""
    connection = push(created["streamKey"]["value"], b"")
    server.close()
    assert b"The server stops." in rest(connection)


@pytest.mark.parametrize("priority", [1, 0])
def test_no_right(sim: Emulator, created: Any, encode: Encode, priority: int, caplog: pytest.LogCaptureFixture) -> None:
    """Who has no right is told the reason by name: a deleted key, a quota that is used up, a priority too low."""
    key = created["streamKey"]["value"]
    sim.streams.start(key, priority=1)
    assert b"StreamTakeoverInvalidPriority" in encode(f"{key}?priority={priority}").rest()
    sim.quotas["Concurrent streams"] = 1
    other = call(sim, "CreateChannel")["streamKey"]
    assert b"1 channels are streaming in us-east-1 already, as many as the quota allows" in (
        encode(other["value"]).rest()
    )
    call(sim, "DeleteStreamKey", arn=other["arn"])
    assert b"no channel has this stream key" in encode(other["value"]).rest()
    assert caplog.text.count("an encoder is refused") == 3


def test_audio_only(
    sim: Emulator, created: Any, encode: Encode, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Sound alone is never live, and the log says why; who is live, or gone, is not told of."""
    monkeypatch.setattr(incoming_module, "_PATIENCE", 0.01)
    encode(call(sim, "CreateChannel")["streamKey"]["value"]).send(1).settle()
    encode(call(sim, "CreateChannel")["streamKey"]["value"]).socket.close()
    connection = encode(created["streamKey"]["value"])
    connection.socket.sendall(b"".join(publisher.sound(at * 21) for at in range(100)))
    arn = created["channel"]["arn"]
    until(lambda: f"{arn}: an encoder has sent no key frame of video for 0 s" in caplog.text)
    connection.settle()
    assert [live.channel_arn for live in sim.streams.live] != [arn]
    assert len(sim.streams.live) == 1


def test_late_form_of_sound(sim: Emulator, created: Any, encode: Encode) -> None:
    """An encoder that says it sends sound is live when the form of it is known, with all that it sent before."""
    connection = encode(created["streamKey"]["value"], has_sound=False, audiocodecid=10.0).send(0.5)
    assert not sim.streams.live
    connection.socket.sendall(publisher.headers())
    connection.send_headers()
    connection.send(2)
    shown = call(sim, "GetStreamSession", channelArn=created["channel"]["arn"])["streamSession"]["ingestConfiguration"]
    assert shown["audio"]["codec"] == "mp4a.40.2"
    (live,) = sim.streams.live
    assert live.pushed
    assert live.pushed.cuts.count == 1


@pytest.mark.parametrize("rate", [10, 250])
def test_no_form_of_sound(sim: Emulator, created: Any, encode: Encode, rate: int) -> None:
    """An encoder that says so, and sends none, is live after a second of media, or some hundred pictures."""
    form = publisher.LITTLE._replace(framerate=rate)
    encode(created["streamKey"]["value"], form=form, has_sound=False, audiocodecid=10.0).send(1.1, every=1)
    assert sim.streams.live
    shown = call(sim, "GetStreamSession", channelArn=created["channel"]["arn"])["streamSession"]["ingestConfiguration"]
    assert "audio" not in shown or not shown["audio"].get("codec")


def test_pictures_without_their_form(sim: Emulator, created: Any, push: Push) -> None:
    """Pictures before it is known how to decode them are passed over."""
    connection = push(created["streamKey"]["value"], publisher.picture(0, is_key=True) + publisher.picture(33))
    connection.sendall(publisher.command("_checkbw", 77, None))
    assert connection.recv(1000)
    assert not sim.streams.live
    connection.sendall(publisher.media())
    until(lambda: is_live(sim))


def test_ffmpeg(sim: Emulator, created: Any, server: Server) -> None:
    """The tool ffmpeg pushes with nothing but URL and key, and prints why it is refused."""
    program = executable()
    if program is None:
        pytest.skip("ffmpeg is not installed")
    source = ["-re", "-f", "lavfi", "-i", "testsrc=s=320x180:r=30", "-f", "lavfi", "-i", "sine=r=44100"]
    codecs = ["-c:v", "libx264", "-g", "30", "-b:v", "300k", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "flv"]

    def ffmpeg(key: str) -> list[str]:
        return [program, "-v", "error", "-nostdin", *source, "-t", "60", *codecs, f"{server.rtmp_url}{key}"]

    refused = subprocess.run(ffmpeg("sk_wrong"), capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert "no channel has this stream key" in refused.stderr
    with subprocess.Popen(ffmpeg(created["streamKey"]["value"]), stderr=subprocess.PIPE) as pushing:
        until(lambda: is_live(sim))
        shown = call(sim, "GetStreamSession", channelArn=created["channel"]["arn"])["streamSession"]
        assert json.dumps(shown["ingestConfiguration"]["video"]).count("320") == 1
        call(sim, "StopStream", channelArn=created["channel"]["arn"])
        assert pushing.wait(DEADLINE) != 0
    assert told(sim) == ["Session Created", "Stream Start", "Session Ended", "Stream End"]


def test_server_stops_before_a_key(server: Server) -> None:
    """An encoder that has said nothing yet is sent away when the server stops."""
    assert server.rtmp_url
    address = urlsplit(server.rtmp_url)
    with socket.create_connection((address.hostname, address.port), DEADLINE) as connection:
        connection.sendall(publisher.HANDSHAKE)
        assert connection.recv(1)
        server.close()
        rest(connection)
