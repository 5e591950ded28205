"""The console in a real browser, as a person sees and uses it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ivsim import Emulator
from ivsim.ivsrealtime.participants import Client
from ivsim.server.run import Server
from ivsim.wire.http import Request

from ..control_client import call
from .parts import Open, assert_readable, button, client, expect, luminance, make_channel, make_room, sideways, state

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

DOCS = Path(__file__).parents[3] / "docs"

LONG_AGO = datetime(2030, 5, 17, 19, 0, tzinfo=timezone.utc)

PLAYS = FOR_THE_DOCS = bool(os.environ.get("IVSIM_SCREENSHOT"))
"""Whether pictures are to be kept."""

PORTS = {"port": 4870, "rtmp_port": 1935} if FOR_THE_DOCS else {"port": 0, "rtmp_port": 0}
"""The ports that `ivsim serve` has, where they are seen; otherwise any."""


def activity(page: Page) -> Locator:
    return page.locator("#activity ol > li .what")


def transcript(page: Page) -> Locator:
    return page.get_by_role("log").locator(".said")


def join(page: Page, user_id: str, *capabilities: str) -> None:
    page.get_by_label("User", exact=True).fill(user_id)
    for capability in capabilities:
        page.get_by_label(capability, exact=True).check()
    button(page, "Join").click()
    expect(page.get_by_label("Message", exact=True)).to_be_visible()


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    button(page, "Send").click()


def test_the_first_broadcast(console: Page, sim: Emulator) -> None:
    """Somebody who has nothing creates a channel, goes live, starves, recovers and ends, and sees the events arrive."""
    expect(console.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    button(console, "Create a channel").last.click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("Name").fill("evening-show")
    button(dialog, "Create channel").click()
    expect(console.get_by_role("heading", name="evening-show")).to_be_visible()
    expect(state(console)).to_have_text("offline")

    console.get_by_label("Viewers").fill("12")
    button(console, "Go live").click()
    expect(state(console)).to_have_text("live")
    expect(console.locator(".viewers")).to_have_text("12 viewers")
    expect(activity(console).first).to_have_text("Stream Start")
    expect(activity(console).last).to_have_text("CreateChannel")
    expect(console.locator(".timeline")).to_contain_text("Stream Start")

    button(console, "Starve").click()
    expect(state(console)).to_have_text("starving")
    button(console, "Recover").click()
    expect(state(console)).to_have_text("live")
    expect(console.get_by_role("img", name="Without data 1 time")).to_be_visible()
    console.get_by_label("Viewers").fill("1")
    button(console, "Set").click()
    expect(console.locator(".viewers")).to_have_text("1 viewer")
    button(console, "End stream").click()
    expect(state(console)).to_have_text("offline")
    expect(activity(console).first).to_have_text("Stream End")
    names = [event["detail"]["event_name"] for event in sim.events]
    assert names[2:] == ["Starvation Start", "Starvation End", "Session Ended", "Stream End"]


def test_failures(open_console: Open, sim: Emulator, server: Server) -> None:
    """A stream can exceed a limit, and fail for a reason."""
    arn = make_channel(server)
    page = open_console(arn)
    button(page, "Go live").click()
    button(page, "Fail…").click()
    page.get_by_label("Reason").fill("The lights went out")
    button(page, "Fail").click()
    expect(state(page)).to_have_text("offline")
    expect(page.locator(".timeline .bad").first).to_contain_text("Stream Failure")
    button(page, "Go live").click()
    button(page, "Breach…").click()
    page.get_by_role("combobox", name="Limit").select_option("Ingest Bitrate")
    button(page, "Exceed it").click()
    expect(state(page)).to_have_text("offline")
    assert [event["detail"]["limit_name"] for event in sim.events.of("IVS Limit Breach")] == ["Ingest Bitrate"]


def test_stream_key(open_console: Open, server: Server) -> None:
    """A stream key is hidden until somebody asks for it, and can be copied either way."""
    arn = make_channel(server)
    with client("ivs", server) as ivs:
        key = ivs.get_stream_key(arn=ivs.list_stream_keys(channelArn=arn)["streamKeys"][0]["arn"])["streamKey"]["value"]
    page = open_console(arn)
    button(page, "Copy the stream key").click()
    assert page.evaluate("navigator.clipboard.readText()") == key
    expect(page.get_by_text(key)).to_have_count(0)
    button(page, "Show").first.click()
    expect(page.get_by_text(key)).to_be_visible()
    button(page, "Hide").click()
    expect(page.get_by_text(key)).to_have_count(0)


def test_two_tabs_chat(open_console: Open, sim: Emulator, server: Server) -> None:
    """Two people talk in two tabs; one deletes a message of the other, and has them disconnected."""
    arn = make_room(server)
    ava, bo = open_console(arn), open_console(arn)
    join(ava, "ava", "Delete", "Disconnect")
    join(bo, "bo")
    say(ava, "hello bo")
    say(bo, "<img src=x onerror=alert(1)> & hello")
    for page in (ava, bo):
        expect(transcript(page)).to_have_text(["hello bo", "<img src=x onerror=alert(1)> & hello"])
        expect(page.locator(".people .name")).to_have_text(["ava", "bo"])
    ava.get_by_role("listitem").filter(has_text="onerror").hover()
    button(ava, "Delete “<img src=x onerror=alert(1)> & hello”").click()
    for page in (ava, bo):
        expect(page.locator(".deleted .said")).to_have_text(["<img src=x onerror=alert(1)> & hello"])
    button(ava, "Disconnect bo").click()
    expect(bo.get_by_label("User", exact=True)).to_be_visible()
    expect(ava.locator(".people .name")).to_have_text(["ava"])
    button(ava, "Leave").click()
    expect(ava.get_by_text("Nobody.", exact=True)).to_be_visible()
    assert len(sim.chat.transcript(arn)) == 4


def test_capabilities(open_console: Open, server: Server) -> None:
    """Who may not delete is told so by the room; who has not joined moderates through the API."""
    arn = make_room(server)
    page = open_console(arn)
    join(page, "ava")
    say(page, "hello")
    page.get_by_role("listitem").filter(has_text="hello").hover()
    button(page, "Delete “hello”").click()
    expect(page.locator("#notices")).to_contain_text("403")
    button(page, "Leave").click()
    page.get_by_role("listitem").filter(has_text="hello").hover()
    button(page, "Delete “hello”").click()
    expect(page.locator(".deleted .said")).to_have_text(["hello"])
    expect(activity(page).first).to_have_text("DeleteMessage")


def test_creating_a_room(console: Page, sim: Emulator) -> None:
    """A room is created in the region of choice."""
    button(console, "Create a chat room").last.click()
    dialog = console.get_by_role("dialog")
    dialog.get_by_label("Name").fill("backstage")
    dialog.get_by_label("Account and region").select_option(label="eu-west-1, account 123456789012")
    button(dialog, "Create room").click()
    expect(console.get_by_role("heading", name="backstage")).to_be_visible()
    expect(console.get_by_role("log")).to_contain_text("Nobody has said anything yet.")
    assert sim.calls[0].region == "eu-west-1"


def test_refusals(open_console: Open, sim: Emulator) -> None:
    """What the server refuses is told where it was asked for."""
    page = open_console(quiet=False)
    sim.quotas["Channels"] = 0
    button(page, "Create a channel").last.click()
    button(page, "Create channel").click()
    expect(page.get_by_role("alert")).to_contain_text("Quota exceeded: Channels")
    button(page, "Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.goto(f"{page.url.partition('#')[0]}#/simulation")
    page.get_by_label("Operation").fill("CreateChanel")
    page.get_by_label("Error").fill("ThrottlingException")
    button(page, "Let it fail").click()
    expect(page.locator("#notices")).to_contain_text("CreateChanel")


def test_activity(open_console: Open, server: Server) -> None:
    """Calls and events are shown as they happen; by kind, by text, not while paused; what happened before is there."""
    arn = make_channel(server, "morning-show")
    page = open_console()
    expect(activity(page)).to_have_text(["CreateChannel"])
    make_channel(server, "noon-show")
    expect(activity(page)).to_have_count(2)
    page.get_by_label("Filter").fill("noon createchannel")
    expect(activity(page)).to_have_count(1)
    page.get_by_label("Filter").fill("nothing like it")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.get_by_label("Filter").fill("")
    button(page, "Pause").click()
    server.emulator.streams.start(arn)
    expect(button(page, "Resume (2)")).to_be_visible()
    expect(activity(page)).to_have_count(2)
    button(page, "Resume (2)").click()
    expect(activity(page)).to_have_text(["Stream Start", "Session Created", "CreateChannel", "CreateChannel"])
    button(page, "Calls").click()
    expect(activity(page)).to_have_text(["Stream Start", "Session Created"])
    activity(page).first.click()
    expect(page.locator("#activity pre").first).to_contain_text('"detail-type": "IVS Stream State Change"')


def test_what_happened_before(open_console: Open, sim: Emulator, server: Server) -> None:
    """What happened before the page was opened is there in the order of its time, which calls and events both tell."""
    sim.clock.freeze(LONG_AGO)
    arn = make_channel(server)
    sim.clock.advance(60)
    sim.streams.start(arn)
    sim.clock.advance(60)
    make_channel(server)
    page = open_console()
    names = ["CreateChannel", "Stream Start", "Session Created", "CreateChannel"]
    expect(activity(page)).to_have_text(names)
    expect(page.locator("#activity time")).to_have_text(["19:02:00", "19:01:00", "19:01:00", "19:00:00"])


def test_much_happened_before(open_console: Open, sim: Emulator, server: Server) -> None:
    """Of all that happened before the page was opened it asks for what it shows, though the oldest is forgotten."""
    make_channel(server)
    sim.calls.clear()
    for number in range(600):
        call(sim, "CreateRoom", name=f"room-{number}")
    page = open_console()
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(answer.url) if answer.status == 200 else None)
    page.reload()
    expect(activity(page)).to_have_count(500)
    assert {f"{server.url}/_ivsim/{each}?limit=500" for each in ("calls", "events")} <= set(asked)
    expect(activity(page).first.locator("xpath=ancestor::li")).to_contain_text("room-599")
    call(sim, "ListRooms")
    expect(activity(page).first).to_have_text("ListRooms")
    expect(activity(page).nth(1)).to_have_text("CreateRoom")


def test_reset(open_console: Open, sim: Emulator, server: Server) -> None:
    """Reset asks, and then everything is gone."""
    page = open_console(make_channel(server))
    button(page, "Reset…").click()
    button(page, "Cancel").click()
    assert len(sim.calls) == 1
    button(page, "Reset…").click()
    button(page, "Reset").click()
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    expect(activity(page)).to_have_count(0)
    assert sim.overview()["channels"] == []


def test_places(open_console: Open, server: Server) -> None:
    """Accounts and regions are told apart."""
    for region, account in (("eu-west-1", "123456789012"), ("us-west-2", "210987654321")):
        with client("ivs", server, region, account) as ivs:
            ivs.create_channel(name=f"show-{region}")
    page = open_console()
    places = ["eu-west-1, account 123456789012", "us-west-2, account 210987654321"]
    expect(page.locator("#list .place")).to_have_text(places)
    page.get_by_role("link", name="show-us-west-2").click()
    expect(page.locator("h1 + p")).to_contain_text("account 210987654321")


def test_configurations(open_console: Open, server: Server, make_public_key: Callable[[], str]) -> None:
    """Keys, policies and configurations are shown with everything they have."""
    with client("ivs", server) as ivs, client("ivschat", server) as chat:
        ivs.import_playback_key_pair(name="our-key", publicKeyMaterial=make_public_key())
        ivs.create_playback_restriction_policy(name="europe", allowedCountries=["AT", "CH"])
        ivs.create_recording_configuration(destinationConfiguration={"s3": {"bucketName": "recordings"}})
        chat.create_logging_configuration(
            destinationConfiguration={"cloudWatchLogs": {"logGroupName": "chat-logs"}}, name="to-logs"
        )
    page = open_console()
    for kind, shown in {
        "Playback key pairs": "our-key",
        "Playback restriction policies": "AT, CH",
        "Recording configurations": "recordings",
        "Logging configurations": "chat-logs",
    }.items():
        page.get_by_role("link", name=re.compile(kind)).click()
        expect(page.get_by_role("heading", name=kind)).to_be_visible()
        expect(page.get_by_text(shown, exact=True).first).to_be_visible()


def test_simulation(console: Page, sim: Emulator) -> None:
    """The clock is stopped and moved, a fault is set and cleared, a quota is changed."""
    console.get_by_role("link", name="Clock, faults, quotas").click()
    expect(console.get_by_label("Rooms", exact=True)).to_be_visible()
    assert (
        console.locator("input").evaluate_all("all => all.filter((each) => each.scrollWidth > each.clientWidth)") == []
    )
    button(console, "Freeze").click()
    expect(console.get_by_text("frozen", exact=True)).to_be_visible()
    before = sim.clock.now()
    button(console, "+ 1 hour").click()
    console.get_by_label("Seconds").fill("1.5")
    button(console, "Advance").click()
    console.wait_for_function("() => true")
    console.get_by_label("Operation").fill("CreateChannel")
    console.get_by_label("Error").fill("ThrottlingException")
    button(console, "Let it fail").click()
    expect(console.get_by_text("ivs:CreateChannel fails with ThrottlingException, 1 more")).to_be_visible()
    assert (sim.clock.now() - before).total_seconds() == 3601.5
    button(console, "Clear all").click()
    expect(console.get_by_text("Nothing is to go wrong.")).to_be_visible()
    console.get_by_label("Rooms", exact=True).fill("7")
    with console.expect_response("**/_ivsim/quotas"):
        console.get_by_label("Rooms", exact=True).press("Enter")
    assert sim.quotas["Rooms"] == 7
    button(console, "Let it run").click()
    expect(console.get_by_text("running", exact=True)).to_be_visible()


def test_keyboard(console: Page) -> None:
    """A person without a mouse creates a channel and takes it live, and always sees where they are."""

    def tab_to(name: str) -> None:
        for _ in range(40):
            console.keyboard.press("Tab")
            focused = console.evaluate(
                "() => [document.activeElement.ariaLabel || document.activeElement.innerText,"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
            assert focused[1] != "none", focused
            if focused[0] == name:
                return
        raise AssertionError(f"{name} is not reached")

    tab_to("Create a channel")
    console.keyboard.press("Enter")
    console.keyboard.type("by-hand")
    console.keyboard.press("Enter")
    expect(console.get_by_role("heading", name="by-hand")).to_be_visible()
    tab_to("Go live")
    console.keyboard.press("Space")
    expect(state(console)).to_have_text("live")
    button(console, "Fail…").focus()
    console.keyboard.press("Enter")
    console.keyboard.press("Escape")
    expect(console.get_by_role("dialog")).to_have_count(0)
    expect(button(console, "Fail…")).to_be_focused()


def test_updates_leave_people_alone(open_console: Open, sim: Emulator, server: Server) -> None:
    """What happens meanwhile takes neither focus nor half-written text nor what was opened."""
    page = open_console(make_room(server))
    join(page, "ava")
    page.get_by_label("Message", exact=True).fill("half a sent")
    page.get_by_text("As GetRoom answers").click()
    page.get_by_label("Message", exact=True).focus()
    sim.streams.start(make_channel(server))
    expect(activity(page).first).to_have_text("Stream Start")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    expect(page.get_by_label("Message", exact=True)).to_have_value("half a sent")
    expect(page.locator("details[open]")).to_have_count(1)


def test_small_screen(open_console: Open, server: Server) -> None:
    """Above the activity, a room still shows where to join and to write."""
    page = open_console(make_room(server), viewport={"width": 1024, "height": 768})
    expect(button(page, "Join")).to_be_visible()
    page.locator("#activity").evaluate("each => (window.edge = each.getBoundingClientRect().top)")
    assert button(page, "Join").evaluate("each => each.getBoundingClientRect().bottom < edge")
    join(page, "ava")
    assert button(page, "Send").evaluate("each => each.getBoundingClientRect().bottom < edge")


def test_nothing_is_read_as_html(open_console: Open, sim: Emulator, server: Server) -> None:
    """Whatever comes from elsewhere, in names, messages, attributes, tags, ids or errors, is shown as text."""
    evil = "<img src=x onerror=document.title='broken'>"
    sim.quotas["Channels"] = 2
    with client("ivs", server) as ivs, client("ivschat", server) as chat:
        sim.handle(Request("POST", "http://x/CreateChannel", {}, json.dumps({"name": evil}).encode()))
        arn = ivs.create_channel(name="fine")["channel"]["arn"]
        room = chat.create_room(name="room")["arn"]
        page = open_console(room)
        join(page, evil, "Send")
        say(page, f"{evil} & </p><script>document.title='broken'</script>")
        chat.send_event(roomIdentifier=room, eventName=evil, attributes={evil: evil})
        chat.disconnect_user(roomIdentifier=room, userId=evil, reason=evil)
    expect(transcript(page)).to_have_text(f"{evil} & </p><script>document.title='broken'</script>")
    expect(page.locator("#notices")).to_contain_text(evil)
    sim.streams.start(arn).fail(evil)
    page.goto(f"{server.url}/#/{arn}")
    expect(page.locator(".timeline .bad").first).to_contain_text("Stream Failure")
    page.goto(f"{server.url}/#/{evil}")
    expect(page.get_by_role("heading", name="Not there")).to_be_visible()
    expect(page.locator("img:not(.brand img)")).to_have_count(0)
    assert "broken" not in page.title().removeprefix(page.title().split(" · ")[0])


def test_many_calls_that_only_read(open_console: Open, sim: Emulator, server: Server) -> None:
    """What is there is not sent again for calls that change nothing."""
    arn = make_channel(server)
    page = open_console(arn)
    answers: list[int] = []
    page.on("response", lambda answer: answers.append(answer.status) if "/overview" in answer.url else None)
    with client("ivs", server) as ivs:
        for _ in range(5):
            ivs.get_channel(arn=arn)
        expect(activity(page)).to_have_count(6)
        with page.expect_response("**/_ivsim/overview"):
            pass
        assert 200 not in answers
        ivs.update_channel(arn=arn, name="morning-show")
    expect(page.get_by_role("heading", name="morning-show")).to_be_visible()
    assert 200 in answers


def test_phone(open_console: Open, sim: Emulator, server: Server) -> None:
    """On a phone it is one pane at a time, and nothing has to be scrolled sideways."""
    channel, room = make_channel(server, "a" * 128), make_room(server, "b" * 128)
    sim.streams.start(channel, viewers=15_000)
    page = open_console(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    with client("ivschat", server) as chat:
        token = chat.create_chat_token(roomIdentifier=room, userId="u" * 128, capabilities=["SEND_MESSAGE"])["token"]
    connection = sim.chat.connect(token)
    connection.send_message("w" * 200)
    for pane, seen in {"Resources": "#list", "Activity": "#activity", "Details": "#detail"}.items():
        page.get_by_role("link", name=pane).click()
        expect(page.locator(seen)).to_be_visible()
        assert sideways(page) == []
    for path in (channel, room, "simulation", "recordingConfigurations", ""):
        page.goto(f"{server.url}/#/{path}")
        expect(page.locator("#detail h1")).to_be_visible()
        expect(page.locator("#list")).to_be_hidden()
        assert sideways(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours(open_console: Open, sim: Emulator, server: Server, scheme: str) -> None:
    """Light and dark are as the system has it, and every text can be read (WCAG 2, contrast of 4.5)."""
    sim.streams.start(make_channel(server)).starve()
    page = open_console(sim.overview()["channels"][0]["arn"], color_scheme=scheme, reduced_motion="reduce")
    expect(state(page)).to_have_text("starving")
    paper = luminance(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
    assert paper > 0.8 if scheme == "light" else paper < 0.05
    assert_readable(page)


def test_the_server_comes_back(open_console: Open, server: Server) -> None:
    """When the server is gone the page says so, and when there is one again it shows what that one has."""
    page = open_console(quiet=False)
    server.close()
    expect(page.get_by_text("Server lost, reconnecting…")).to_be_visible()
    with Emulator().serve(server.port) as another:
        make_channel(another, "after-the-restart")
        expect(page.get_by_text("Connected", exact=True).first).to_be_visible()
        expect(page.get_by_role("link", name="after-the-restart")).to_be_visible()
        expect(activity(page)).to_have_text(["CreateChannel"])


def test_something_deleted(open_console: Open, server: Server) -> None:
    """A page of something that is deleted says so."""
    arn = make_channel(server)
    page = open_console(arn)
    with client("ivs", server) as ivs:
        ivs.delete_channel(arn=arn)
    expect(page.get_by_role("heading", name="Not there")).to_be_visible()


@pytest.mark.parametrize("server", [PORTS], ids=[""], indirect=True)
def test_pictures(open_console: Open, sim: Emulator, server: Server) -> None:
    """With a seed and a frozen clock a story looks the same each time; `make screenshot` keeps pictures of it."""
    sim.clock.freeze(LONG_AGO)
    page = open_console(color_scheme="light", reduced_motion="reduce")
    with client("ivs", server) as ivs, client("ivschat", server) as chat:
        channel, room = tell_a_story(page, sim, ivs, chat)
    page.goto(f"{server.url}/#/{channel}")
    expect(page.get_by_role("heading", name="evening-show")).to_be_visible()
    expect(page.locator(".timeline li")).to_have_text(
        [
            "19:10:00+0:00Session Created",
            "19:10:00+0:00Stream Start",
            "19:16:48+6:48Starvation Start",
            "19:17:01+7:01Starvation End",
        ]
    )
    latest = ["SendEvent", "GetStream", "GetStream", "Starvation End", "Starvation Start"]
    assert activity(page).all_inner_texts()[: len(latest)] == latest
    if FOR_THE_DOCS:
        page.set_viewport_size({"width": 1440, "height": 1120})
        page.wait_for_function("() => document.querySelector('video')?.currentTime > 3")
    take_picture(page, sim, "console.png")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{server.url}/#/{room}")
    join(page, "dora", "Delete", "Disconnect")
    say(page, "Good to see you all again")
    expect(page.locator(".people .name")).to_have_text(["ava", "bo", "cleo", "dora"])
    expect(transcript(page).last).to_have_text("Good to see you all again")
    expect(page.get_by_role("link", name="evening-chat").locator(".count")).to_have_text("4")
    take_picture(page, sim, "console-room.png")
    page.goto(f"{server.url}/#/{tell_of_a_stage(sim)}")
    expect(page.locator(".participants .who strong")).to_have_text(["ava", "bo", "cleo"])
    expect(page.locator(".participants canvas")).to_have_count(2)
    if FOR_THE_DOCS:
        page.wait_for_timeout(5000)  # for both pictures
    take_picture(page, sim, "console-stage.png")


def tell_of_a_stage(sim: Emulator) -> str:
    """Let two talk on a stage, and a third listen with a page of its own that hears little; return the stage."""
    stage: str = call(sim, "CreateStage", name="evening-talk")["stage"]["arn"]
    ava = sim.stages.join(stage, user_id="ava", attributes={"role": "host"})
    ava.publish()
    sim.clock.advance(40)
    bo = sim.stages.join(stage, user_id="bo")
    bo.publish()
    sim.clock.advance(25)
    cleo = sim.stages.let_in(sim.stages._issue(stage, {"user_id": "cleo", "capabilities": ("SUBSCRIBE",)}), Client())
    for other in (ava, bo):
        cleo.subscribe(other)
    cleo.impair(received_loss=0.3)
    sim.clock.advance(85)
    return stage


def take_picture(page: Page, sim: Emulator, name: str) -> None:
    """Take a picture of a page on which nothing moves any more."""
    expect(page.locator("#top .clock")).to_have_text(f"{sim.clock.now():%H:%M:%S} UTC (frozen)")
    page.mouse.move(0, 0)
    page.evaluate("() => document.activeElement.blur()")
    if FOR_THE_DOCS:
        page.screenshot(path=DOCS / name)


def tell_a_story(page: Page, sim: Emulator, ivs: Any, chat: Any) -> tuple[str, str]:
    """Let an evening's show happen while a page is open; return the channel and the room of it."""

    def then(seconds: float) -> None:
        expect(activity(page)).to_have_count(len(sim.calls) + len(sim.events))
        sim.clock.advance(seconds)

    ivs.create_recording_configuration(
        name="archive", destinationConfiguration={"s3": {"bucketName": "evening-show-archive"}}
    )
    ivs.create_playback_restriction_policy(name="europe", allowedCountries=["AT", "CH", "DE"])
    chat.create_logging_configuration(
        name="to-logs", destinationConfiguration={"cloudWatchLogs": {"logGroupName": "chat-logs"}}
    )
    arns = [ivs.create_channel(name=name)["channel"]["arn"] for name in ("evening-show", "after-hours", "studio-b")]
    room = chat.create_room(name="evening-chat")["arn"]
    chat.create_room(name="backstage")
    then(600)
    sim.streams.start(arns[1], viewers=87)
    show = sim.streams.start(arns[0], viewers=1284)
    then(2)
    people = {}
    for user_id in ("ava", "bo", "cleo"):
        capabilities = ["SEND_MESSAGE", "DELETE_MESSAGE"] if user_id == "ava" else ["SEND_MESSAGE"]
        token = chat.create_chat_token(roomIdentifier=room, userId=user_id, capabilities=capabilities)["token"]
        people[user_id] = sim.chat.connect(token)
    said = [
        ("ava", "Good evening everybody, we are on air", 21),
        ("bo", "Picture and sound are fine here", 16),
        ("cleo", "Fine here too. Is it the same studio as last week?", 38),
        ("ava", "It is, with better lights", 64),
        ("bo", "BUY FOLLOWERS at buy-followers.example", 7),
    ]
    for user_id, text, seconds in said:
        people[user_id].send_message(text)
        then(seconds)
    people["ava"].delete_message(latest_message(sim, room), "advertising")
    then(260)
    show.starve()
    then(9)
    people["cleo"].send_message("It froze for me, for anybody else?")
    then(4)
    show.recover()
    then(0)
    ivs.get_stream(channelArn=arns[0])
    then(8)
    people["bo"].send_message("It is back")
    with pytest.raises(ivs.exceptions.ChannelNotBroadcasting):
        ivs.get_stream(channelArn=arns[2])
    chat.send_event(roomIdentifier=room, eventName="app:poll", attributes={"question": "Encore?"})
    then(95)
    return arns[0], room


def latest_message(sim: Emulator, room: str) -> str:
    """Return the id of the last message in a room."""
    latest: str = json.loads(sim.chat.transcript(room)[-1])["Id"]
    return latest


def test_files(server: Server) -> None:
    """The page comes with a policy that lets nothing in from elsewhere; what is no file of it is not found."""
    import requests

    page = requests.get(f"{server.url}/", timeout=10)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    assert page.headers["Content-Security-Policy"] == policy
    assert (page.headers["X-Content-Type-Options"], page.headers["Cache-Control"]) == ("nosniff", "no-cache")
    assert requests.head(f"{server.url}/", timeout=10).status_code == 200
    script = requests.get(f"{server.url}/_ivsim/console/main.js", timeout=10)
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert requests.get(f"{server.url}/_ivsim/console/none.js", timeout=10).status_code == 404
