"""The pages of docs/howto/player.md in Chromium, with the packages that they need, and a stream to play."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import boto3
from playwright.sync_api import TimeoutError as NeverHeld
from playwright.sync_api import sync_playwright

from ivsim import Emulator
from ivsim.media.h264 import Format
from ivsim.media.picture import Scene
from ivsim.media.simulation import Part, transport_stream

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from ivsim import LiveStream, Server

ROOT = Path(__file__).parent.parent
HOW_TO = ROOT / "docs" / "howto" / "player.md"
PICTURE = ROOT / "docs" / "howto" / "picture.md"

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # players report to their makers
]

_FORM = Format(1280, 720, 30, "avc1.4D401F")
_MINUTES = 4

READING = """() => {
  const video = document.querySelector("video");
  if (!video?.videoWidth) return null;
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight), context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  return readStrip(context.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height);
}"""
"""What the strip of the shown picture says, in JavaScript."""


def tool(*names: str) -> str:
    """Return the path of the first of some programs that is installed."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        sys.exit(f"This needs {names[0]}.")
    return found


def install(folder: Path, *packages: str) -> None:
    """Install packages from npm into a folder."""
    (folder / "package.json").write_text('{"private": true}')
    command = [tool("npm"), "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error", *packages]
    subprocess.run(command, cwd=folder, check=True)


def block(heading: str, language: str) -> str:
    """Return the first block of a language below a heading of the how-to."""
    section = HOW_TO.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    code = section.partition(f"\n```{language}\n")[2].partition("\n```")[0]
    if not code:
        sys.exit(f"{HOW_TO.name} has no block of {language} below {heading!r}.")
    return code


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def site(folder: Path) -> Iterator[str]:
    """Serve a folder's files on a port of its own, as whoever follows the how-to does."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium without a window."""
    with sync_playwright() as playwright:
        path = tool("chromium", "chromium-browser", "google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """Open a page, for as long as a block lasts, that knows how to read the strip."""
    page = browser.new_page()
    reader = PICTURE.read_text().partition("```js\n")[2].partition("```")[0]
    page.add_init_script(f"globalThis.readStrip = {reader}")
    page.goto(url)
    yield page
    page.close()


def holds(page: Page, condition: str, seconds: float = 20) -> bool:
    """Wait until a condition in JavaScript holds, and return whether it did in time."""
    try:
        page.wait_for_function(condition, timeout=seconds * 1000)
    except NeverHeld:
        return False
    return True


@contextmanager
def client(server: Server) -> Iterator[Any]:
    """Return a client for `ivs` at a server."""
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    made = boto3.client("ivs", endpoint_url=server.url, region_name="us-west-2", **keys)
    yield made
    made.close()


def go_live(sim: Emulator, ivs: Any, **options: Any) -> tuple[dict[str, Any], LiveStream]:
    """Return a channel with a ladder that has been live for half a minute, and its stream."""
    channel = ivs.create_channel(type="STANDARD", **options)["channel"]
    live = sim.streams.start(channel["arn"], video={"videoWidth": 1280, "videoHeight": 720})
    sim.clock.advance(30)
    return channel, live


@contextmanager
def pushed(sim: Emulator, ivs: Any, server: Server, folder: Path, **options: Any) -> Iterator[tuple[Any, LiveStream]]:
    """Push pictures with a strip by ffmpeg to a channel, and return it, and its stream, after half a minute."""
    film = folder / "film.ts"
    scene = Scene("pushed", "720p30", "live", datetime(2030, 1, 1, tzinfo=timezone.utc))
    parts = (transport_stream(_FORM, scene, Part(number, 2.0 * number, 2.0)) for number in range(_MINUTES * 30))
    film.write_bytes(b"".join(parts))
    made = ivs.create_channel(type="STANDARD", **options)
    url = f"{server.rtmp_url}{made['streamKey']['value']}"
    program = import_module("imageio_ffmpeg").get_ffmpeg_exe()
    command = [program, "-v", "error", "-nostdin", "-re", "-i", str(film), "-c", "copy", "-f", "flv", url]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as pushing:
        arn = made["channel"]["arn"]
        while not (found := [each for each in sim.streams.live if each.channel_arn == arn]):
            time.sleep(0.1)
        time.sleep(30)
        yield made["channel"], found[0]
        pushing.kill()


def latencies(sim: Emulator, live: LiveStream, page: Page, count: int = 10) -> list[float]:
    """Return by how many seconds what is shown is behind the stream, in order of size; it is read once a second."""
    read = []
    for _ in range(count):
        page.wait_for_timeout(1000)
        strip = page.evaluate(READING)
        if strip is not None and live.session is not None and live.session.started_at is not None:
            now = (sim.clock.now() - live.session.started_at).total_seconds()
            read.append(now - strip["milliseconds"] / 1000)
    return sorted(read)
