"""Players in a browser play what is on the port: hls.js, and Chromium's own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator
from ivsim.server.run import Server

from .waiting import DEADLINE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOW_TO = Path(__file__).parents[2] / "docs" / "howto" / "picture.md"
READ_STRIP = HOW_TO.read_text().partition("```js\n")[2].partition("```")[0]

PAGE = """<!doctype html><title>player</title><video muted playsinline width="640" height="360"></video>
<script>READ_STRIP
const video = document.querySelector("video"), told = [], errors = [];
video.addEventListener("ended", () => told.push("ended"));

function playWithHls(url) {
  window.hls = new Hls();
  hls.on(Hls.Events.FRAG_PARSING_METADATA, (_, { samples }) =>
    samples.forEach(({ data }) => told.push(new TextDecoder().decode(data))));
  hls.on(Hls.Events.ERROR, (_, { response, fatal, details }) => errors.push({ code: response?.code, fatal, details }));
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}

function reading() {
  if (!video.videoWidth) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight), context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  return readStrip(context.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height);
}
</script>"""

Open = Callable[[], "Page"]


@pytest.fixture
def open_page(browser: Browser, server: Server, packages: Path) -> Iterator[Open]:
    """A function that opens a page with a player."""
    contexts = []

    def open_page() -> Page:
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(3 * DEADLINE * 1000)  # decoding takes its time where others are at work
        body = PAGE.replace("READ_STRIP", READ_STRIP)
        page.route("**/player.html", lambda route: route.fulfill(body=body, content_type="text/html"))
        page.goto(f"{server.url}/player.html")
        page.add_script_tag(path=packages / "hls.js" / "dist" / "hls.min.js")
        return page

    yield open_page
    for context in contexts:
        context.close()


def ask(server: Server, operation: str, **members: Any) -> Any:
    """Call an operation over the port."""
    answer = requests.post(f"{server.url}/{operation}", json=members, timeout=DEADLINE)
    assert answer.ok, answer.text
    return json.loads(answer.text or "{}")


def shows(page: Page, condition: str) -> Any:
    """Wait until the strip of the picture says something that a condition in JavaScript holds for; return it."""
    handle = page.wait_for_function(f"(() => {{ const strip = reading(); return strip && ({condition}) && strip; }})()")
    return handle.json_value()


def go_live(sim: Emulator, server: Server, **channel: Any) -> tuple[str, str]:
    """Return the ARN and the playback URL of a channel that has been live for half a minute."""
    made = ask(server, "CreateChannel", **channel)["channel"]
    sim.streams.start(made["arn"], video={"videoWidth": 1280, "videoHeight": 720})
    sim.clock.advance(30)
    return made["arn"], made["playbackUrl"]


FRAGMENTS = pytest.param("FRAGMENTED_MP4", marks=pytest.mark.needs("CreateChannel.containerFormat"))


@pytest.mark.parametrize("container", ["TS", FRAGMENTS])
def test_hls_js(sim: Emulator, server: Server, open_page: Open, container: str) -> None:
    """hls.js plays a simulated broadcast, switches rendition when it is asked to, hears metadata, and meets the end."""
    arn, url = go_live(
        sim, server, type="STANDARD", name="show", **({} if container == "TS" else {"containerFormat": container})
    )
    page = open_page()
    page.evaluate(f"playWithHls({json.dumps(url)})")
    first = shows(page, "strip.milliseconds > 20000")
    assert first["source"] == "live"
    for height in (160, 480):
        page.evaluate(f"hls.currentLevel = hls.levels.findIndex((level) => level.height === {height})")
        shows(page, f"strip.height === {height}")
    later = shows(page, f"strip.milliseconds > {first['milliseconds']} + 1000")
    assert later["framerate"] == 30
    ask(server, "PutMetadata", channelArn=arn, metadata="goal!")
    page.wait_for_function("told.some((text) => text.includes('goal!'))")
    ask(server, "StopStream", channelArn=arn)
    page.wait_for_function("!hls.levels[hls.currentLevel].details.live")
    page.evaluate("video.currentTime = video.duration - 0.5")
    page.wait_for_function("told.includes('ended')")
    assert page.evaluate("errors.filter((error) => error.fatal)") == []


def test_chromiums_own(sim: Emulator, server: Server, open_page: Open) -> None:
    """Chromium plays it by itself, without a library."""
    _, url = go_live(sim, server)
    page = open_page()
    if not page.evaluate("video.canPlayType('application/vnd.apple.mpegurl')"):
        pytest.skip("this Chromium plays no HLS by itself")
    page.evaluate(f"video.src = {json.dumps(url)}, video.play(), 0")
    first = shows(page, "strip.milliseconds > 0")
    shows(page, f"strip.milliseconds > {first['milliseconds']} + 1000")


def test_private(sim: Emulator, server: Server, open_page: Open) -> None:
    """A private channel wants its token, and a viewer whose session is revoked is out."""
    key = ec.generate_private_key(ec.SECP384R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    ask(server, "ImportPlaybackKeyPair", publicKeyMaterial=pem)
    arn, url = go_live(sim, server, authorized=True)
    page = open_page()
    page.evaluate(f"playWithHls({json.dumps(url)})")
    page.wait_for_function("errors.some((error) => error.code === 403)")
    claims = {"aws:channel-arn": arn, "aws:viewer-id": "viewer", "exp": int(sim.clock.now().timestamp()) + 300}
    claims["aws:access-control-allow-origin"] = "*"
    page = open_page()
    page.evaluate(f"playWithHls({json.dumps(url + '?token=' + jwt.encode(claims, key, algorithm='ES384'))})")
    shows(page, "strip.milliseconds > 0")
    assert page.evaluate("errors.length") == 0
    ask(server, "StartViewerSessionRevocation", channelArn=arn, viewerId="viewer")
    began = time.monotonic()
    page.wait_for_function("errors.some((error) => error.code === 403)")
    assert time.monotonic() - began < 15
