"""The console, open in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from .parts import Open


@pytest.fixture
def server(sim: Emulator, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The emulator `sim` on a port; a test's parameter is what it is served with."""
    with sim.serve(**getattr(request, "param", {})) as server:
        yield server


@pytest.fixture
def open_console(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Open]:
    """A function that opens the console in a tab of its own, with a `script` that runs there before the page's.

    It plays no picture unless the tests' module says so by `PLAYS`, since decoding takes more than all else.

    At the end nothing may be on the browser's console, and no request may have left the server, unless `quiet=False`.
    """
    from playwright.sync_api import expect

    complaints: list[str] = []
    requests: list[str] = []
    contexts = []

    def open_console(path: str = "", *, quiet: bool = True, script: str = "", **options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.add_init_script(script)
        if not getattr(request.module, "PLAYS", False):
            context.add_init_script("HTMLMediaElement.prototype.canPlayType = () => ''")
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("websocket", lambda socket: requests.append(socket.url))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if quiet:
            page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{server.url}/#/{path}")
        expect(page.get_by_text("Connected", exact=True).first).to_be_visible()
        return page

    yield open_console
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith((server.url, server.chat_url))] == []


@pytest.fixture
def console(open_console: Open) -> Page:
    """The console, open on an emulator without anything."""
    return open_console()
