"""What publishers of a stage show, in the console, and what a person does to the connections of their clients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ivsim import Emulator
from ivsim.ivsrealtime.participants import Client
from ivsim.server.run import Server

from ..staging import Page as Socket
from ..staging import sdk_path
from ..waiting import until
from .parts import Open, button, expect
from .test_picture import HIDE
from .test_stages import make_stage, participant

if TYPE_CHECKING:
    from playwright.sync_api import Page

IS_DRAWN = """name => {
    const canvas = document.querySelector(`[aria-label="What ${name} shows"]`);
    if (!canvas) return false;
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size > 8;
}"""
"""Whether a picture has more than a few colours."""


def asked(page: Page) -> list[str]:
    """Return the ids of those whose picture is asked for, as it grows."""
    ids: list[str] = []
    page.on("request", lambda request: ids.append(request.url.split("/")[-2]) if "/picture" in request.url else None)
    return ids


def comes(page: Page, holds: Callable[[], bool]) -> None:
    """Wait until something holds that a page's events bring about."""

    def looks() -> bool:
        page.wait_for_timeout(20)  # in which they come
        return holds()

    until(looks)


def test_who_has_no_client(open_console: Open, sim: Emulator) -> None:
    """Who publishes a picture is seen, as often as every two seconds, in sight of who looks; others are not."""
    stage = make_stage(sim)
    host = sim.stages.join(stage, user_id="host")
    host.publish()
    sim.stages.join(stage, user_id="radio").publish(video=[])
    sim.stages.join(stage, user_id="guest")
    page = open_console(stage)
    page.clock.install()
    page.reload()
    ids = asked(page)
    page.wait_for_function(IS_DRAWN, arg="host")
    expect(page.locator("canvas")).to_have_count(1)
    comes(page, lambda: len(ids) >= 2)
    assert set(ids) == {host.participant_id}
    page.evaluate(HIDE, True)
    before = len(ids)
    page.clock.run_for(10_000)
    assert len(ids) == before
    page.evaluate(HIDE, False)
    page.clock.run_for(2_500)
    comes(page, lambda: len(ids) > before)


def test_who_stops_the_video(open_console: Open, sim: Emulator) -> None:
    """Who stops the video is not seen any more."""
    stage = make_stage(sim)
    sim.stages.join(stage, user_id="host").publish()
    page = open_console(stage)
    page.wait_for_function(IS_DRAWN, arg="host")
    button(page, "Stop video host").click()
    expect(page.locator("canvas")).to_have_count(0)


def test_a_client(open_console: Open, sim: Emulator, server: Server) -> None:
    """A client's connection is told, is impaired and made whole, and cut, from which it comes back."""
    stage = make_stage(sim)
    token = sim.stages._issue(stage, {"user_id": "ann"})
    page = open_console(stage)
    with Socket(server, token, sdk_path(stage)) as socket:
        ann = participant(page, "ann")
        expect(ann).to_contain_text("sends nothing · has a client of its own")
        button(page, "Impair ann").click()
        page.get_by_label("Lost of what it sends, in percent").fill("100")
        page.get_by_label("Lost of what it receives, in percent").fill("30")
        button(page.get_by_role("dialog"), "Impair").click()
        expect(ann).to_contain_text("loses 100 % of what it sends and 30 % of what it receives")
        button(page, "Impair ann").click()
        page.get_by_label("Lost of what it sends, in percent").fill("0")
        expect(page.get_by_label("Lost of what it receives, in percent")).to_have_value("30")
        button(page.get_by_role("dialog"), "Impair").click()
        expect(ann).to_contain_text("has a client of its own · loses 30 % of what it receives")
        button(page, "Cut ann").click()
        assert socket.rest()[1] == 1006
    with Socket(server, token, sdk_path(stage)):
        expect(ann).to_contain_text("loses 30 %")
    expect(ann).to_have_count(0)


def test_who_has_none(open_console: Open, sim: Emulator) -> None:
    """There is no connection to impair or to cut of one who has no client."""
    stage = make_stage(sim)
    sim.stages.join(stage, user_id="host")
    page = open_console(stage)
    expect(button(page, "Publish host")).to_have_count(1)
    expect(button(page, "Impair host")).to_have_count(0)
    expect(button(page, "Cut host")).to_have_count(0)


def test_what_a_client_sends(open_console: Open, sim: Emulator, server: Server) -> None:
    """What a client sends is seen, and stands still while it is lost."""
    pytest.importorskip("aiortc", reason="aiortc is not installed")
    from ..stages.meeting import Meeting
    from ..stages.test_whip import publisher

    stage = make_stage(sim)
    meeting = Meeting(sim, server, stage)
    ada = meeting.token(userId="ada")
    with publisher(meeting, ada):
        page = open_console(stage)
        page.wait_for_function(IS_DRAWN, arg="ada")
        statuses: list[int] = []
        page.on("response", lambda answer: statuses.append(answer.status) if "/picture" in answer.url else None)
        meeting.find(ada).impair(sent_loss=1)
        comes(page, lambda: 204 in statuses)
        assert page.evaluate(IS_DRAWN, "ada")
        meeting.find(ada).impair()
        comes(page, lambda: statuses[-1] == 200)


@pytest.mark.parametrize("width", [1440, 360])
def test_pictures_fit(open_console: Open, sim: Emulator, width: int) -> None:
    """With pictures nothing has to be scrolled sideways, and what can be done does not cover them."""
    stage = make_stage(sim)
    for name in ("host", "b" * 128):
        there = sim.stages.let_in(sim.stages._issue(stage, {"user_id": name}), Client())
        there.publish()
        there.impair(sent_loss=0.5, received_loss=0.5)
    page = open_console(stage, viewport={"width": width, "height": 740})
    expect(page.locator("canvas")).to_have_count(2)
    inside = "[...document.querySelectorAll('#detail *')]"
    too_wide = f"() => {inside}.filter((each) => each.getBoundingClientRect().right > innerWidth)"
    assert page.evaluate(f"{too_wide}.map((each) => each.outerHTML)") == []
    for canvas in page.locator("canvas").all():
        canvas.scroll_into_view_if_needed()
        canvas.click(trial=True, timeout=5000)
