"""Stages in the console: who is there, what they send, and what a person does to them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ...ivsrealtime.signing import stage_in
from ..control_client import call
from .parts import Open, assert_readable, button, expect, state

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LONG_AGO = datetime(2030, 5, 17, 19, 0, tzinfo=timezone.utc)

TIMES = "\N{MULTIPLICATION SIGN}"

EVIL = "<img src=x onerror=document.title='broken'>"


def make_stage(sim: Emulator, name: str = "panel") -> str:
    arn: str = call(sim, "CreateStage", name=name)["stage"]["arn"]
    return arn


def participant(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem", name=name, exact=True)


def names(page: Page) -> Locator:
    return page.locator(".participants .who strong")


def join(page: Page, user_id: str, *checks: str, **fields: str) -> None:
    button(page, "Join…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("User").fill(user_id)
    for label, text in fields.items():
        dialog.get_by_label(label).fill(text)
    for check in checks:
        dialog.get_by_label(check).click()
    button(dialog, "Join").click()
    expect(dialog).to_have_count(0)


@pytest.mark.needs("CreateIngestConfiguration")
def test_the_first_meeting(console: Page, sim: Emulator) -> None:
    """Somebody who has nothing makes a stage, lets a host and a guest join it, and they see and leave each other."""
    button(console, "Create a stage").last.click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("Name").fill("panel")
    dialog.get_by_label("Account and region").select_option(label="eu-west-1, account 123456789012")
    button(dialog, "Create stage").click()
    expect(console.get_by_role("heading", name="panel")).to_be_visible()
    expect(state(console)).to_have_text("empty")
    expect(console.get_by_text("Nobody is here.")).to_be_visible()
    expect(console.get_by_text("Nobody was ever here.")).to_be_visible()

    join(console, "host", "Publish at once", Attributes="role=star, seat = 1=2,")
    expect(state(console)).to_have_text("1 participant")
    expect(participant(console, "host")).to_contain_text(
        "sends sound and a picture of 1280 by 720 · role=star · seat=1=2"
    )
    join(console, "guest", "May publish")
    expect(participant(console, "guest")).to_contain_text("sends nothing · may only subscribe")
    expect(console.get_by_role("link", name="panel").locator(".count")).to_have_text("2")
    host, guest = sim.stages.participants
    assert host.stage_arn.split(":")[3] == "eu-west-1"
    assert host.participant
    assert host.participant.attributes == {"role": "star", "seat": "1=2"}

    button(console, "Mute host").click()
    expect(participant(console, "host")).to_contain_text("sends muted sound and a picture of 1280 by 720")
    button(console, "Stop video host").click()
    expect(participant(console, "host")).to_contain_text("sends muted sound and no picture")
    button(console, "Unmute host").click()
    expect(participant(console, "host")).to_contain_text("sends sound and no picture")
    button(console, "Subscribe guest").click()
    button(console.get_by_role("dialog"), "Subscribe").click()
    expect(participant(console, "guest").locator(".chip")).to_have_text(f"host{TIMES}")
    assert guest.is_subscribed_to(host)
    expect(button(console, "Subscribe guest")).to_have_count(0)
    button(console, "Unsubscribe guest from host").click()
    expect(participant(console, "guest").locator(".chip")).to_have_count(0)

    button(console, "Unpublish host").click()
    expect(participant(console, "host")).to_contain_text("sends nothing")
    button(console, "Publish host").click()
    button(console, "Fail host").click()
    console.get_by_label("Error code").fill("BITRATE_EXCEEDED")
    button(console, "Fail").click()
    expect(console.locator(".timeline .bad")).to_contain_text("PUBLISH_ERROR host BITRATE_EXCEEDED")
    expect(console.get_by_role("img", name="host published 2 times")).to_be_visible()
    expect(console.get_by_role("img", name="guest published nothing")).to_be_visible()
    button(console, "Leave guest").click()
    expect(names(console)).to_have_text(["host"])
    button(console, "Throw out host").click()
    expect(state(console)).to_have_text("empty")
    thrown_out = sim.calls.of("DisconnectParticipant")[-1]
    assert (thrown_out.region, thrown_out.params["participantId"]) == ("eu-west-1", host.participant_id)
    expect(console.locator(".session summary .state")).to_have_text("ended")


def test_with_a_token(open_console: Open, sim: Emulator, server: Server) -> None:
    """Somebody joins with a token, wherever its stage is; one who was thrown out is told why not."""
    stage = stage_in(sim, "eu-west-1")
    page = open_console(make_stage(sim), quiet=False)
    joined = sim.stages.join(stage)
    token = sim.stages._issue(stage, {"user_id": "ann"})
    joined.leave()
    button(page, "Join with a token…").click()
    page.get_by_label("Participant token").fill(f" {token}\n")
    button(page, "Join").click()
    expect(names(page)).to_have_text(["ann"])
    assert sim.stages.participants[0].stage_arn == stage
    button(page, "Throw out ann").click()
    expect(state(page)).to_have_text("empty")
    button(page, "Join with a token…").click()
    page.get_by_label("Participant token").fill(token)
    button(page, "Join").click()
    expect(page.get_by_role("alert")).to_contain_text("PARTICIPANT_DISCONNECTED")


def test_refusals(open_console: Open, sim: Emulator) -> None:
    """What a participant may not do is told, with the code of AWS's clients, and is among the events."""
    stage = make_stage(sim)
    sim.stages.join(stage, user_id="bo", capabilities=["SUBSCRIBE"])
    page = open_console(stage, quiet=False)
    button(page, "Publish bo").click()
    expect(page.locator("#notices")).to_contain_text(
        "INSUFFICIENT_CAPABILITIES: the token lacks the capability PUBLISH"
    )
    expect(page.locator(".timeline .bad")).to_contain_text("PUBLISH_ERROR bo INSUFFICIENT_CAPABILITIES")
    button(page, "Join…").click()
    page.get_by_label("Attributes").fill("role=star, seat")
    button(page, "Join").click()
    expect(page.get_by_role("alert")).to_have_text("Attributes: seat is not KEY=VALUE")
    button(page, "Cancel").click()
    expect(names(page)).to_have_text(["bo"])


