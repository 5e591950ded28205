"""AWS's web SDK broadcasts to a channel from a page in Chromium, and a viewer sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ..camera import CAMERA
from ..control_client import call
from ..live.certificates import self_signed
from ..live.conftest import shown, watch
from ..live.viewer import Viewer
from ..stages.test_web_sdk import Files
from ..waiting import DEADLINE, until

pytest.importorskip("aiortc", reason="aiortc is not installed")

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Watch = Callable[..., Viewer]

__all__ = ["watch"]  # fixtures

HOW_TO = Path(__file__).parents[3] / "docs" / "howto" / "broadcast_from_a_browser.md"

DEVICES = f"""{{{CAMERA}
  const tracks = [cameraOf(852, 480), silence()];
  navigator.mediaDevices.getUserMedia = async () => new MediaStream(tracks);
}}"""
"""A camera and a microphone, for a machine that has none."""


@pytest.fixture
def server(sim: Emulator, tmp_path: Path) -> Iterator[Server]:
    """The emulator `sim` on a port, with one for browsers."""
    cert, key = self_signed(tmp_path)
    with sim.serve(https_port=0, tls_cert=cert, tls_key=key) as server:
        yield server


@pytest.fixture
def page(browser: Browser, server: Server, packages: Path, tmp_path: Path) -> Iterator[Page]:
    """The page of the how-to, which trusts the server's certificate, and has a camera and a microphone."""
    (tmp_path / "node_modules").symlink_to(packages)
    html = HOW_TO.read_text().partition("```html\n")[2].partition("```")[0]
    assert server.https_url
    (tmp_path / "broadcast.html").write_text(html.replace("https://localhost:4443", server.https_url))
    context = browser.new_context(ignore_https_errors=True)
    context.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())  # what the SDK tells AWS
    context.add_init_script(DEVICES)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(tmp_path))) as site:
        Thread(target=site.serve_forever, daemon=True).start()
        page = context.new_page()
        page.set_default_timeout(2 * DEADLINE * 1000)
        page.goto(f"http://127.0.0.1:{site.server_port}/broadcast.html")
        yield page
        context.close()
        site.shutdown()


def start(page: Page, stream_key: str, then: str = "connected") -> None:
    """Begin to broadcast, and wait until the page has told something of it."""
    page.evaluate("document.querySelector('pre').replaceChildren()")
    page.get_by_label("stream key").fill(stream_key)
    page.get_by_role("button", name="Start").click()
    tells(page, then)


def tells(page: Page, text: str) -> None:
    """Wait until the page has told something."""
    page.wait_for_function("text => document.querySelector('pre').textContent.includes(text)", arg=text)


def test_broadcast(sim: Emulator, page: Page, watch: Watch) -> None:
    """A page goes live, is to be seen, and has ended when it stops, or is stopped."""
    made: Any = call(sim, "CreateChannel")
    start(page, made["streamKey"]["value"])
    until(lambda: sim.streams.live)
    sent = shown(sim, made)["ingestConfiguration"]
    assert (sent["video"]["codec"][:7], sent["audio"]["codec"]) == ("avc1.42", "mp4a.40.2")
    viewer = watch(made)
    until(lambda: len(viewer.urls()) > 1)
    page.get_by_role("button", name="Stop").click()
    tells(page, "closed")
    until(lambda: not sim.streams.live)
    start(page, made["streamKey"]["value"])
    until(lambda: sim.streams.live)
    call(sim, "StopStream", channelArn=made["channel"]["arn"])
    tells(page, "disconnected")
    assert not sim.streams.live


def test_refused(page: Page) -> None:
    """A key that is none is refused, and the SDK tells why."""
    start(page, "sk_none", then="10000 no channel has this stream key")


def test_closed(sim: Emulator, page: Page) -> None:
    """A page that is closed is not live any more."""
    start(page, call(sim, "CreateChannel")["streamKey"]["value"])
    until(lambda: sim.streams.live)
    page.close()
    until(lambda: not sim.streams.live)
