"""AWS's web SDK in a browser, with media: pages see and hear each other, as they do at AWS."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ivsim import Emulator, LiveParticipant
from ivsim.ivsrealtime.tracks import VideoTrack

from ...calling import call
from ..camera import CAMERA
from ..waiting import until
from .conftest import Stage
from .test_web_sdk import open_page, token

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Open = Callable[[str], Page]

pytest.importorskip("aiortc", reason="aiortc is not installed")

__all__ = ["open_page", "token"]  # fixtures

IS_FOR_THE_DOCS = bool(os.environ.get("IVSIM_SCREENSHOT"))
DOCS = Path(__file__).parents[3] / "docs"

JOIN = f"([token, publishes, simulcast]) => {{{CAMERA}"
JOIN += """
  const { LocalStageStream, Stage, StageEvents, SubscribeType } = IVSBroadcastClient;
  const size = simulcast ? [1280, 720] : [640, 360];
  globalThis.camera = new LocalStageStream(cameraOf(...size), simulcast ? { simulcast: { enabled: true } } : {});
  globalThis.microphone = new LocalStageStream(silence());
  globalThis.states = [];
  globalThis.sounds = {};
  globalThis.member = new Stage(token, {
    stageStreamsToPublish: () => [camera, microphone],
    shouldPublishParticipant: () => publishes,
    shouldSubscribeToParticipant: () => SubscribeType.AUDIO_VIDEO,
  });
  member.on(StageEvents.STAGE_PARTICIPANT_PUBLISH_STATE_CHANGED, (who, state) =>
    states.push(`${who.userId}: ${state}`));
  member.on(StageEvents.STAGE_PARTICIPANT_SUBSCRIBE_STATE_CHANGED, (who, state) =>
    states.push(`${who.userId}: ${state}`));
  member.on(StageEvents.ERROR, ({ code }) => states.push(`error: ${code}`));
  member.on(StageEvents.STAGE_LEFT, (reason) => states.push(`left: ${reason}`));
  member.on(StageEvents.STAGE_PARTICIPANT_STREAMS_ADDED, (who, streams) => {
    sounds[who.userId] = streams.find((each) => each.mediaStreamTrack.kind === "audio");
    const video = document.createElement("video");
    Object.assign(video, { muted: true, autoplay: true, id: `of-${who.userId}` });
    video.srcObject = new MediaStream(streams.map((each) => each.mediaStreamTrack));
    document.body.append(video);
  });
  member.on(StageEvents.STAGE_PARTICIPANT_STREAMS_REMOVED, (who) =>
    document.querySelector(`#of-${who.userId}`)?.remove());
  return member.join();
}"""
"""A page that joins, publishes a picture and a silence if it shall, and shows everybody."""


def joins(page: Page, token: str, *, publishes: bool = True, simulcast: bool = False) -> None:
    """Let a page join."""
    page.evaluate(JOIN, [token, publishes, simulcast])


def shown(page: Page, user_id: str) -> int:
    """Return how many pictures of somebody a page has shown. The time of a player may go on without any."""
    return int(
        page.evaluate("id => document.querySelector(id).getVideoPlaybackQuality().totalVideoFrames", f"#of-{user_id}")
    )


def plays(page: Page, user_id: str, since: int = 0) -> tuple[int, int]:
    """Wait until a page has shown ten pictures of somebody; return their size."""
    page.wait_for_function(
        "([id, since]) => document.querySelector(id)?.getVideoPlaybackQuality().totalVideoFrames > since + 10",
        arg=[f"#of-{user_id}", since],
    )
    shape = "id => [document.querySelector(id).videoWidth, document.querySelector(id).videoHeight]"
    width, height = page.evaluate(shape, f"#of-{user_id}")
    return width, height


def energy(page: Page, user_id: str) -> float:
    """Return how much of somebody's sound a page has heard, not counting silence."""
    page.mouse.click(1, 1)  # a browser lets nothing be heard before
    heard = """async id => {
      document.querySelector(`#of-${id}`).muted = false;
      const stats = [...(await sounds[id].requestRTCStats()).values()];
      return stats.find((each) => each.type === "inbound-rtp")?.totalAudioEnergy ?? 0;
    }"""
    return float(page.evaluate(heard, user_id))


def stands_still(page: Page, user_id: str) -> int:
    """Wait until somebody's picture has stood still for a second; return how many were shown."""
    page.wait_for_function(
        """id => {
          const { totalVideoFrames } = document.querySelector(id).getVideoPlaybackQuality();
          if (globalThis.still?.totalVideoFrames !== totalVideoFrames)
            globalThis.still = { totalVideoFrames, at: performance.now() };
          return performance.now() - still.at > 1000;
        }""",
        arg=f"#of-{user_id}",
    )
    return shown(page, user_id)


def find(sim: Emulator, user_id: str) -> LiveParticipant:
    """Return who is on the stage under a name."""
    return next(each for each in sim.stages.participants if each.user_id == user_id)


def layers(sim: Emulator, user_id: str) -> tuple[VideoTrack, ...]:
    """Return the layers of somebody's picture, as the stage knows them."""
    record = find(sim, user_id).participant
    return record.video if record else ()


def states(page: Page) -> list[str]:
    """Return what a page was told of publishing and subscribing."""
    told: list[str] = page.evaluate("states")
    return told