def test_what_happens_elsewhere(open_console: Open, sim: Emulator) -> None:
    """What code does on the stage is seen: who comes, publishes and goes, publishers first, each in a lane of time."""
    stage = make_stage(sim)
    page = open_console(stage)
    sim.clock.freeze(LONG_AGO)
    sim.stages.join(stage, user_id="early").leave()
    guest, host = (sim.stages.join(stage, user_id=user_id) for user_id in ("guest", "host"))
    sim.clock.advance(30)
    host.publish()
    guest.subscribe(host)
    sim.clock.advance(30)
    host.unpublish()
    sim.clock.advance(60)
    expect(page.locator("#top .clock")).to_have_text("19:02:00 UTC (frozen)")
    expect(names(page)).to_have_text(["guest", "host"])
    expect(page.locator(".session")).to_have_count(2)
    expect(page.locator(".session").first.locator(".lanes .name")).to_have_text(["host", "guest"])
    sent = page.get_by_role("img", name="host published 1 time").locator(".sent")
    assert sent.evaluate("each => [each.style.left, each.style.width]") == ["25%", "25%"]
    there = page.get_by_role("img", name="guest published nothing").locator(".there")
    assert there.evaluate("each => [each.style.left, each.style.width]") == ["0%", "100%"]
    host.publish()
    expect(names(page)).to_have_text(["host", "guest"])
    call(sim, "DeleteStage", arn=stage)
    expect(page.get_by_role("heading", name="Not there")).to_be_visible()


def test_a_long_session(open_console: Open, sim: Emulator) -> None:
    """Of a session with more events than are shown, what has no beginning began before them."""
    stage = make_stage(sim)
    sim.clock.freeze(LONG_AGO)
    host, guest = sim.stages.join(stage, user_id="host"), sim.stages.join(stage, user_id="guest")
    host.publish()
    for _ in range(49):
        guest.publish()
        guest.unpublish()
    sim.clock.advance(60)
    guest.leave()
    host.unpublish()
    sim.clock.advance(60)
    page = open_console(stage)
    expect(page.locator(".timeline li")).to_have_count(100)
    sent = page.get_by_role("img", name="host published 1 time").locator(".sent")
    expect(sent).to_have_count(1)
    assert sent.evaluate("each => [each.style.left, each.style.width]") == ["0%", "50%"]


def test_what_is_sent(open_console: Open, sim: Emulator) -> None:
    """The layers of a picture are told by their sizes, and what is not sent is not told."""
    stage = make_stage(sim)
    host, radio = (sim.stages.join(stage, user_id=user_id) for user_id in ("host", "radio"))
    host.publish(video=[{}, {"width": 640, "height": 360}], audio=[])
    radio.publish(video=[])
    page = open_console(stage)
    expect(participant(page, "host").locator(".what")).to_have_text("sends a picture of 1280 by 720, 640 by 360")
    expect(participant(page, "radio").locator(".what")).to_have_text("sends sound")


@pytest.mark.needs("StartParticipantReplication")
def test_replica(open_console: Open, sim: Emulator) -> None:
    """A replica is told from others, and only thrown out: nobody steers it but its source."""
    stage, other = make_stage(sim), make_stage(sim, "overflow")
    host = sim.stages.join(stage, user_id="host")
    host.publish()
    sim.stages.join(other, user_id="guest")
    place = {"sourceStageArn": stage, "destinationStageArn": other, "participantId": host.participant_id}
    call(sim, "StartParticipantReplication", **place)
    page = open_console(other)
    replica = participant(page, "host")
    expect(replica).to_contain_text("sends sound and a picture of 1280 by 720 · replica of one on another stage")
    expect(replica.get_by_role("button")).to_have_text(["Throw out"])
    page.get_by_role("link", name="panel").click()
    expect(participant(page, "host")).to_contain_text("replicated to other stages")


