"""The live picture of a channel in the console, as Chromium plays it by itself, and where encoders push to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ivsim import Emulator
from ivsim.server.run import Server

from ..waiting import DEADLINE
from .parts import Open, button, client, expect, make_channel, state

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PLAYS = True

SMALL = {"videoWidth": 640, "videoHeight": 360}

NO_HLS = "HTMLMediaElement.prototype.canPlayType = () => ''"

HIDE = """(isHidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => isHidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def live(sim: Emulator, server: Server) -> str:
    """The ARN of a channel that has been live for a minute."""
    arn = make_channel(server)
    go_live(sim, arn)
    return arn


@pytest.fixture
def watch(open_console: Open) -> Open:
    """A function that opens the console on a channel; skips where Chromium plays no HLS."""

    def watch(path: str, **options: Any) -> Page:
        page = open_console(path, **options)
        if not page.evaluate("() => document.createElement('video').canPlayType('application/vnd.apple.mpegurl')"):
            pytest.skip("this Chromium plays no HLS by itself")
        page.set_default_timeout(3 * DEADLINE * 1000)  # decoding takes its time where others are at work
        return page

    return watch


def go_live(sim: Emulator, arn: str) -> None:
    sim.streams.start(arn, video=SMALL)
    sim.clock.advance(60)


def picture(page: Page) -> Locator:
    return page.locator("section", has=page.get_by_role("heading", name="Picture", exact=True))


def fact(page: Page, name: str) -> Locator:
    return page.locator(f"dt:text-is('{name}') + dd code")


def plays(page: Page) -> None:
    """Wait until the picture moves."""
    page.wait_for_function("() => document.querySelector('video')?.videoWidth > 0")
    page.wait_for_function(
        "(since) => document.querySelector('video')?.currentTime > since + 0.2",
        arg=page.evaluate("() => document.querySelector('video').currentTime"),
    )


def asked(page: Page) -> list[str]:
    """Return what is asked of the playback edge, as it grows."""
    paths: list[str] = []
    page.on("request", lambda request: paths.append(request.url) if "/v1/" in request.url else None)
    return paths


@pytest.mark.parametrize("server", [{}, {"aws_urls": True}], ids=["own URLs", "URLs of AWS"], indirect=True)
def test_a_live_channel(live: str, watch: Open) -> None:
    """Whoever opens a live channel sees its picture move, without sound, also where playback URLs are AWS's."""
    page = watch(live)
    plays(page)
    assert page.evaluate("() => document.querySelector('video').muted")
    expect(page.get_by_label("The live picture of evening-show")).to_be_visible()
    expect(picture(page).locator("p")).to_have_count(0)


def test_the_end_and_the_next(sim: Emulator, server: Server, watch: Open) -> None:
    """While the channel is offline words say so; the picture comes with the stream, goes with it, and comes again."""
    arn = make_channel(server)
    page = watch(arn)
    for _ in range(2):
        expect(picture(page)).to_contain_text("There is none while the channel is offline.")
        expect(page.locator("video")).to_have_count(0)
        go_live(sim, arn)
        plays(page)
        button(page, "End stream").click()


def test_hidden(live: str, watch: Open) -> None:
    """A hidden tab asks for nothing while one beside it goes on; when it is seen again it has another session."""
    page, beside = watch(live), watch(live)
    asks = asked(page)
    plays(page)
    plays(beside)
    page.evaluate(HIDE, True)
    assert player(page) == {"src": None, "networkState": 0}
    for _ in range(2):  # each when the last playlist is as old as a segment may be long
        asks.clear()
        beside.wait_for_event("request", lambda request: "/v1/playlist/" in request.url)
    assert asks == []
    page.evaluate(HIDE, False)
    plays(page)
    assert "/api/video/v1/" in asks[0]


def player(page: Page) -> Any:
    """Return what the player on the page does."""
    return page.locator("video").evaluate(
        "(video) => ({ src: video.getAttribute('src'), networkState: video.networkState })"
    )


@pytest.mark.parametrize("how", ["folded", "left", "scrolled", "a pane away"])
def test_out_of_sight(live: str, server: Server, watch: Open, how: str) -> None:
    """A picture that is folded, left, scrolled away or a pane away asks for nothing, until it is back."""
    page = watch(live, **({"viewport": {"width": 360, "height": 740}} if how == "a pane away" else {}))
    plays(page)
    video = page.locator("video").element_handle()
    if how == "folded":
        button(page, "Hide the picture").click()
    elif how == "left":
        page.goto(f"{server.url}/#/")
    elif how == "scrolled":
        page.get_by_text("As GetChannel answers").click()
        page.get_by_text("As GetChannel answers").locator("xpath=..").locator("pre").scroll_into_view_if_needed()
        page.locator("#detail").evaluate("(detail) => detail.scrollTo(0, detail.scrollHeight)")
    else:
        page.get_by_role("link", name="Activity").click()
    page.wait_for_function("(video) => video.networkState === 0 && !video.hasAttribute('src')", arg=video)
    asks = asked(page)
    if how == "folded":
        button(page, "Show the picture").click()
    elif how == "left":
        page.goto(f"{server.url}/#/{live}")
    elif how == "scrolled":
        page.locator("#detail").evaluate("(detail) => detail.scrollTo(0, 0)")
    else:
        page.get_by_role("link", name="Details").click()
    plays(page)
    assert "/api/video/v1/" in asks[0]


def test_private(sim: Emulator, server: Server, open_console: Open) -> None:
    """A private channel's picture is not asked for: words say that it takes a token."""
    arn = make_channel(server, authorized=True)
    sim.streams.start(arn, video=SMALL)
    page = open_console(arn)
    expect(picture(page)).to_contain_text("a viewer needs a playback token")
    expect(page.locator("video")).to_have_count(0)


def test_no_hls(live: str, open_console: Open) -> None:
    """A browser that plays no HLS by itself shows what does."""
    page = open_console(live, script=NO_HLS)
    expect(picture(page)).to_contain_text("Safari and Chromium do, and in every browser hls.js and the IVS player")
    expect(page.locator("video")).to_have_count(0)


def test_refused(sim: Emulator, server: Server, watch: Open) -> None:
    """What the edge refuses is told, and tried again by whoever asks for it."""
    with client("ivs", server) as ivs:
        policy = ivs.create_playback_restriction_policy(enableStrictOriginEnforcement=True)
        policy_arn = policy["playbackRestrictionPolicy"]["arn"]
        arn = make_channel(server, playbackRestrictionPolicyArn=policy_arn)
        go_live(sim, arn)
        page = watch(arn, quiet=False)
        expect(picture(page)).to_contain_text("The player gave up")
        expect(picture(page)).to_contain_text("playback restriction policy may keep it out")
        ivs.update_playback_restriction_policy(arn=policy_arn, enableStrictOriginEnforcement=False)
        button(page, "Try again").click()
        plays(page)


def test_full(sim: Emulator, server: Server, watch: Open) -> None:
    """Where one viewer more breaches the quota the picture is not asked for, so that the console makes no event."""
    arn = make_channel(server)
    stream = sim.streams.start(arn, video=SMALL, viewers=1200)
    sim.quotas["Concurrent views"] = 1200
    page = watch(arn)
    expect(picture(page)).to_contain_text("as many viewers as its quota allows, 1,200.")
    assert not sim.events.of("IVS Limit Breach")
    stream.set_viewers(1199)
    expect(page.locator(".viewers")).to_have_text("1,199 viewers")
    button(page, "Try again").click()
    plays(page)
    assert not sim.events.of("IVS Limit Breach")


def test_a_clock_that_jumps(sim: Emulator, live: str, watch: Open) -> None:
    """A player that was left behind by the clock begins anew, by itself."""
    page = watch(live)
    plays(page)
    asks = asked(page)
    sim.clock.advance(3600)
    with page.expect_request("**/api/video/v1/**"):
        pass
    plays(page)
    assert asks


def test_nothing_new(sim: Emulator, live: str, watch: Open) -> None:
    """A picture that stands still says why: the clock is frozen, or the encoder sends nothing. It goes on by itself."""
    page = watch(live)
    plays(page)
    sim.clock.freeze()
    expect(picture(page)).to_contain_text("stands still, as the clock is frozen", timeout=DEADLINE * 1000)
    button(page, "Starve").click()
    expect(picture(page)).to_contain_text("no data from the encoder")
    button(page, "Recover").click()
    expect(state(page)).to_have_text("live")
    sim.clock.unfreeze()
    plays(page)
    expect(picture(page)).not_to_contain_text("stands still")


def test_the_server_comes_back(sim: Emulator, live: str, server: Server, watch: Open) -> None:
    """When the server is gone the picture goes, and when it is back it plays again."""
    page = watch(live, quiet=False)
    plays(page)
    server.close()
    expect(picture(page)).to_contain_text("It comes back with the server.")
    expect(page.locator("video")).to_have_count(0)
    with sim.serve(server.port):
        plays(page)


@pytest.mark.parametrize("server", [{"rtmp_port": 0}], ids=["RTMP"], indirect=True)
def test_ingest_server(server: Server, open_console: Open) -> None:
    """Where the server listens for encoders it shows what to type into them, and AWS's beside."""
    page = open_console(make_channel(server))
    assert server.rtmp_url is not None
    expect(fact(page, "Ingest server")).to_have_text(server.rtmp_url)
    expect(fact(page, "Ingest server at AWS")).to_have_text(
        "rtmps://89e4e5f1cd12.global-contribute.live-video.net:443/app/"
    )
    button(page, "Copy the ingest server").click()
    assert page.evaluate("navigator.clipboard.readText()") == server.rtmp_url


def test_no_ingest_server(server: Server, open_console: Open) -> None:
    """Where it listens for none it shows AWS's alone, which is named so."""
    page = open_console(make_channel(server))
    expect(fact(page, "Ingest server at AWS")).to_be_visible()
    expect(fact(page, "Ingest server")).to_have_count(0)