def test_two_pages(sim: Emulator, stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """Two pages that publish play each other's picture, until one publishes no more, and is thrown out."""
    ann, bob = open_page(token("x")), open_page(token("y"))
    joins(ann, token("ann"))
    joins(bob, token("bob"))
    assert plays(ann, "bob") == plays(bob, "ann") == (640, 360)
    one, other = find(sim, "ann"), find(sim, "bob")
    record = one.participant
    assert record is not None
    assert (record.protocol, record.browser_name, record.video[0].width) == ("WHIP", "Chrome", 640)
    assert one.is_subscribed_to(other)
    assert other.is_subscribed_to(one)
    ann.evaluate("camera.setMuted(true)")
    until(lambda: one.participant is not None and one.participant.video_stopped)
    call(sim, "DisconnectParticipant", stageArn=stage.arn, participantId=one.participant_id)
    ann.wait_for_function("states.includes('left: participant-disconnected')")
    bob.wait_for_function("document.querySelector('#of-ann') === null")
    bob.evaluate("member.leave()")
    until(lambda: not other.is_connected)


def test_layers(sim: Emulator, token: Callable[..., str], open_page: Open) -> None:
    """Of a page that sends its picture in layers another gets the largest; the stage knows of all that come."""
    ann, bob = open_page(token("x")), open_page(token("y"))
    joins(ann, token("ann"), simulcast=True)
    joins(bob, token("bob"), publishes=False)
    plays(bob, "ann")
    bob.wait_for_function("document.querySelector('#of-ann').videoWidth === 1280")
    until(lambda: [each.width for each in layers(sim, "ann")][:2] == [1280, 640])
    plays(bob, "ann", shown(bob, "ann"))


def test_guest(sim: Emulator, stage: Stage, token: Callable[..., str], open_page: Open) -> None:
    """A page plays the picture and the tone of somebody who is on the stage by a test."""
    page = open_page(token("x"))
    joins(page, token("ann"), publishes=False)
    guest = sim.stages.join(stage.arn, user_id="guest")
    guest.publish()
    assert plays(page, "guest") == (640, 360)
    until(lambda: energy(page, "guest") > 1e-4)
    guest.leave()
    page.wait_for_function("document.querySelector('#of-guest') === null")


def test_the_page_of_the_how_to(stage: Stage, token: Callable[..., str], open_page: Open, tmp_path: Path) -> None:
    """In two windows with the page of the how-to, each person sees everybody, after a click on the button."""
    stage.sim.stages.join(stage.arn, user_id="guest").publish()
    windows = {name: open_page(token(name)) for name in ("ann", "bob")}
    for window in windows.values():
        window.set_viewport_size({"width": 440, "height": 480})
        window.get_by_role("button", name="publish").click()
    for window in windows.values():
        for name in (*windows, "guest"):
            window.wait_for_function(
                "name => document.querySelector(`[title=${name}]`)?.getVideoPlaybackQuality().totalVideoFrames > 10",
                arg=name,
            )
    for name, window in windows.items():
        window.screenshot(path=tmp_path / f"{name}.png")
    if IS_FOR_THE_DOCS:
        _side_by_side([tmp_path / f"{name}.png" for name in windows], windows["ann"])


def _side_by_side(pictures: list[Path], page: Page) -> None:
    """Make docs/stage.png of pictures of windows."""
    sources = [f"data:image/png;base64,{base64.b64encode(each.read_bytes()).decode()}" for each in pictures]
    style = "display: flex; gap: 16px; margin: 16px; background: #888"
    page.set_viewport_size({"width": 2 * 440 + 48, "height": 480 + 32})
    page.set_content(f'<body style="{style}">' + "".join(f'<img src="{each}" width="440">' for each in sources))
    page.screenshot(path=DOCS / "stage.png")


@pytest.mark.parametrize(
    ("code", "told"), [("INTERNAL_SERVER_EXCEPTION", ["errored", "error: 4"]), ("INVALID_INPUT", ["errored"])]
)
def test_refused_to_publish(
    sim: Emulator, token: Callable[..., str], open_page: Open, code: str, told: list[str]
) -> None:
    """A page whose offer is refused learns it, as an error where the service failed, and stays on the stage."""
    page = open_page(token("x"))
    sim.faults.add("StagePublish", code, when={"userId": "ann"})
    joins(page, token("ann"))
    for each in told:
        page.wait_for_function("text => states.some((each) => each.endsWith(text))", arg=each)
    ann = find(sim, "ann")
    assert (ann.is_connected, ann.is_publishing, sim.faults.pending) == (True, False, [])


def test_frozen(sim: Emulator, token: Callable[..., str], open_page: Open) -> None:
    """A picture stands still while what its page sends is lost, or what the other receives, and then goes on."""
    ann, bob = open_page(token("x")), open_page(token("y"))
    joins(ann, token("ann"))
    joins(bob, token("bob"), publishes=False)
    plays(bob, "ann")
    for user_id, lost in (("ann", "sent_loss"), ("bob", "received_loss")):
        find(sim, user_id).impair(**{lost: 1})
        at = stands_still(bob, "ann")
        assert find(sim, "ann").is_publishing
        find(sim, user_id).impair()
        plays(bob, "ann", at)
    assert states(bob) == ["ann: published", "ann: attempting_subscribe", "ann: subscribed"]
