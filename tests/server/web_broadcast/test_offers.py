"""Offers of pages that broadcast, by the real port: who goes live, who is refused, and how it ends."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from base64 import b64decode
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ivsim import Emulator
from ivsim.server.run import Server
from ivsim.server.web_broadcast.offers import TO_INSTALL

from ..control_client import call
from ..live.conftest import shown, told
from ..live.viewer import Viewer
from ..stages.test_sdp import AUDIO, HEAD, VIDEO
from ..waiting import DEADLINE, until

pytest.importorskip("aiortc", reason="aiortc is not installed")

from ..stages.peers import FORM, Pictures
from .pages import coded

if TYPE_CHECKING:
    from .conftest import Broadcast

    Watch = Callable[..., Viewer]


@pytest.fixture(autouse=True)
def _no_bug(caplog: pytest.LogCaptureFixture, server: Server) -> Iterator[None]:
    """Nothing that a page does makes the server log an error."""
    caplog.set_level(logging.INFO)
    yield
    server.close()
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.WARNING] == []


def post(server: Server, **members: Any) -> requests.Response:
    """POST what a page wants."""
    wanted = {"offer": coded({"type": "offer", "sdp": HEAD + AUDIO + VIDEO}), "streamKey": "sk_none", **members}
    return requests.post(f"{server.url}/v1/offer", json=wanted, timeout=DEADLINE)


def test_live(sim: Emulator, created: Any, broadcast: Broadcast, watch: Watch) -> None:
    """A page goes live with a stream key, is seen and heard, and the session tells what it sends."""
    page = broadcast()
    assert page.answer.headers["Access-Control-Allow-Origin"] == "*"
    until(lambda: sim.streams.live)
    sent = shown(sim, created)["ingestConfiguration"]
    video, audio = sent["video"], sent["audio"]
    assert (video["videoWidth"], video["videoHeight"], video["codec"]) == (FORM.width, FORM.height, FORM.codec)
    assert (video["targetFramerate"], video["targetBitrate"], video["encoder"]) == (15, 1_500_000, "WebRTC")
    assert (audio["codec"], audio["sampleRate"], audio["channels"]) == ("mp4a.40.2", 48_000, 2)
    viewer = watch(created)
    until(lambda: len(viewer.urls()) > 1)
    assert "avc1.42E01F,mp4a.40.2" in viewer.master
    assert viewer.body(viewer.urls()[0])[:1] == b"G"
    page.close()
    until(lambda: not sim.streams.live)
    assert told(sim)[-2:] == ["Session Ended", "Stream End"]


def test_picture_alone(sim: Emulator, created: Any, broadcast: Broadcast) -> None:
    """A page may send a picture without sound."""
    broadcast(Pictures(FORM), maxFramerate="?", maxBitrate=None)
    until(lambda: sim.streams.live)
    assert shown(sim, created)["ingestConfiguration"]["audio"]["codec"] == ""


def test_stopped(sim: Emulator, created: Any, broadcast: Broadcast) -> None:
    """StopStream ends the connection, and the key is good for the next."""
    page = broadcast()
    until(lambda: sim.streams.live)
    call(sim, "StopStream", channelArn=created["channel"]["arn"])
    until(lambda: page.state == "closed")
    assert not sim.streams.live
    broadcast()
    until(lambda: sim.streams.live)


def test_two_at_once(sim: Emulator, broadcast: Broadcast) -> None:
    """While one page is live another is refused, and one with a higher priority takes the stream over."""
    first = broadcast()
    until(lambda: sim.streams.live)
    refused = broadcast().answer
    assert refused.status_code == 403
    assert "is live already" in refused.json()["message"]
    key = f"{first._members['streamKey']}?priority=1"
    second = broadcast(key=key)
    until(lambda: first.state == "closed")
    assert second.state == "connected"


def test_server_stops(sim: Emulator, server: Server, broadcast: Broadcast) -> None:
    """When the server stops, the stream has ended, and nobody is left."""
    page = broadcast()
    until(lambda: sim.streams.live)
    server.close()
    assert not sim.streams.live
    until(lambda: page.state == "closed")


def test_refused_key(sim: Emulator, server: Server, broadcast: Broadcast) -> None:
    """A key that is no channel's is refused in JSON, whose message the SDK shows."""
    refused = broadcast(key="sk_none").answer
    assert (refused.status_code, list(refused.json())) == (403, ["message"])
    assert refused.json()["message"].startswith("no channel has this stream key")
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert post(server, streamKey="arn:x").json() == {"message": "key: 'arn:x' is no stream key"}
    refused = post(server, streamKey="sk_none?priority=high")
    assert refused.json() == {"message": "key: the priority 'high' is not a whole number"}
    assert not sim.streams.live


