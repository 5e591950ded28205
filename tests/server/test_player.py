"""Players in a browser play what is on the port: hls.js, and Chromium's own."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ivsim import Emulator
from ivsim.media.h264 import Format
from ivsim.media.picture import Scene
from ivsim.media.simulation import Part, transport_stream
from ivsim.server.run import Server

from ..decoding import executable
from .waiting import DEADLINE, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Response

    OpenHowTo = Callable[[str, str], tuple[Page, Response]]

HOW_TO = Path(__file__).parents[2] / "docs" / "howto"
READ_STRIP = (HOW_TO / "picture.md").read_text().partition("```js\n")[2].partition("```")[0]

READING = """function reading() {
  const video = document.querySelector("video");
  if (!video?.videoWidth) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight), context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  return readStrip(context.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height);
}"""

PAGE = f"""<!doctype html><title>player</title><video muted playsinline width="640" height="360"></video>
<script>{READ_STRIP}
{READING}
const video = document.querySelector("video"), told = [], errors = [];
video.addEventListener("ended", () => told.push("ended"));

function playWithHls(url) {{
  window.hls = new Hls();
  hls.on(Hls.Events.FRAG_PARSING_METADATA, (_, {{ samples }}) =>
    samples.forEach(({{ data }}) => told.push(new TextDecoder().decode(data))));
  hls.on(Hls.Events.ERROR, (_, {{ response, fatal, details }}) =>
    errors.push({{ code: response?.code, fatal, details }}));
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}}
</script>"""

SKIP = """(() => {
  const video = document.querySelector("video"), end = video.duration - 4;
  if (Number.isFinite(end) && video.currentTime < end) video.currentTime = end;
})()"""
"""Skip to the last seconds, once it is known which these are."""

Open = Callable[[], "Page"]

FORM = Format(640, 360, 30, "avc1.4D401F")


@pytest.fixture
def server(sim: Emulator) -> Iterator[Server]:
    """The emulator `sim` on a port, and one for encoders."""
    with sim.serve(rtmp_port=0) as server:
        yield server


@pytest.fixture(scope="module")
def broadcast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a minute of pictures that tell by their strip when they are to be seen."""
    scene = Scene("pushed", "360p30", "live", datetime(2026, 11, 28, tzinfo=timezone.utc))
    parts = (transport_stream(FORM, scene, Part(number, 2.0 * number, 2.0)) for number in range(30))
    path = tmp_path_factory.mktemp("broadcast") / "minute.ts"
    path.write_bytes(b"".join(parts))
    return path


