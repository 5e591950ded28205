"""Rules in the console: where events go, which are sent again, and which did not arrive."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ivsim import Emulator
from ivsim.server.rules import sending
from ivsim.server.run import Server

from ..rules.programs import Program, running
from ..waiting import until
from .parts import Open, assert_readable, expect, make_channel, sideways

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PATTERN = {"source": ["aws.ivs"], "detail": {"event_name": ["Stream Start", "Stream End"]}}


@pytest.fixture
def hook() -> Iterator[Program]:
    """A web hook."""
    with running(Program()) as program:
        yield program


@pytest.fixture
def server(sim: Emulator, hook: Program, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with two rules, of which the second has to do with no event; a test's parameter are other rules."""
    queue = {"type": "sqs", "queueUrl": "http://127.0.0.1:1/1/lives.fifo", "messageGroupId": "lives"}
    rules = [
        {"name": "hook", "pattern": PATTERN, "target": {"type": "http", "url": f"{hook.url}/ivs"}},
        {"name": "queue", "pattern": {"source": ["nobody"]}, "target": queue},
    ]
    with sim.serve(rules=getattr(request, "param", rules)) as server:
        yield server


def section(page: Page, name: str) -> Locator:
    """The part of the page about a rule."""
    return page.locator("section.block").filter(has=page.get_by_role("heading", name=name, exact=True))


def said(page: Page, name: str) -> Locator:
    """What is said of a fact."""
    return page.locator(f"dt:text-is('{name}') + dd").first


def test_rules(open_console: Open, server: Server, hook: Program) -> None:
    """Each rule is there with its target and pattern, and how many of its events arrived, as they do."""
    page = open_console()
    page.get_by_role("link", name="Rules").click()
    own = section(page, "hook")
    expect(own.locator(".state")).to_have_text("no event yet")
    expect(said(page, "Target")).to_have_text(f"HTTP endpoint {hook.url}/ivs")
    expect(said(page, "Pattern")).to_contain_text('{"source":["aws.ivs"],"detail":{"event_name":["Stream Start"')
    with server.emulator.streams.start(make_channel(server)):
        expect(said(page, "Delivered")).to_have_text("1")
    expect(own.locator(".state")).to_have_text("all arrived")
    expect(said(page, "Delivered")).to_have_text("2")
    expect(own.get_by_role("heading")).to_have_text(["hook"])
    queue = section(page, "queue")
    expect(queue).to_contain_text("SQS queue http://127.0.0.1:1/1/lives.fifo")
    expect(queue).to_contain_text("Message grouplives")
    expect(queue.locator(".state")).to_have_text("no event yet")


def test_what_does_not_arrive(
    open_console: Open, server: Server, hook: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent again is there, and what did not arrive, each with its reason; either can be opened."""
    monkeypatch.setattr(sending, "WAITS", (600.0,))
    hook.statuses = [503, 400, 400]
    page = open_console("rules")
    own = section(page, "hook")
    arn = make_channel(server)
    stream = server.emulator.streams.start(arn)
    expect(own.locator(".state")).to_have_text("1 event sent again")
    why = re.escape(f"{hook.url}/ivs answered 503")
    expect(own.locator("li")).to_contain_text(
        re.compile(f"Stream Start evening-show1 attempt, next in [56][0-9][0-9] s{why}")
    )
    stream.end()
    stream.reconnect()
    until(lambda: len(server.rules[0].undelivered) == 2)
    expect(own.locator(".state")).to_have_text("2 did not arrive")
    expect(own.get_by_role("heading")).to_have_text(["hook", "Sent again", "Did not arrive"])
    gone = own.locator("ul").last.locator("li")
    expect(gone.locator(".what")).to_have_text(["Stream Start", "Stream End"])
    gone.last.locator("summary").click()
    expect(gone.last.locator("pre")).to_contain_text('"event_name": "Stream End"')
    expect(gone.last).to_contain_text(f"1 attempt{hook.url}/ivs answered 400")
    server.emulator.reset()
    expect(own.locator(".state")).to_have_text("no event yet")
    expect(own.locator("li")).to_have_count(0)


def test_what_waits(open_console: Open, server: Server, hook: Program) -> None:
    """As long as a target takes its time, its events are on the way."""
    hook.answers.clear()
    page = open_console("rules")
    server.emulator.streams.start(make_channel(server)).end()
    expect(section(page, "hook").locator(".state")).to_have_text("2 events on the way")
    hook.answers.set()
    expect(section(page, "hook").locator(".state")).to_have_text("all arrived")


def test_what_came_since(open_console: Open, server: Server, hook: Program) -> None:
    """The last failure stays to be seen where its event has arrived since; what is under way again says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sending, "WAITS", (0.001,))
        hook.statuses = [503]
        answer = hook.answer

        def answer_and_be_slow(path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
            told = answer(path, body)
            hook.answers.clear()
            return told

        patch.setattr(hook, "answer", answer_and_be_slow)
        page = open_console("rules")
        server.emulator.streams.start(make_channel(server))
        expect(section(page, "hook").locator("li")).to_contain_text("1 attempt, under way")
        hook.answers.set()
        expect(section(page, "hook").locator(".state")).to_have_text("all arrived")
        expect(said(page, "Last failure")).to_have_text(f"{hook.url}/ivs answered 503")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_how_it_looks(
    open_console: Open, server: Server, hook: Program, monkeypatch: pytest.MonkeyPatch, scheme: str, width: int
) -> None:
    """Everything can be read, and nothing has to be scrolled sideways, with an event opened."""
    monkeypatch.setattr(sending, "WAITS", (600.0,))
    hook.statuses = [503, 400]
    server.emulator.streams.start(make_channel(server, "a" * 128)).end()
    page = open_console("rules", viewport={"width": width, "height": 800}, color_scheme=scheme)
    expect(section(page, "hook").locator("li")).to_have_count(2)
    section(page, "hook").locator("summary").first.click()
    assert sideways(page) == []
    assert_readable(page)


@pytest.mark.parametrize("server", [()], indirect=True)
def test_without_rules(open_console: Open) -> None:
    """A server without rules says how it gets some."""
    expect(open_console("rules").get_by_text("ivsim serve --rules rules.json")).to_be_visible()
