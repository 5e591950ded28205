"""Events on their way, in the console: what is wanted of them, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ..waiting import until
from .parts import Open, assert_readable, button, expect, make_channel, sideways

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def own(page: Page) -> Locator:
    """The part of the page about it."""
    return page.locator("section.block").filter(has=page.get_by_role("heading", name="Events on their way"))


def test_disturbances(open_console: Open, sim: Emulator, server: Server) -> None:
    """Events are lost, doubled, delayed and swapped from the page, and it shows what became of them."""
    arn = make_channel(server)
    page = open_console("simulation")
    expect(own(page)).to_contain_text("Nothing is wanted of events to come.")
    page.get_by_label("Event name").fill("Session Ended")
    page.get_by_label("Detail type").fill("IVS Stream State Change")
    page.get_by_label("Resource", exact=True).fill(arn)
    button(page, "Disturb").click()
    expect(own(page).locator("li")).to_have_text(
        f'Lost, 1 more: {{"detail-type":["IVS Stream State Change"],"resources":["{arn}"],'
        '"detail":{"event_name":["Session Ended"]}}'
    )
    for name in ("Event name", "Detail type", "Resource"):
        page.get_by_label(name, exact=True).fill("")
    page.get_by_label("Arrives").select_option("Late")
    page.get_by_label("How often").fill("2")
    page.get_by_label("Delay").fill("90.5")
    button(page, "Disturb").click()
    expect(own(page).locator("li").last).to_have_text("Late by 90.5 s, 2 more: any event")
    sim.events.disturb("doubled", times=None)
    expect(own(page).locator("li").last).to_have_text("Twice, every time: any event")
    sim.streams.start(arn).end()
    expect(own(page).locator("ul").first.locator("li")).to_have_text(["Twice, every time: any event"])
    expect(own(page).locator(".sent .what")).to_have_text(
        ["Stream End", "Session Ended", "Stream Start", "Session Created"]
    )
    expect(own(page).locator(".sent li").last).to_contain_text("evening-showLate by 90.5 s")
    own(page).locator(".sent summary").first.click()
    expect(own(page).locator(".sent pre").first).to_contain_text('"event_name": "Stream End"')
    button(page, "Clear disturbances").click()
    expect(own(page)).to_contain_text("Nothing is wanted of events to come.")
    assert sim.events.disturbances == []


def test_weather(open_console: Open, sim: Emulator) -> None:
    """The weather is set by a seed, and becomes fair again; what is set elsewhere is shown."""
    sim.events.weather = "storm"
    page = open_console("simulation")
    expect(page.get_by_label("Weather by seed")).to_have_value("storm")
    page.get_by_label("Weather by seed").fill("7")
    button(page, "Set").click()
    until(lambda: sim.events.weather == "7")
    button(page, "Fair weather").click()
    expect(button(page, "Fair weather")).to_have_count(0)
    expect(page.get_by_label("Weather by seed")).to_have_value("")
    until(lambda: sim.events.weather is None)


def test_refused(open_console: Open, sim: Emulator) -> None:
    """What the server refuses is told, in its words."""
    page = open_console("simulation", quiet=False)
    page.get_by_label("Delay").fill("100000")
    button(page, "Disturb").click()
    expect(page.locator("#notices")).to_contain_text("seconds: 100000")
    assert sim.events.disturbances == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_how_it_looks(open_console: Open, sim: Emulator, server: Server, scheme: str, width: int) -> None:
    """Everything can be read, and nothing has to be scrolled sideways."""
    arn = make_channel(server, "a" * 128)
    for way in ("lost", "doubled", "delayed"):
        sim.events.disturb(way, pattern={"resources": [arn], "detail": {"event_name": ["Stream Start", "Stream End"]}})
    sim.streams.start(arn)
    page = open_console("simulation", viewport={"width": width, "height": 800}, color_scheme=scheme)
    expect(own(page).locator(".sent li")).to_have_count(1)
    own(page).locator(".sent summary").click()
    assert sideways(page) == []
    assert_readable(page)