def test_compositions(open_console: Open, sim: Emulator) -> None:
    """A stage's compositions are shown with their states and destinations, and can be stopped."""
    stage = make_stage(sim)
    channel = call(sim, "CreateChannel", name="evening-show")["channel"]["arn"]
    storage = call(sim, "CreateStorageConfiguration", name="tapes", s3={"bucketName": "abc"})["storageConfiguration"]
    encoder = call(sim, "CreateEncoderConfiguration")["encoderConfiguration"]["arn"]
    page = open_console(stage)
    expect(page.get_by_role("heading", name="Compositions")).to_have_count(0)
    s3 = {"storageConfigurationArn": storage["arn"], "encoderConfigurationArns": [encoder]}
    destinations: list[dict[str, Any]] = [{"name": "main", "channel": {"channelArn": channel}}, {"s3": s3}]
    made = call(sim, "StartComposition", stageArn=stage, destinations=destinations)["composition"]
    shown = page.locator(".composition")
    first, second = shown.locator("li").nth(0), shown.locator("li").nth(1)
    expect(shown).to_contain_text(f"{made['arn'].rpartition('/')[2]} {made['state'].lower()}")
    expect(first).to_contain_text(f"main {made['state'].lower()}to the channel evening-show")
    expect(second).to_contain_text("to the storage tapes")
    button(shown, "Stop").click()
    expect(first).to_contain_text("main stopped")
    expect(button(shown, "Stop")).to_have_count(0)
    first.get_by_role("link", name="evening-show").click()
    expect(page.get_by_role("heading", name="evening-show")).to_be_visible()


def test_a_crowd(open_console: Open, sim: Emulator) -> None:
    """Of a crowd, as many are shown as a person can look through, who publishes among them, and how many more."""
    stage = make_stage(sim)
    for number in range(119):
        sim.stages.join(stage, user_id=f"fan-{number}")
    sim.stages.join(stage, user_id="host").publish()
    page = open_console(stage)
    expect(names(page)).to_have_count(100)
    expect(names(page).first).to_have_text("host")
    expect(page.get_by_text("20 more participants.")).to_be_visible()
    expect(page.locator(".lanes li")).to_have_count(16)


def test_nothing_is_read_as_html(open_console: Open, sim: Emulator) -> None:
    """User ids and attributes are shown as text."""
    stage = make_stage(sim)
    host = sim.stages.join(stage, user_id=EVIL, attributes={EVIL: EVIL})
    host.publish()
    sim.stages.join(stage, user_id="guest").subscribe(host)
    page = open_console(stage)
    expect(names(page)).to_have_text([EVIL, "guest"])
    expect(page.locator(".chip")).to_have_text(f"{EVIL}{TIMES}")
    expect(page.locator("img:not(.brand img)")).to_have_count(0)
    assert "broken" not in page.title()


def test_phone(open_console: Open, sim: Emulator) -> None:
    """On a phone nothing has to be scrolled sideways, and names are not squeezed by what can be done."""
    stage = make_stage(sim, "a" * 128)
    host = sim.stages.join(stage, user_id="b" * 128)
    host.publish()
    sim.stages.join(stage, user_id="guest").subscribe(host)
    call(sim, "StartComposition", stageArn=stage, destinations=[{"channel": {"channelArn": channel_of(sim)}}])
    page = open_console(stage, viewport={"width": 360, "height": 740}, has_touch=True)
    expect(page.locator(".composition")).to_have_count(1)
    inside = "[...document.querySelectorAll('#detail *')]"
    too_wide = f"() => {inside}.filter((each) => each.getBoundingClientRect().right > innerWidth)"
    assert page.evaluate(f"{too_wide}.map((each) => each.outerHTML)") == []
    assert names(page).last.evaluate("each => each.getBoundingClientRect().height") < 30


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours(open_console: Open, sim: Emulator, scheme: str) -> None:
    """Every text on the page of a stage can be read, light and dark."""
    stage = make_stage(sim)
    host = sim.stages.join(stage, user_id="host")
    host.publish()
    sim.stages.join(stage, user_id="guest").subscribe(host)
    call(sim, "StartComposition", stageArn=stage, destinations=[{"channel": {"channelArn": channel_of(sim)}}])
    page = open_console(stage, color_scheme=scheme, reduced_motion="reduce")
    expect(page.locator(".composition")).to_have_count(1)
    assert_readable(page)


def channel_of(sim: Emulator) -> str:
    arn: str = call(sim, "CreateChannel", name="c" * 128)["channel"]["arn"]
    return arn