@pytest.mark.parametrize(
    "members",
    [{"offer": "?"}, {"offer": coded([])}, {"offer": coded({"sdp": 1})}, {"streamKey": None}, {"offer": None}],
    ids=["no base64", "no object", "no text", "no key", "no offer"],
)
def test_no_offer(server: Server, members: dict[str, Any]) -> None:
    """What is no offer is refused."""
    refused = post(server, **members)
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("the body is no JSON with a streamKey, and an offer in base64")


def test_no_json(server: Server) -> None:
    """What is no JSON is refused."""
    assert requests.post(f"{server.url}/v1/offer", "?", timeout=DEADLINE).status_code == 400
    assert requests.post(f"{server.url}/v1/offer", "[]", timeout=DEADLINE).status_code == 400


@pytest.mark.parametrize(
    ("sdp", "why"),
    [
        (HEAD + AUDIO, "the offer sends no picture in H264, without which a channel is not live"),
        (HEAD + AUDIO + VIDEO.replace("H264", "VP9"), "the offer sends no picture in H264"),
        (HEAD + AUDIO + VIDEO.replace("a=rtpmap:96", "a=recvonly\na=rtpmap:96"), "the offer sends no picture in H264"),
        ("v=1", "the body is no SDP offer of media"),
    ],
    ids=["sound alone", "another codec", "receives", "no SDP"],
)
def test_offers_that_are_not_taken(server: Server, created: Any, sdp: str, why: str) -> None:
    """An offer without a picture that a channel takes is refused."""
    refused = post(server, streamKey=created["streamKey"]["value"], offer=coded({"sdp": sdp}))
    assert refused.status_code == 422
    assert refused.json()["message"].startswith(why)


def test_two_pictures(server: Server, created: Any) -> None:
    """Of several pictures that are offered the first is taken."""
    offer = HEAD.replace("0 1", "0 1 7") + AUDIO + VIDEO + VIDEO.replace("a=mid:1", "a=mid:7")
    answered = post(server, streamKey=created["streamKey"]["value"], offer=coded({"sdp": offer}))
    sdp = json.loads(b64decode(answered.json()["answer"]))["sdp"]
    assert [line[:8] for line in sdp.splitlines() if line.startswith("m=")] == ["m=audio ", "m=video ", "m=video "]
    assert "a=group:BUNDLE 0 1\r\n" in sdp


def test_preflight(server: Server) -> None:
    """A page from elsewhere may ask."""
    headers = {
        "Origin": "https://example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answered = requests.options(f"{server.url}/v1/offer", headers=headers, timeout=DEADLINE)
    assert answered.ok
    assert answered.headers["Access-Control-Allow-Origin"] in ("*", "https://example.com")
    assert "content-type" in answered.headers["Access-Control-Allow-Headers"].lower()


def test_without_the_extra(server: Server, created: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra a page is told what to install."""
    monkeypatch.setitem(sys.modules, "ivsim.server.web_broadcast.broadcast", None)
    refused = post(server, streamKey=created["streamKey"]["value"])
    assert (refused.status_code, refused.json()) == (501, {"message": TO_INSTALL})


def test_never_connected(sim: Emulator, server: Server, created: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who never connects is forgotten."""
    monkeypatch.setattr("ivsim.server.stages.webrtc.PATIENCE", 0.01)
    answered = post(server, streamKey=created["streamKey"]["value"])
    assert answered.status_code == 200
    assert not sim.streams.live


def test_no_socket_is_left(
    sim: Emulator, server: Server, created: Any, broadcast: Broadcast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the server cannot open a socket for a page, the page is told so, and may come again."""

    async def fail(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr(asyncio.BaseEventLoop, "create_datagram_endpoint", fail)
        refused = post(server, streamKey=created["streamKey"]["value"])
    assert (refused.status_code, refused.json()["message"][:17]) == (503, "no socket is left")
    broadcast(Pictures(FORM))
    until(lambda: sim.streams.live)
