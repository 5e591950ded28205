"""AWS's web SDK in a browser, on the page of the how-to: it joins, sees who is there, and learns what is done to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import requests

from ivsim import Emulator, LiveParticipant
from ivsim.server.run import Server

from ...calling import call
from ...ivsrealtime.signing import BackEnd
from ..control_client import Control
from ..waiting import DEADLINE, until
from .conftest import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[[str], Page]

HOW_TO = Path(__file__).parents[3] / "docs" / "howto" / "stages_in_a_browser.md"

PUBLISH = """token => {
  const { LocalStageStream, Stage, SubscribeType } = IVSBroadcastClient;
  const tone = new AudioContext().createMediaStreamDestination();
  globalThis.sound = new LocalStageStream(tone.stream.getAudioTracks()[0]);
  sound.setMuted(true);
  globalThis.publisher = new Stage(token, {
    stageStreamsToPublish: () => [sound],
    shouldPublishParticipant: () => true,
    shouldSubscribeToParticipant: () => SubscribeType.NONE,
  });
  return publisher.join();
}"""
"""A page that would publish a sound that is muted from the beginning."""


class Files(SimpleHTTPRequestHandler):
    """Serves files, and keeps quiet about it."""

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def open_page(browser: Browser, packages: Path, tmp_path: Path) -> Iterator[Open]:
    """A function that opens the page of the how-to with a token.

    It comes from loopback itself, as Chromium lets no other page reach the server there.
    """
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "stage.html").write_text(HOW_TO.read_text().partition("```html\n")[2].partition("```")[0])
    context = browser.new_context()
    context.route(lambda url: "127.0.0.1" not in url, lambda route: route.abort())  # what the SDK tells AWS
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, directory=str(tmp_path))) as site:
        Thread(target=site.serve_forever, daemon=True).start()

        def open_page(token: str) -> Page:
            page = context.new_page()
            page.set_default_timeout(2 * DEADLINE * 1000)
            page.goto(f"http://127.0.0.1:{site.server_port}/stage.html#{token}")
            return page

        yield open_page
        context.close()
        site.shutdown()


@pytest.fixture
def token(server: Server, stage: Stage) -> Callable[..., str]:
    """A function that has the server make a token, which leads there."""

    def token(user_id: str, **more: Any) -> str:
        asked = {"stageArn": stage.arn, "userId": user_id, **more}
        answer = requests.post(f"{server.url}/CreateParticipantToken", json=asked, timeout=DEADLINE)
        return str(answer.json()["participantToken"]["token"])

    return token


def sees(page: Page, *others: str) -> None:
    """Wait until a page shows these, each with its attributes."""
    page.wait_for_function(
        "wanted => JSON.stringify([...document.querySelectorAll('li')].map((each) => each.textContent)) === wanted",
        arg=json.dumps(list(others), separators=(",", ":")),
    )


def tells(page: Page, text: str) -> None:
    """Wait until a page has told something."""
    page.wait_for_function("text => document.querySelector('pre').textContent.includes(text)", arg=text)


def told(page: Page) -> list[str]:
    """Return what a page has told."""
    return page.locator("pre").inner_text().splitlines()


def participant(sim: Emulator, user_id: str) -> LiveParticipant:
    """Return who is on the stage under a name."""
    return next(each for each in sim.stages.participants if each.user_id == user_id)


def test_two_pages(sim: Emulator, stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """Two pages see each other and who is there by a test, with attributes, publishing and muted, until they leave."""
    ann = open_page(token("ann", attributes={"role": "host"}))
    sees(ann, 'ann {"role":"host"}')
    bob = open_page(token("bob"))
    sees(ann, 'ann {"role":"host"}', "bob {}")
    tells(bob, "ann joined")
    guest = sim.stages.join(stage.arn, user_id="guest", attributes={"seat": "3"})
    for page in (ann, bob):
        tells(page, "guest joined")  # who is first seen publishing has no change of state
    guest.publish()
    for page in (ann, bob):
        tells(page, "guest: published")
    guest.unpublish()
    guest.leave()
    tells(bob, "guest left")
    shown = participant(sim, "ann").participant
    assert shown is not None
    assert (shown.os_name, shown.browser_name) == ("Linux", "Chrome")
    bob.close()
    tells(ann, "bob left")
    sees(ann, 'ann {"role":"host"}')
    assert stage.user_ids() == ["ann"]
    assert told(ann)[:2] == ["connecting", "connected"]


def test_muted(sim: Emulator, token: Callable[..., str], open_page: Open) -> None:
    """What a page says of its sound before it publishes holds from the beginning, and then at once."""
    watcher = open_page(token("watcher"))
    page = open_page(token("nobody"))
    page.evaluate(PUBLISH, token("ann"))
    ann = participant(sim, "ann")

    def is_muted() -> bool:
        record = ann.participant
        return record is not None and record.is_publishing and record.audio_muted

    until(lambda: ann.participant is not None and ann.participant.begins_muted)
    tells(watcher, "ann joined")
    ann.publish()
    tells(watcher, "ann: published")
    assert is_muted()
    page.evaluate("sound.setMuted(false)")
    until(lambda: not is_muted())
    page.evaluate("sound.setMuted(true)")
    until(is_muted)


def test_thrown_out(sim: Emulator, stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """Who is thrown out learns it, the others see it, and its token is refused."""
    its = token("ann")
    ann, bob = open_page(its), open_page(token("bob"))
    tells(bob, "ann joined")
    asked = {"stageArn": stage.arn, "participantId": participant(sim, "ann").participant_id}
    call(sim, "DisconnectParticipant", **asked)
    tells(ann, "thrown out: participant-disconnected")
    tells(bob, "ann left")
    tells(open_page(its), "refused: 10 ")
    assert stage.user_ids() == ["bob"]


def test_stage_deleted(sim: Emulator, stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """When the stage is deleted all learn it, and nobody joins any more."""
    its = token("ann")
    ann = open_page(its)
    tells(ann, "ann joined")
    call(sim, "DeleteStage", arn=stage.arn)
    tells(ann, "thrown out: stage-deleted")
    tells(open_page(its), "refused: 9 ")


def test_token_reused(stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """Of two pages with one token the second stays."""
    its = token("ann")
    first = open_page(its)
    tells(first, "ann joined")
    second = open_page(its)
    tells(first, "thrown out: token-reused")
    tells(second, "ann joined")
    assert stage.user_ids() == ["ann"]


def test_cut(sim: Emulator, control: Control, token: Callable[..., str], open_page: Open) -> None:
    """Whose connection breaks comes back by itself, is still who it was, and hears what happened meanwhile."""
    ann, bob = open_page(token("ann")), open_page(token("bob"))
    tells(bob, "ann joined")
    its = participant(sim, "ann")
    control("POST", f"/participants/{its.participant_id}/cut")
    tells(ann, "errored\nconnecting\nconnected\n")
    participant(sim, "bob").publish()
    tells(ann, "bob: published")
    assert its.is_connected
    assert "ann left" not in told(bob)


def test_silence(sim: Emulator, token: Callable[..., str], open_page: Open) -> None:
    """Whose pings are not answered closes its socket, as one who leaves, and joins again by itself."""
    bob, ann = open_page(token("bob")), open_page(token("nobody"))
    ann.clock.install()
    ann.goto("about:blank")
    ann.goto(bob.url.partition("#")[0] + "#" + token("ann"))
    tells(ann, "ann joined")
    tells(bob, "ann joined")
    sim.faults.add("StagePing", "NoAnswer", times=3, when={"userId": "ann"})
    for _ in range(5):
        ann.clock.run_for(10_000)
    tells(ann, "errored\nconnecting\nconnected\n")
    tells(bob, "ann left\nann joined\n")


def test_subscribers(sim: Emulator, stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """A page hears how many subscribe."""
    ann = open_page(token("ann"))
    tells(ann, "ann joined")
    host, guest = sim.stages.join(stage.arn), sim.stages.join(stage.arn)
    host.publish()
    guest.subscribe(host)
    tells(ann, "1 subscribe")


def test_made_to_leave(sim: Emulator, token: Callable[..., str], open_page: Open) -> None:
    """Whom a test makes leave stays away, for a reason that the SDK does not know."""
    ann = open_page(token("ann"))
    tells(ann, "ann joined")
    participant(sim, "ann").leave()
    tells(ann, "thrown out: unknown")
    assert sim.stages.participants == []


def test_reset(sim: Emulator, token: Callable[..., str], open_page: Open) -> None:
    """After a reset it comes back by itself, and learns that there is no stage."""
    ann = open_page(token("ann"))
    tells(ann, "ann joined")
    sim.reset()
    tells(ann, "thrown out: stage-deleted")


def test_restart(sim: Emulator, server: Server, stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """When the server is there again, after a stop, a page comes back by itself, and joins once more."""
    ann = open_page(token("ann"))
    tells(ann, "ann joined")
    server.close()
    tells(ann, "errored")
    assert stage.user_ids() == []
    with sim.serve(server.port):
        tells(ann, "errored\nconnecting\nconnected\n")
        assert stage.user_ids() == ["ann"]


@pytest.mark.needs("ImportPublicKey")
def test_exchange(sim: Emulator, server: Server, stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """A page goes over to another token, comes back with it, and the others see who it is now."""
    sign, own = BackEnd(), {"events_url": server.chat_url, "whip_url": server.url}
    ann, bob = open_page(sign(sim, stage.arn, user_id="ann", **own)), open_page(token("bob"))
    tells(bob, "ann joined")
    exchange = "token => stage.exchangeToken(token).then(() => 'ok', ({ code }) => code)"
    new = sign(sim, stage.arn, user_id="star", attributes={"role": "host"}, **own)
    assert ann.evaluate(exchange, new) == "ok"
    sees(ann, 'star {"role":"host"}', "bob {}")
    sees(bob, "bob {}", 'star {"role":"host"}')
    participant(sim, "star").cut()
    tells(ann, "errored\nconnecting\nconnected\n")
    assert sorted(stage.user_ids()) == ["bob", "star"]
    assert ann.evaluate(exchange, sign(sim, stage.arn, jti="another", **own)) == 11
    assert bob.evaluate(exchange, token("eve")) == 11


@pytest.mark.needs("ImportPublicKey")
def test_exchange_refused(sim: Emulator, server: Server, stage: Stage, open_page: Open) -> None:
    """Who exchanges for a token that the service does not take has left, and knows why."""
    sign, own = BackEnd(), {"events_url": server.chat_url, "whip_url": server.url}
    ann = open_page(sign(sim, stage.arn, user_id="ann", **own))
    tells(ann, "ann joined")
    forged = BackEnd()(Emulator(), stage.arn, user_id="eve", **own)
    assert ann.evaluate("token => stage.exchangeToken(token).catch(({ code }) => code)", forged) == 12
    tells(ann, "thrown out: failed-exchange")
    until(lambda: not sim.stages.participants)