@pytest.fixture
def open_page(browser: Browser, server: Server, packages: Path) -> Iterator[Open]:
    """A function that opens a page with a player."""
    contexts = []

    def open_page() -> Page:
        context = browser.new_context()
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(6 * DEADLINE * 1000)  # decoding takes its time where others are at work
        page.route("**/player.html", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
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
    """Wait until a condition in JavaScript holds for what the strip says; return that, or what the condition gives."""
    handle = page.wait_for_function(
        f"(() => {{ const strip = reading(); const is = strip && ({condition}); return is === true ? strip : is; }})()"
    )
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


@pytest.mark.parametrize("container", ["TS", FRAGMENTS])
def test_pushed(sim: Emulator, server: Server, open_page: Open, broadcast: Path, container: str) -> None:
    """hls.js plays what ffmpeg pushes, less than 8 s after it was sent, with metadata, until it is stopped."""
    program = executable()
    if program is None:
        pytest.skip("ffmpeg is not installed")
    made = ask(server, "CreateChannel", **({} if container == "TS" else {"containerFormat": container}))
    url = f"{server.rtmp_url}{made['streamKey']['value']}"
    command = [program, "-v", "error", "-nostdin", "-re", "-i", str(broadcast), "-c", "copy", "-f", "flv", url]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as pushing:
        until(lambda: sim.streams.live)
        began = time.time()
        page = open_page()
        page.evaluate(f"playWithHls({json.dumps(made['channel']['playbackUrl'])})")
        first = shows(page, "strip.height === 360 && strip.milliseconds > 0")
        later = shows(page, f"strip.milliseconds > {first['milliseconds']} + 3000 && {{...strip, at: Date.now()}}")
        assert later["at"] / 1000 - began - later["milliseconds"] / 1000 < 8
        arn = made["channel"]["arn"]
        ask(server, "PutMetadata", channelArn=arn, metadata="goal!")
        page.wait_for_function("told.some((text) => text.includes('goal!'))")
        assert ask(server, "GetStream", channelArn=arn)["stream"]["viewerCount"] == 1
        ask(server, "StopStream", channelArn=arn)
        page.wait_for_function("told.includes('ended')")
        assert pushing.wait(DEADLINE) != 0
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


class Files(SimpleHTTPRequestHandler):
    """Serves files, and keeps quiet about it."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def open_how_to(browser: Browser, packages: Path, tmp_path: Path) -> Iterator[OpenHowTo]:
    """A function that opens the page of a player, as docs/howto/player.md has it, with a playback URL.

    It returns the page, and the answer to the player's request for that URL.

    It is a page of another origin than the server, whose autoplay obeys Chromium's rules.
    """
    (tmp_path / "node_modules").symlink_to(packages)
    context = browser.new_context()
    context.add_init_script(f"globalThis.readStrip = {READ_STRIP}; globalThis.reading = {READING}")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(tmp_path))) as site:
        Thread(target=site.serve_forever, daemon=True).start()

        def open_how_to(player: str, url: str) -> tuple[Page, Response]:
            section = (HOW_TO / "player.md").read_text().partition(f"\n## {player}\n")[2]
            (tmp_path / "player.html").write_text(section.partition("```html\n")[2].partition("```")[0])
            page = context.new_page()
            page.set_default_timeout(6 * DEADLINE * 1000)
            with page.expect_response(lambda response: response.url == url) as answer:
                page.goto(f"http://127.0.0.1:{site.server_port}/player.html#{url}")
            return page, answer.value

        yield open_how_to
        context.close()
        site.shutdown()


def tells(text: str) -> str:
    """Return the condition that a page of the how-to has told something."""
    return f"document.querySelector('pre').textContent.includes({json.dumps(text)})"


@pytest.mark.parametrize("player", ["hls.js", "video.js"])
def test_the_how_to(sim: Emulator, server: Server, open_how_to: OpenHowTo, player: str) -> None:
    """The pages of docs/howto/player.md play, offer qualities, and tell metadata, the end and refusals."""
    sim.clock.freeze()  # or the text could be in what the player loads first, of which hls.js tells nothing
    arn, url = go_live(sim, server, type="STANDARD")
    ask(server, "PutMetadata", channelArn=arn, metadata="goal!")
    sim.clock.advance(14)
    page, variants = open_how_to(player, url)
    shows(page, "strip.milliseconds > 20000")
    page.wait_for_function(tells("metadata: goal!"))
    smallest = variants.text().split()[-1].rpartition("/")[2]
    with page.expect_response(lambda answer: answer.url.endswith(smallest)):  # or what follows is of another quality
        page.select_option("#quality", label="160p")
    sim.clock.advance(10)
    ask(server, "StopStream", channelArn=arn)
    page.wait_for_function(f"{SKIP} || reading()?.height === 160", polling=500)
    page.wait_for_function(tells("the stream has ended"))
    assert page.locator("pre").inner_text().split("\n") == ["metadata: goal!", "the stream has ended", ""]
    page, _ = open_how_to(player, url)
    page.wait_for_function(f"{tells('error')} && {tells('404')}")
    _, url = go_live(sim, server, authorized=True)
    page, _ = open_how_to(player, url)
    page.wait_for_function(f"{tells('error')} && {tells('403')}")
